"""A school's list of pupils with their wishes, from a file: what each line says, or what is wrong in it.

Responsible for reading lines. Refuses to know campaigns and what is stored: `domain.pupil_entries` writes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from operator import attrgetter

from service.domain.pupil_entries import ClassEntry, PupilEntry
from service.domain.texts import search_form
from service.errors import ServiceError
from service.imports.faults import Fault, FileRefused, quoted
from service.imports.reading import Reading
from service.imports.tables import Column, Table
from service.imports.words import read_level, read_needs, read_sector, sector_names
from service.vocabulary import Level, Need

NAMES = ("pupil", "first_name", "last_name")
WISHES = ("wish_1", "wish_2", "wish_3")
_LONGEST_CLASS, _LONGEST_NAME, _LONGEST_GROUP = 40, 60, 40
COLUMNS = (
    Column(
        "class_name",
        "Classe",
        "Le nom de la classe, tel que vous l’employez.",
        ("Division", "Code division", "Libellé classe", "Nom de la classe", "Groupe", "Classe de l’élève"),
        required=True,
        example="2de 3",
    ),
    Column(
        "first_name",
        "Prénom",
        "Le prénom, ou un numéro local dans la colonne «\u00a0Élève\u00a0».",
        ("Prénoms", "Prénom usuel", "Prénom 1", "Prénom de l’élève"),
        example="Zoé",
    ),
    Column(
        "last_name",
        "Nom",
        "Facultatif. L’initiale suffit\u00a0; seul votre établissement lit les noms.",
        ("Nom de famille", "Nom d’usage", "Nom usuel", "Nom de l’élève", "Initiale"),
        example="A.",
    ),
    Column(
        "pupil",
        "Élève",
        "À la place du prénom et du nom\u00a0: le nom entier ou un numéro que vous seul connaissez.",
        ("Nom prénom", "Nom et prénom", "Prénom nom", "Prénom et nom", "Identité", "Numéro", "N°", "Numéro local"),
    ),
    Column(
        "level",
        "Niveau",
        "3e, 3e prépa métiers ou 2de. Facultatif quand la classe le dit.",
        ("Formation", "MEF", "Code MEF", "MEFSTAT4", "Niveau de formation"),
        example="2de",
    ),
    *(
        Column(
            key,
            f"Vœu {rank}",
            "Un libellé de la liste des secteurs. Vide\u00a0: pas de préférence.",
            (
                f"Vœux {rank}",
                f"Choix {rank}",
                f"Secteur {rank}",
                *(f"{one} {of}" for one in (ordinal, word) for of in ("vœu", "choix")),
            ),
            example=example,
        )
        for key, rank, ordinal, word, example in (
            ("wish_1", 1, "1er", "Premier", "Santé"),
            ("wish_2", 2, "2e", "Deuxième", "Numérique"),
            ("wish_3", 3, "3e", "Troisième", "Culture et médias"),
        )
    ),
    Column(
        "needs",
        "Besoins",
        "Besoins d’accessibilité de la liste, séparés par une virgule. Jamais un diagnostic.",
        ("Besoin", "Besoins d’accessibilité", "Accessibilité", "Aménagements"),
    ),
    Column(
        "together",
        "Rester ensemble",
        "Le même nom de groupe pour les élèves d’une classe qui doivent aller au même endroit. Vide\u00a0: seul.",
        ("Groupe à garder ensemble", "Ensemble", "Groupe d’élèves", "Binôme"),
    ),
)


@dataclass
class _Line:
    """One line being read: `entry` is None once something in it is wrong."""

    number: int
    class_name: str
    level: Level | None
    entry: PupilEntry


@dataclass
class _Reading(Reading):
    sectors: Mapping[str, str]
    names: Mapping[str, str]

    @property
    def name_key(self) -> str:
        """The column under which a fault of the pupil's name is told."""
        return next(key for key in NAMES if key in self.table.headers)


def read_classes(table: Table, sector_labels: Mapping[str, str], levels: list[Level]) -> list[ClassEntry]:
    """The classes of the file in its order, each with its pupils. `levels` are those the school may ask for.

    Raises:
        FileRefused: everything that is wrong, whatever the number of lines.
    """
    if not set(NAMES) & table.headers.keys():
        message = "Il manque une colonne «\u00a0Prénom\u00a0» ou «\u00a0Élève\u00a0»\u00a0: ajoutez l’une ou l’autre."
        raise FileRefused([*table.faults, Fault(0, "Prénom", message)])
    names = sector_names(sector_labels)
    reading = _Reading(table, COLUMNS, attrgetter("field"), list(table.faults), sector_labels, names)
    lines = [_read_line(reading, number, row) for number, row in table.lines(COLUMNS)]
    classes = _classes(reading, lines, levels)
    reading.refuse_faults()
    return classes


def _name(row: Mapping[str, str]) -> str:
    return row["pupil"] or " ".join(filter(None, (row["first_name"], row["last_name"].upper())))


def _read_line(reading: _Reading, number: int, row: Mapping[str, str]) -> _Line:
    name = _name(row)
    level: Level | None = None
    wishes: list[str] = []
    needs: tuple[Need, ...] = ()
    with reading.at(number, "class_name"):
        _check_length(row["class_name"], "La classe", _LONGEST_CLASS)
    with reading.at(number, reading.name_key):
        _check_length(name, "Le nom de l’élève", _LONGEST_NAME)
    if row["level"]:
        with reading.at(number, "level"):
            level = read_level(row["level"])
    for key in WISHES:
        if row[key]:
            with reading.at(number, key):
                wishes.append(_new_wish(read_sector(row[key], reading.names, reading.sectors), wishes, row[key]))
    with reading.at(number, "needs"):
        needs = read_needs(row["needs"])
    with reading.at(number, "together"):
        _check_length(row["together"] or "-", "Le nom du groupe", _LONGEST_GROUP)
    said = reading.table.headers
    entry = PupilEntry(
        name,
        tuple(wishes),
        needs if "needs" in said else None,
        row["together"] if "together" in said else None,
    )
    return _Line(number, row["class_name"], level, entry)


def _check_length(text: str, what: str, at_most: int) -> None:
    if not text:
        raise ServiceError("text_missing", f"{what} manque. Complétez la ligne, ou retirez-la.")
    if len(text) > at_most:
        raise ServiceError("text_too_long", f"{what} {quoted(text)} dépasse {at_most} caractères. Raccourcissez-le.")


def _new_wish(sector: str, wishes: list[str], written: str) -> str:
    if sector in wishes:
        raise ServiceError(
            "wish_twice", f"Le secteur {quoted(written)} est demandé deux fois. Donnez des vœux différents."
        )
    return sector


def _refuse_namesakes(reading: _Reading, members: list[_Line]) -> None:
    """Two pupils of one name in a class could not be told apart at the next import."""
    first: dict[str, int] = {}
    for one in members:
        name = one.entry.display_name
        if name and first.setdefault(name, one.number) != one.number:
            message = (
                f"{quoted(name)} est déjà en {one.class_name} à la ligne {first[name]}. Retirez la ligne en double, ou "
                "ajoutez une initiale ou un numéro à l’un des deux."
            )
            reading.faults.append(Fault(one.number, reading.header(reading.name_key), message))


def _classes(reading: _Reading, lines: list[_Line], levels: list[Level]) -> list[ClassEntry]:
    grouped: dict[str, list[_Line]] = {}
    for line in lines:
        if line.class_name:
            grouped.setdefault(line.class_name, []).append(line)
    classes = []
    for name, members in grouped.items():
        _refuse_namesakes(reading, members)
        said = next((one.level for one in members if one.level is not None), None)
        for one in members:
            if one.level is not None and one.level is not said:
                message = f"La classe {quoted(name)} a deux niveaux dans le fichier. Gardez-en un seul."
                reading.faults.append(Fault(one.number, reading.header("level"), message))
        level = said or _level_of_name(name, levels)
        if level not in levels:
            message = f"La classe {quoted(name)} serait d’un niveau que votre établissement ne demande pas ici."
            reading.faults.append(Fault(members[0].number, reading.header("level"), message))
        classes.append(ClassEntry(name, level, tuple(one.entry for one in members)))
    return classes


def _level_of_name(name: str, levels: list[Level]) -> Level:
    """The level a class has when the file does not say: its school's, unless its name speaks of prépa métiers."""
    is_prepa = any(word in search_form(name).split() for word in ("prepa", "3pm", "pm"))
    usual = [one for one in levels if (one is Level.TROISIEME_PREPA_METIERS) == is_prepa]
    return next(iter([*usual, *levels]), Level.TROISIEME)
