"""What a model found in texts goes with them, is called as they are, and outlasts what only takes the words."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import polars as pl
import pytest

from samepicture.process import Pipeline
from samepicture.records import CONTRACTS
from samepicture.sealing import fresh_pseudonym_key
from samepicture.text_labels import labelling
from samepicture.text_labels.labelling import label
from samepicture.text_labels.model import read_model
from samepicture.upkeep.backup import back_up, restore
from samepicture.upkeep.erase import erase, record_key
from samepicture.upkeep.rebuild import rebuild
from samepicture.upkeep.retention import retention
from samepicture.upkeep.rotate import rotate_key
from samepicture.upkeep.strike import strike
from tests.text_comments import trained
from tests.upkeep.cases import ORGANISATION, export, lenient, loaded, others, places, pseudonym, rows, tables
from tests.upkeep.test_retention import TODAY

WAITED = {"ID": "WAITED", "Description": "We waited for hours by the window."}
PARKED = {"ID": "PARKED", "Description": "There was nowhere to park the car."}
LABELLED = "select count(*) from ops.text_label where feedback_id = 'complaint:RZN:{}'"
SURVEY, STORIES = "survey_response_limesurvey", "experience_story_nhsuk"


def prepared(pipeline: Pipeline) -> Pipeline:
    trained(pipeline.settings)
    loaded(pipeline, export(WAITED, PARKED, *others(20)))
    pipeline.build_and_publish()
    assert label(pipeline.settings).texts == 22
    pipeline.build_and_publish()
    return pipeline


@pytest.fixture
def labelled(on_made_duckdb: Pipeline) -> Pipeline:
    return prepared(on_made_duckdb)


@pytest.fixture
def on_each(pipeline: Pipeline) -> Pipeline:
    return prepared(pipeline)


def test_an_erased_record_keeps_no_label(on_each: Pipeline) -> None:
    known = pseudonym(on_each.settings, "WAITED")
    assert rows(on_each.settings, LABELLED.format(known)) == [(1,)]
    assert places(on_each, known)
    erase(on_each, *record_key(on_each.settings, "complaint", ORGANISATION, "WAITED"))
    assert places(on_each, known) == []
    assert rows(on_each.settings, "select theme_code from marts.text_theme") == [("T12",)]
    assert rows(on_each.settings, "select count(distinct feedback_id) from ops.text_label") == [(21,)], "nobody else's went"


def test_one_that_is_erased_while_it_is_read_gets_none(labelled: Pipeline, monkeypatch: pytest.MonkeyPatch) -> None:
    trained(labelled.settings, seed=5)
    real, known = labelling._write, pseudonym(labelled.settings, "WAITED")

    def erased(warehouse: object, connection: object, *given: object) -> None:
        keys = pl.DataFrame({"organisation_ods_code": ["RZN"], "case_pseudonym": [known]})
        strike(warehouse, connection, CONTRACTS["complaint"], keys)  # type: ignore[arg-type]
        real(warehouse, connection, *given)  # type: ignore[arg-type]

    with monkeypatch.context() as context:
        context.setattr(labelling, "_write", erased)
        label(labelled.settings)
    assert rows(labelled.settings, LABELLED.format(known)) == [(0,)]
    labelled.build_and_publish()
    label(labelled.settings)
    assert rows(labelled.settings, LABELLED.format(known)) == [(0,)]
    assert rows(labelled.settings, "select count(distinct feedback_id) from ops.text_label") == [(21,)]


def test_a_return_and_a_story_that_are_erased_keep_none_either(on_made_duckdb: Pipeline) -> None:
    trained(on_made_duckdb.settings)
    lenient(on_made_duckdb, SURVEY, STORIES)
    for feed in (SURVEY, STORIES):
        sample = on_made_duckdb.feeds[feed].samples[0]
        assert loaded(on_made_duckdb, sample.read_bytes(), sample.name, feed).loaded
    on_made_duckdb.build_and_publish()
    label(on_made_duckdb.settings)
    for record_type, begins in (("survey_response", "return"), ("experience_story", "story")):
        ids = [
            row[0]
            for row in rows(
                on_made_duckdb.settings, f"select distinct feedback_id from ops.text_label where feedback_id like '{begins}:%' order by 1"
            )
        ]
        assert ids
        _, scope, reference = ids[0].split(":", 2)
        erase(on_made_duckdb, *record_key(on_made_duckdb.settings, record_type, scope, reference, is_pseudonym=begins == "return"))
        left = [
            row[0]
            for row in rows(
                on_made_duckdb.settings, f"select distinct feedback_id from ops.text_label where feedback_id like '{begins}:%' order by 1"
            )
        ]
        assert left == ids[1:]


def test_labels_go_by_the_new_pseudonyms(on_each: Pipeline) -> None:
    settings = on_each.settings
    before = rows(settings, "select theme_code, comment_count, read_count from marts.text_theme order by 1")
    rotated = Pipeline(replace(settings, pseudonym_key=f"{settings.pseudonym_key},{fresh_pseudonym_key()}"))
    rotate_key(rotated)
    for name in ("WAITED", "PARKED"):
        assert rows(settings, LABELLED.format(pseudonym(settings, name))) == [(0,)]
        assert rows(settings, LABELLED.format(pseudonym(rotated.settings, name))) == [(1,)]
    assert rows(settings, "select theme_code, comment_count, read_count from marts.text_theme order by 1") == before


def test_a_text_whose_words_are_no_longer_kept_keeps_what_was_found(on_made_duckdb: Pipeline) -> None:
    trained(on_made_duckdb.settings)
    lenient(on_made_duckdb, STORIES)
    sample = on_made_duckdb.feeds[STORIES].samples[0]
    loaded(on_made_duckdb, sample.read_bytes(), sample.name, STORIES)
    on_made_duckdb.build_and_publish()
    assert label(on_made_duckdb.settings).texts > 0
    found = rows(on_made_duckdb.settings, "select feedback_id, theme_code, model_version from ops.text_label order by 1, 2")
    retention(on_made_duckdb, TODAY + timedelta(days=3 * 365))
    assert rows(on_made_duckdb.settings, "select distinct body from raw.experience_story where body is not null") == [("[no longer kept]",)]
    trained(on_made_duckdb.settings, seed=5)
    assert label(on_made_duckdb.settings).texts == 0, "a mark is nobody's words"
    assert rows(on_made_duckdb.settings, "select feedback_id, theme_code, model_version from ops.text_label order by 1, 2") == found
    on_made_duckdb.build_and_publish()
    [(read,)] = rows(on_made_duckdb.settings, "select count(*) from conformed.fct_text_label")
    assert read == len({row[0] for row in found})


def test_records_that_were_kept_long_enough_take_their_labels_with_them(labelled: Pipeline) -> None:
    retention(labelled, TODAY + timedelta(days=11 * 366))
    gone = "select count(*) from ops.text_label where feedback_id not in (select 'complaint:' || organisation_ods_code || ':' || case_pseudonym from raw.complaint)"
    assert rows(labelled.settings, gone) == [(0,)]


@pytest.mark.faults
def test_a_rebuilt_warehouse_has_them_too(labelled: Pipeline) -> None:
    before = tables(labelled.settings, ["conformed", "marts", "published"])
    done = rebuild(labelled)
    assert (done.differences, done.in_place) == ((), True)
    assert tables(labelled.settings, ["conformed", "marts", "published"]) == before
    assert label(labelled.settings).texts == 22, "what was loaded again may read otherwise"
    labelled.build_and_publish()
    assert rows(labelled.settings, "select theme_code, comment_count from marts.text_theme order by 1") == [("T01", 1), ("T12", 1)]


def test_the_model_is_in_a_backup(labelled: Pipeline, tmp_path_factory: pytest.TempPathFactory) -> None:
    model = read_model(labelled.settings)
    assert model is not None
    folder = tmp_path_factory.mktemp("backups")
    back_up(labelled, folder)
    home = tmp_path_factory.mktemp("restored") / "home"
    other = replace(labelled.settings, home=home, warehouse=f"duckdb:///{home}/warehouse.duckdb", landing=f"{home}/landing")
    restored = Pipeline(other)
    assert restore(restored, folder) == []
    again = read_model(other)
    assert again is not None
    assert again.version == model.version
    assert label(other).texts == 0
