"""What the page says: plain words, nothing withheld as a zero, nothing that its reader may not see."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samepicture.page import words
from samepicture.page.content import Content, OrganisationPage, content
from tests.page.material import EARLIER, QUARTER, TRUST, everything, material, series

MERGED = {"organisation_ods_code": "RZO", "organisation_name": "OLD TRUST", "current_ods_code": TRUST}


def page(**tables: Any) -> OrganisationPage:
    (found,) = content(material(**tables)).of_organisations
    return found


def cells(found: OrganisationPage, quarter: int = 0, row: int = 0) -> list[tuple[str, list[str]]]:
    assert found.evidence is not None
    return [(cell.total, list(cell.parts)) for cell in found.evidence.quarters[quarter].rows[row].cells]


def test_both_functions_stand_side_by_side() -> None:
    found = page(
        theme_evidence=[
            {},
            {"source_family_code": "surveys", "feedback_count": 7, "negative_count": 3},
            {"source_family_code": "stories", "owner_directorate_code": "comms", "feedback_count": 9, "negative_count": None},
        ]
    )
    assert found.evidence is not None
    assert list(found.evidence.functions) == ["Nursing", "Comms"]
    assert cells(found) == [
        ("19", ["complaints and PALS:\u00a012", "surveys:\u00a07 (3 critical)"]),
        ("9", ["from stories and reviews"]),
    ]
    assert found.evidence.quarters[0].rows[0].is_both
    assert "both nursing's and comms' sources speak of ‘Coordination, discharge and transitions’" in found.glance[0]


def test_what_is_withheld_is_never_a_number() -> None:
    withheld = {"feedback_count": None, "negative_count": None}
    found = page(
        theme_evidence=[
            {**withheld},
            {"theme_code": "T01", "theme_name": "Access", **withheld},
            {"theme_code": "T01", "theme_name": "Access", "source_family_code": "stories", "owner_directorate_code": "comms"},
            {"theme_code": "T02", "theme_name": "Words"},
            {"theme_code": "T02", "theme_name": "Words", "source_family_code": "stories", **withheld},
            {"theme_code": "T03", "theme_name": "Consent", **withheld},
            {"theme_code": "T03", "theme_name": "Consent", "source_family_code": "stories", **withheld},
        ]
    )
    assert found.evidence is not None
    by_theme = {row.code: [cell.total for cell in row.cells] for row in found.evidence.quarters[0].rows}
    assert by_theme == {
        "T08": [words.WITHHELD, "none"],
        "T01": [words.WITHHELD, "12"],
        "T02": ["12 and more, withheld", "none"],
        "T03": ["withheld", "none"],
    }


def test_what_a_model_found_stands_apart_and_is_withheld_as_elsewhere() -> None:
    found = page(
        text_theme=[
            {"quarter_start_date": EARLIER, "read_count": 40, "comment_count": 9},
            {"theme_code": "T01", "theme_name": "Access", "comment_count": 60, "strong_count": None, "uncoded_count": 0},
            {},
            {**MERGED, "read_count": 30, "comment_count": None, "strong_count": 6},
            {"quarter_start_date": None, "read_count": None, "comment_count": None},
        ]
    )
    assert found.texts is not None
    said = {
        quarter.label: (quarter.read, [(row.code, row.comments, row.strong, row.uncoded) for row in quarter.rows])
        for quarter in found.texts
    }
    assert said == {
        "April to June 2026": (
            "150",
            [("T01", "60", words.WITHHELD, "0"), ("T08", "31 and more, withheld", "13", "24")],
        ),
        "January to March 2026": ("40", [("T08", "9", "7", "12")]),
        "Without a date": (words.WITHHELD, [("T08", words.WITHHELD, "7", "12")]),
    }
    assert found.evidence is None or not found.evidence.quarters


def test_periods_are_offered_newest_first_wherever_they_come_from() -> None:
    found = page(
        theme_evidence=[{"quarter_start_date": EARLIER}, {"quarter_start_date": None}], text_theme=[{"quarter_start_date": QUARTER}]
    )
    assert [label for _, label in found.choices.periods] == ["April to June 2026", "January to March 2026", "Without a date"]


def test_a_number_that_is_withheld_is_not_said_to_be_small() -> None:
    """With a small number goes the one from which it could be worked out, however large that is."""
    assert words.count(None) == words.percent(None) == words.together([None]) == words.together([None, None]) == "withheld"


def test_without_a_model_nothing_is_said_of_one() -> None:
    assert page(theme_evidence=[{}]).texts == []


def test_a_function_of_which_nothing_came_is_not_said_to_hear_nothing() -> None:
    assert [cell for cell, _ in cells(page(theme_evidence=[{}]))] == ["12", "nothing came from its sources"]


def test_a_source_that_nobody_owns_has_a_column_of_its_own() -> None:
    found = page(theme_evidence=[{"owner_directorate_code": "unknown"}])
    assert found.evidence is not None
    assert list(found.evidence.functions) == ["Nursing", "Comms", "Owner not named"]
    assert not found.evidence.quarters[0].rows[0].is_both


def test_a_merged_organisation_has_one_page_and_says_who_it_was() -> None:
    found = page(theme_evidence=[{}, {**MERGED, "quarter_start_date": EARLIER}], complaint_timeliness=[{}, {**MERGED}])
    assert found.organisation.name == "Northmoor Hospitals NHS Foundation Trust"
    assert cells(found, quarter=1)[0] == ("12", ["from complaints and PALS, as Old Trust"])
    assert found.in_time is not None
    assert [row.label for row in found.in_time] == ["April to June 2026", "April to June 2026, as Old Trust"]


def test_quarters_come_newest_first_and_what_bears_no_date_last() -> None:
    found = page(theme_evidence=[{"quarter_start_date": None}, {"quarter_start_date": EARLIER}, {}])
    assert found.choices.periods == [("2026-04", "April to June 2026"), ("2026-01", "January to March 2026"), ("undated", "Without a date")]


def test_what_came_without_an_organisation_of_ours_has_no_page() -> None:
    unmatched = {"organisation_ods_code": "unmatched", "organisation_name": None, "current_ods_code": None}
    assert content(material(loop_closure=[{**unmatched}])).everybody == []


@pytest.mark.parametrize(
    ("row", "verdict", "sentence", "direction"),
    [
        ({}, "No real change", "Ups and downs of this size are chance.", ""),
        (
            {"variation_code": "concern", "special_cause_code": "outside_limits"},
            "Change for the worse",
            "Unlikely to be chance: the month lies outside the limits that it usually stays within.",
            "L",
        ),
        ({"variation_code": "improvement", "special_cause_code": "trend"}, "Change for the better", "7 months in a row went in one", "H"),
        ({"variation_code": "concern", "improvement_direction_code": "down"}, "Change for the worse", "Unlikely to be chance.", "H"),
        ({"variation_code": "neutral_low"}, "Lower than usual", "lower is neither better nor worse", "L"),
        ({"variation_code": None, "point_count": 3}, "Too early to say", "15 months so far; 13 are needed", ""),
    ],
)
def test_a_verdict_in_words(row: dict[str, Any], verdict: str, sentence: str, direction: str) -> None:
    found = page(spc=series(15, **row))
    assert found.signals is not None
    (signal,) = found.signals
    assert (signal.verdict, signal.direction) == (verdict, direction)
    assert sentence in signal.sentence


def test_what_asks_for_attention_comes_first() -> None:
    rows = [row for code in ("common_cause", "improvement", "concern") for row in series(13, variation_code=code, setting_code=code)]
    found = page(spc=rows)
    assert [signal.variation_code for signal in found.signals or ()] == ["concern", "improvement", "common_cause"]
    assert "Changed for the worse, beyond chance: Friends and Family Test: good experience, concern." in found.glance


def test_limits_end_where_a_share_ends() -> None:
    (signal,) = page(spc=series(15)).signals or ()
    assert signal.usual == "70.0% to 100.0%"
    assert signal.points[0].upper == 1.0


def test_a_target_and_a_chart_that_begins_anew_are_said() -> None:
    rows = series(15, target_value=0.95, assurance_code="fail")
    for row in rows[8:]:
        row |= {"phase_start_date": date(2025, 12, 1), "phase_reason": "a new form"}
    (signal,) = page(spc=rows).signals or ()
    assert (signal.assurance, signal.assured) == ("F", "Does not reach its target of 95.0%, as it goes now")
    assert list(signal.notes) == ["Average and limits begin anew in December 2025: a new form."]
    (signal,) = page(spc=series(15)).signals or ()
    assert (signal.assurance, signal.assured, list(signal.notes)) == ("", "", [])


def test_of_a_declared_place_it_is_said_who_is_heard_less_and_no_number() -> None:
    place = {"place_code": "north", "place_name": "North Northshire", "feedback_share": None, "coverage_tenths": None}
    found = content(material(representativeness=[place, {}])).system.places or ()
    assert [each.name for each in found] == ["The whole system", "North Northshire"]
    assert list(found[1].under[0].heard) == ["Complaints: less"]


def test_withheld_months_are_said_and_too_few_are_not_drawn() -> None:
    rows = series(15)
    for row in rows[:3]:
        row |= {"value": None, "is_suppressed": True}
    (signal,) = page(spc=[{**row, "mean_value": None, "lower_limit": None, "upper_limit": None} for row in rows]).signals or ()
    assert not signal.is_drawn
    assert "3 of 15 months are withheld" in signal.notes[0]
    assert [point.shown for point in signal.points[:4]] == ["withheld"] * 3 + ["80.0%"]
    assert signal.usual == ""


def test_complaints_say_of_how_many_a_share_is() -> None:
    found = page(complaint_timeliness=[{"answered_by_agreed_date_decided_count": 0, "answered_by_agreed_date_share": None}])
    assert found.in_time is not None
    assert list(found.in_time[0].cells) == ["40", "90% of 40", "can't be said yet", "0% of 30", "24 working days"]
    withheld = dict.fromkeys(("complaint_count", "acknowledged_in_time_share", "acknowledged_in_time_decided_count"))
    found = page(complaint_timeliness=[{**withheld, "median_response_working_days": None}])
    assert found.in_time is not None
    assert list(found.in_time[0].cells) == [words.WITHHELD, "withheld", "50% of 30", "0% of 30", "withheld"]


def test_how_complaints_ended_says_how_sure_that_is() -> None:
    found = page(complaint_outcome=[{}, {"quarter_start_date": EARLIER, "resolved_count": None, "upheld_share": None}])
    assert [list(row.cells) for row in found.ended or ()] == [
        ["30", "60% (likely between 42% and 75%)"],
        [words.WITHHELD, "withheld"],
    ]


def test_promises_say_what_was_done_and_whether_anybody_was_told() -> None:
    done = {"action_key": "b", "status_code": "done", "done_date": date(2026, 4, 2), "remeasured_outcome_code": "improved"}
    told = {**done, "action_key": "c", "told_back_date": date(2026, 5, 1), "told_back_channel_code": "email", "is_loop_closed": True}
    found = page(loop_closure=[done, told, {}])
    assert [(each.status_code, each.done, each.told, each.is_untold) for each in found.promises or ()] == [
        ("late", "not yet", "nobody yet", False),
        ("done", "2\u00a0April 2026, better when measured again", "nobody yet", True),
        ("done", "2\u00a0April 2026, better when measured again", "1\u00a0May 2026, by email", False),
    ]
    assert "Of 3 promises, 2 are done and 1 is late. Of what is done, nobody was told of 1." in found.glance


def test_recommendations_go_to_whom_the_report_names() -> None:
    found: Content = content(
        material(
            complaint_timeliness=[{}],
            recommendations=[
                {},
                {"recommendation_id": "b", "addressee_name": "Somebody else"},
                {"recommendation_id": "c", "status_code": "answered"},
            ],
        )
    )
    assert len(found.system.recommendations or ()) == 3
    (only,) = found.of_organisations
    assert [each.status_code for each in only.recommendations or ()] == ["late", "answered"]


def test_stories_are_the_newest_six_of_a_quarter_under_any_code_that_the_organisation_had() -> None:
    rows = [{"feedback_id": str(number), "published_date": date(2026, 6, 28 - number)} for number in range(8)]
    rows += [
        {"feedback_id": "old", "organisation_ods_codes": '["RZO", "RZN"]', "published_date": date(2026, 2, 1)},
        {"organisation_ods_codes": '["ELSE"]'},
    ]
    found = page(theme_evidence=[{}, {**MERGED}], consented_story=rows)
    keys = [story.key for story in found.stories or ()]
    assert keys == ["2026-04"] * 6 + ["2026-01"]


def test_a_long_story_begins_short_and_is_there_whole() -> None:
    (story,) = page(theme_evidence=[{}], consented_story=[{"body": "word " * 400}]).stories or ()
    assert len(story.beginning) < 450
    assert story.beginning.endswith("…")
    assert story.body == ("word " * 400).strip()


def test_known_already_says_since_when_and_what_was_done() -> None:
    (known,) = page(theme_evidence=[{}], known_already=[{}]).known or ()
    assert (known.since, known.families) == ("January to March 2023", "Complaints and PALS and stories and reviews")
    assert known.done == "3 actions: 1 open, 2 done, 1 told back, last on 9\u00a0February 2026"
    withheld = {"is_suppressed": True, "feedback_count": None, "first_quarter_start_date": None}
    (known,) = page(theme_evidence=[{}], known_already=[withheld]).known or ()
    assert (known.since, known.pieces) == ("not dated", "withheld")
    (known,) = page(theme_evidence=[{}], known_already=[{"action_count": 0}]).known or ()
    assert known.done == "Nothing that a log of actions names"


def test_a_table_that_is_not_there_is_not_taken_for_an_empty_one() -> None:
    found = page(theme_evidence=[{}], known_already=None, engagement_outcome=None)
    assert (found.known, found.activities) == (None, None)
    assert page(theme_evidence=[{}]).known == []


def test_who_is_not_heard() -> None:
    rows = [
        {},
        {"source_code": "pals", "source_name": "PALS", "feedback_share": 0.02, "representation_index": 0.4, "coverage_tenths": 0.5},
        {"group_code": "ethnic_r", "group_name": "Chinese", "is_heard_anywhere": False, "representation_index": 0.0},
        {"group_code": "ethnic_a", "group_name": "British", "representation_code": "in_line"},
        {"group_code": "ethnic_p", "group_name": "Caribbean", "representation_code": None, "feedback_share": None, "is_suppressed": True},
        {"dimension_code": "age", "group_code": "age_1", "group_name": "18 to 25", "representation_code": None, "gap_code": "too_few"},
        {"year_name": "2025-26", "group_code": "ethnic_b", "group_name": "Irish", "period_end_date": date(2026, 3, 31)},
    ]
    (place,) = content(material(representativeness=rows)).system.places or ()
    assert (place.name, place.year) == ("The whole system", "2026-27 so far")
    assert [(group.name, group.population, list(group.heard)) for group in place.under] == [
        (
            "Black or Black British: African",
            "5% of residents",
            ["Complaints: 1% (group known for at least 70%)", "PALS: 2% (group known for at least 50%)"],
        )
    ]
    assert [(each.dimension, each.names) for each in place.unheard] == [("ethnic group", "Chinese")]
    assert [(each.dimension, each.names) for each in place.withheld] == [("ethnic group", "Caribbean")]
    assert [(each.source, each.why) for each in place.unknown] == [("Complaints", "fewer than 20 people's group is known")]


def test_freshness_and_what_is_missing() -> None:
    late = {"feed_id": "late", "feed_name": "Late feed", "is_late": True, "publisher_name": "Somebody"}
    refused = {"feed_id": "refused", "feed_name": "Refused feed", "last_outcome_code": "rejected", "rejected_share": 0.042}
    idle = {"feed_id": "idle", "feed_name": "Idle feed", "is_active": False, "last_loaded_at": None}
    found = page(complaint_timeliness=[{}], feed_health=[{}, late, refused, idle], answer_coverage=[{}])
    standing = {feed.name: list(feed.standing) for feed in found.coverage.feeds}
    assert standing["Late feed"] == ["late: expected every 8 days"]
    assert standing["Refused feed"] == ["the last delivery was refused", "4.2% of its records could not be taken"]
    assert list(found.coverage.idle) == ["Idle feed"]
    assert list(found.coverage.sections["evidence"]) == [
        "Made of 3 feeds; the last delivery came on 9\u00a0July 2026.",
        "Late, so what is newest may be missing: Late feed.",
        "Not the whole answer: nothing has come yet of Healthwatch reports.",
    ]
    assert list(found.coverage.sections["stories"]) == ["Nothing that this is made of has come yet."]


def test_no_feed_is_not_taken_for_feeds_that_are_well() -> None:
    assert page(complaint_timeliness=[{}]).glance[-1] == "No feed is in use yet."
    assert page(complaint_timeliness=[{}], feed_health=[{}]).glance[-1] == "All feeds in use are on time and whole."


def test_what_another_organisation_sends_of_itself_is_not_missing_here() -> None:
    other = {"organisation_ods_code": "RZE", "current_ods_code": "RZE", "organisation_name": "Eastvale"}
    feeds = [
        {"feed_name": "Theirs", "publisher_name": "EASTVALE"},
        {"feed_name": "Log", "publisher_name": "Eastvale", "record_type": "improvement_action"},
    ]
    found = {
        each.organisation.code: each for each in content(material(complaint_timeliness=[{}, other], feed_health=feeds)).of_organisations
    }
    assert [feed.name for feed in found[TRUST].coverage.feeds] == ["Log"]
    assert [feed.name for feed in found["RZE"].coverage.feeds] == ["Log", "Theirs"]


def test_the_system_tells_of_those_of_whom_there_is_something_to_say() -> None:
    other = {"organisation_ods_code": "RZE", "current_ods_code": "RZE", "organisation_name": "EASTVALE"}
    found = content(everything(complaint_timeliness=[{}, other])).system
    assert [each.organisation.code for each in found.telling] == [TRUST]
    assert [each.code for each in found.others] == ["RZE"]


@pytest.mark.parametrize(
    ("function", "value", "said"),
    [
        (words.day, date(2026, 7, 1), "1\u00a0July 2026"),
        (words.day, None, ""),
        (words.quarter, QUARTER, "April to June 2026"),
        (words.percent, 0.456, "46%"),
        (words.percent, None, "withheld"),
        (words.count, 0, "0"),
        (words.count, None, "withheld"),
        (words.listed, ["A", "B", "C"], "A, B and C"),
        (words.listed, [], ""),
        (words.link, "https://a.example/b?c=1", "https://a.example/b?c=1"),
        (words.link, "javascript:alert(1)", ""),
        (words.link, "//a.example", ""),
        (words.link, "http://[", ""),
        (words.link, None, ""),
    ],
)
def test_words(function: Callable[[Any], str], value: Any, said: str) -> None:
    assert function(value) == said


@pytest.mark.parametrize(
    ("given_name", "said"),
    [
        ("EASTVALE HOSPITALS NHS TRUST", "Eastvale Hospitals NHS Trust"),
        ("ROYAL COLLEGE OF GPS AND THE SEA", "Royal College of Gps and the Sea"),
        ("NHS Northshire Integrated Care Board", "NHS Northshire Integrated Care Board"),
        ("ST. MARY'S-BY-THE-SEA", "St. Mary's-by-the-Sea"),
        (None, "Organisation X1 (name not known)"),
    ],
)
def test_names_do_not_shout(given_name: str | None, said: str) -> None:
    assert words.name(given_name, "X1") == said


@given(st.dates(date(2000, 1, 1), date(2100, 1, 1)))
def test_each_day_lies_in_its_quarter(day: date) -> None:
    first = words.quarter_of(day)
    assert first <= day
    assert (first.month - 1) % 3 == 0
    assert (day.year * 12 + day.month) - (first.year * 12 + first.month) in (0, 1, 2)


def test_no_moment_is_said_without_its_zone() -> None:
    assert content(everything()).of_organisations[0].coverage.feeds[0].last == words.day(datetime(2026, 7, 9, tzinfo=UTC))
