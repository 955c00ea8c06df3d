"""A school's pages: classes, requests, where each pupil goes. The only place where a pupil's name is shown."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, render_template

from service.persistence.tables import School
from service.vocabulary import Role
from service.web.access import allowed

blueprint = Blueprint("schools", __name__, url_prefix="/etablissements/<uai>")


@blueprint.get("/")
@allowed(Role.SCHOOL_COORDINATOR)
def board(school: School) -> Any:
    return render_template("schools/board.html", school=school)


@blueprint.get("/demandes/nouvelle")
@allowed(Role.SCHOOL_COORDINATOR)
def choose_level(school: School) -> Any:
    return render_template("schools/board.html", school=school)
