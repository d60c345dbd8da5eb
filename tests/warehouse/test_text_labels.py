"""Texts are read once by each model, whatever stops it in between, and what it finds is shown by the next build that looks back."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Connection
from typer.testing import CliRunner

from samepicture.build import build
from samepicture.pending import find, pending
from samepicture.process import Pipeline
from samepicture.settings import Settings
from samepicture.text_labels import labelling
from samepicture.text_labels.commands import app
from samepicture.text_labels.labelling import label
from samepicture.text_labels.labels import FEEDBACK_PREFIX
from samepicture.warehouse import open_warehouse
from tests.text_comments import trained
from tests.upkeep.cases import export, lenient, loaded, others, rows
from tests.warehouse.test_delta import tables

SAID = ("We waited for hours by the window.", "The meals were cold and there was nowhere to park the car.", "Zzz qqq xxx.")
CASES = [{"ID": f"S{number}", "Description": words, "Lessons learned": "We wait for the car."} for number, words in enumerate(SAID)]
SHOWN = "select count(*) from marts.text_theme"


def labels(settings: Settings) -> list[tuple[Any, ...]]:
    """Text and theme; ids without the pseudonym."""
    return sorted(
        rows(
            settings,
            "select narrative, label.theme_code from ops.text_label as label join published.narrative using (feedback_id, part_name)",
        ),
        key=str,
    )


FOUND = sorted([(SAID[0], "T01"), (SAID[1], "T06"), (SAID[1], "T12"), (SAID[2], None)], key=str)


def prepared(made: Pipeline) -> Pipeline:
    trained(made.settings)
    loaded(made, export(*CASES))
    build(made.settings, look_back=False)
    return made


@pytest.fixture
def pipeline(on_made_duckdb: Pipeline) -> Pipeline:
    return prepared(on_made_duckdb)


@pytest.fixture
def on_each(on_each_made: Pipeline) -> Pipeline:
    return prepared(on_each_made)


def version(settings: Settings) -> str:
    [(found,)] = rows(settings, "select distinct model_version from ops.text_label")
    return str(found)


def test_each_text_is_read_once_and_shown_by_a_build_that_looks_back(on_each: Pipeline) -> None:
    settings = on_each.settings
    done = label(settings)
    assert (done.texts, done.model_version) == (3, version(settings))
    assert labels(settings) == FOUND, "lessons are nobody's own words"
    before = rows(settings, "select * from ops.text_label order by 1, 2, 3")
    assert label(settings).texts == 0
    assert before == rows(settings, "select * from ops.text_label order by 1, 2, 3")
    assert build(settings, look_back=False) is None, "no submission's build waits for it"
    assert pending(settings) is None
    assert rows(settings, SHOWN) == [(0,)]
    assert build(settings) is not None
    counts = "select theme_code, comment_count, read_count, tagged_count, uncoded_count, caveat from marts.text_theme order by 1"
    assert rows(settings, counts) == [(theme, 1, 3, 2, 0, "For exploration: read the comments.") for theme in ("T01", "T06", "T12")]
    assert rows(settings, "select distinct comment_count, is_suppressed from published.text_theme") == [(None, True)]
    assert build(settings) is None, "and is told once"


def test_what_sources_coded_is_counted_as_before(pipeline: Pipeline) -> None:
    def own() -> dict[str, Any]:
        apart = ("text_theme", "fct_text_label", "bridge_feedback_text_theme", "published_text_theme", "answer_coverage", "feed_health")
        return {name: found for name, found in tables(pipeline).items() if name not in apart}

    build(pipeline.settings)
    before = own()
    label(pipeline.settings)
    build(pipeline.settings)
    assert rows(pipeline.settings, SHOWN) == [(3,)]
    assert own() == before
    [(sentence,)] = rows(pipeline.settings, "select sentence from published.answer_coverage where question_number = 21")
    assert "labels" not in sentence


def test_without_a_model_nothing_is_labelled_and_the_answer_says_why(on_made_duckdb: Pipeline) -> None:
    loaded(on_made_duckdb, export(*CASES))
    on_made_duckdb.build_and_publish()
    done = label(on_made_duckdb.settings)
    assert (done.model_version, done.texts) == (None, 0)
    assert rows(on_made_duckdb.settings, SHOWN) == [(0,)]
    assert rows(on_made_duckdb.settings, "select count(*) > 0 from marts.theme_evidence") == [(True,)]
    [(sentence,)] = rows(on_made_duckdb.settings, "select sentence from published.answer_coverage where question_number = 21")
    assert "labels of a trained model" in sentence


def test_before_the_first_build_there_is_nothing_to_read(settings: Settings) -> None:
    model = trained(settings)
    assert label(settings).model_version == model.version


def test_killed_between_batches_it_goes_on_where_it_was(pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = pipeline.settings
    loaded(pipeline, export(*({"ID": f"M{n}", "Description": f"Parking was easy, said number {n}."} for n in range(7))))
    build(settings, look_back=False)
    monkeypatch.setattr(labelling, "BATCH", 4)
    real, written = labelling._write, []

    def killed(*given: Any) -> None:
        if len(written) == 2:
            raise ConnectionError("killed")
        real(*given)
        written.append(given)

    with monkeypatch.context() as context:
        context.setattr(labelling, "_write", killed)
        with pytest.raises(ConnectionError):
            label(settings)
    assert rows(settings, "select count(distinct feedback_id) from ops.text_label") == [(8,)]
    steps: list[int] = []
    assert label(settings, steps.append).texts == 2
    assert steps == [2]
    assert rows(settings, "select count(distinct feedback_id), count(*) from ops.text_label") == [(10, 11)]
    build(settings)
    assert rows(settings, "select comment_count from marts.text_theme where theme_code = 'T12'") == [(8,)]


def test_a_new_model_reads_history_again(pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = pipeline.settings
    label(settings)
    first = version(settings)
    trained(settings, seed=5)
    monkeypatch.setattr(labelling, "BATCH", 2)
    assert label(settings).texts == 3
    assert version(settings) != first
    assert labels(settings) == FOUND
    assert {row[0] for row in rows(settings, "select model_version from ops.text_model")} == {first, version(settings)}


def test_a_text_that_was_loaded_anew_is_read_anew(on_each: Pipeline) -> None:
    settings = on_each.settings
    label(settings)
    newer = {**CASES[0], "Description": "The receptionist was rude.", "Last updated": "01/11/2025 09:00"}
    outcome = loaded(on_each, export(newer))
    assert label(settings).texts == 0, "until it is built, what was read before still stands there"
    build(settings, look_back=False)
    assert label(settings).texts == 1
    assert ("The receptionist was rude.", "T04") in labels(settings)
    assert (SAID[0], "T01") not in labels(settings)
    on_each.judge(outcome.submission_id)
    on_each.load(outcome.submission_id)
    assert label(settings).texts == 0
    build(settings, look_back=False)
    assert label(settings).texts == 1, "a replay may have other words"


def test_what_was_loaded_while_it_was_read_gets_no_label_of_before(pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = pipeline.settings
    [(submission,)] = rows(settings, "select submission_id from ops.submission")
    real = labelling._labels

    def meanwhile(*given: Any) -> Any:
        found = real(*given)
        pipeline.judge(submission)
        pipeline.load(submission)
        return found

    with monkeypatch.context() as context:
        context.setattr(labelling, "_labels", meanwhile)
        label(settings)
    assert rows(settings, "select count(*) from ops.text_label") == [(0,)]
    build(settings, look_back=False)
    assert label(settings).texts == 3
    assert labels(settings) == FOUND


def test_what_its_source_removed_has_no_label_left(on_each: Pipeline) -> None:
    settings = on_each.settings
    label(settings)
    build(settings)
    with open_warehouse(settings).writer() as connection:
        tombstone(connection)
    build(settings)
    assert rows(settings, "select count(*) from conformed.fct_text_label") == [(2,)]
    assert rows(settings, "select theme_code from conformed.bridge_feedback_text_theme order by 1") == [("T06",), ("T12",)]
    (settings.text_model / "model.npz").unlink()
    label(settings)
    assert rows(settings, "select count(distinct feedback_id) from ops.text_label") == [(2,)], "also where there is no model any more"


def tombstone(connection: Connection) -> None:
    """The source takes the case about waiting back: as a load would leave it."""
    words = SAID[0].replace("'", "''")
    connection.exec_driver_sql(f"update raw.complaint set is_removed = true, narrative = null, lessons = null where narrative = '{words}'")
    connection.exec_driver_sql("update ops.submission set load_number = load_number + 100, replaced_row_count = 1")


def test_returns_and_stories_are_read_by_the_ids_that_the_models_make(pipeline: Pipeline) -> None:
    """Else what is erased of them would keep its labels: FEEDBACK_PREFIX says how the ids begin."""
    lenient(pipeline, "survey_response_surveymonkey", "experience_story_care_opinion")
    for feed_id in ("survey_response_surveymonkey", "experience_story_care_opinion"):
        sample = pipeline.feeds[feed_id].samples[0]
        assert loaded(pipeline, sample.read_bytes(), sample.name, feed_id).loaded
    build(pipeline.settings)
    label(pipeline.settings)
    begins = rows(
        pipeline.settings,
        "select distinct record_type, part_name, label.feedback_id from ops.text_label as label join published.narrative using (feedback_id, part_name)",
    )
    assert {record_type for record_type, *_ in begins} == FEEDBACK_PREFIX.keys()
    assert all(feedback_id.startswith(f"{FEEDBACK_PREFIX[record_type]}:") for record_type, _, feedback_id in begins)
    assert not {"title", "lessons"} & {part for _, part, _ in begins}


def test_labels_hold_no_words(pipeline: Pipeline) -> None:
    label(pipeline.settings)
    cells = str(rows(pipeline.settings, "select * from ops.text_label") + rows(pipeline.settings, "select * from ops.text_model")).lower()
    assert [word for words in SAID for word in words.lower().strip(".").split() if len(word) > 3 and word in cells] == []


def test_they_count_as_loads_that_a_later_load_goes_beyond(pipeline: Pipeline) -> None:
    """Else a load that came while the whole was built by dbt could have a number that counts as built."""
    settings = pipeline.settings
    label(settings)
    [(number,)] = rows(settings, "select load_number from ops.text_model")
    loaded(pipeline, export(*others(2)))
    assert rows(
        settings, f"select min(load_number) > {number} from ops.submission where landed_at = (select max(landed_at) from ops.submission)"
    ) == [(True,)]
    with open_warehouse(settings).reader() as connection:
        work, everything = find(connection), find(connection, labels=True)
    assert work is not None
    assert work.tables == ["raw.complaint"]
    assert everything is not None
    assert everything.tables == ["raw.complaint", "ops.text_label"]
    build(settings, look_back=False)
    assert rows(settings, SHOWN) == [(0,)]
    build(settings)
    assert rows(settings, SHOWN) == [(3,)], "an event's build went beyond it in between"


def test_the_command_reads_and_shows(on_made_duckdb: Pipeline) -> None:
    settings = on_made_duckdb.settings
    loaded(on_made_duckdb, export(*CASES))
    on_made_duckdb.build_and_publish()
    assert "No model was trained" in CliRunner().invoke(app, ["label"]).output
    trained(settings)
    assert "3 texts read by model" in CliRunner().invoke(app, ["label"]).output
    _, shown = open_warehouse(settings).query("select theme_code, caveat from marts.text_theme order by theme_code")
    assert shown == [(theme, "For exploration: read the comments.") for theme in ("T01", "T06", "T12")]
