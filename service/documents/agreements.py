"""The pupil's agreement as an accessible PDF: words in, bytes out, tagged (PDF/UA-1) and archivable (PDF/A-2a).

Responsible for the page. Knows no database. Its font comes inside the typesetting library, none is looked for on the
machine: the same data give the same bytes everywhere.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

import typst

from service.domain.agreement_papers import AgreementPaper

SOURCE = Path(__file__).with_name("agreement.typ")


def write_agreement(paper: AgreementPaper, made_at: datetime) -> bytes:
    """The PDF. The same paper and instant give the same bytes."""
    return write_pdf(SOURCE, asdict(paper), made_at)


def write_pdf(source: Path, data: dict[str, object], made_at: datetime) -> bytes:
    """Typesets `source` with `data` as JSON."""
    return typst.compile(
        source,
        sys_inputs={"data": json.dumps(data, ensure_ascii=False)},
        format="pdf",
        pdf_standards=["ua-1", "a-2a"],
        ignore_system_fonts=True,
        timestamp=int(made_at.timestamp()),
    )
