"""Organisations through time: from the feeds' samples, and from the published files, to the dimension and the GP access marts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from samepicture.process import Pipeline
from samepicture.settings import PROJECT, Settings
from tests.keys import LANDING_KEY, PSEUDONYM_KEY
from tests.warehouse.invented_rows import Row, Warehouse, submission

MODELS = ["--select", "+fct_population", "+gp_access_spread", "organisation_succession_depth", "organisation_windows_do_not_overlap"]
FEEDS = PROJECT / "dags" / "feeds"
SAMPLES = [
    sample
    for feed in (
        "ods_gp_practice",
        "ods_gp_practice_member",
        "ods_trust",
        "ods_sub_icb",
        "ods_icb",
        "ods_pcn",
        "ods_pcn_member",
        "ods_successor",
        "population_registered",
    )
    for sample in sorted((FEEDS / feed).glob("sample*"))
]


@pytest.fixture(scope="module")
def invented(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    """The samples of the feeds, and a survey of four practices, built."""
    warehouse = loaded(tmp_path_factory.mktemp("invented"), [(sample.parent.name, sample) for sample in SAMPLES])
    warehouse.insert("raw.survey_result", list(survey()))
    warehouse.insert("ops.submission", [submission("gpps-1", "survey_result_gpps", "survey_result", "2025-07-10", 99)])
    build(warehouse)
    return warehouse


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory, published: Path) -> Warehouse:
    """The published files, built."""
    names = {
        "ods_gp_practice": "ods/epraccur_psychty_2020-01.csv",
        "ods_gp_practice_member": "ods/epraccur_psychty_2020-01.csv",
        "ods_trust": "ods/etr_2022_nhsx.csv",
        "ods_sub_icb": "ods/eccg.csv",
        "ods_pcn_member": "ods/ePCN_82d64abd03.xlsx",
        "population_registered": "population/gp-reg-pat-prac-all_2021-01.csv",
    }
    if not all((published / name).is_file() for name in names.values()):
        pytest.skip("some of the published files of organisations are not here")
    warehouse = loaded(tmp_path_factory.mktemp("published"), [(feed, published / name) for feed, name in names.items()])
    build(warehouse)
    return warehouse


def loaded(home: Path, files: Iterable[tuple[str, Path]]) -> Warehouse:
    """A warehouse with these submissions; samples are bad on purpose, so bounds are lifted."""
    warehouse = Warehouse(home)
    settings = Settings(home, f"duckdb:///{warehouse.path}", str(home / "landing"), (FEEDS,), PSEUDONYM_KEY, LANDING_KEY)
    pipeline = Pipeline(settings)
    for feed_id, path in files:
        feed = pipeline.feeds[feed_id]
        pipeline.feeds[feed_id] = replace(feed, bounds=replace(feed.bounds, rejected_share=1.0))
        receipt, _ = pipeline.land_file(feed_id, path)
        pipeline.judge(receipt.submission_id)
        assert pipeline.load(receipt.submission_id).loaded
    return warehouse


def build(warehouse: Warehouse) -> None:
    statuses = warehouse.dbt("build", "--exclude-resource-type", "unit_test", *MODELS)
    assert {name: status for name, status in statuses.items() if status not in ("success", "pass")} == {}


def survey() -> Iterable[Row]:
    """Good experience of contacting: of four practices of the ICB (one withheld), of one that no ODS file holds, and of the ICB."""
    shares = {"Z81001": 0.25, "Z81002": 0.5, "Z81003": 0.75, "Z81004": None, "Z89999": 0.9}
    for level, code, share in [*(("practice", code, share) for code, share in shares.items()), ("icb", "QZN", 0.6)]:
        common = {
            "survey_code": "gpps",
            "setting_code": "gp",
            "level_code": level,
            "period_start_date": date(2025, 1, 1),
            "period_end_date": date(2025, 12, 31),
            "organisation_ods_code": code,
            "organisation_name": f"Published name of {code}",
            "icb_code": "QZN" if level == "icb" else None,
            "question_code": "gpcontactoverall",
            "is_suppressed": share is None,
            "is_not_computable": False,
            "is_removed": False,
            "submission_id": "gpps-1",
            "feed_id": "survey_result_gpps",
            "line_number": 2,
        }
        figures = {
            "percent_good": share,
            "base_eval_unweighted": 100.0,
            "base_eval_weighted": 80.0,
            "eval_good_count": None if share is None else 80.0 * share,
        }
        for measure, value in figures.items():
            withheld = share is None and measure in ("percent_good", "eval_good_count")
            yield {**common, "measure_code": measure, "value": value, "is_suppressed": withheld}


def test_an_organisation_is_what_it_was_on_the_day(invented: Warehouse) -> None:
    day = (
        "select pcn_code from conformed.dim_organisation where ods_code = 'Z81001' and date '{}' between valid_from_date and valid_to_date"
    )
    assert invented.query(day.format("2019-06-30")) == [(None,)]
    assert invented.query(day.format("2021-03-31")) == [("U99009",)]
    assert invented.query(day.format("2021-04-01")) == [("U99001",)]


def test_a_chain_is_followed_to_its_end(invented: Warehouse) -> None:
    rows = invented.query(
        "select successor_ods_code, effective_date, generation, is_final from conformed.bridge_organisation_successor where ods_code = 'RZY' order by generation"
    )
    assert rows == [("RZX", date(2015, 4, 1), 1, False), ("RZN", date(2019, 4, 1), 2, True)]
    rows = invented.query(
        "select current_ods_code, current_organisation_name, current_icb_code, is_current from conformed.dim_organisation where ods_code = 'RZY'"
    )
    assert rows == [("RZN", "NORTHMOOR HOSPITALS NHS FOUNDATION TRUST", "QZN", False)]


def test_a_split_has_no_current_code_and_says_so(invented: Warehouse) -> None:
    rows = invented.query(
        "select ods_code, current_ods_code, current_icb_code, has_several_successors from conformed.dim_organisation "
        "where ods_code in ('QZO', 'Z1C') order by ods_code"
    )
    assert rows == [("QZO", None, None, True), ("Z1C", None, "QZN", True)]  # both halves of Z1C lie in one ICB


def test_an_organisation_that_no_file_holds_is_not_invented(invented: Warehouse) -> None:
    assert invented.query("select count(*) from conformed.dim_organisation where ods_code in ('Z89999', 'RZW')") == [(0,)]
    assert invented.query(
        "select organisation_name, icb_code, current_ods_code from marts.gp_access where organisation_ods_code = 'Z89999'"
    ) == [("Published name of Z89999", None, "Z89999")]


def test_population_knows_its_icb(invented: Warehouse) -> None:
    assert invented.query("select icb_code, sum(people_count) from conformed.fct_population group by icb_code") == [("QZN", 365000)]


def test_spread_of_gp_access(invented: Warehouse) -> None:
    rows = invented.query(
        "select organisation_ods_code, good_proportion, is_suppressed, pcn_code, icb_practice_count, icb_spread_max_min, round(icb_spread_p90_p10, 6) "
        "from marts.gp_access where icb_code = 'QZN' order by organisation_ods_code"
    )
    assert rows == [
        ("QZN", 0.6, False, None, 3, 0.5, 0.4),
        ("Z81001", 0.25, False, "U99001", 3, 0.5, 0.4),
        ("Z81002", 0.5, False, "U99001", 3, 0.5, 0.4),
        ("Z81003", 0.75, False, "U99001", 3, 0.5, 0.4),
        ("Z81004", None, True, "U99001", 3, 0.5, 0.4),  # withheld is empty, not 0, and not in the spread
    ]
    low, high = invented.query(
        "select good_proportion_low, good_proportion_high from marts.gp_access where organisation_ods_code = 'Z81002'"
    )[0]
    assert (round(low, 3), round(high, 3)) == (0.404, 0.596)  # Wilson, 50 of 100
    rows = invented.query(
        "select area_code, practice_count, suppressed_practice_count, spread_max_min from marts.gp_access_spread "
        "where area_level_code = 'icb' and unit_level_code = 'practice'"
    )
    assert rows == [("QZN", 3, 1, 0.5)]


def test_published_practices_have_their_icb(real: Warehouse) -> None:
    """Every open GP practice of England in the file of January 2020 lies in an ICB through its CCG, though the file itself gives regional offices."""
    assert real.query(
        "select count(*), count(icb_code) from conformed.dim_organisation "
        "where role_code = 'gp_practice' and is_current and ods_code not like 'W%' and region_code like 'Y%'"
    ) == [(7131, 7131)]
    assert real.query("select count(*) from conformed.dim_organisation where icb_code similar to 'Q[0-9]+'") == [(0,)]


def test_published_practices_moved_between_networks(real: Warehouse) -> None:
    rows = real.query(
        "select pcn_code, sub_icb_code, icb_code, valid_from_date, valid_to_date from conformed.dim_organisation where ods_code = 'C85628' order by valid_from_date"
    )
    assert rows[2:] == [
        ("U16464", "02P", "QF7", date(2019, 10, 1), date(2020, 8, 31)),
        (None, "02P", "QF7", date(2020, 9, 1), date(9999, 12, 31)),
    ]


def test_published_patients_are_registered_with_known_practices(real: Warehouse) -> None:
    """Four practices opened after the list of practices was made: they keep their people, without an organisation."""
    assert real.query("select count(*), count(organisation_key), sum(people_count) from conformed.fct_population") == [
        (6658, 6654, 60606345)
    ]
