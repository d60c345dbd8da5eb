"""What was kept long enough goes, and nothing else; what it was counted in still adds up."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from samepicture.process import Pipeline
from samepicture.records import CONTRACTS, Keep
from samepicture.settings import PROJECT
from samepicture.upkeep.agreement import disagreements
from samepicture.upkeep.originals import WORDS_GONE
from samepicture.upkeep.rebuild import rebuild
from samepicture.upkeep.retention import CODE, retention
from tests.landed import landed_at
from tests.upkeep.cases import export, lenient, loaded, others, places, pseudonym, rows, tables

TODAY = datetime.now(UTC).date()


def days(moment: date) -> str:
    return moment.strftime("%d/%m/%Y")


def closed(reference: str, when: date | None, kind: str = "Formal complaint", updated: str = "01/01/2025 09:00") -> dict[str, str]:
    received = date(2010, 1, 4)
    return {
        "ID": reference,
        "Type": kind,
        "Date received": days(received),
        "Incident date": "",
        "Date acknowledged": days(received),
        "Date due": "",
        "Date replied": "",
        "Date closed": days(when) if when else "",
        "Stage (code)": "CLO" if when else "INV",
        "Stage (description)": "Closed" if when else "Investigation",
        "Outcome (code)": "UPH" if when else "",
        "Outcome (description)": "Upheld" if when else "",
        "Description": f"Words of {reference}.",
        "Last updated": updated,
    }


@pytest.mark.quick_on("postgresql")
def test_complaints_go_ten_years_after_closure_with_all_versions(pipeline: Pipeline) -> None:
    old = TODAY.replace(year=TODAY.year - 10, day=1) - timedelta(days=40)
    young = TODAY.replace(year=TODAY.year - 10, day=1) + timedelta(days=40)
    first = loaded(
        pipeline,
        export(
            closed("OLDONE", old),
            closed("YOUNG", young),
            closed("STILLOPEN", None),
            closed("REOPENED", old),
            closed("OLDPALS", old, "PALS"),
            *others(3),
        ),
    )
    loaded(
        pipeline,
        export(closed("OLDONE", old, updated="02/01/2025 09:00"), closed("REOPENED", None, updated="02/01/2025 09:00"), *others(1)),
    )
    pipeline.build_and_publish()
    told = {due.record_type: due for due in retention(pipeline, dry_run=True)}["complaint"]
    assert (told.records >= 1, told.undated) == (True, 2), "open cases stay, and are told of"
    assert rows(pipeline.settings, "select count(*) from raw.complaint") == [(first.rows + 3,)], "a dry run only tells"
    retention(pipeline)
    gone = {"OLDONE"} | ({"OLDPALS"} if old < Keep(10, "", to_year_end=True).cutoff(TODAY) else set())
    left = {row[0] for row in rows(pipeline.settings, "select case_pseudonym from raw.complaint")}
    expected = {"OLDONE", "YOUNG", "STILLOPEN", "REOPENED", "OLDPALS", "OTHER1", "OTHER2", "OTHER3"} - gone
    assert left == {pseudonym(pipeline.settings, reference) for reference in expected}
    assert rows(pipeline.settings, f"select count(*) from ops.quarantine where code = '{CODE}'") == [(len(gone) + 1,)]
    assert disagreements(pipeline) == []
    assert not {"raw", "marts"} & {name.split()[-1].split(".")[0] for name in places(pipeline, pseudonym(pipeline.settings, "OLDONE"))}
    assert all(due.is_nothing for due in retention(pipeline)), "the second time there is nothing to do"


@pytest.mark.parametrize(
    ("today", "plain", "to_year_end"),
    [(date(2026, 3, 31), date(2016, 3, 31), date(2015, 4, 1)), (date(2026, 4, 1), date(2016, 4, 1), date(2016, 4, 1)), (date(2024, 2, 29), date(2014, 2, 28), date(2013, 4, 1))],
)  # fmt: skip
def test_years_are_counted_from_the_day_or_from_the_end_of_its_financial_year(today: date, plain: date, to_year_end: date) -> None:
    assert (Keep(10, "").cutoff(today), Keep(10, "", to_year_end=True).cutoff(today)) == (plain, to_year_end)


@pytest.mark.quick_on("postgresql")
def test_words_go_after_two_years_and_what_was_counted_still_counts(pipeline: Pipeline) -> None:
    folder = PROJECT / "dags" / "feeds" / "survey_response_limesurvey"
    lenient(pipeline, folder.name)
    outcome = loaded(pipeline, (folder / "sample_poll.jsonl").read_bytes(), "poll.jsonl", "survey_response_limesurvey")
    pipeline.build_and_publish()
    before = tables(pipeline.settings, ["conformed", "marts", "published"])
    (words,) = rows(pipeline.settings, "select count(*) from raw.survey_response where narrative is not null")
    assert outcome.loaded
    assert words[0] > 0
    much_later = date(2040, 1, 1)
    retention(pipeline, much_later)
    assert rows(pipeline.settings, "select distinct narrative from raw.survey_response where narrative is not null") == [(WORDS_GONE,)]
    after = tables(pipeline.settings, ["conformed", "marts", "published"])
    changed = {name for name in before if before[name] != after[name]}
    assert changed - {"marts.feed_health"} == {"published.narrative"}, "codes and counts stay"
    assert rows(pipeline.settings, "select distinct narrative from published.narrative") == [(WORDS_GONE,)]
    assert disagreements(pipeline) == []


@pytest.mark.faults
def test_originals_and_quarantine_have_a_short_life_and_a_rebuild_is_the_same(pipeline: Pipeline) -> None:
    outcome = loaded(
        pipeline, export({"ID": "BAD", "Date received": "99/99/9999", "Description": "Quillfeather"}, *others(20)), "Jo Sample.csv"
    )
    refused = loaded(pipeline, export(*({**case, "Date received": "99/99/9999"} for case in others(5, 60))))
    young = loaded(pipeline, export(*others(4, 80)))
    for each in (outcome, refused):
        landed_at(pipeline, pipeline.landing.receipt(each.submission_id), datetime.now(UTC) - timedelta(days=95))
        pipeline.judge(each.submission_id)
        pipeline.load(each.submission_id)
    pipeline.build_and_publish()
    before = tables(pipeline.settings, ["raw", "staging", "conformed", "marts"])
    (due,) = [due for due in retention(pipeline) if due.record_type == "complaint"]
    assert (sorted(due.originals), due.quarantined) == (sorted([outcome.submission_id, refused.submission_id]), 6)
    assert tables(pipeline.settings, ["raw", "staging", "conformed", "marts"]) == before
    assert places(pipeline, "Quillfeather", "Jo Sample") == []
    assert pipeline.landing.has_original(pipeline.landing.receipt(young.submission_id))
    verdict = pipeline.judge(outcome.submission_id)
    assert (verdict.is_copy, verdict.received, verdict.rejected) == (True, 21, 1)
    assert pipeline.load(outcome.submission_id).rows == 20
    done = rebuild(pipeline)
    assert (done.differences, done.failed, done.in_place, done.from_copies) == ((), {}, True, 2)
    assert disagreements(pipeline) == []


def test_every_record_type_that_is_about_people_says_how_long_its_originals_live() -> None:
    public = {"healthwatch_report", "ombudsman_decision"}
    assert {name for name, contract in CONTRACTS.items() if contract.retention.original_days} == {
        name for name, contract in CONTRACTS.items() if contract.is_about_people
    } - public
