"""A federation's file as it has it: 900 sites of its members in seven communes, and twelve ways to spoil a line."""

from __future__ import annotations

from stdnum.fr import siret

HEADER = [
    "Raison sociale",
    "Agence",
    "N° SIRET",
    "Adresse 1",
    "CP",
    "Ville",
    "Niveau",
    "Filière",
    "Semaines",
    "Capacité",
]
PLACES = (
    ("69003", "Lyon 3e"),
    ("59100", "ROUBAIX"),
    ("75015", "Paris 15"),
    ("31000", "Toulouse cedex 4"),
    ("48000", "mende"),
    ("38000", "GRENOBLE"),
    ("33000", "Bordeaux"),
)
SECTORS = ("Énergie", "Bâtiment et travaux publics", "industrie et maintenance")


def siret_of(number: int) -> str:
    """Fourteen digits whose key is right, after a SIREN whose key is right too."""
    start = f"732829320{number:04}"
    return next(start + str(key) for key in range(10) if siret.luhn.is_valid(start + str(key)))


def good_lines(sites: int) -> list[list[str]]:
    return [
        [
            f"Entreprise {number // 4}",
            f"Agence {number}",
            siret_of(number),
            f"{number} rue des Câbles",
            *PLACES[number % 7],
            "2nde",
            SECTORS[number % 3],
            "" if number % 2 else "14/06/2027",
            str(1 + number % 5),
        ]
        for number in range(sites)
    ]


def spoil(lines: list[list[str]]) -> tuple[list[list[str]], list[tuple[int, str]]]:
    """Twelve bad lines, and where each is to be told (the header is line 1)."""
    bad = [list(line) for line in lines]
    changes = {
        4: (1, "", "Agence"),
        50: (2, "123", "N° SIRET"),
        121: (5, "Lyonn", "Ville"),
        200: (4, "59100", "Ville"),
        233: (6, "terminale", "Niveau"),
        310: (7, "Énergies douces", "Filière"),
        402: (8, "semaine prochaine", "Semaines"),
        450: (9, "quatre", "Capacité"),
        555: (9, "", "Capacité"),
        600: (8, "25/01/2027", "Semaines"),
        777: (9, "5000", "Capacité"),
        898: (6, "3e", "Niveau"),
    }
    for place, (column, value, _) in changes.items():
        bad[place][column] = value
    return bad, [(place + 2, column) for place, (_, _, column) in changes.items()]


def csv_of(lines: list[list[str]], separator: str = ";", code: str = "cp1252") -> bytes:
    return "\r\n".join(separator.join(line) for line in [HEADER, *lines]).encode(code)
