"""The two judges of a round, for whoever holds its dossier: a folder that Python runs, without anything of ours.

    python -I -S solver/judge verify INSTANCE RESULT                 (silent: exit 0; otherwise what fails, by property)
    python -I -S solver/judge prove INSTANCE RESULT CERTIFICATE      ("proved: ...": exit 0; otherwise what fails)

Files are JSON, compressed (`.gz`) or not; one that cannot be read gives exit 2. Everything in `plain` is written from
the published layouts and not from the engine, on the standard library alone, and it solves nothing.
"""
