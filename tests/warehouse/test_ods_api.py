"""ODS by its files and by its APIs: one organisation, one key, whichever came last; nothing doubled, no parent lost."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from tests.warehouse.test_organisations import FEEDS, SAMPLES, build, loaded

API = [FEEDS / name / "sample_poll.jsonl" for name in ("ods_api_organisation", "ods_api_relationship")]
FHIR = FEEDS / "ods_fhir_organisation" / "sample_poll.jsonl"
FILES = [sample for sample in SAMPLES if sample.parent.name != "population_registered"]
WINDOWS = "select ods_code, role_code, pcn_code, sub_icb_code, icb_code, valid_from_date, valid_to_date from conformed.dim_organisation"
SUCCESSORS = "select ods_code, successor_ods_code, effective_date, generation from conformed.bridge_organisation_successor"


def test_the_api_after_the_files_agrees_with_them(tmp_path: Path) -> None:
    warehouse = loaded(tmp_path, [(sample.parent.name, sample) for sample in FILES])
    build(warehouse)
    windows, successors = set(warehouse.query(WINDOWS)), set(warehouse.query(SUCCESSORS))
    roles = dict(warehouse.query("select ods_code, role_code from conformed.dim_organisation"))

    loaded(tmp_path, [(sample.parent.name, sample) for sample in API])
    build(warehouse)
    told = {code for (code,) in warehouse.query("select distinct ods_code from raw.organisation where feed_id = 'ods_api_organisation'")}
    again = set(warehouse.query(WINDOWS))
    assert {row for row in again if row[0] not in told} == {row for row in windows if row[0] not in told}
    assert set(warehouse.query(SUCCESSORS)) == successors, "a succession told by both is one"
    assert told & roles.keys() == {"RZN", "RZX", "Z81001", "Z81002", "Z81300", "U99001", "QZN"} & roles.keys()
    assert {code: role for code, role, *_ in again if code in told & roles.keys()} == {code: roles[code] for code in told & roles.keys()}
    assert warehouse.query(
        "select count(*) from (select ods_code from conformed.organisation_latest group by all having count(*) > 1)"
    ) == [(0,)]

    now = {row[0]: row[1:5] for row in again if row[6] == date(9999, 12, 31)}
    assert now["RZN"] == ("nhs_trust", None, None, "QZN")
    assert now["Z81001"] == ("gp_practice", "U99001", "Z1A", "QZN")
    assert {row for row in again if row[0] == "Z81001"} >= {row for row in windows if row[0] == "Z81001" and row[5] >= date(2022, 7, 1)}
    assert [row[6] for row in again if row[0] == "Z81002"][-1:] != [date(9999, 12, 31)], "the API says that it closed"


def test_the_fhir_directory_takes_nobodys_parents_away(tmp_path: Path) -> None:
    """It tells of none, so the ICB, region and sub-ICB location are those that the files told; name, kind and days are its own."""
    warehouse = loaded(tmp_path, [(sample.parent.name, sample) for sample in FILES])
    build(warehouse)
    parents = "select ods_code, region_code, icb_code, sub_icb_code from conformed.organisation_latest"
    today = "select ods_code, pcn_code, icb_code, region_code from conformed.dim_organisation where is_current"
    before, current = set(warehouse.query(parents)), {code: rest for code, *rest in warehouse.query(today)}

    loaded(tmp_path, [(FHIR.parent.name, FHIR)])
    build(warehouse)
    told = {code for (code,) in warehouse.query("select ods_code from raw.organisation where feed_id = 'ods_fhir_organisation'")}
    assert told == {"RZN", "RZX", "Z81001", "Z81002", "U99001", "QZN"}
    assert set(warehouse.query(parents)) == before
    assert ("RZN", "Y99", "QZN", None) in before, "there was an ICB to lose"
    again = {code: rest for code, *rest in warehouse.query(today)}
    assert {code: again[code] for code in told & again.keys()} == {code: current[code] for code in told & again.keys()}
    assert again["RZN"][1] == "QZN"
    assert warehouse.query("select closed_date from conformed.organisation_latest where ods_code = 'Z81002'") == [(date(2026, 5, 31),)]
