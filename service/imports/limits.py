"""How large a file may be before anything in it is looked at (promises A6, C6). Imports nothing: the child reads it."""

from __future__ import annotations

FILE_BYTES = 2 * 2**20
ROWS = 5_000
COLUMNS = 60
CELL_CHARACTERS = 500
TEXT_CHARACTERS = 10_000_000
"""All the cells of a workbook together: a short shared text may be repeated a hundred thousand times."""

ZIP_ENTRIES = 200
ZIP_BYTES = 20 * 2**20
"""Unpacked, declared and counted."""
ZIP_RATIO = 100

CHILD_MEMORY_BYTES = 512 * 2**20
CHILD_CPU_S = 10
CHILD_WALL_S = 60
"""A child that neither computes nor ends: the machine is in trouble, not the file."""
