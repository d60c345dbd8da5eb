"""Invents the exports of two trusts' complaint systems, each in its vendor's layout.

Made as columns, so that a million cases take seconds. The same months, seed and rows
give the same bytes. At Northmoor complaints about going home from hospital grow from
half-way on; Eastvale answers later as time goes by.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from samepicture.demo import vendor_words as words
from samepicture.demo.narratives import lessons, narratives, nhs_numbers

LAST_DAY = date(2026, 6, 30)
BAD_SHARE = 0.004
"""Of rows that carry a fault of each kind, in a large file; a small one has at least one of each."""
SITES = {
    "RZN": (("RZN01", "Northmoor General Hospital"), ("RZN02", "Northmoor Infirmary")),
    "RZE": (("RZE01", "Eastvale Hospital"), ("RZE05", "Eastvale Maternity Unit")),
}
SPECIALTIES = (
    "General medicine",
    "General surgery",
    "Trauma and orthopaedics",
    "Obstetrics",
    "Paediatrics",
    "Care of older people",
    "Oncology",
)

Ints = npt.NDArray[np.int64]


def northmoor_csv(months: int = 24, seed: int = 1, rows: int = 1_500, last_day: date = LAST_DAY) -> bytes:
    """A full export of Northmoor's system up to `last_day`: CSV, dd/mm/yyyy, code and description pairs, some broken apostrophes."""
    rng = np.random.default_rng([seed, 1])
    cases = _cases(rng, "RZN", months, rows, last_day)
    frame = _spoilt(rng, cases).select(
        pl.col("reference").alias("ID"),
        pl.col("organisation").alias("Trust code"),
        _word("case_type", words.CASE_TYPE).alias("Type"),
        _day("received").alias("Date received"),
        _day("event").alias("Incident date"),
        *_pair("received_via", words.RECEIVED_VIA, "How received"),
        _day("acknowledged").alias("Date acknowledged"),
        _day("due").alias("Date due"),
        _day("sent").alias("Date replied"),
        _day("closed").alias("Date closed"),
        _day("reopened").alias("Date re-opened"),
        pl.col("reopened_count").alias("Times re-opened"),
        *_pair("stage", words.STAGE, "Stage"),
        *_pair("relationship", words.RELATIONSHIP, "Complainant type"),
        *_pair("consent", words.CONSENT, "Consent"),
        *(column for n in (1, 2, 3) for column in _pair(f"subject_{n}", words.SUBJECT, f"Subject {n}")),
        *_pair("service", words.SERVICE, "Service area"),
        pl.col("site_code").alias("Site (code)"),
        pl.col("site_name").alias("Site (description)"),
        pl.col("specialty").alias("Specialty (description)"),
        *_pair("profession", words.PROFESSION, "Staff type"),
        *_pair("outcome", words.OUTCOME, "Outcome"),
        _word("severity", words.SEVERITY).alias("Grade"),
        pl.col("pals_reference").alias("PALS reference"),
        _word("age_band", words.AGE_BAND).alias("Patient age band"),
        pl.col("ethnic_category").alias("Ethnicity (code)"),
        _word("gender", words.GENDER).alias("Gender"),
        pl.col("learning_disability").replace_strict({0: "No", 1: "Yes", 2: None}, return_dtype=pl.String).alias("Learning disability"),
        pl.when(pl.col("broken")).then(pl.col("narrative").str.replace_all("’", "â€™")).otherwise("narrative").alias("Description"),
        pl.col("lessons").alias("Lessons learned"),
        pl.col("changed").dt.to_string("%d/%m/%Y %H:%M").alias("Last updated"),
        pl.col("forename").alias("Patient forename"),
        pl.col("surname").alias("Patient surname"),
        pl.col("nhs_number").alias("Patient NHS number"),
        pl.format("{} Invented Street, Northmoor", "house").alias("Patient address"),
        pl.format("{} {}", "surname", "forename").alias("Complainant name"),
        pl.format("07700 900{}", pl.col("house").cast(pl.String).str.zfill(3)).alias("Complainant phone"),
        pl.lit("K. Sample").alias("Handler"),
    )
    written = io.BytesIO()
    frame.write_csv(written, line_terminator="\r\n")
    return written.getvalue()


def eastvale_xlsx(months: int = 24, seed: int = 1, rows: int = 900, last_day: date = LAST_DAY) -> bytes:
    """A full export of Eastvale's system: a workbook with a banner, dates as text and as dates, subjects in one cell."""
    rng = np.random.default_rng([seed, 2])
    cases = _cases(rng, "RZE", months, rows, last_day)
    subjects = [_word(f"subject_{n}", words.SUBJECT, 1) for n in (1, 2, 3)]
    frame = _spoilt(rng, cases).select(
        pl.col("reference").cast(pl.Int64).alias("Case No"),
        _word("case_type", words.CASE_TYPE, 1).alias("Case Category"),
        pl.col("received").alias("Received"),
        pl.col("event").alias("Event"),
        _word("received_via", words.RECEIVED_VIA, 1).alias("Channel"),
        _day("acknowledged", "%d-%b-%Y").alias("Acknowledged"),
        _day("due", "%d-%b-%Y").alias("Agreed Response Date"),
        pl.col("sent").alias("Response Date"),
        pl.col("closed").alias("Completed"),
        pl.col("reopened_count").alias("No. of Reopenings"),
        _word("stage", words.STAGE, 1).alias("Status"),
        _word("relationship", words.RELATIONSHIP, 1).alias("Raised By"),
        _word("consent", words.CONSENT, 1).alias("Consent"),
        pl.concat_str(subjects, separator="; ", ignore_nulls=True).alias("Subjects"),
        _word("service", words.SERVICE, 1).alias("Care Setting"),
        pl.col("site_name").alias("Site"),
        pl.col("specialty").alias("Directorate"),
        _word("profession", words.PROFESSION, 1).alias("Staff Group"),
        _word("outcome", words.OUTCOME, 1).alias("Decision"),
        _word("severity", words.SEVERITY, 1).alias("Risk"),
        pl.col("pals_reference").cast(pl.Int64).alias("Originating Enquiry"),
        _word("age_band", words.AGE_BAND, 1).alias("Age Range"),
        _word("ethnic_category", words.ETHNIC_CATEGORY, 1).alias("Ethnic Group"),
        _word("gender", words.GENDER, 1).alias("Gender"),
        pl.col("learning_disability").replace_strict({0: "N", 1: "Y", 2: "Not recorded"}, return_dtype=pl.String).alias("LD Flag"),
        pl.col("narrative").alias("Summary"),
        pl.col("lessons").alias("Learning"),
        pl.format("{} {}", "forename", "surname").alias("Patient Name"),
        pl.lit("01-Jan-1950").alias("DOB"),
        pl.format("{} {}", "surname", "forename").alias("Enquirer Name"),
        pl.format("jo{}@example.org", "house").alias("Enquirer Email"),
    )
    return workbook(
        frame,
        "Cases",
        ("Eastvale Hospitals NHS Trust", "Patient Relations: complaints and PALS", f"Printed {last_day:%d-%b-%Y}, all cases"),
    )


def workbook(frame: pl.DataFrame, sheet: str, banner: tuple[str, ...]) -> bytes:
    """A workbook of one sheet: banner rows, then the header, then the rows; dates stay dates."""
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    page = book.create_sheet(sheet)
    for line in banner:
        page.append([line])
    page.append(frame.columns)
    for row in frame.iter_rows():
        page.append(row)
    written = io.BytesIO()
    book.save(written)
    return _without_clock(written)


def _without_clock(workbook: io.BytesIO) -> bytes:
    """The same workbook without the time at which it was written, so that equal cases are equal bytes."""
    steady = io.BytesIO()
    with zipfile.ZipFile(workbook) as source, zipfile.ZipFile(steady, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            content = source.read(name)
            if name == "docProps/core.xml":
                content = re.sub(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", b"2026-01-01T00:00:00Z", content)
            target.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return steady.getvalue()


def _cases(rng: np.random.Generator, trust: str, months: int, rows: int, last_day: date) -> pl.DataFrame:
    """Sound cases in our own codes, by day of receipt; NULL where a case has not come so far."""
    days = months * 365 // 12
    age = np.sort(rng.integers(0, days, rows))[::-1]  # days before the export
    progress = 1 - age / days
    complaint = rng.random(rows) < 0.4
    kinds = np.array(["pals", "concern", "compliment", "enquiry", "mp_letter"])
    case_type = np.where(complaint, "complaint", kinds[rng.choice(5, rows, p=[0.62, 0.12, 0.16, 0.07, 0.03])])
    acknowledged = rng.geometric(0.45, rows)
    slower = 1 + (progress if trust == "RZE" else 0)
    sent = np.where(complaint, rng.gamma(6, 6, rows) * slower, rng.gamma(2, 3, rows)).astype(np.int64) + acknowledged
    closed = sent + rng.integers(0, 10, rows)
    due = np.where(complaint, 40, 10)
    reopened = (rng.random(rows) < 0.05) & (closed + 20 < age)
    is_acknowledged, is_sent, is_closed = acknowledged <= age, sent <= age, closed <= age
    withdrawn = complaint & is_closed & (rng.random(rows) < 0.03)
    outcomes = np.array(["upheld", "partially_upheld", "not_upheld"])[rng.choice(3, rows, p=[0.26, 0.38, 0.36])]
    stages = np.select(
        [
            withdrawn,
            reopened,
            is_closed & (rng.random(rows) < 0.01),
            is_closed,
            is_sent,
            is_acknowledged & (acknowledged + 3 <= age),
            is_acknowledged,
        ],
        ["withdrawn", "reopened", "phso", "closed", "response_sent", "investigation", "acknowledged"],
        "received",
    )
    site = rng.integers(0, 2, rows)
    subjects = _subjects(rng, rows, progress if trust == "RZN" else np.zeros(rows))
    own = rng.random(rows) < 0.55
    relationship = np.where(
        own,
        "self",
        np.array(["relative", "carer", "advocate", "mp", "solicitor", "other"])[rng.choice(6, rows, p=[0.7, 0.12, 0.06, 0.04, 0.03, 0.05])],
    )
    numbers = 100_000 + np.arange(rows)

    last = pl.Series([last_day]).cast(pl.Int32).item()

    def day(offset: Ints, where: npt.NDArray[np.bool_]) -> pl.Series:
        """The day so many days after receipt; NULL elsewhere."""
        return (pl.Series(offset - age + last).cast(pl.Int32).cast(pl.Date)).set(pl.Series(~where), None)

    always = np.ones(rows, dtype=bool)
    changed = np.where(
        reopened, closed + 20, np.where(is_closed, closed, np.where(is_sent, sent, np.where(is_acknowledged, acknowledged, 0)))
    )
    return pl.DataFrame(
        {
            "reference": pl.Series(numbers).cast(pl.String),
            "organisation": pl.Series([trust]).new_from_index(0, rows),
            "case_type": case_type,
            "received": day(np.zeros(rows, dtype=np.int64), always),
            "event": day(-rng.integers(0, 60, rows), rng.random(rows) < 0.8),
            "received_via": _pick(rng, words.RECEIVED_VIA, rows, (0.15, 0.4, 0.22, 0.06, 0.1, 0.03, 0.02, 0.02)),
            "acknowledged": day(acknowledged, is_acknowledged),
            "due": day(due, complaint),
            "sent": day(sent, is_sent & ~withdrawn),
            "closed": day(closed, is_closed & ~reopened),
            "reopened": day(closed + 20, reopened),
            "reopened_count": reopened.astype(np.int64),
            "stage": stages,
            "relationship": relationship,
            "consent": np.where(own, "not_required", np.where(rng.random(rows) < 0.9, "obtained", "pending")),
            **subjects,
            "service": _pick(rng, words.SERVICE, rows, (0.42, 0.28, 0.2, 0.06, 0.04)),
            "site_code": pl.Series([code for code, _ in SITES[trust]]).gather(site),
            "site_name": pl.Series([name for _, name in SITES[trust]]).gather(site),
            "specialty": _drawn(rng, SPECIALTIES, rows),
            "profession": _pick(rng, words.PROFESSION, rows, (0.4, 0.34, 0.05, 0.08, 0.09, 0.04)),
            "outcome": pl.Series(np.where(withdrawn, "withdrawn", outcomes)).set(pl.Series(~(complaint & is_closed & ~reopened)), None),
            "severity": _pick(rng, words.SEVERITY, rows, (0.55, 0.33, 0.1, 0.02)),
            "pals_reference": pl.Series(numbers - 7).cast(pl.String).set(pl.Series(~complaint | (rng.random(rows) > 0.08)), None),
            "age_band": _pick(rng, words.AGE_BAND, rows, (0.03, 0.05, 0.08, 0.26, 0.12, 0.14, 0.2, 0.12)),
            "ethnic_category": _pick(rng, words.ETHNIC_CATEGORY, rows, (0.52, 0.05, 0.01, 0.03, 0.04, 0.02, 0.02, 0.03, 0.01, 0.09, 0.18)),
            "gender": _pick(rng, words.GENDER, rows, (0.42, 0.52, 0.01, 0.05)),
            "learning_disability": rng.choice(3, rows, p=[0.5, 0.03, 0.47]),
            "narrative": narratives(rng, subjects["subject_1"], pl.Series(case_type == "compliment")),
            "lessons": lessons(rng, rows).set(pl.Series(~(complaint & is_closed)), None),
            "broken": rng.random(rows) < 0.1,
            "changed": day(changed, always).cast(pl.Datetime("us"))
            + pl.Series(rng.integers(8 * 60, 18 * 60, rows)).cast(pl.Duration("us")) * 60_000_000,
            "forename": _drawn(rng, ("Alex", "Sam", "Jo", "Kim", "Chris", "Pat"), rows),
            "surname": _drawn(rng, ("Example", "Sample", "Testcase", "Invented", "Placeholder"), rows),
            "nhs_number": nhs_numbers(rng, rows),
            "house": rng.integers(0, 1000, rows),
        }
    )


def _subjects(rng: np.random.Generator, rows: int, leaving: npt.NDArray[np.float64]) -> dict[str, pl.Series]:
    """One to three different subjects a case; `leaving` (0 to 1) makes going home from hospital the more likely."""
    codes = pl.Series(list(words.SUBJECT))
    weight = np.array([2, 8, 9, 1, 16, 1, 2, 5, 3, 8, 1, 3, 4, 0.3, 4, 2, 3, 10, 12, 2, 9], dtype=np.float64)
    first = rng.choice(codes.len(), rows, p=weight / weight.sum())
    first = np.where(
        rng.random(rows) < np.clip(leaving - 0.5, 0, 0.5) * 0.5, list(words.SUBJECT).index("admissions_discharge_and_transfers"), first
    )
    second, third = (first + rng.integers(1, 10, rows)) % codes.len(), (first + rng.integers(10, codes.len(), rows)) % codes.len()
    has_second = rng.random(rows) < 0.35
    has_third = has_second & (rng.random(rows) < 0.3)
    return {
        "subject_1": codes.gather(first),
        "subject_2": codes.gather(second).set(pl.Series(~has_second), None),
        "subject_3": codes.gather(third).set(pl.Series(~has_third), None),
    }


def _spoilt(rng: np.random.Generator, cases: pl.DataFrame) -> pl.DataFrame:
    """The same cases with faults that real exports have: each kind in at least one row, but no row twice."""
    faults = {
        "received_in_future": (pl.lit(date(2099, 2, 1)), "received"),
        "closed_too_early": (pl.col("received") - timedelta(days=30), "closed"),
        "unknown_type": (pl.lit("unheard of"), "case_type"),
        "unknown_outcome": (pl.lit("unheard of"), "outcome"),
        "repeated_reference": (pl.col("reference").shift(1).fill_null("100000"), "reference"),
    }
    each = max(1, round(cases.height * BAD_SHARE / len(faults)))
    places = rng.choice(np.arange(1, cases.height), each * len(faults), replace=False).reshape(len(faults), each)
    numbered = cases.with_row_index("place")
    changes = [
        pl.when(pl.col("place").is_in(chosen.tolist())).then(value).otherwise(column).alias(column)
        for (value, column), chosen in zip(faults.values(), places, strict=True)
    ]
    return numbered.with_columns(changes).drop("place")


def _pick(rng: np.random.Generator, table: Mapping[str, Any], rows: int, shares: tuple[float, ...]) -> pl.Series:
    return pl.Series(list(table)).gather(rng.choice(len(table), rows, p=shares))


def _drawn(rng: np.random.Generator, texts: Sequence[str], rows: int) -> pl.Series:
    return pl.Series(texts).gather(rng.integers(0, len(texts), rows))


def _word(column: str, table: Mapping[str, tuple[Any, str]], vendor: int = 0) -> pl.Expr:
    """A code in the vendor's words; what no vendor knows goes out as it is."""
    return _looked_up(column, {code: both[vendor] for code, both in table.items()})


def _pair(column: str, table: Mapping[str, tuple[tuple[str, str], str]], header: str) -> tuple[pl.Expr, pl.Expr]:
    """A code and its description, side by side."""
    return tuple(  # type: ignore[return-value]
        _looked_up(column, {code: both[0][place] for code, both in table.items()}).alias(f"{header} ({what})")
        for place, what in enumerate(("code", "description"))
    )


def _looked_up(column: str, table: Mapping[str, str]) -> pl.Expr:
    return pl.col(column).replace_strict(table, default=pl.col(column), return_dtype=pl.String)


def _day(column: str, form: str = "%d/%m/%Y") -> pl.Expr:
    return pl.col(column).dt.to_string(form)
