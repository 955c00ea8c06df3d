"""What a process reads once for all its pages, read before the first one is asked instead of while someone waits.

Responsible for that moment alone: every page is the same without it. Opens no connection, so that a process may fork
afterwards.
"""

from __future__ import annotations

import gc

from flask import Flask

from service.domain.school_days import read_known_days
from service.web.map import read_outlines


def warm(app: Flask) -> None:
    """Templates compiled, holidays and outlines read; what will live as long as the process leaves the collector."""
    for name in app.jinja_env.list_templates(filter_func=lambda name: not name.startswith("bootstrap")):
        app.jinja_env.get_template(name)
    read_known_days()
    read_outlines()
    gc.collect()
    gc.freeze()
