"""GP Patient Survey files: every level, only the questions of the feed, suppressed never 0."""

from __future__ import annotations

import csv
import io
import zipfile
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from samepicture.demo.surveys import gpps_csv, gpps_file_name
from samepicture.feed import load_feed
from samepicture.messages import SubmissionRejected
from samepicture.readers import LINE, Part, read_parts
from samepicture.settings import PROJECT

GPPS = load_feed(PROJECT / "dags" / "feeds" / "survey_result_gpps")


def part_of(content: bytes, name: str) -> tuple[Part, pl.DataFrame]:
    [(part, frame)] = [(part, pl.concat(part.frames)) for part in read_parts(GPPS, io.BytesIO(content), name)]
    return part, frame


@pytest.mark.parametrize(
    ("level", "code", "count", "first"),
    [
        ("national", "national", 1, "ENG"),
        ("region", "region", 1, "Y99"),
        ("ics", "icb", 1, "QZN"),
        ("pcn", "pcn", 4, "U99001"),
        ("practice", "practice", 40, "Z81001"),
    ],
)
def test_gpps_levels(level: Any, code: str, count: int, first: str) -> None:
    part, frame = part_of(gpps_csv(level, 2025, 1), gpps_file_name(level, 2025))
    assert part.layout == f"GPPS {code}"
    assert set(frame["level_code"]) == {code}
    assert frame[LINE].n_unique() == count
    assert frame["organisation_ods_code"][0] == first
    assert set(frame["period_start_date"]) == {date(2025, 1, 1)}


def test_gpps_negative_is_suppressed_and_never_zero() -> None:
    _, frame = part_of(gpps_csv("practice", 2025, 1), gpps_file_name("practice", 2025))
    withheld = frame.filter("is_suppressed")
    assert withheld.height > 0
    assert withheld["value"].null_count() == withheld.height
    assert frame["value"].min() >= 0  # type: ignore[operator]


def test_gpps_loads_only_the_questions_of_the_feed() -> None:
    _, frame = part_of(gpps_csv("ics", 2025, 1), gpps_file_name("ics", 2025))
    assert set(frame["question_code"]) == {"participation", *GPPS.reader.options["questions"]}


def with_header(content: bytes, old: str, new: str) -> bytes:
    return content.replace(old.encode(), new.encode(), 1)


@pytest.mark.parametrize(
    ("content", "name", "code", "word"),
    [
        (gpps_csv("ics", 2025, 1), "gpps.csv", "no_period", "2025_ICS"),
        (gpps_csv("ics", 2025, 1), "GPPS_2025_ICS_data_(unweighted).csv", "unweighted_file", "weighted"),
        (gpps_csv("ics", 2025, 1), "GPPS_2019_ICS_data.csv", "before_2024_questionnaire", "2019"),
        (
            b"practice_code,distributed,received,Q18_12,Q18_12pct,Q28base\nZ81001,1,1,1,1,1\n",
            "GPPS_2023.csv",
            "before_2024_questionnaire",
            "Q18_12",
        ),
        (
            with_header(gpps_csv("ics", 2025, 1), "overallexp.pcteval", "overallexp.good"),
            "GPPS_2025.csv",
            "missing_column",
            "'overallexp.pcteval'",
        ),
        (with_header(gpps_csv("ics", 2025, 1), "received", "returned"), "GPPS_2025.csv", "missing_column", "'received'"),
        (b"org,distributed,received\nx,1,1\n", "GPPS_2025.csv", "missing_column", "ad_practicecode"),
    ],
)
def test_gpps_is_refused_with_a_sentence(content: bytes, name: str, code: str, word: str) -> None:
    with pytest.raises(SubmissionRejected) as refusal:
        part_of(content, name)
    assert refusal.value.code == code
    assert word in refusal.value.sentence


def test_gpps_bad_cell_and_new_column() -> None:
    content = with_header(gpps_csv("practice", 2025, 1), "popsize", "popsize_new")
    rows = list(csv.reader(io.StringIO(content.decode())))
    rows[3][rows[0].index("overallexp_2.count")] = "n.k."
    stream = io.StringIO()
    csv.writer(stream).writerows(rows)
    part, frame = part_of(stream.getvalue().encode(), "GPPS_2025.csv")
    assert [(row[LINE], row["code"]) for row in part.unreadable] == [(4, "unreadable_number")]
    assert "'overallexp_2.count'" in str(part.unreadable[0]["sentence"])
    assert frame[LINE].n_unique() == 39
    assert "popsize_new" in part.headers


def test_gpps_in_a_zip_takes_the_year_of_its_member() -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr(gpps_file_name("pcn", 2024), gpps_csv("pcn", 2024, 1))
    assert set(part_of(stream.getvalue(), "download 2026.zip")[1]["period_start_date"]) == {date(2024, 1, 1)}


@pytest.mark.parametrize("file", ["RECONSTRUCTED_GPPS_2025_ics_sample.csv", "RECONSTRUCTED_GPPS_2025_national_sample.csv"])
def test_gpps_value_for_value(published: Path, file: str) -> None:
    path = published / "gpps" / file
    _, frame = part_of(path.read_bytes(), file)
    suffixes = {
        "eval_good_count": "counteval",
        "base_eval_weighted": "baseevalw",
        "base_eval_unweighted": "baseevaluw",
        "percent_good": "pcteval",
    }
    with path.open(newline="", encoding="utf-8-sig") as stream:
        rows = list(csv.DictReader(stream))
    for question in ("overallexp", "gpcontactoverall", "lastgpapptneeds"):
        read = {
            (row[LINE], row["measure_code"], row["answer_code"]): row["value"]
            for row in frame.filter(pl.col("question_code") == question).to_dicts()
        }
        shown: dict[tuple[int, str, str | None], float] = {}
        for line, row in enumerate(rows, 2):
            for measure, suffix in suffixes.items():
                shown[(line, measure, None)] = float(row[f"{question}.{suffix}"])
            for header in row:
                if header.startswith(f"{question}_") and header.endswith(".count"):
                    shown[(line, "answer", header.split("_")[-1].removesuffix(".count"))] = float(row[header])
        assert read == shown
    distributed = frame.filter(pl.col("measure_code") == "distributed").sort(LINE)["value"].to_list()
    assert distributed == [float(row["distributed"]) for row in rows]
