"""A process that ends when the one that started it ends, however that one ends: nobody is left computing for nobody.

Linux's kernel keeps this promise; elsewhere the call does nothing. It knows no process by name.
Run as `python -m service.lifeline PARENT ARGUMENTS...`, it becomes `python ARGUMENTS...`.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def end_with_parent(parent: int, by: signal.Signals) -> None:
    """Ask for this signal when the parent ends; leave at once if it already has. Kept across `exec`.

    `parent` is its process number, read before anything could have happened to it.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, by)
    if os.getppid() != parent:
        os._exit(1)


if __name__ == "__main__":
    end_with_parent(int(sys.argv[1]), signal.SIGTERM)
    os.execv(sys.executable, [sys.executable, *sys.argv[2:]])
