"""XLSX as the web process sees it: bytes given to a child under limits, rows back, or the reason why not.

Responsible for one child and for saying in French how it ended. Never opens the archive itself.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import service
from service.imports import limits
from service.imports.delimited import Record
from service.imports.faults import FileRefused, whole_file

READ_COMMAND = (sys.executable, "-m", "service.imports.workbook_child")
_HOME = Path(service.__file__).parent.parent
_AGAIN = "Copiez ses lignes dans un nouveau classeur, ou partez du modèle."
SENTENCES = {
    "zip_entries": f"Ce classeur contient plus de {limits.ZIP_ENTRIES} éléments. {_AGAIN}",
    "zip_bytes": f"Ce classeur occupe plus de {limits.ZIP_BYTES // 2**20}\u00a0Mo une fois ouvert. {_AGAIN}",
    "zip_ratio": f"Ce classeur se déploie à plus de {limits.ZIP_RATIO} fois sa taille. {_AGAIN}",
    "zip_lies": f"La taille annoncée dans ce classeur n’est pas la vraie. {_AGAIN}",
    "not_a_workbook": "Cette archive n’est pas un classeur XLSX. Enregistrez-la depuis le tableur au format XLSX.",
    "text": f"Ce classeur contient trop de texte. {_AGAIN}",
    "rows": f"Ce classeur compte plus de {limits.ROWS} lignes. Faites plusieurs fichiers.",
    "memory": f"Ce classeur demande trop de mémoire. {_AGAIN}",
    "time": f"Ce classeur demande trop de temps. {_AGAIN}",
    "unreadable": f"Ce classeur est abîmé\u00a0: il ne se lit pas. {_AGAIN}",
}


def read_workbook(content: bytes) -> tuple[str, list[Record]]:
    """The name of the sheet read and its rows.

    Raises:
        FileRefused: the file breaks a limit, or cannot be read.
    """
    try:
        done = subprocess.run(
            READ_COMMAND,
            input=content,
            capture_output=True,
            timeout=limits.CHILD_WALL_S,
            # nothing of ours is in reach of the file: no secret, no address of the database
            env={"PYTHONPATH": os.pathsep.join([str(_HOME), os.environ.get("PYTHONPATH", "")]), "LANG": "C.UTF-8"},
            start_new_session=True,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise _refused("time") from None
    if done.returncode != 0:
        # Python ends with 1 when memory runs out before it can say so; a library or the system kills it otherwise.
        raise _refused("time" if done.returncode in (-24, -9) else "memory")
    answer: dict[str, Any] = json.loads(done.stdout)
    if "limit" in answer:
        raise _refused(answer["limit"])
    return answer["sheet"], [(line, cells) for line, cells in answer["rows"]]


def _refused(limit: str) -> FileRefused:
    return whole_file(SENTENCES[limit])
