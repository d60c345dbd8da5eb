"""Judging a million complaints by their suite: ours, Great Expectations' own run, and SQL that somebody wrote by hand.

    make bench-judging    or   python benchmarks/judging.py [rows] [runs]

Few rows fail in one frame, many in the other. All three name every failing row, and name the same ones.
"""

from __future__ import annotations

import sys
import tempfile
from datetime import date
from functools import partial
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import duckdb  # noqa: E402
import numpy as np  # noqa: E402
import polars as pl  # noqa: E402
from benchmarks.measure import clocked, in_turn, show  # noqa: E402
from benchmarks.report import Point, at_most, keep  # noqa: E402
from tests.oracle import failing_rows  # noqa: E402

from samepicture.expectations import suite_document  # noqa: E402
from samepicture.records import CONTRACTS, Column, Kind  # noqa: E402
from samepicture.validation import LANDED_DATE, Validator  # noqa: E402

RECORD_TYPE = "complaint"
LANDED = date(2026, 7, 1)
FEW, MANY = 0.0005, 0.01
"""Of each judged column."""
BY_HAND = """
with judged as (
    select
        line_number,
        list_filter([
            case when organisation_ods_code is null then 0 end,
            case when not regexp_matches(organisation_ods_code, '^[0-9A-Z]{3,10}$') then 1 end,
            case when case_pseudonym is null then 2 end,
            case when received_date is null then 3 end,
            case when case_type_code is null then 4 end,
            case when case_type_code not in ('complaint', 'pals', 'concern', 'compliment', 'enquiry', 'mp_letter') then 5 end,
            case when landed_date < received_date then 6 end,
            case when landed_date < closed_date then 7 end,
            case when acknowledged_date < received_date then 8 end,
            case when response_sent_date < received_date then 9 end,
            case when closed_date < received_date then 10 end,
            case when reopened_count not between 0 and 50 then 11 end,
            case when length(narrative) > 32000 then 12 end,
            case when length(lessons) > 32000 then 13 end,
            case when stage_code not in ('received', 'acknowledged', 'investigation', 'response_sent', 'closed', 'reopened', 'phso', 'withdrawn') then 14 end,
            case when outcome_code not in ('upheld', 'partially_upheld', 'not_upheld', 'withdrawn', 'consent_not_received') then 15 end,
            case when complainant_relationship_code not in ('self', 'relative', 'carer', 'advocate', 'mp', 'solicitor', 'other') then 16 end,
            case when received_via_code not in ('letter', 'email', 'phone', 'in_person', 'website', 'mp', 'solicitor', 'other') then 17 end,
            case when consent_status_code not in ('not_required', 'obtained', 'pending', 'refused') then 18 end,
            case when severity_code not in ('low', 'medium', 'high', 'major') then 19 end,
            case when service_code not in ('ambulance', 'inpatient', 'outpatient', 'emergency', 'other_community_healthcare', 'commissioning', 'mental_health', 'maternity', 'other') then 20 end,
            case when profession_code not in ('medical', 'dental', 'nursing', 'midwifery', 'health_visiting_staff', 'scientific_therapeutic_and_technical', 'ambulance', 'support_to_clinical_staff', 'nhs_infrastructure_support', 'other') then 21 end,
            case when age_band_code not in ('0-5', '6-17', '18-25', '26-55', '56-64', '65-74', '75+', 'unknown') then 22 end,
            case when ethnic_category_code not in ('A', 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'J', 'K', 'L', 'M', 'N', 'P', 'R', 'S', 'Z', '99') then 23 end,
            case when gender_code not in ('1', '2', '9', 'X') then 24 end
        ], lambda rule : rule is not null) as rules
    from frame
)
select line_number, unnest(rules) as rule from judged where len(rules) > 0
"""


def invented(rows: int, bad_share: float) -> pl.DataFrame:
    """Mapped complaints; of each judged column so large a share is wrong or missing."""
    chance = np.random.default_rng(7)
    rules = suite_document(RECORD_TYPE)["expectations"]
    sets = {rule["kwargs"]["column"]: rule["kwargs"]["value_set"] for rule in rules if "value_set" in rule["kwargs"]}
    words = np.array(["the letter about the operation never came and nobody rang back when my wife asked " * times for times in (1, 2, 4)])
    columns = {}
    for column in [*CONTRACTS[RECORD_TYPE].columns, Column(LANDED_DATE, Kind.DATE, ""), Column("line_number", Kind.INTEGER, "")]:
        if column.name == "line_number":
            values = pl.Series(np.arange(rows))
        elif column.name == LANDED_DATE:
            values = pl.Series([LANDED]).new_from_index(0, rows)
        elif column.name in sets:
            values = _some(chance, sets[column.name], ["what is this"], bad_share, rows)
        elif column.kind is Kind.DATE:
            # From receipt to the end each day is later than the one before, but for the bad ones.
            order = ["event_date", "received_date", "acknowledged_date", "due_date", "response_sent_date", "closed_date", "reopened_date"]
            place = order.index(column.name) if column.name in order else 0
            days = np.where(chance.random(rows) < bad_share, -200, 10 * place + chance.integers(0, 9, rows))
            values = pl.Series(np.datetime64("2025-01-01") + days.astype("timedelta64[D]")).cast(pl.Date)
        elif column.name in ("narrative", "lessons"):
            values = pl.Series(words[chance.integers(0, len(words), rows)])
        elif column.name == "organisation_ods_code":
            values = _some(chance, ["RZN", "RZE", "RZ1"], [None, "rzn?"], bad_share, rows)
        elif column.name == "case_pseudonym":
            values = pl.Series(np.arange(rows)).cast(pl.String)
        elif column.kind is Kind.INTEGER:
            values = _some(chance, [0, 1, 2], [99], bad_share, rows)
        else:
            continue
        columns[column.name] = values.cast(column.polars_type)
    return pl.DataFrame(columns)


def _some(chance: np.random.Generator, good: list[object], bad: list[object], bad_share: float, rows: int) -> pl.Series:
    values = pl.Series([*good, *bad])
    is_bad = chance.random(rows) < bad_share
    return values.gather(np.where(is_bad, len(good) + chance.integers(0, len(bad), rows), chance.integers(0, len(good), rows)))


def by_hand(path: str) -> float:
    """The SQL above, over the frame in memory."""
    frame = pl.read_parquet(path)
    return clocked(lambda: found_by_hand(frame))


def by_us(path: str) -> float:
    """As `judge` does."""
    frame = pl.read_parquet(path)
    return clocked(lambda: Validator(RECORD_TYPE).judge(frame))


def by_great_expectations(path: str) -> float:
    """A checkpoint of its own; its import counts for nothing."""
    import great_expectations  # noqa: F401

    frame = pl.read_parquet(path)
    return clocked(lambda: failing_rows(suite_document(RECORD_TYPE), frame))


def found_by_hand(frame: pl.DataFrame) -> pl.DataFrame:
    """Line and number of the expectation, a row a failure."""
    with duckdb.connect() as connection:
        connection.register("frame", frame)
        return connection.sql(BY_HAND).pl()


def check(frame: pl.DataFrame) -> int:
    """All three find the same rows; how many failures there are."""
    rules = suite_document(RECORD_TYPE)["expectations"]
    found = found_by_hand(frame)
    rejected = {(line, rules[rule]["meta"]["code"]) for line, rule in found.iter_rows() if rules[rule]["meta"]["level"] == "rejection"}
    assert set(Validator(RECORD_TYPE).judge(frame).problems.select("line_number", "code").iter_rows()) == rejected
    by_rule = dict(found.group_by("rule").agg("line_number").iter_rows())
    assert [sorted(by_rule.get(number, [])) for number in range(len(rules))] == failing_rows(suite_document(RECORD_TYPE), frame)
    return found.height


def main(rows: int, runs: int) -> None:
    for title, share in (("few rows fail", FEW), ("many rows fail", MANY)):
        with tempfile.TemporaryDirectory() as folder:
            path = f"{folder}/frame.parquet"
            frame = invented(rows, share)
            frame.write_parquet(path)
            failures = check(frame.head(20_000))
            ways = {"SQL by hand": by_hand, "ours": by_us, "Great Expectations": by_great_expectations}
            figures = in_turn({name: partial(way, path) for name, way in ways.items()}, runs)
            show(f"{rows:,} complaints, {title}: about {failures * rows // 20_000:,} failures", figures, "ours")
            hand, us, theirs = figures
            at_most(3, f"judging {rows:,}, {title}", us.seconds, "SQL by hand", hand.seconds, 1.5, us.peak_mb)
            if share == MANY:
                at_most(3, f"judging {rows:,}, {title}", us.seconds, "Great Expectations", theirs.seconds, round(1 / 15, 3))
            for figure in figures:
                keep(Point(f"Judging, {title}", figure.name, rows, "complaints", figure.seconds))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000, int(sys.argv[2]) if len(sys.argv) > 2 else 5)
