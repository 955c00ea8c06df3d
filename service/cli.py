"""The command `sequence`: a thin edge that reads settings, calls the service and speaks French.

Responsible for options and their help. Refuses to decide anything: the demonstration, the processes and the refusals
each have their module.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import click

from fixtures.invented.country import DEFAULT_PUPILS, SMALLEST
from fixtures.readers import Convention, read_conventions
from service import demo as demonstration
from service.backups import back_up, forget_backups
from service.config import Settings
from service.domain.campaigns import day_in_france
from service.domain.conventions import import_conventions
from service.domain.territories import load_reference
from service.domain.texts import plural
from service.errors import ServiceError
from service.jobs.worker import run as run_worker
from service.persistence.engine import check_durability, make_engine, session_scope
from service.persistence.migrate import is_current, upgrade
from service.processes import Together, refuse_busy_port, refuse_silent_site, web_server, worker
from service.terminal import FrenchHelp, Phases, Whole, run

database_option = click.option(
    "--database", metavar="ADRESSE", help="Base de données (par défaut\u00a0: SEQUENCE_DATABASE_URL)."
)
port_option = click.option(
    "--port", type=Whole(1, 65_535), metavar="N", help="Port du site (par défaut\u00a0: SEQUENCE_PORT, 8000)."
)


def _settings(database: str | None = None, port: int | None = None) -> Settings:
    """The environment's settings, with what the command line says instead."""
    given = {"database_url": database, "port": port}
    return Settings.model_validate(Settings().model_dump() | {name: value for name, value in given.items() if value})


@click.group(
    help="Séquence\u00a0: l’affectation des séquences d’observation, par tours vérifiés.",
    subcommand_metavar="COMMANDE [OPTIONS]",
)
@click.help_option("--help", help="Affiche cette aide.")
def commands() -> None:
    """What every command shares: nothing but its help."""


@commands.command("demo", help="Crée une démonstration sur un pays inventé, publie un tour, puis sert le site.")
@click.option("--no-serve", is_flag=True, help="S’arrête après le bilan.")
@click.option("--json", "as_json", is_flag=True, help="Écrit le bilan comme un seul objet JSON.")
@click.option(
    "--database",
    metavar="ADRESSE",
    default=demonstration.DEFAULT_DATABASE,
    help=f"Base à créer (par défaut\u00a0: {demonstration.DEFAULT_DATABASE}). "
    "Une démonstration déjà là est remplacée, toute autre base est refusée.",
)
@click.option(
    "--pupils",
    type=Whole(SMALLEST, demonstration.LARGEST),
    metavar="N",
    default=DEFAULT_PUPILS,
    help=f"Nombre d’élèves (par défaut\u00a0: {DEFAULT_PUPILS}).",
)
@click.option(
    "--seed",
    type=Whole(0, 2**31),
    metavar="N",
    default=2026,
    help="Graine du pays inventé (par défaut\u00a0: 2026)\u00a0; la même donne le même pays.",
)
@port_option
@click.help_option("--help", help="Affiche cette aide.")
def demo(no_serve: bool, as_json: bool, database: str, pupils: int, seed: int, port: int | None) -> None:
    """The whole service on an invented country: created, computed, verified, published, then served."""
    settings = demonstration.own_settings(_settings(database, port))
    if not no_serve:
        refuse_busy_port(settings)
    report = demonstration.build(settings, demonstration.Size(pupils, seed), Phases())
    if as_json:
        click.echo(json.dumps(report.as_document(), ensure_ascii=False))
    else:
        click.echo(report.as_text())
    if not no_serve:
        _serve(settings, when_started=report.address_and_accounts(settings))


@commands.command("serve", help="Met la base à jour, puis sert le site et calcule les tours, jusqu’à l’arrêt demandé.")
@database_option
@port_option
@click.help_option("--help", help="Affiche cette aide.")
def serve(database: str | None, port: int | None) -> None:
    """The web server and the worker, stopped together."""
    settings = _settings(database, port)
    refuse_busy_port(settings)
    _prepare(settings)
    _serve(settings, when_started=f"Séquence est à l’adresse http://{settings.host}:{settings.port}/")


def _serve(settings: Settings, when_started: str) -> None:
    together = Together(settings, (web_server(settings), worker()))
    together.run(lambda: click.echo(f"{when_started}\nCtrl+C pour arrêter.", err=True))


@commands.command("worker", help="Calcule les tours lancés, jusqu’à l’arrêt demandé (pour une autre machine).")
@database_option
@click.help_option("--help", help="Affiche cette aide.")
def work(database: str | None) -> None:
    """A worker alone."""
    settings = _settings(database)
    _prepare(settings)
    run_worker(settings)


@commands.command("health", help="Dit si ce que fait ce conteneur marche\u00a0: la base, et le site s’il le sert.")
@click.option("--main", type=click.Path(path_type=Path, dir_okay=False), default="/proc/1/cmdline", hidden=True)
@click.help_option("--help", help="Affiche cette aide.")
def health(main: Path) -> None:
    """Asked from inside a container: its first process says whether it is a worker, which has no page to show."""
    settings = _settings()
    if "worker" not in main.read_text(encoding="utf-8").split("\0"):
        refuse_silent_site(settings)
    engine = make_engine(settings)
    if not is_current(engine):
        raise ServiceError("database_old", "La base n’est pas à jour. Lancez «\u00a0sequence migrate\u00a0».")
    engine.dispose()


@commands.command("migrate", help="Met la base à jour\u00a0: schéma et données de référence.")
@database_option
@click.help_option("--help", help="Affiche cette aide.")
def migrate(database: str | None) -> None:
    """Safe to run again, and while another process does the same."""
    _prepare(_settings(database), again=True)
    click.echo("La base est à jour.")


@commands.command("backup", help="Copie la base dans un dossier, et y détruit les copies hors délai.")
@click.argument("folder", metavar="DOSSIER", type=click.Path(path_type=Path, file_okay=False))
@click.option("--forget-only", is_flag=True, help="Ne copie rien\u00a0: détruit seulement les copies hors délai.")
@database_option
@click.help_option("--help", help="Affiche cette aide.")
def backup(folder: Path, forget_only: bool, database: str | None) -> None:
    """What was erased leaves the copies within the dated rule."""
    settings = _settings(database)
    today = settings.today or day_in_france(datetime.now(UTC))
    if not forget_only:
        click.echo(f"Sauvegarde écrite\u00a0: {back_up(settings.database_url, folder, today)}")
    gone = forget_backups(folder, today)
    click.echo(plural(len(gone), "sauvegarde hors délai détruite", "sauvegardes hors délai détruites") + ".")


def _prepare(settings: Settings, *, again: bool = False) -> None:
    """Schema and reference data as this version knows them, on an engine that loses nothing."""
    engine = make_engine(settings)
    check_durability(engine)
    if again or not is_current(engine):
        upgrade(engine)
        with session_scope(engine) as session:
            load_reference(session)
    engine.dispose()


@commands.command(
    "import-conventions", help="Charge les conventions de coopération\u00a0; une version changée s’ajoute."
)
@click.option(
    "--directory",
    type=click.Path(path_type=Path),
    metavar="DOSSIER",
    help="Dossier de fichiers .yaml (par défaut\u00a0: les cinq conventions livrées).",
)
@database_option
@click.help_option("--help", help="Affiche cette aide.")
def bring_conventions(directory: Path | None, database: str | None) -> None:
    """Deeds only: no event or ceiling made up for the sample."""
    settings = _settings(database)
    deeds = _read_deeds(directory) if directory else read_conventions()
    _prepare(settings)
    engine = make_engine(settings)
    with session_scope(engine) as session:
        imported = import_conventions(session, day_in_france(datetime.now(UTC)), False, deeds)
    counts = {outcome: sum(one.outcome == outcome for one in imported) for outcome in ("new", "changed", "unchanged")}
    click.echo(
        f"{plural(counts['new'], 'convention nouvelle', 'conventions nouvelles')}, "
        f"{plural(counts['changed'], 'version ajoutée', 'versions ajoutées')}, "
        f"{plural(counts['unchanged'], 'inchangée')}."
    )


def _read_deeds(directory: Path) -> tuple[Convention, ...]:
    """The deeds of a folder; a file that does not hold together refuses them all."""
    try:
        deeds = read_conventions(directory)
    except ValueError as fault:
        message = f"Convention illisible, rien n’a été chargé. Corrigez le fichier\u00a0: {fault}"
        raise ServiceError("deed_unreadable", message, "directory") from None
    if not deeds:
        message = f"Le dossier «\u00a0{directory}\u00a0» ne contient aucun fichier .yaml\u00a0: rien n’a été chargé."
        raise ServiceError("no_deed", message, "directory")
    return deeds


def main() -> None:
    click.Context.formatter_class = FrenchHelp
    run(commands)


if __name__ == "__main__":
    main()
