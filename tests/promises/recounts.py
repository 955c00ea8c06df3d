"""The numbers of a round's pages, counted again from what can be taken away: exported rows and dossier, nothing else.

`tables_of` reads a page's tables of figures as a person does. `Recount` says what each must hold. It shares no code
with the pages: counts are Counters over CSV rows, and what a row cannot say is asked of the solver on the dossier.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

from service.vocabulary import EMPTY_SEATS_LABELS, FIX_LABELS, PRIORITY_LABELS, TIER_LABELS
from solver.files import instance_from_document, result_from_document
from solver.geography import trip_m
from solver.greedy import greedy
from solver.instance import Instance
from solver.marginal import marginal_values
from solver.result import Result
from solver.smallest_fix import find_fixes
from solver.unused_seats import unused_seats
from tests.promises.campaign_rows import WEEKS

Row = dict[str, str]
Line = tuple[str, ...]
NumberTable = Counter[Line]
"""Lines of a table: the words of its first cell, then its cells of figures."""
KILOMETRES = (0, 2, 5, 10, 15, 20, 30, 50, 100)


@dataclass
class _Table:
    caption: str = ""
    lines: list[list[str]] = field(default_factory=list)


class _Reader(HTMLParser):
    """Tables of a page: caption, and for each line of the body its header and its cells of figures."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tables: list[_Table] = []
        self.inside = ""
        self.in_body = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        classes = (dict(attrs).get("class") or "").split()
        if tag == "table":
            self.tables.append(_Table())
        elif tag == "tbody":
            self.in_body = True
        elif tag == "tr" and self.in_body:
            self.tables[-1].lines.append([])
        elif tag == "caption":
            self.inside = "caption"
        elif (tag == "th" and self.in_body) or (tag == "td" and "number" in classes):
            self.tables[-1].lines[-1].append("")
            self.inside = "cell"
        elif tag == "br" and self.inside == "cell":
            self.tables[-1].lines[-1][-1] += " "

    def handle_endtag(self, tag: str) -> None:
        if tag in ("th", "td", "caption"):
            self.inside = ""
        elif tag == "tbody":
            self.in_body = False

    def handle_data(self, data: str) -> None:
        if self.inside == "caption":
            self.tables[-1].caption += data
        elif self.inside == "cell":
            self.tables[-1].lines[-1][-1] += data


def plain(text: str) -> str:
    """Ordinary spaces only, none inside a number, the sign of subtraction as a keyboard has it."""
    return " ".join(text.replace("\u202f", "").replace("\u00a0", " ").replace("\u2212", "-").split())


def tables_of(body: str) -> dict[str, NumberTable]:
    """Every table of a page that has cells of figures, by its caption."""
    reader = _Reader()
    reader.feed(body)
    kept = [one for one in reader.tables if any(len(line) > 1 for line in one.lines)]
    assert len({one.caption for one in kept}) == len(kept), "two tables of one page have the same caption"
    return {plain(one.caption): Counter(tuple(map(plain, line)) for line in one.lines) for one in kept}


def read_csv(body: bytes) -> list[Row]:
    return list(csv.DictReader(io.StringIO(body.decode("utf-8-sig"), newline=""), delimiter=";", strict=True))


def percent(part: int, whole: int) -> str:
    if not whole:
        return "–"
    share = 100 * part / whole
    return f"{share if part == whole else min(share, 99.0):.0f} %"


def metres(value: float) -> str:
    if value < 950:
        return f"{round(value / 10) * 10} m"
    return f"{value / 1000:.{1 if value < 9950 else 0}f} km".replace(".", ",")


def signed(value: int) -> str:
    return f"{value:+d}" if value else "0"


class Recount:
    """`take` reads a file of the round: an export by its path, or a document of the dossier."""

    def __init__(self, take: Callable[[str], bytes], take_before: Callable[[str], bytes] | None = None) -> None:
        self.placed, self.left = (read_csv(take(f"exports/{name}.csv")) for name in ("affectations", "non-places"))
        self.before = None if take_before is None else read_csv(take_before("exports/affectations.csv"))
        self.category = {row["UAI"]: row["Catégorie"] for row in read_csv(take("exports/etablissements.csv"))}
        self.lines = read_csv(take("exports/conventions.csv"))
        self.changes = read_csv(take("exports/leviers.csv"))
        document: dict[str, Any] = json.loads(gzip.decompress(take("dossier/result.json.gz")))
        self.tiers = {row["tier"]: row for row in document["tiers"]}
        self.instance: Instance = instance_from_document(json.loads(gzip.decompress(take("dossier/instance.json.gz"))))
        self.result: Result = result_from_document(document)
        self.first_come = [
            (self.instance.group[row.group], self.instance.offer[row.offer])
            for row in greedy(self.instance).assignments
            for _ in range(row.count)
        ]

    def cut(self, column: str, name: Callable[[Row], str] | None = None) -> dict[str, tuple[int, int]]:
        """Pupils and placed pupils by the values of a column, or of a name made of a row."""
        key = name or (lambda row: row[column])
        placed, left = Counter(map(key, self.placed)), Counter(map(key, self.left))
        return {one: (placed[one] + left[one], placed[one]) for one in placed | left}

    def shares(self, cut: dict[str, tuple[int, int]], *, left: bool = True) -> NumberTable:
        return Counter(
            (name, str(pupils), str(placed), *([str(pupils - placed)] if left else []), percent(placed, pupils))
            for name, (pupils, placed) in cut.items()
        )

    def trips(self) -> list[int]:
        return sorted(int(row["Trajet (m)"]) for row in self.placed)

    def ranks(self) -> Counter[int]:
        """Rank obtained; 0 without wishes."""
        return Counter(int(row["Rang du vœu obtenu"] or 0) for row in self.placed)

    def expected(self, page: str) -> dict[str, NumberTable]:
        """What the tables of figures of a page hold."""
        tables: dict[str, Callable[[], dict[str, NumberTable]]] = {
            "": self._summary,
            "/etablissements": lambda: {"Établissements": self.shares(self.cut("", _school))},
            "/classes": lambda: {"Classes": self.shares(self.cut("", _class))},
            "/repartition": self._shares,
            "/comparaison": self._compared,
            "/non-places": lambda: {"Raisons": _counts(row["Motif"] for row in self.left)},
            "/leviers": self._changes,
            "/ou-demarcher": self._wanted,
            "/places-vides": lambda: self._openings(full=False),
            "/places-vides?voir=complets": lambda: self._openings(full=True),
        }
        return {caption: lines for caption, lines in tables[page]().items() if lines}

    def _summary(self) -> dict[str, NumberTable]:
        trips, theirs = self.trips(), self._trips_first_come()
        mean = [f"{sum(one) / max(len(one), 1) / 1000:.1f} km".replace(".", ",") for one in (trips, theirs)]
        ours, ranks_theirs = self.ranks(), self._ranks_first_come()
        bounds = list(zip(KILOMETRES, (*KILOMETRES[1:], None), strict=True))
        return {
            "Ce tour et le premier arrivé, premier servi": Counter(
                [
                    ("Élèves placés", str(len(self.placed)), str(len(self.first_come))),
                    ("Premiers vœux obtenus", str(ours[1]), str(ranks_theirs[1])),
                    ("Distance moyenne d’un accueil", *mean),
                ]
            ),
            "Vœux obtenus": self._wishes(),
            "Objectifs, dans l’ordre": self._aims(),
            "Élèves placés par niveau": self.shares(self.cut("Niveau"), left=False),
            "Part des élèves placés, un point par établissement": self._equity(),
            "Élèves placés par ligne de convention": self._conventions(),
            "Distance de l’établissement au lieu du stage": Counter(
                (
                    f"{low} km et plus" if high is None else f"de {low} à {high} km",
                    str(sum(low * 1000 <= one and (high is None or one < high * 1000) for one in trips)),
                )
                for low, high in bounds
            ),
            "Part des élèves placés, par département de l’établissement": self._departments(),
        }

    def _wishes(self) -> NumberTable:
        ranks, everybody = self.ranks(), len(self.placed) + len(self.left)
        parts = {"1er vœu": ranks[1], "2e vœu": ranks[2], "3e vœu": ranks[3]}
        parts["autre secteur, ou sans vœu"] = ranks.total() - sum(parts.values())
        parts["aucune place"] = len(self.left)
        return Counter((name, str(count), percent(count, everybody)) for name, count in parts.items())

    def _aims(self) -> NumberTable:
        trips, ranks = self.trips(), self.ranks()
        recounted = {
            "placed": len(self.left),
            "wishes": sum(max(rank, 1) * count for rank, count in ranks.items()),
            "distance": sum(trips),
            "longest": max(trips, default=0),
        }
        return Counter(
            (f"{number}. {TIER_LABELS[name]}", str(recounted.get(name, row["value"])), str(row["bound"]))
            for number, (name, row) in enumerate(self.tiers.items(), start=1)
        )

    def _equity(self) -> NumberTable:
        schools = self.cut("UAI")
        lanes: dict[str, list[tuple[int, int]]] = {}
        for uai, share in schools.items():
            lanes.setdefault(self.category[uai], []).append(share)
        table: NumberTable = Counter()
        for category, shares in lanes.items():
            pupils, placed = (sum(one) for one in zip(*shares, strict=True))
            table[category, str(len(shares)), str(pupils), str(placed), percent(placed, pupils)] += 1
        return table

    def _conventions(self) -> NumberTable:
        through = Counter((row["Convention"], row["Ligne"]) for row in self.placed)
        seats = Counter[str]()
        for offer in self.instance.offers:
            seats.update(dict.fromkeys(self.instance.ancestry(offer.line), sum(offer.seats.values())))
        offered = Counter(seats.values())
        assert Counter(int(row["Places ouvertes"]) for row in self.lines if int(row["Places ouvertes"])) == offered
        return Counter(
            (
                row["Ligne"],
                row["Engagement"] or "non chiffré",
                row["Plafond"] or "aucun",
                row["Places ouvertes"],
                str(through[row["Convention"], row["Ligne"]]),
                percent(through[row["Convention"], row["Ligne"]], int(row["Places ouvertes"])),
            )
            for row in self.lines
        )

    def _departments(self) -> NumberTable:
        cut, seats = self.cut("Département de l’établissement"), Counter[str]()
        for offer in self.instance.offers:
            seats[offer.department] += sum(offer.seats.values())
        table: NumberTable = Counter()
        for code in cut.keys() | seats.keys():
            pupils, placed = cut.get(code, (0, 0))
            table[f"{code} ({code})", str(pupils), str(placed), percent(placed, pupils), str(seats[code])] += 1
        return table

    def _shares(self) -> dict[str, NumberTable]:
        seats, wished = Counter[str](), Counter[str]()
        for offer in self.instance.offers:
            seats[offer.sector] += sum(offer.seats.values())
        for group in self.instance.groups:
            wished.update(group.wishes[:1])
        placed = Counter(row["Secteur"] for row in self.placed)
        first = Counter(row["Secteur"] for row in self.placed if row["Rang du vœu obtenu"] == "1")
        hosts: dict[tuple[str, str], list[Row]] = {}
        for row in self.placed:
            hosts.setdefault((row["Partenaire"], row["Convention"]), []).append(row)
        return {
            "Par niveau": self.shares(self.cut("Niveau")),
            "Par catégorie d’établissement": self.shares(self.cut("", lambda row: self.category[row["UAI"]])),
            "Par secteur": Counter(
                (key, str(seats[key]), str(wished[key]), str(placed[key]), str(first[key])) for key in seats | wished
            ),
            "Par partenaire et convention": Counter(
                (partner, str(len({row["Site"] for row in rows})), str(len(rows)))
                for (partner, _), rows in hosts.items()
            ),
        }

    def _trips_first_come(self) -> list[int]:
        at = self.instance.school
        return sorted(trip_m(at[group.school].position, offer.position) for group, offer in self.first_come)

    def _ranks_first_come(self) -> Counter[int]:
        return Counter(self.instance.rank(one, offer.sector) if one.wishes else 0 for one, offer in self.first_come)

    def _compared(self) -> dict[str, NumberTable]:
        theirs = Counter(group.level for group, _ in self.first_come)
        labels = {row["Élève"]: row["Niveau"] for row in (*self.placed, *self.left)}
        level = {self.instance.group[name].level: label for name, label in labels.items()}
        homes = Counter(self.instance.school[group.school].department for group, _ in self.first_come)
        kinds = Counter(str(PRIORITY_LABELS[_priority(self.instance, group.school)]) for group, _ in self.first_come)
        by_level = {level[key]: count for key, count in theirs.items()}
        by_home = {f"{code} ({code})": count for code, count in homes.items()}
        cut = {
            "niveau": (self.cut("Niveau"), by_level),
            "catégorie": (self.cut("", lambda row: self.category[row["UAI"]]), kinds),
            "département": (self.cut("", _home), by_home),
        }
        summary = self._summary()
        tables = {
            f"Élèves placés par {name}": Counter(
                _versus(label, placed, given.get(label, 0)) for label, (_, placed) in ours.items()
            )
            for name, (ours, given) in cut.items()
        }
        chart = "Ce tour et le premier arrivé, premier servi"
        tables |= {chart: summary[chart], "Vœux, trajets et établissements": self._measures()}
        return tables | ({} if self.before is None else {"Écart avec le tour précédent": self._since(self.before)})

    def _measures(self) -> NumberTable:
        ours, theirs = self.ranks(), self._ranks_first_come()
        outside = self.instance.unranked_rank
        trips, others = self.trips(), self._trips_first_come()
        served = len({row["UAI"] for row in self.placed}), len({group.school for group, _ in self.first_come})
        lines = [_versus(name, ours[rank], theirs[rank]) for rank, name in WISHES.items()]
        lines.append(_versus("Secteur hors des vœux", ours[outside], theirs[outside]))
        lines.append(_versus("Établissements qui ont au moins une place", *served))
        lines.append(_trip("Trajet médian", _middle(trips), _middle(others)))
        lines.append(_trip("Trajet le plus long", max(trips, default=0), max(others, default=None)))
        return Counter(lines)

    def _since(self, before: list[Row]) -> NumberTable:
        then, now = ({row["Élève"]: (row["Offre"], row["Début"]) for row in rows} for rows in (before, self.placed))
        both = then.keys() & now.keys()
        moved = sum(then[name] != now[name] for name in both)
        counts = {
            "gagnent une place": len(now) - len(both),
            "perdent leur place": len(then) - len(both),
            "changent de place": moved,
            "gardent leur place": len(both) - moved,
        }
        return Counter((name, str(count)) for name, count in counts.items())

    def _changes(self) -> dict[str, NumberTable]:
        fixes = find_fixes(self.instance, self.result)
        kinds = Counter(FIX_LABELS[found[0].kind] for found in fixes.values() if found)
        assert kinds == Counter(row["Plus petit changement"] for row in self.left if row["Plus petit changement"])
        grouped = Counter[str]()
        for row in self.changes:
            grouped[row["Changement"]] += int(row["Élèves dont c’est le plus petit changement"])
        assert grouped == kinds
        table = Counter((label, str(count)) for label, count in kinds.items())
        if kinds and kinds.total() < len(self.left):
            table["Aucun changement unique ne suffit", str(len(self.left) - kinds.total())] += 1
        numbers = Counter((row["Élèves dont c’est le plus petit changement"],) for row in self.changes)
        return {"Sortes de changements": table, "Plus petits changements": numbers}

    def _wanted(self) -> dict[str, NumberTable]:
        rows = marginal_values(self.instance, self.result).new_seats
        best: dict[str, tuple[int, int]] = {}
        for row in rows:
            best[row.department] = max(best.get(row.department, (0, 0)), (row.unplaced, row.movers))
        kinds = Counter(row.department for row in rows)
        title = "Élèves sans place qui pourraient prendre une même place de plus, par département de leur établissement"
        return {
            title: Counter((f"{code} ({code})", *map(str, best[code]), str(kinds[code])) for code in best),
            "Places qui aideraient": Counter(
                (f"{row.department} ({row.department})", str(row.unplaced), str(row.movers)) for row in rows
            ),
        }

    def _openings(self, *, full: bool) -> dict[str, NumberTable]:
        held = Counter((row["Offre"], _week(row["Début"])) for row in self.placed)
        unused = unused_seats(self.instance, self.result)
        seats, places = Counter[str](), Counter[str]()
        for row in unused:
            offered = self.instance.offer[row.offer].seats[row.period]
            assert row.seats == offered - held[row.offer, row.period]
            seats[EMPTY_SEATS_LABELS[row.reason]] += row.seats
            places[EMPTY_SEATS_LABELS[row.reason]] += 1
        assert seats.total() == sum(sum(one.seats.values()) for one in self.instance.offers) - len(self.placed)
        shown: NumberTable = Counter(
            tuple(map(str, (row.seats, row.pupils, row.unplaced, row.prefer, row.kept_out))) for row in unused
        )
        if full:
            shown = Counter({("0", "–", "–", "–", "–"): len(marginal_values(self.instance, self.result).openings)})
        return {
            "Raisons des places vides": Counter((name, str(seats[name]), str(places[name])) for name in seats),
            "Ouvertures": +shown,
        }


WISHES = {1: "1er vœu obtenu", 2: "2e vœu obtenu", 3: "3e vœu obtenu"}


def _school(row: Row) -> str:
    return f"{row['Établissement']} {row['UAI']}, {row['Département de l’établissement']}"


def _class(row: Row) -> str:
    return f"{row['Classe']} {row['Établissement']}, {row['UAI']}, {row['Département de l’établissement']}"


def _home(row: Row) -> str:
    return f"{row['Département de l’établissement']} ({row['Département de l’établissement']})"


def _priority(instance: Instance, school: str) -> Any:
    return instance.school[school].priority


def _counts(names: Iterable[str]) -> NumberTable:
    return Counter((name, str(count)) for name, count in Counter(names).items())


def _versus(label: str, ours: int, theirs: int) -> Line:
    return label, str(ours), str(theirs), signed(ours - theirs)


def _middle(trips: list[int]) -> int | None:
    return trips[len(trips) // 2] if trips else None


def _trip(label: str, ours: int | None, theirs: int | None) -> Line:
    said = ["–" if one is None else metres(one) for one in (ours, theirs)]
    return label, *said, "–" if ours is None or theirs is None else f"{signed(ours - theirs)} m"


def _week(start: str) -> str:
    """The period that starts on that day: the campaign's weeks follow each other from 1 February 2027."""
    return WEEKS[("2027-02-01", "2027-02-08", "2027-02-15").index(start)]
