"""Invents the NHS Staff Survey's benchmark workbook in the columns in which it is published."""

from __future__ import annotations

import io
import random
from collections.abc import Sequence

from samepicture.demo.ics import ICB, TRUSTS, Organisation

SHEETS: dict[str, tuple[Organisation, ...]] = {
    "Acute&Acute Community Trusts": TRUSTS[:2],
    "MH&LD, MH, LD&Community Trusts": TRUSTS[2:],
    "ICBs": (ICB,),
}
MEASURES = {
    "PP1": 7.2,
    "PP1_1": 7.1,
    "PP2": 5.9,
    "PP3": 6.7,
    "PP3_2": 6.4,
    "PP4": 6.1,
    "PP4_2": 5.0,
    "PP5": 5.6,
    "PP6": 6.2,
    "PP7": 6.7,
    "theme_engagement": 6.8,
    "theme_morale": 5.9,
    "M_1": 6.0,
}
"""What each is about everywhere; the invented values lie around it."""
WORSE = ("RZE", 2025, 0.35)
"""A trust, a year and by how much staff score less from then on: the patients' answers there fall too (surveys.WORSE_FROM)."""
FEW = 10


def staff_survey_file_name(last_year: int) -> str:
    """As the publisher names it."""
    return f"NSS-Benchmark-report-excel-data-for-{last_year - 4}-{last_year}.xlsx"


def staff_survey_workbook(last_year: int = 2025, seed: int = 1, extra: Sequence[Sequence[object]] = ()) -> bytes:
    """Five years of the ICS's trusts and board, one column a measure and year; `extra` rows come last on the first sheet."""
    from openpyxl import Workbook

    years = range(last_year - 4, last_year + 1)
    columns = [f"{measure}{n}_{year}" for measure in [*MEASURES, "response_rate", "q25c"] for year in years for n in ("", "_n")]
    header = ["org_id", "org_name", "org_type_reporting_name", *columns, "theme_morale_sig"]
    book = Workbook(write_only=True)
    notes = book.create_sheet("Notes")
    notes.append(["This workbook is invented."])
    notes.append(["PP1_YEAR", "We are compassionate and inclusive"])
    for title, organisations in SHEETS.items():
        sheet = book.create_sheet(title)
        sheet.append(header)
        for organisation in organisations:
            sheet.append(_row(organisation, title, years, seed))
        for row in extra if title == next(iter(SHEETS)) else ():
            sheet.append(row)
    written = io.BytesIO()
    book.save(written)
    return written.getvalue()


def _row(organisation: Organisation, group: str, years: range, seed: int) -> list[object]:
    chance = random.Random(f"{seed}-{organisation.ods_code}")
    staff = chance.randrange(900, 6000) if organisation is not ICB else 300
    figures: list[object] = []
    bias = chance.uniform(-0.25, 0.25)
    for usual in MEASURES.values():
        for year in years:
            answered = round(staff * chance.uniform(0.43, 0.5))
            worse = WORSE[2] if organisation.ods_code == WORSE[0] and year >= WORSE[1] else 0
            score = usual + bias + 0.03 * (year - years[0]) - worse + chance.uniform(-0.06, 0.06)
            figures += [score, answered]
    for _ in years:
        figures += [chance.uniform(0.43, 0.5), round(staff * 0.5)]
    for _ in years:
        figures += [chance.uniform(0.5, 0.7), round(staff * 0.45)]
    row = [organisation.ods_code, organisation.name, group, *figures, "not significant"]
    if organisation is ICB:  # took part later: empty; too few answered: withheld
        row[3:5] = [None, None]
        row[5:7] = ["<11", FEW]
    return row
