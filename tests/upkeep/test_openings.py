"""Who opened which narrative is written down for good; what the diary says of a record changes and goes with the record."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import text

from samepicture.process import Pipeline
from samepicture.sealing import fresh_pseudonym_key
from samepicture.upkeep.erase import erase, record_key
from samepicture.upkeep.rotate import rotate_key
from samepicture.warehouse import open_warehouse
from tests.upkeep.cases import ORGANISATION, export, loaded, others, places, pseudonym, rows

DIARY = "select login, feedback_id, purpose from access.narrative_opening order by opening_number"


@pytest.fixture
def opened(pipeline: Pipeline) -> Pipeline:
    """Two cases of which somebody has opened the words."""
    if pipeline.settings.warehouse.startswith("duckdb"):
        pytest.skip("nobody opens narratives of a file")
    loaded(pipeline, export({"ID": "GONE"}, *others(2)))
    pipeline.build_and_publish()
    with open_warehouse(pipeline.settings).writer() as connection:
        for reference in ("GONE", "OTHER1"):
            name = f"complaint:{ORGANISATION}:{pseudonym(pipeline.settings, reference)}"
            found = connection.execute(text(f"select access.open_narratives(array['{name}'], 'a review')"))
            assert found.scalar_one() == 1
    return pipeline


def test_of_an_erased_record_stays_who_when_and_what_for(opened: Pipeline) -> None:
    gone, stays = (pseudonym(opened.settings, reference) for reference in ("GONE", "OTHER1"))
    assert [row[1] for row in rows(opened.settings, DIARY)] == [f"complaint:{ORGANISATION}:{gone}", f"complaint:{ORGANISATION}:{stays}"]
    erase(opened, *record_key(opened.settings, "complaint", ORGANISATION, "GONE"))
    assert places(opened, gone) == []
    diary = rows(opened.settings, DIARY)
    assert [row[1] for row in diary] == ["complaint", f"complaint:{ORGANISATION}:{stays}"]
    assert {row[2] for row in diary} == {"a review"}


def test_with_a_new_key_the_diary_names_the_same_records(opened: Pipeline) -> None:
    old = [pseudonym(opened.settings, reference) for reference in ("GONE", "OTHER1")]
    rotated = Pipeline(replace(opened.settings, pseudonym_key=f"{opened.settings.pseudonym_key},{fresh_pseudonym_key()}"))
    rotate_key(rotated)
    assert places(rotated, *old) == []
    new = [pseudonym(rotated.settings, reference) for reference in ("GONE", "OTHER1")]
    assert [row[1] for row in rows(rotated.settings, DIARY)] == [f"complaint:{ORGANISATION}:{each}" for each in new]
