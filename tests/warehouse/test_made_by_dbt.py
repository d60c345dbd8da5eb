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


@pytest.mark.faults
def test_what_is_loaded_before_dbt_has_its_turn_is_counted_once(on_made_postgresql: Pipeline, monkeypatch: pytest.MonkeyPatch) -> None:
    """The embedded one is below."""
    settings = on_made_postgresql.settings
    loaded(on_made_postgresql, export(*others(3)))
    settings.compiled.unlink()
    load_before_dbt(on_made_postgresql, monkeypatch)
    build(settings)
    assert rows(settings, COUNTED) == [(7, 7)]
    loaded(on_made_postgresql, export(*others(5, 20)))
    build(settings)
    assert rows(settings, COUNTED) == [(12, 12)]


def test_what_dbt_has_not_made_whole_is_neither_shown_nor_added_to(on_made_duckdb: Pipeline, monkeypatch: pytest.MonkeyPatch) -> None:
    pipeline, settings, make = on_made_duckdb, on_made_duckdb.settings, building.make_everything
    loaded(pipeline, export(*others(3)))
    pipeline.build_and_publish()
    loaded(pipeline, export(*others(1, 30)))

    def fail(known: Settings) -> tuple[Done, Compiled, int]:
        make(known)
        raise BuildFailed("a test of the new version found rows")

    with monkeypatch.context() as new_version:
        new_version.setattr(building, "make_everything", fail)
        new_version.setattr(building, "project_sha256", lambda: "that of a new version")
        with pytest.raises(BuildFailed):
            pipeline.build_and_publish()
    with pytest.raises(WarehouseError, match=r"analysts keep the copy that they have.*makes every model again"):
        publish(settings)
    assert shown(settings) == [(3,)]
    # Back to the version of before; dbt makes it anew, and a load comes in between.
    load_before_dbt(pipeline, monkeypatch)
    pipeline.build_and_publish()
    assert rows(settings, COUNTED) == [(8, 8)]
    assert shown(settings) == [(8,)]
    loaded(pipeline, export(*others(5, 20)))
    build(settings)
    assert rows(settings, COUNTED) == [(13, 13)]


def load_before_dbt(pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have four more cases loaded after the next build has looked what there is, and before dbt has its turn."""
    make = building.make_everything

    def make_after_another_load(known: Settings) -> tuple[Done, Compiled, int]:
        loaded(pipeline, export(*others(4, 10)))
        return make(known)

    monkeypatch.setattr(building, "make_everything", make_after_another_load)


def shown(settings: Settings) -> list[tuple[int]]:
    with duckdb.connect(str(settings.picture), read_only=True) as copy:
        return copy.execute(SHOWN).fetchall()
