"""Invents Friends and Family Test workbooks and GP Patient Survey files in the layouts in which they are published.

The workbooks have what makes the real ones hard: titles, filter rows, headers merged
over two rows, rows of England and of the 'Selection', a hidden sheet, `*` and `-`.
"""

from __future__ import annotations

import io
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from samepicture.demo.gpps import gpps_csv, gpps_file_name
from samepicture.demo.ics import ICB, TRUSTS, Organisation

__all__ = ["Setting", "fft_file_name", "fft_workbook", "gpps_csv", "gpps_file_name"]

Setting = Literal["inpatient", "ae", "ambulance", "outpatient", "maternity"]

ANSWERS = ("Very Good", "Good", "Neither Good nor Poor", "Poor", "Very Poor", "Don't Know")
FIGURES = ("Total Responses", "Total Eligible", "Percentage Positive", "Percentage Negative")
MODES: dict[str, tuple[str, ...]] = {
    "inpatient": ("SMS", "Electronic Discharge", "Electronic Home", "Paper Discharge", "Paper Home", "Telephone", "Online", "Other"),
    "ae": ("SMS", "Electronic Discharge", "Paper Discharge", "Paper Home", "Telephone", "Online", "Other"),
    "ambulance": ("SMS", "Electronic Discharge", "Paper Discharge", "Paper Home", "Telephone", "Online", "Other"),
    "outpatient": (
        "SMS",
        *(f"{how} {when} Appointment" for how in ("Electronic", "Paper") for when in ("At", "After")),
        "Telephone",
        "Online",
        "Other",
    ),
    "maternity": (),
}
TITLES = {
    "inpatient": "Inpatient Friends and Family Test (FFT) Data",
    "ae": "A&E Friends and Family Test (FFT) data",
    "ambulance": "Ambulance Friends and Family Test (FFT) data",
    "outpatient": "Outpatients Friends and Family Test (FFT) Data",
    "maternity": "Maternity Friends and Family Test (FFT) Data",
}
HEADER_AT = {"inpatient": 10, "ae": 3, "ambulance": 8, "outpatient": 8, "maternity": 8}
TOUCHPOINTS = ("Antenatal", "Birth", "Postnatal Ward", "Postnatal Community")
WARDS = ("Acute Medical Unit", "Ash Ward", "Beech Ward", "Day Surgery Unit", "Discharge Lounge", "Elm Ward", "Maple Ward", "Rowan Ward")
INDEPENDENT = Organisation("NZ9", "MILLBROOK PRIVATE HOSPITAL")
AMBULANCE = Organisation("RZX", "MIDSHIRES AMBULANCE SERVICE NHS TRUST")
MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December")
WORSE_FROM = ("RZE", date(2025, 4, 1), 0.07)
"""A trust, a month and by how much fewer answers are positive from then on: a chart over time has something to find."""
FEW = 5


@dataclass
class _Unit:
    """A published unit and its figures."""

    icb: str
    trust: Organisation
    site: Organisation | None
    ward: str | None
    answers: list[int]
    eligible: int
    modes: list[int]
    suppressed: int = 0
    """0 shown; 1 fewer than five responses; 2 withheld so that 1 can't be worked out."""

    @property
    def responses(self) -> int:
        return sum(self.answers)


def fft_workbook(setting: Setting, month: date, seed: int) -> bytes:
    """One month's published workbook of a setting, for the invented ICS. Needs openpyxl."""
    from openpyxl import Workbook

    book = Workbook()
    notes = book.worksheets[0]
    notes.title = "Notes"
    notes["A2"] = f"{TITLES[setting]} - {MONTHS[month.month - 1]} {month.year}"
    notes["A5"] = "Usage of the data"
    notes["A7"] = "The FFT does not provide results that can be used to directly compare providers. The question changed in April 2020."
    _write_summary(book.create_sheet("Summary"), setting, month)
    for touchpoint in TOUCHPOINTS if setting == "maternity" else ("",):
        units = _units(setting, touchpoint, month, seed)
        prefix = f"{touchpoint} " if touchpoint else ""
        for name, level, with_modes in _sheets(setting):
            _write_table(book.create_sheet(prefix + name), setting, level, with_modes, _rolled_up(units, level))
    hidden = book.create_sheet("BS")
    hidden.sheet_state = "hidden"
    for place, row in enumerate(
        (("Sort", "ICB Code", "Trust Code"), ("ICB", "Total Responses", "Very Good"), ("Trusts", "Good", "Poor")), 1
    ):
        for column, text in enumerate(row, 1):
            hidden.cell(place, column, text)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def fft_file_name(setting: Setting, month: date) -> str:
    """The name under which such a workbook is published (the real ones hold macros: .xlsm)."""
    return f"FFT-{setting}-data-{MONTHS[month.month - 1][:3].upper()}-{month:%y}.xlsx"


def _sheets(setting: str) -> list[tuple[str, str, bool]]:
    """Name, level and whether it shows the modes of collection."""
    match setting:
        case "inpatient":
            return [("ICB", "icb", False), ("Trusts", "organisation", True), ("Sites", "site", False), ("Wards", "ward", False)]
        case "ae":
            return [("ICB", "icb", False), ("Trusts", "organisation", True), ("Sites", "site", False)]
        case "ambulance":
            return [("PTS ICB", "icb", False), ("PTS Org", "organisation", False), ("Mode Org", "modes", True)]
        case "outpatient":
            return [("ICB", "icb", False), ("Orgs", "organisation", True)]
        case _:
            return [("ICB", "icb", False), ("Trusts", "organisation", False)]


# -- figures ------------------------------------------------------------------------------


def _units(setting: Setting, touchpoint: str, month: date, seed: int) -> list[_Unit]:
    """The finest units of a setting, with this month's answers."""
    units: list[_Unit] = []
    organisations = (AMBULANCE,) if setting == "ambulance" else TRUSTS[:2] if setting in ("ae", "maternity") else TRUSTS
    for trust in (*organisations, *((INDEPENDENT,) if setting in ("inpatient", "outpatient") else ())):
        icb = "IS1" if trust is INDEPENDENT else ICB.ods_code
        upper = Organisation(trust.ods_code, trust.name.upper())
        sites = [
            Organisation(f"{trust.ods_code}{n:02d}", f"{trust.name.split()[0].upper()} {kind} HOSPITAL - {trust.ods_code}{n:02d}")
            for n, kind in enumerate(("GENERAL", "COMMUNITY"), 1)
        ]
        shown_sites: list[Organisation | None] = [*sites] if setting in ("inpatient", "ae") else [None]
        for site in shown_sites:
            for ward in WARDS if setting == "inpatient" else (None,):
                units.append(_unit(setting, touchpoint, month, seed, icb, upper, site, ward))
    return units


def _unit(
    setting: str, touchpoint: str, month: date, seed: int, icb: str, trust: Organisation, site: Organisation | None, ward: str | None
) -> _Unit:
    who = f"{seed}/{setting}/{touchpoint}/{trust.ods_code}/{site.ods_code if site else ''}/{ward}"
    lasting = random.Random(who)
    rng = random.Random(f"{who}/{month:%Y-%m}")
    size = lasting.choice((3, 12, 35, 60)) if ward else lasting.randint(300, 1500)
    if touchpoint:
        size = lasting.randint(20, 150)
    positive = lasting.uniform(0.74, 0.82) if setting == "ae" else lasting.uniform(0.88, 0.96)
    if trust.ods_code == WORSE_FROM[0] and month >= WORSE_FROM[1]:
        positive -= WORSE_FROM[2]
    responses = max(0, round(rng.gauss(size, size * 0.1 + 1)))
    weights = (positive * 0.75, positive * 0.25, (1 - positive) * 0.35, (1 - positive) * 0.2, (1 - positive) * 0.3, (1 - positive) * 0.15)
    answers = _counted(rng, responses, weights)
    modes = _counted(rng, responses, [lasting.random() for _ in MODES[setting]]) if MODES[setting] else []
    return _Unit(icb, trust, site, ward, answers, responses * rng.randint(4, 9), modes)


def _counted(rng: random.Random, total: int, weights: Sequence[float]) -> list[int]:
    drawn = rng.choices(range(len(weights)), weights=weights, k=total)
    return [drawn.count(place) for place in range(len(weights))]


def _rolled_up(units: list[_Unit], level: str) -> list[_Unit]:
    """Units of a level, summed from the finest, with small numbers withheld as NHS England does (domain: C)."""
    keys: dict[str, Callable[[_Unit], tuple[str, ...]]] = {
        "icb": lambda unit: (unit.icb,),
        "organisation": lambda unit: (unit.icb, unit.trust.ods_code),
        "modes": lambda unit: (unit.icb, unit.trust.ods_code),
        "site": lambda unit: (unit.icb, unit.trust.ods_code, unit.site.ods_code if unit.site else ""),
        "ward": lambda unit: (unit.icb, unit.trust.ods_code, unit.site.ods_code if unit.site else "", unit.ward or ""),
    }
    groups: dict[tuple[str, ...], list[_Unit]] = {}
    for unit in units:
        groups.setdefault(keys[level](unit), []).append(unit)
    rolled = [_summed(group) for group in groups.values()]
    siblings: dict[tuple[str, ...], list[_Unit]] = {}
    for key, unit in zip(groups, rolled, strict=True):
        siblings.setdefault(key[:-1], []).append(unit)
    for family in siblings.values():
        few = [unit for unit in family if 0 < unit.responses < FEW]
        for unit in few:
            unit.suppressed = 1
        if len(few) == 1:
            others = sorted((unit for unit in family if unit.responses >= FEW), key=lambda unit: unit.responses)
            for unit in others[:1]:
                unit.suppressed = 2
    return rolled


def _summed(units: list[_Unit]) -> _Unit:
    first = units[0]
    return _Unit(
        first.icb,
        first.trust,
        first.site,
        first.ward,
        [sum(column) for column in zip(*(unit.answers for unit in units), strict=True)],
        sum(unit.eligible for unit in units),
        [sum(column) for column in zip(*(unit.modes for unit in units), strict=True)],
    )


# -- sheets -------------------------------------------------------------------------------


def _write_summary(sheet: Any, setting: str, month: date) -> None:
    at = 3 if setting == "ae" else 6
    before = date(month.year - (month.month == 1), (month.month - 2) % 12 + 1, 1)
    for column, text in enumerate(("FFT", "Number of organisations submitting", "Total responses to date", "Responses"), 2):
        sheet.cell(at, column, text)
    sheet.cell(at, 7, "Percentage Positive")
    sheet.cell(at, 9, "Percentage Negative")
    for column, day in enumerate((month, month, month, before, month, before, month, before), 3):
        cell = sheet.cell(at + 1, column, day)
        cell.number_format = "mmm\\ yy"
    sheet.cell(at + 2, 2, "Total")


def _write_table(sheet: Any, setting: str, level: str, with_modes: bool, units: list[_Unit]) -> None:
    top = HEADER_AT[setting]
    names = _unit_headers(setting, level)
    figures = FIGURES[:1] if level == "modes" else FIGURES
    answers = () if level == "modes" else ANSWERS
    modes = [f"Mode {mode}" for mode in MODES[setting]] if with_modes else []
    if top > 4:
        sheet.cell(3, 2, "Show data for:")
        sheet.cell(5, 5, "ICB: ")
        sheet.cell(6, 2, "            Sort data by:")
    for column, text in enumerate((*names, *figures), 1):
        sheet.cell(top, column, text)
        sheet.merge_cells(start_row=top, end_row=top + 1, start_column=column, end_column=column)
    column = len(names) + len(figures) + 1
    if answers:
        sheet.cell(top, column, "Breakdown of Responses")
        sheet.merge_cells(start_row=top, end_row=top, start_column=column, end_column=column + len(answers) - 1)
    # Inpatient and outpatient put the modes into the upper row of the header, the others into the lower.
    upper = setting in ("inpatient", "outpatient")
    for place, text in enumerate(answers, column):
        sheet.cell(top + 1, place, text)
    column += len(answers)
    if modes:
        sheet.cell(top - 1 if upper else top, column, "Mode of Collection")
    for place, text in enumerate(modes, column):
        sheet.cell(top if upper else top + 1, place, text)
    row = top + 2
    for label, members in _pseudo_rows(setting, units):
        sheet.cell(row, len(names), label)
        _write_figures(sheet, row, len(names) + 1, _summed(members) if members else None, level, with_modes)
        row += 1
    for unit in units:
        for column, text in enumerate(_identity(unit, level), 1):
            sheet.cell(row, column, text)
        _write_figures(sheet, row, len(names) + 1, unit, level, with_modes)
        row += 1


def _pseudo_rows(setting: str, units: list[_Unit]) -> list[tuple[str, list[_Unit]]]:
    """England, forty times the invented ICS, and the workbook's filter row, which sums what it shows."""
    england = [unit for unit in units for _ in range(40)]
    shown = [unit for unit in units if not unit.suppressed]
    selection = ("Selection (excluding suppressed data)", shown)
    if setting == "ae":
        return [("England", england), selection]
    without = [unit for unit in england if unit.icb != "IS1"]
    return [
        ("England (including Independent Sector Providers)", england),
        ("England (excluding Independent Sector Providers)", without),
        selection,
    ]


def _unit_headers(setting: str, level: str) -> list[str]:
    trust = ["Org Code", "Organisation Name"] if setting == "ambulance" else ["Trust Code", "Trust Name"]
    return {
        "icb": ["ICB Code", "ICB Name"],
        "organisation": ["ICB Code", *trust],
        "modes": ["ICB Code", *trust],
        "site": ["ICB Code", *trust, "Site Code", "Site Name"],
        "ward": ["ICB Code", *trust, "Site Code", "Site Name", "Ward Name"],
    }[level]


def _identity(unit: _Unit, level: str) -> list[str]:
    if level == "icb":
        return [unit.icb, "INDEPENDENT SECTOR PROVIDERS" if unit.icb == "IS1" else ICB.name.removeprefix("NHS ").upper()]
    row = [unit.icb, unit.trust.ods_code, unit.trust.name]
    if unit.site and level in ("site", "ward"):
        row += [unit.site.ods_code, unit.site.name]
    if unit.ward and level == "ward":
        row.append(unit.ward)
    return row


def _write_figures(sheet: Any, row: int, column: int, unit: _Unit | None, level: str, with_modes: bool) -> None:
    if unit is None:
        return
    cells: list[int | float | str] = [unit.responses]
    if level != "modes":
        good, bad = sum(unit.answers[:2]), sum(unit.answers[3:5])
        if unit.suppressed == 1:
            percentages: list[int | float | str] = ["*", "*"]
        elif unit.responses == 0:
            percentages = ["-", "-"]
        else:
            percentages = [good / unit.responses, bad / unit.responses]
        cells += [unit.eligible, *percentages, *(["*"] * len(ANSWERS) if unit.suppressed else unit.answers)]
    if with_modes:
        cells += ["*"] * len(unit.modes) if unit.suppressed else unit.modes
    for place, value in enumerate(cells, column):
        sheet.cell(row, place, value)
