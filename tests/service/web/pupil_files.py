"""Lists of pupils as a school has them: invented names, eight classes of seconde, and seven ways to spoil a line."""

from __future__ import annotations

from fixtures import readers

HEADER = ["Division", "Nom", "Prénom", "Vœu 1", "Vœu 2", "Vœu 3", "Besoins", "Téléphone"]
SECTORS = [one.label for one in readers.read_sectors()]
FIRST = ("Zoé", "Yanis", "Inès", "Noé", "Léa", "Malo", "Éloïse", "Jean-Noël", "Aya", "Côme")
PER_CLASS = 30


def good_lines(pupils: int) -> list[list[str]]:
    return [
        [
            f"2de {1 + number // PER_CLASS}",
            f"N{number:03}",
            FIRST[number % len(FIRST)],
            SECTORS[number % 21],
            SECTORS[(number + 5) % 21],
            SECTORS[(number + 9) % 21] if number % 3 else "",
            "accès de plain-pied" if number % 40 == 7 else "",
            "06 00 00 00 00",
        ]
        for number in range(pupils)
    ]


def spoil(lines: list[list[str]]) -> tuple[list[list[str]], list[tuple[int, str]]]:
    """Seven bad lines, and where each is to be told (the header is line 1)."""
    bad = [list(line) for line in lines]
    bad[3][0] = ""
    bad[20][3] = "Astrologie"
    bad[57][4] = bad[57][3]
    bad[99][6] = "dyslexie"
    bad[130][1] = bad[130][2] = ""
    bad[171][1:3] = bad[170][1:3]
    bad[229][2] = "Z" * 70
    columns = ["Division", "Vœu 1", "Vœu 2", "Besoins", "Prénom", "Prénom", "Prénom"]
    places = [3, 20, 57, 99, 130, 171, 229]
    return bad, [(place + 2, column) for place, column in zip(places, columns, strict=True)]


def csv_of(lines: list[list[str]], separator: str = ";", code: str = "utf-8-sig", end: str = "\r\n") -> bytes:
    return end.join(separator.join(line) for line in [HEADER, *lines]).encode(code)
