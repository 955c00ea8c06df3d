"""How a message reads: a subject, paragraphs, a list, one link; the same words as plain text and as HTML.

Responsible for what makes a message safe to send: one line for the subject, every value escaped in the HTML. Refuses
to know who receives it, and where the site stands: its addresses begin with `SITE`, which the sender replaces.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

SITE = "https://site.invalid"
"""Stands for the site's own address in a stored message (a name that no network resolves)."""
SIGNATURE = "Séquence, l’affectation des séquences d’observation"
MENTION = (
    "Les affectations sont proposées par un traitement algorithmique, puis publiées par une personne. Ses règles sont "
    "publiques, et chaque famille peut en demander l’explication à l’établissement de l’élève (articles "
    "L.\u00a0311-3-1 et R.\u00a0311-3-1-2 du code des relations entre le public et l’administration), puis saisir la "
    "Commission d’accès aux documents administratifs."
)
"""What the law wants written wherever such a decision is told."""
NOT_EXPECTED = (
    "Si vous n’attendiez pas ce message, ne faites rien\u00a0: sans votre action, il n’a aucun effet. "
    "Il est inutile d’y répondre."
)


_BREAKS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
"""Control characters, line and paragraph separators, and halves of characters that no encoding takes."""


@dataclass(frozen=True, slots=True)
class Letter:
    """A message before it has a recipient. `lines` are the items of a list; `path` begins with a slash."""

    subject: str
    paragraphs: Sequence[str]
    lines: Sequence[str] = ()
    action: str = ""
    path: str = ""
    closing: Sequence[str] = ()


def one_line(text: str) -> str:
    """`text` without any line break or control character: what a header may hold."""
    return " ".join(_BREAKS.sub(" ", text).split(" ")).strip()


def as_text(letter: Letter) -> str:
    """The plain text of a letter: paragraphs apart, the address of its link on a line of its own."""
    parts = [one_line(one) for one in letter.paragraphs]
    if letter.lines:
        parts.append("\n".join(f"- {one_line(one)}" for one in letter.lines))
    if letter.action:
        parts.append(f"{one_line(letter.action)}\u00a0:\n{SITE}{letter.path}")
    parts += [one_line(one) for one in (*letter.closing, NOT_EXPECTED)]
    return "\n\n".join(["Bonjour,", *parts, f"-- \n{SIGNATURE}"]) + "\n"


def as_html(letter: Letter) -> str:
    """The same words as an HTML document without style, picture or anything to fetch."""
    parts = [_paragraph(one) for one in ("Bonjour,", *letter.paragraphs)]
    if letter.lines:
        parts.append("<ul>" + "".join(f"<li>{_escaped(one)}</li>" for one in letter.lines) + "</ul>")
    if letter.action:
        address = escape(SITE + letter.path, quote=True)
        parts.append(f'<p><a href="{address}"><strong>{_escaped(letter.action)}</strong></a></p>')
    parts += [_paragraph(one) for one in letter.closing]
    parts += [f"<p><small>{_escaped(one)}</small></p>" for one in (NOT_EXPECTED, SIGNATURE)]
    subject = _escaped(letter.subject)
    head = f'<!doctype html>\n<html lang="fr"><head><meta charset="utf-8"><title>{subject}</title></head>'
    return "\n".join([head, f"<body>\n<h1>{subject}</h1>", *parts, "</body></html>"]) + "\n"


def _paragraph(text: str) -> str:
    return f"<p>{_escaped(text)}</p>"


def _escaped(text: str) -> str:
    return escape(one_line(text), quote=True)
