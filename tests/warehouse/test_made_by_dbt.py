"""What dbt makes is counted once, whatever is loaded beside it, and shown only where it has come to a good end."""

from __future__ import annotations

import duckdb
import pytest

from samepicture import build as building
from samepicture.build import build
from samepicture.compiled import BuildFailed, Compiled, Done
from samepicture.process import Pipeline
from samepicture.publish import publish
from samepicture.settings import Settings
from samepicture.warehouse import WarehouseError
from tests.upkeep.cases import export, loaded, others, rows

COUNTED = "select cast(sum(case_count) as bigint), (select count(*) from staging.stg_complaint) from conformed.agg_complaint_version"
SHOWN = "select count(*) from conformed.fct_complaint"


@pytest.mark.quick_on("duckdb")
def test_what_is_loaded_before_dbt_has_its_turn_is_counted_once(on_each_made: Pipeline, monkeypatch: pytest.MonkeyPatch) -> None:
    settings, make = on_each_made.settings, building.make_everything
    loaded(on_each_made, export(*others(3)))
    settings.compiled.unlink()

    def make_after_another_load(known: Settings) -> tuple[Done, Compiled, int]:
        loaded(on_each_made, export(*others(4, 10)))
        return make(known)

    monkeypatch.setattr(building, "make_everything", make_after_another_load)
    build(settings)
    assert rows(settings, COUNTED) == [(7, 7)]
    loaded(on_each_made, export(*others(5, 20)))
    build(settings)
    assert rows(settings, COUNTED) == [(12, 12)]


def test_what_dbt_has_not_made_whole_is_neither_shown_nor_added_to(on_made_duckdb: Pipeline, monkeypatch: pytest.MonkeyPatch) -> None:
    pipeline, settings = on_made_duckdb, on_made_duckdb.settings
    make, project = building.make_everything, building.project_sha256
    loaded(pipeline, export(*others(3)))
    pipeline.build_and_publish()
    loaded(pipeline, export(*others(4, 10)))

    def fail(known: Settings) -> tuple[Done, Compiled, int]:
        make(known)
        raise BuildFailed("a test of the new version found rows")

    monkeypatch.setattr(building, "make_everything", fail)
    monkeypatch.setattr(building, "project_sha256", lambda: "that of a new version")
    with pytest.raises(BuildFailed):
        pipeline.build_and_publish()
    with pytest.raises(WarehouseError, match=r"analysts keep the copy that they have.*makes every model again"):
        publish(settings)
    assert shown(settings) == [(3,)]
    # Back to the version of before.
    monkeypatch.setattr(building, "make_everything", make)
    monkeypatch.setattr(building, "project_sha256", project)
    pipeline.build_and_publish()
    assert rows(settings, COUNTED) == [(7, 7)]
    assert shown(settings) == [(7,)]


def shown(settings: Settings) -> list[tuple[int]]:
    with duckdb.connect(str(settings.picture), read_only=True) as copy:
        return copy.execute(SHOWN).fetchall()
