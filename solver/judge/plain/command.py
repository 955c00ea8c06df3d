"""The command line of the judges: which one, on which files, and what is printed."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from .bounds import judge_documents, words_of
from .documents import UNREADABLE, read
from .verify import verify_documents

JUDGES: dict[str, tuple[Callable[..., list[str]], int]] = {
    "verify": (verify_documents, 2),
    "prove": (judge_documents, 3),
}
"""Each judge, and how many files it reads."""
USAGE = "usage: verify INSTANCE RESULT | prove INSTANCE RESULT CERTIFICATE (JSON, or .gz)"


def main(argv: list[str]) -> int:
    """0: silent, or proved; 1: a line per fault; 2: unreadable, or not what the judge reads."""
    judge, files = JUDGES.get(argv[0] if argv else "", (None, 0))
    if judge is None or len(argv) != files + 1:
        print(USAGE, file=sys.stderr)
        return 2
    try:
        documents = [read(Path(name)) for name in argv[1:]]
        faults = judge(*documents)
    except UNREADABLE as error:
        print(f"unreadable: {type(error).__name__}: {error}", file=sys.stderr)
        return 2
    told = faults if faults or judge is verify_documents else [words_of(documents[1], documents[2])]
    print(*told, sep="\n", end="\n" if told else "")
    return 1 if faults else 0
