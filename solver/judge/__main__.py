"""Lets Python run this folder, alone or in a zip file, as well as `python -m solver.judge`.

Handed the folder, Python looks for modules inside it: what it holds then has no `solver.judge` before its name.
"""

from __future__ import annotations

import sys
from importlib import import_module

sys.exit(import_module(f"{__package__}.plain.command".lstrip(".")).main(sys.argv[1:]))
