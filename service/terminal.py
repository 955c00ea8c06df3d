"""How the command speaks: French lines, one line per refusal, an exit code, never a traceback.

Responsible for turning every expected failure into a sentence. Refuses to know what the commands do.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, NoReturn

import click
import structlog
from pydantic import ValidationError
from pydantic_core import ErrorDetails
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from service.domain.texts import french_number
from service.errors import Refusals, ServiceError

REFUSED, MISUSED, INTERRUPTED = 1, 2, 130


class FrenchHelp(click.HelpFormatter):
    """The headings of the help, in French."""

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:  # noqa: ARG002
        super().write_usage(prog, args, prefix="Usage\u00a0: ")

    def write_heading(self, heading: str) -> None:
        translated = {"Commands": "Commandes"}.get(heading, heading)
        self.write(f"{'':>{self.current_indent}}{translated}\u00a0:\n")


class Whole(click.ParamType[int]):
    """A whole number between two bounds, refused in French."""

    name = "nombre"

    def __init__(self, lowest: int, highest: int) -> None:
        self._bounds = lowest, highest

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        lowest, highest = self._bounds
        try:
            number = int(str(value))
        except ValueError:
            self.fail(f"«\u00a0{value}\u00a0» n’est pas un nombre entier.", param, ctx)
        if not lowest <= number <= highest:
            self.fail(f"donnez un nombre de {french_number(lowest)} à {french_number(highest)}.", param, ctx)
        return number


@dataclass
class Phases:
    """Says on the error output what is being done, and keeps how long each part took."""

    quiet: bool = False
    seconds: dict[str, float] = field(default_factory=dict)
    _started: float = field(default_factory=time.monotonic)

    @contextmanager
    def phase(self, name: str) -> Iterator[Callable[[str], None]]:
        """Runs one phase; what the body says through the callable ends its line."""
        details: list[str] = []
        begun = time.monotonic()
        yield details.append
        took = time.monotonic() - begun
        self.seconds[name] = round(took, 3)
        if not self.quiet:
            told = f"\u00a0: {', '.join(details)}" if details else ""
            click.echo(f"[{decimal(took):>6} s] {name}{told}", err=True)

    @property
    def total(self) -> float:
        return round(time.monotonic() - self._started, 3)


def decimal(value: float) -> str:
    """One digit after the comma: 1 234,5."""
    whole, _, tenth = f"{value:.1f}".partition(".")
    return f"{french_number(int(whole))},{tenth}"


def run(command: click.Command, arguments: list[str] | None = None) -> NoReturn:
    """Runs the command line and exits: 0 when done, 1 when refused, 2 when badly written."""
    # The standard output is the command's answer; whatever is logged goes beside it.
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    try:
        sys.exit(command.main(arguments, prog_name="sequence", standalone_mode=False) or 0)
    except (KeyboardInterrupt, click.Abort):
        _leave(INTERRUPTED, "Interrompu.")
    except click.ClickException as mistake:
        _leave(MISUSED, f"{_french(mistake)} Aide\u00a0: sequence --help")
    except Refusals as refusals:
        _leave(REFUSED, *(each.message for each in refusals.refusals))
    except ServiceError as refusal:
        _leave(REFUSED, refusal.message)
    except ValidationError as mistake:
        _leave(REFUSED, *(_refused_setting(error) for error in mistake.errors()))
    except (ArgumentError, NoSuchModuleError):
        _leave(REFUSED, "L’adresse de la base de données est mal écrite. Exemple\u00a0: sqlite:///instance/sequence.db")
    except (DBAPIError, PoolTimeoutError) as fault:
        _leave(REFUSED, f"La base de données ne répond pas comme prévu\u00a0: {_first_line(fault)}")
    except OSError as fault:
        _leave(REFUSED, f"Le système refuse\u00a0: {fault.strerror or fault} ({fault.filename or 'sans fichier'}).")


def _leave(code: int, *messages: str) -> NoReturn:
    for message in messages:
        click.echo(f"Erreur\u00a0: {message}", err=True)
    sys.exit(code)


def _first_line(fault: Exception) -> str:
    cause = getattr(fault, "orig", None) or fault
    return (str(cause).splitlines() or [type(cause).__name__])[0]


_EXPECTED = {
    "int_parsing": "un nombre entier est attendu.",
    "float_parsing": "un nombre est attendu.",
    "bool_parsing": "«\u00a0true\u00a0» ou «\u00a0false\u00a0» est attendu.",
}


def _refused_setting(error: ErrorDetails) -> str:
    name = f"SEQUENCE_{str(error['loc'][0]).upper()}\u00a0: " if error["loc"] else ""
    expected = _EXPECTED.get(error["type"], error["msg"].removeprefix("Value error, "))
    return f"Réglage refusé. {name}{expected}"


def _french(mistake: click.ClickException) -> str:
    """The command line's own mistakes, in French; the library would say them in English."""
    if isinstance(mistake, click.NoSuchOption):
        return f"L’option {mistake.option_name} n’existe pas."
    if isinstance(mistake, click.BadOptionUsage):
        return f"L’option {mistake.option_name} est mal employée."
    if isinstance(mistake, click.BadParameter) and mistake.param is not None:
        return f"La valeur de {mistake.param.opts[0]} ne convient pas\u00a0: {mistake.message}"
    return "Cette commande n’existe pas, ou il lui manque ou lui reste un mot."
