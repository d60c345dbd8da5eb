"""Organisations and populations: files without headers, halves of postcodes, and the real published files."""

from __future__ import annotations

import csv
import io
from collections import Counter
from pathlib import Path

import openpyxl
import polars as pl
import pytest

from samepicture.feed import load_feed
from samepicture.judge import Verdict, work_folder
from samepicture.mapping import Mapping
from samepicture.messages import SubmissionRejected
from samepicture.process import Pipeline
from samepicture.readers import LINE, read_parts
from samepicture.settings import PROJECT

FEEDS = PROJECT / "dags" / "feeds"


def mapped(feed_id: str, content: bytes) -> pl.DataFrame:
    """The contract columns of a file, unjudged."""
    feed = load_feed(FEEDS / feed_id)
    (part,) = read_parts(feed, io.BytesIO(content), "file.csv")
    mapping = Mapping(feed, part.headers)
    return pl.concat([mapping.apply(batch).frame for batch in part.frames])


def row_of_27(**cells: str) -> bytes:
    """A line of the 27-field family; `f10` is field 10."""
    fields = ["Z81001", "ABBEY ROAD SURGERY", *[""] * 25]
    for name, value in cells.items():
        fields[int(name[1:]) - 1] = value
    return (",".join(f'"{field}"' for field in fields) + "\r\n").encode()


def test_columns_without_a_header_row_are_those_of_the_specification() -> None:
    frame = mapped("ods_gp_practice", row_of_27(f11="19740401", f13="D", f26="4") + row_of_27(f11="20200101", f13="A", f26="25"))
    assert frame.get_column(LINE).to_list() == [1, 2]  # the first row is data
    assert frame.get_column("opened_date").cast(pl.String).to_list() == ["1974-04-01", "2020-01-01"]
    assert frame.get_column("status_code").to_list() == ["dormant", "active"]
    assert frame.get_column("role_code").to_list() == ["gp_practice", "other"]
    assert frame.get_column("setting_name").to_list() == ["GP practice", "Prison"]


def test_a_file_of_another_width_is_refused_with_both_widths() -> None:
    with pytest.raises(SubmissionRejected, match="3 columns where this feed has 27") as refusal:
        mapped("ods_trust", b'"RZN","Northmoor","Y99"\r\n')
    assert refusal.value.code == "wrong_column_count"


@pytest.mark.parametrize(
    ("postcode", "district"),
    [
        ("TS18 1HU", "TS18"),
        ("TS181HU", "TS18"),
        ("B1 1AA", "B1"),
        ("B11AA", "B1"),
        ("W1A 1AA", "W1A"),
        ("ec1a1bb", "EC1A"),
        ("", None),
        ("NORTHMOOR", None),
    ],
)
def test_only_the_district_of_a_postcode_is_kept(postcode: str, district: str | None) -> None:
    assert mapped("ods_trust", row_of_27(f10=postcode)).get_column("postcode_district").to_list() == [district]


def test_telephone_address_and_full_postcode_go_no_further() -> None:
    frame = mapped("ods_gp_practice", row_of_27(f5="1 Example Street", f8="NORTHMOOR", f10="ZZ1 2AB", f18="01632 960100", f26="4"))
    kept = " ".join(str(value) for value in frame.row(0))
    assert not any(text in kept for text in ("01632", "Example", "NORTHMOOR", "2AB"))
    assert frame.get_column("unmapped").to_list() == [None]


@pytest.mark.parametrize(
    ("feed_id", "sample"), [("ods_trust", "ods_gp_practice/sample_epraccur.csv"), ("ods_gp_practice", "ods_sub_icb/sample_eccg.csv")]
)
def test_a_list_of_other_organisations_is_refused(pipeline: Pipeline, feed_id: str, sample: str) -> None:
    """The files of the family look alike: only their codes tell them apart."""
    assert judged(pipeline, feed_id, FEEDS / sample).rejection_code == "too_many_rejected"


def test_kinds_of_census_area_are_told_by_their_codes() -> None:
    header = (FEEDS / "population_ethnic" / "sample_census2021-ts021.csv").read_text().splitlines()[0]
    rows = [f"2021,somewhere,{code}" + ",1" * 25 for code in ("E00000001", "E01000001", "W06000001", "E54000001", "X99000001")]
    frame = mapped("population_ethnic", "\n".join([header, *rows]).encode())
    assert frame.unique("area_code", maintain_order=True).get_column("area_type_code").to_list() == [
        "output_area",
        "lsoa",
        "local_authority",
        "icb",
        "X99",
    ]
    assert set(frame.filter(pl.col("is_total")).get_column("group_code")) == {
        "ethnic_group_total_all_usual_residents",
        "ethnic_group_asian_asian_british_or_asian_welsh",
        "ethnic_group_black_black_british_black_welsh_caribbean_or_african",
        "ethnic_group_mixed_or_multiple_ethnic_groups",
        "ethnic_group_white",
        "ethnic_group_other_ethnic_group",
    }


# -- the real published files ----------------------------------------------------------------


def judged(pipeline: Pipeline, feed_id: str, path: Path) -> Verdict:
    """Land and judge a file."""
    receipt, _ = pipeline.land_file(feed_id, path)
    return pipeline.judge(receipt.submission_id)


def accepted(pipeline: Pipeline, verdict: Verdict) -> pl.DataFrame:
    """What would be loaded of it."""
    return pl.read_parquet(work_folder(pipeline.settings, verdict.submission_id) / "accepted.parquet")


def reasons(pipeline: Pipeline, verdict: Verdict) -> dict[int, set[str]]:
    """Codes by line of what was rejected."""
    path = work_folder(pipeline.settings, verdict.submission_id) / "quarantine.parquet"
    found: dict[int, set[str]] = {}
    if path.is_file():
        for line, code in pl.read_parquet(path).select(LINE, "code").iter_rows():
            found.setdefault(line, set()).add(code)
    return found


def published_file(published: Path, name: str) -> Path:
    path = published / name
    if not path.is_file():
        pytest.skip(f"{name} is not here")
    return path


def test_published_gp_practices(pipeline: Pipeline, published: Path) -> None:
    path = published_file(published, "ods/epraccur_psychty_2020-01.csv")
    rows = list(csv.reader(path.open(encoding="utf-8-sig")))
    verdict = judged(pipeline, "ods_gp_practice", path)
    frame = accepted(pipeline, verdict)
    assert (verdict.received, verdict.accepted, verdict.warnings) == (len(rows), len(rows), [])
    assert frame.filter(pl.col("role_code") == "gp_practice").height == sum(row[25] == "4" for row in rows)
    assert frame.get_column("closed_date").count() == sum(bool(row[11]) for row in rows)
    status = dict(frame.get_column("status_code").value_counts().iter_rows())
    assert status == {
        name: Counter(row[12] for row in rows)[code]
        for code, name in {"A": "active", "C": "closed", "D": "dormant", "P": "proposed"}.items()
    }
    assert frame.get_column("postcode_district").count() == sum(bool(row[9].strip()) for row in rows)

    verdict = judged(pipeline, "ods_gp_practice_member", path)
    without = {line for line, row in enumerate(rows, 1) if not row[14]}
    assert reasons(pipeline, verdict) == {line: {"missing_to", "missing_start_date"} for line in without}
    assert verdict.accepted == len(rows) - len(without)


@pytest.mark.parametrize(
    ("feed_id", "name"), [("ods_trust", "ods/etr_2022_nhsx.csv"), ("ods_trust", "ods/etr_2025_folake.csv"), ("ods_sub_icb", "ods/eccg.csv")]
)
def test_published_lists_of_organisations(pipeline: Pipeline, published: Path, feed_id: str, name: str) -> None:
    path = published_file(published, name)
    rows = list(csv.reader(path.open(encoding="utf-8-sig")))
    verdict = judged(pipeline, feed_id, path)
    frame = accepted(pipeline, verdict)
    assert (verdict.received, verdict.accepted, verdict.warnings) == (len(rows), len(rows), [])
    assert dict(frame.select("ods_code", "icb_code").iter_rows()) == {row[0]: row[3] or None for row in rows}
    assert frame.get_column("closed_date").dt.strftime("%Y%m%d").drop_nulls().to_list() == [row[11] for row in rows if row[11]]


def test_published_icb_names(pipeline: Pipeline, published: Path) -> None:
    path = published_file(published, "ods/icb_names_codes_dec_2024.csv")
    rows = list(csv.DictReader(path.open(encoding="utf-8-sig")))
    verdict = judged(pipeline, "ods_icb", path)
    assert dict(accepted(pipeline, verdict).select("ods_code", "organisation_name").iter_rows()) == {
        row["ICB24CDH"]: row["ICB24NM"] for row in rows
    }
    assert verdict.rejected == 0


def test_published_primary_care_networks(pipeline: Pipeline, published: Path) -> None:
    path = published_file(published, "ods/ePCN_82d64abd03.xlsx")
    book = openpyxl.load_workbook(path, read_only=True)
    networks, partners = ([row for row in book[name].iter_rows(min_row=2, values_only=True) if row[0]] for name in book.sheetnames[:2])
    verdict = judged(pipeline, "ods_pcn", path)
    assert (verdict.received, verdict.rejected, verdict.warnings) == (len(networks), 0, [])
    assert accepted(pipeline, verdict).get_column("closed_date").count() == sum(bool(row[5]) for row in networks)
    verdict = judged(pipeline, "ods_pcn_member", path)
    assert (verdict.received, verdict.rejected, verdict.warnings) == (len(partners), 0, [])
    ends = accepted(pipeline, verdict).get_column("end_date").dt.strftime("%Y%m%d").drop_nulls().to_list()
    assert ends == [str(row[9]) for row in partners if row[9]]


def test_published_registered_patients(pipeline: Pipeline, published: Path) -> None:
    path = published_file(published, "population/gp-reg-pat-prac-all_2021-01.csv")
    rows = list(csv.DictReader(path.open(encoding="utf-8-sig")))
    verdict = judged(pipeline, "population_registered", path)
    frame = accepted(pipeline, verdict)
    assert (verdict.received, verdict.rejected, verdict.warnings) == (len(rows), 0, [])
    assert frame.get_column("people_count").sum() == sum(int(row["NUMBER_OF_PATIENTS"]) for row in rows)
    assert frame.get_column("as_of_date").cast(pl.String).unique().to_list() == ["2021-01-01"]


def test_published_census(pipeline: Pipeline, published: Path) -> None:
    path = published_file(published, "population/census2021-ts021-lsoa.csv")
    rows = list(csv.reader(path.open(encoding="utf-8-sig")))
    verdict = judged(pipeline, "population_ethnic", path)
    frame = accepted(pipeline, verdict)
    assert (verdict.received, verdict.rejected, verdict.warnings) == (len(rows) - 1, 0, [])
    assert verdict.accepted_rows == (len(rows) - 1) * (len(rows[0]) - 3)
    sums = dict(frame.group_by("group_name").agg(pl.col("people_count").sum()).iter_rows())
    assert sums == {name: sum(int(row[place]) for row in rows[1:]) for place, name in enumerate(rows[0]) if place > 2}
    groups = frame.filter(~pl.col("is_total"))
    assert groups.get_column("group_code").n_unique() == 19
    assert groups.get_column("people_count").sum() == sums["Ethnic group: Total: All usual residents"]
