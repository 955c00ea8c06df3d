"""Instances and results as JSON documents: the only module that knows their layout on disk.

The layout is public (README, «Le dossier d'un tour»): `solver.verify` reads it with its own few lines, on purpose.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from enum import Enum
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from solver.instance import Instance
from solver.params import Params
from solver.result import Result

FORMAT = "sequence/1"
