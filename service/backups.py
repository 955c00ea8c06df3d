"""Copies of the database, dated by their name, and their end: what was erased leaves them within the dated rule.

Responsible for a folder of copies and for nothing else in it. Refuses to restore, and to copy PostgreSQL: `pg_dump`
does, under the same names.
"""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from datetime import date
from pathlib import Path

from sqlalchemy import make_url

from service.domain.dates import add_months
from service.domain.retention import rules_in_force
from service.errors import ServiceError

RULE = "backup"
_DATED = re.compile(r"sequence-([0-9]{4}-[0-9]{2}-[0-9]{2})\.(db|dump|sql|partial)(\.gz)?")


def back_up(database_url: str, folder: Path, today: date) -> Path:
    """A whole copy of a SQLite database, while the site runs. Returns its path.

    Raises:
        ServiceError: the database is no SQLite file, or that day's copy is there already.
    """
    url = make_url(database_url)
    if url.get_backend_name() != "sqlite" or not url.database:
        raise ServiceError(
            "backup_by_pg_dump",
            f"Copiez cette base avec pg_dump, sous le nom sequence-{today.isoformat()}.dump, puis relancez avec "
            "--forget-only.",
        )
    folder.mkdir(parents=True, exist_ok=True)
    copy = folder / f"sequence-{today.isoformat()}.db"
    if copy.exists():
        raise ServiceError("backup_exists", f"La sauvegarde du jour existe déjà\u00a0: {copy.name}.")
    # Under its own name once it is whole: a copy cut short must not pass for the day's.
    partial = copy.with_suffix(".partial")
    partial.unlink(missing_ok=True)
    with closing(sqlite3.connect(f"file:{url.database}?mode=rw", uri=True)) as connection:
        connection.execute("VACUUM INTO ?", (str(partial),))
    return partial.rename(copy)


def forget_backups(folder: Path, today: date) -> list[str]:
    """Deletes the copies that are out of their time on that day; other files stay. Returns their names."""
    rule = rules_in_force(today).get(RULE)
    if rule is None or not folder.is_dir():
        return []
    limit = add_months(today, -rule.months)
    over = [one for one in sorted(folder.iterdir()) if (day := _day_of(one)) is not None and day < limit]
    for one in over:
        one.unlink()
    return [one.name for one in over]


def _day_of(path: Path) -> date | None:
    """The day a copy was made, by its name; None for any other file."""
    found = _DATED.fullmatch(path.name)
    try:
        return date.fromisoformat(found[1]) if found and path.is_file() else None
    except ValueError:
        return None
