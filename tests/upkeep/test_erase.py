"""An erased record is nowhere, and does not come back."""

from __future__ import annotations

import io
from typing import Any

import pytest

from samepicture.landing import NAME_GONE, Receipt
from samepicture.privacy.erased import CODE
from samepicture.process import Pipeline
from samepicture.settings import PROJECT
from samepicture.upkeep import originals
from samepicture.upkeep.agreement import disagreements
from samepicture.upkeep.erase import erase, record_key
from tests.upkeep.cases import FEED, ORGANISATION, export, lenient, loaded, others, places, pseudonym, rows, tables

REFERENCE = "ZQX77/0815"
WORDS = "Quillfeather"
"""Stands in all that the record says, and nowhere else."""
THEM = {"ID": REFERENCE, "Description": f"The {WORDS} words.", "Lessons learned": f"Ask {WORDS}.", "Patient surname": WORDS}


@pytest.fixture
def submissions(pipeline: Pipeline) -> dict[str, str]:
    """Every way in which an installation can hold one record; ids of the submissions by what they are."""
    made = {
        "first": loaded(pipeline, export(THEM, *others(20)), f"{WORDS} and others.csv"),
        "second version": loaded(pipeline, export({**THEM, "Last updated": "01/10/2025 09:00"}, *others(3))),
        "in quarantine": loaded(pipeline, export({**THEM, "Date received": "99/99/9999"}, *others(20, 30))),
        "refused": loaded(pipeline, export(THEM, *({**case, "Date received": "99/99/9999"} for case in others(5, 60)))),
        "named": loaded(pipeline, export({"ID": "NAMER", "PALS reference": REFERENCE}, *others(4, 70))),
        "cut line": loaded(pipeline, export(*others(20, 80)) + f'"{REFERENCE}","ragged {WORDS}"\r\n'.encode()),
        "without it": loaded(pipeline, export(*others(7, 110))),
    }
    assert [name for name, outcome in made.items() if not outcome.loaded] == ["refused"]
    waiting, _ = pipeline.land(FEED, "waiting.csv", io.BytesIO(export(THEM, *others(6, 130))))
    judged, _ = pipeline.land(FEED, "judged.csv", io.BytesIO(export(THEM, *others(8, 140))))
    pipeline.judge(judged.submission_id)
    pipeline.build_and_publish()
    return {name: outcome.submission_id for name, outcome in made.items()} | {
        "waiting": waiting.submission_id,
        "judged": judged.submission_id,
    }


def erased(pipeline: Pipeline, reference: str = REFERENCE) -> None:
    erase(pipeline, *record_key(pipeline.settings, "complaint", ORGANISATION, reference), reason="asked for it")


def balanced(pipeline: Pipeline) -> bool:
    """Whether every submission's counts are those of the rows that there are."""
    return not rows(
        pipeline.settings,
        """select submission_id from ops.submission where received_count <> accepted_count + rejected_count
        or loaded_row_count <> (select count(*) from raw.complaint where complaint.submission_id = submission.submission_id)
        or (outcome_code = 'loaded' and rejected_count <> (
            select count(*) from (select distinct part_name, line_number from ops.quarantine where quarantine.submission_id = submission.submission_id)))""",
    )


def test_nothing_is_left_of_it_in_any_cell_or_byte(pipeline: Pipeline, submissions: dict[str, str]) -> None:
    needles = (REFERENCE, WORDS, pseudonym(pipeline.settings, REFERENCE))
    before = tables(pipeline.settings, ["raw"])
    assert len(places(pipeline, *needles)) > 10
    erased(pipeline)
    assert places(pipeline, *needles) == []
    assert balanced(pipeline)
    kept = [row for row in before["raw.complaint"] if needles[2] not in row]
    new = [
        row
        for row in tables(pipeline.settings, ["raw"])["raw.complaint"]
        if submissions["waiting"] not in row and submissions["judged"] not in row
    ]
    assert [row for row in kept if row not in new] == [], "another record went with it"
    landing = pipeline.landing
    kept_originals = {name for name, identity in submissions.items() if landing.has_original(landing.receipt(identity))}
    assert kept_originals == {"without it"}
    assert landing.receipt(submissions["first"]).file_name == f"{NAME_GONE}.csv"


@pytest.mark.usefixtures("submissions")
def test_it_does_not_come_back(pipeline: Pipeline, submissions: dict[str, str]) -> None:
    needles = (REFERENCE, WORDS, pseudonym(pipeline.settings, REFERENCE))
    erased(pipeline)
    for name in ("first", "second version", "in quarantine", "refused", "named"):
        verdict = pipeline.judge(submissions[name])
        assert verdict.is_copy
        assert pipeline.load(submissions[name]).loaded == (name != "refused")
    again = loaded(pipeline, export({**THEM, "ID": REFERENCE.lower(), "Last updated": "01/11/2025 09:00"}, *others(2)))
    assert (again.received, again.accepted, again.rejected) == (3, 2, 1)
    assert rows(pipeline.settings, f"select code, record from ops.quarantine where submission_id = '{again.submission_id}'") == [
        (CODE, None)
    ]
    alone = loaded(pipeline, export({**THEM, "Last updated": "01/12/2025 09:00"}))
    assert (alone.loaded, alone.received, alone.rejected) == (True, 1, 1), "nobody did anything wrong"
    pipeline.build_and_publish()
    assert balanced(pipeline)
    found = places(pipeline, *needles)
    digests = [submission.split(".")[-1] for submission in (again.submission_id, alone.submission_id)]
    assert found
    assert all(any(digest in name for digest in digests) and "objects" in name for name in found), "only what has just come holds it"
    erased(pipeline)
    assert places(pipeline, *needles) == []
    same_bytes = loaded(pipeline, export({**THEM, "Last updated": "01/12/2025 09:00"}))
    assert (same_bytes.submission_id, same_bytes.rejected) == (alone.submission_id, 1)
    assert places(pipeline, *needles) == [], "bytes that had to go came back by being sent again"


def test_what_is_judged_while_it_is_erased_comes_in_without_it(pipeline: Pipeline) -> None:
    loaded(pipeline, export(*others(30)))
    receipt, _ = pipeline.land(FEED, "x.csv", io.BytesIO(export(THEM, *others(5, 50))))
    pipeline.judge(receipt.submission_id)
    judged = pipeline.settings.work / receipt.submission_id
    kept = judged.rename(pipeline.settings.home / "kept")
    erased(pipeline)
    kept.rename(judged)
    outcome = pipeline.load(receipt.submission_id)
    assert outcome.loaded
    assert not rows(pipeline.settings, f"select 1 from raw.complaint where case_pseudonym = '{pseudonym(pipeline.settings, REFERENCE)}'")
    assert balanced(pipeline)


def test_by_pseudonym_as_analysts_know_it(pipeline: Pipeline, submissions: dict[str, str]) -> None:
    known = pseudonym(pipeline.settings, REFERENCE)
    erase(pipeline, *record_key(pipeline.settings, "complaint", ORGANISATION, known, is_pseudonym=True))
    assert places(pipeline, REFERENCE, WORDS, known) == []


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("population", "RZN", "x"), "not about one person"),
        (("complaint", "RZN", "  "), "the reference is empty"),
    ],
)
def test_what_cannot_be_erased_says_why(pipeline: Pipeline, arguments: tuple[str, str, str], sentence: str) -> None:
    with pytest.raises(KeyError, match=sentence):
        record_key(pipeline.settings, *arguments)
    with pytest.raises(KeyError, match="no pseudonym"):
        record_key(pipeline.settings, "complaint", "RZN", REFERENCE, is_pseudonym=True)


def test_the_file_is_as_it_was_but_for_the_record(pipeline: Pipeline) -> None:
    loaded(pipeline, export(*others(10)))
    pipeline.build_and_publish()
    before = tables(pipeline.settings)
    loaded(pipeline, export(THEM))
    pipeline.build_and_publish()
    erased(pipeline)
    after = tables(pipeline.settings, ["raw", "staging", "conformed"])
    changed = [name for name, content in after.items() if content != before[name] and name != "conformed.feed_as_of"]
    assert changed == []


@pytest.mark.quick_on("postgresql")
@pytest.mark.parametrize("killed_in", ["strike.strike", "originals._write_copy", "landing.forget_original", "scrub.build", "scrub.publish"])
def test_one_that_was_killed_anywhere_is_finished_by_asking_again(
    pipeline: Pipeline, killed_in: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded(pipeline, export(THEM, *others(20)))
    loaded(pipeline, export({"ID": "NAMER", "PALS reference": REFERENCE}))
    loaded(pipeline, export(THEM, *({**case, "Date received": "99/99/9999"} for case in others(5, 60))))
    pipeline.build_and_publish()
    places_of = {
        "strike.strike": "samepicture.upkeep.erase.strike",
        "originals._write_copy": "samepicture.upkeep.originals._write_copy",
        "landing.forget_original": "samepicture.landing.Landing.forget_original",
        "scrub.build": "samepicture.upkeep.scrub.build",
        "scrub.publish": "samepicture.upkeep.scrub.publish",
    }
    with monkeypatch.context() as context:
        context.setattr(places_of[killed_in], _power_cut)
        with pytest.raises(ConnectionError):
            erased(pipeline)
    later = loaded(pipeline, export({**THEM, "Last updated": "01/11/2025 09:00"}, *others(1)))
    assert (later.accepted, later.rejected) == (1, 1), "from the first moment on it is not taken"
    erased(pipeline)
    assert places(pipeline, REFERENCE, WORDS, pseudonym(pipeline.settings, REFERENCE)) == []
    assert balanced(pipeline)


def _power_cut(*_: object, **__: object) -> None:
    raise ConnectionError("killed")


def test_a_return_of_a_survey_and_a_story_are_erased_by_what_their_source_calls_them(pipeline: Pipeline) -> None:
    feeds = PROJECT / "dags" / "feeds"
    lenient(pipeline, "survey_response_limesurvey", "experience_story_nhsuk")
    for feed in ("survey_response_limesurvey", "experience_story_nhsuk"):
        assert loaded(pipeline, (feeds / feed / "sample_poll.jsonl").read_bytes(), "poll.jsonl", feed).loaded
    pipeline.build_and_publish()
    ((survey, person),) = rows(
        pipeline.settings, "select survey_id, response_pseudonym from raw.survey_response where narrative is not null order by 1, 2 limit 1"
    )
    ((publisher, story, body),) = rows(
        pipeline.settings, "select publisher_code, story_id, body from raw.experience_story where body is not null order by 2 limit 1"
    )
    erase(pipeline, *record_key(pipeline.settings, "survey_response", survey, person, is_pseudonym=True))
    erase(pipeline, *record_key(pipeline.settings, "experience_story", publisher, story))
    assert places(pipeline, person, story, body) == []
    for submission_id in pipeline.landing.submission_ids():
        assert pipeline.judge(submission_id).is_copy
        assert pipeline.load(submission_id).loaded
    again = (feeds / "experience_story_nhsuk" / "sample_poll.jsonl").read_bytes().replace(b'"status": 200', b'"status":  200', 1)
    outcome = loaded(pipeline, again, "poll.jsonl", "experience_story_nhsuk")
    assert rows(pipeline.settings, f"select count(*) from raw.experience_story where story_id = '{story}'") == [(0,)]
    assert rows(
        pipeline.settings, f"select count(*) from ops.quarantine where code = '{CODE}' and submission_id = '{outcome.submission_id}'"
    ) == [(1,)]
    assert disagreements(pipeline) == []


def test_bytes_that_another_feed_sends_meanwhile_stay(pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch) -> None:
    content = export(*others(3))
    sent, write_copy = loaded(pipeline, content), originals._write_copy
    landed: list[Receipt] = []

    def write_and_land(*told: Any) -> None:
        write_copy(*told)
        landed.append(pipeline.land("complaint_eastvale", "again.csv", io.BytesIO(content))[0])

    monkeypatch.setattr(originals, "_write_copy", write_and_land)
    assert originals.replace_originals(pipeline, [sent.submission_id]) == ([], [sent.submission_id])
    assert pipeline.landing.has_original(landed[0])
    assert pipeline.judge(landed[0].submission_id).rejection_code == "not_a_workbook"
    monkeypatch.setattr(originals, "_write_copy", write_copy)
    pipeline.load(landed[0].submission_id)
    assert len(originals.replace_originals(pipeline, [sent.submission_id])[0]) == 2
    assert not pipeline.landing.has_original(landed[0])
