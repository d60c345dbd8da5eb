"""Published totals from the records, at every level at which the files that are here publish: KO41a, KO41b, FFT, GPPS.

Levels that no file here has (KO41a sites, KO41b practices, FFT trusts to wards, GPPS practices to sub-ICB locations) are
tested on invented files beside their feeds.
"""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

import pytest
from openpyxl import load_workbook

from tests.warehouse.invented_rows import Warehouse
from tests.warehouse.test_organisations import loaded

RETURNS = "complaints/Data on Written Complaints in the NHS 2024-25 "
FILES = {
    "KO41a": ("complaint_return", f"{RETURNS}Secondary Care KO41a - Org Level.csv"),
    "KO41b": ("complaint_return", f"{RETURNS}Primary Care KO41b - Sub ICB Level.csv"),
    "fft": ("survey_result_fft", "fft/ftt-summary-apr-26.xlsx"),
    "gpps_icb": ("survey_result_gpps", "gpps/RECONSTRUCTED_GPPS_2025_ics_sample.csv"),
    "gpps_national": ("survey_result_gpps", "gpps/RECONSTRUCTED_GPPS_2025_national_sample.csv"),
}
KEYS = {
    "KO41a": {"national": (), "icb": ("ICS_Code",), "organisation": ("ICS_Code", "Organisation_Code")},
    "KO41b": {"national": ("Return",), "icb": ("Return", "ICS Code"), "sub_icb": ("Return", "ICS Code", "Sub ICB Code")},
}
COLUMNS = {
    "Return": "return_code",
    "ICS_Code": "icb_code",
    "ICS Code": "icb_code",
    "Organisation_Code": "organisation_ods_code",
    "Sub ICB Code": "organisation_ods_code",
}
Counts = dict[tuple[str, ...], int]


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory, published: Path) -> Warehouse:
    missing = [name for _, name in FILES.values() if not (published / name).is_file()]
    if missing:
        pytest.skip(f"published files are not here: {', '.join(missing)}")
    warehouse = loaded(tmp_path_factory.mktemp("published"), [(feed, published / name) for feed, name in FILES.values()])
    chosen = ("+fct_complaint_return", "+fct_survey_result", "+gp_access")
    statuses = warehouse.dbt("build", "--exclude-resource-type", "unit_test", "test", "--select", *chosen)
    assert set(statuses.values()) == {"success"}
    return warehouse


def key_of(row: dict[str, str], key: str) -> str:
    """An ICB's own return names no sub-ICB location: it is about the ICB."""
    return row["ICS Code"] if key == "Sub ICB Code" and row["Return"] == "ICB" else row[key].upper()


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as source:
        return list(csv.DictReader(source))


def added(rows: list[dict[str, str]], keys: tuple[str, ...]) -> Counts:
    """What the file's own rows add up to: every column of numbers, by these keys."""
    numbers = [
        name for name in rows[0] if all(row[name].strip().lstrip("-").isdigit() for row in rows if row[name].strip()) and name != "Year"
    ]
    counts: Counter[tuple[str, ...]] = Counter()
    for row in rows:
        for name in numbers:
            if row[name].strip():
                counts[(*(key_of(row, key) for key in keys), name)] += int(row[name])
    return dict(counts)


@pytest.mark.parametrize(("collection", "level"), [(name, level) for name, levels in KEYS.items() for level in levels])
def test_every_column_of_a_return_at_every_level(real: Warehouse, published: Path, collection: str, level: str) -> None:
    keys = KEYS[collection][level]
    columns = "".join(f"upper({COLUMNS[key]}), " for key in keys)
    rows = real.query(
        f"select {columns} measure_name, cast(sum(complaints_count) as bigint) from conformed.fct_complaint_return "
        f"where collection_code = '{collection}' group by all"
    )
    ours = {tuple(row[:-1]): row[-1] for row in rows}
    theirs = added(rows_of(published / FILES[collection][1]), keys)
    assert len({key[-1] for key in theirs}) > 60, "little is compared"
    assert ours == theirs


@pytest.mark.parametrize(("collection", "total"), [("KO41a", "complaints_total_new"), ("KO41b", "complaints_total_new")])
def test_totals_of_a_return_are_the_sums_of_what_they_total(real: Warehouse, collection: str, total: str) -> None:
    """Ages of all new complaints are the new complaints, at the level of the file's rows and so at each above."""
    group = f"select sum(complaints_count) from conformed.fct_complaint_return where collection_code = '{collection}' and "
    new = real.query(f"{group} measure_code = '{total}'")
    assert real.query(f"{group} measure_group_code = 'age' and not is_total") == new
    assert real.query(f"{group} measure_group_code = 'status' and not is_total") == new


def test_headline_figures_of_the_friends_and_family_test(real: Warehouse, published: Path) -> None:
    sheet = load_workbook(published / FILES["fft"][1], data_only=True)["Headline figures"]
    columns = {3: "organisations_submitting", 4: "responses_to_date", 5: "responses", 7: "percent_positive", 9: "percent_negative"}
    shown = Counter(
        (code, None if sheet.cell(row, column).value == "N/A" else float(sheet.cell(row, column).value))
        for row in range(6, 19)
        for column, code in columns.items()
    )
    rows = real.query("select measure_code, value from conformed.fct_survey_result where survey_code = 'fft' and level_code = 'national'")
    assert Counter(rows) == shown
    responses = (
        "select sum(value) from conformed.fct_survey_result where survey_code = 'fft' and measure_code = 'responses' and setting_code"
    )
    assert real.query(f"{responses} = 'all'") == real.query(f"{responses} <> 'all'")


@pytest.mark.parametrize(("level", "file"), [("icb", "gpps_icb"), ("national", "gpps_national")])
def test_gp_access_is_the_published_share_recomputed_from_counts(real: Warehouse, published: Path, level: str, file: str) -> None:
    rows = real.query(
        "select organisation_ods_code, good_proportion, base_unweighted_count, is_recomputed from marts.gp_access "
        f"where level_code = '{level}' and survey_year = 2025"
    )
    ours = {row[0]: row[1:] for row in rows}
    theirs = {row.get("ad_icscode"): row for row in rows_of(published / FILES[file][1])}
    assert len(ours) == len(theirs) > 0
    for code, row in theirs.items():
        proportion, base, is_recomputed = ours[code] if level == "icb" else next(iter(ours.values()))
        assert is_recomputed
        assert proportion == pytest.approx(float(row["gpcontactoverall.pcteval"]), abs=1e-8)
        assert base == int(float(row["gpcontactoverall.baseevaluw"]))
