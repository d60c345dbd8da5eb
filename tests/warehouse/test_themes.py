"""What is said, known and done, in a built warehouse: the founding examples, from raw rows to the marts."""

from __future__ import annotations

from datetime import date
from math import sqrt

import pytest

from tests.warehouse.answers_rows import AFTER, BEFORE, ELEVEN
from tests.warehouse.invented_rows import Warehouse


def test_a_person_with_eleven_services_in_one_week_is_a_journey(answers: Warehouse) -> None:
    query = (
        "select service_count, organisation_count, organisation_ods_codes, is_across_organisations, has_unmatched_service, "
        "is_handover_criticised, service_codes from marts.journey where feedback_id = 'story:care_opinion:11'"
    )
    assert answers.query(query) == [(11, 3, "RZE, RZH, RZN", True, True, True, ", ".join(sorted(ELEVEN)))]
    pairs = "select count(*), sum(handover_criticised_count) from marts.journey_pair where service_code like '%#_%' escape '#' or service_code like '1-%'"
    assert answers.query(pairs) == [(11 * 10, 11 * 10)]
    across = "select count(*) from marts.journey_pair where organisation_ods_code = 'RZH' and other_ods_code = 'RZN' and service_scheme_code = 'service_code' and other_service_scheme_code = 'service_code'"
    assert answers.query(across) == [(3 * 6,)]


def test_what_is_known_about_discharge(answers: Warehouse) -> None:
    """The stories of 2024 and 2025, the complaint, the forum; the story that was taken down is nowhere."""
    query = (
        "select first_event_date, feedback_count, source_families, owner_directorates, strength_code, action_count, open_action_count, "
        "done_action_count, record_ids from marts.known_already "
        "where theme_code = 'T08' and organisation_ods_code = 'RZN' and service_scheme_code = 'all'"
    )
    [(first, count, families, directorates, strength, *actions, records)] = answers.query(query)
    assert (first, count, families, directorates, strength) == (
        date(2024, 7, 5),
        7,
        "complaints, engagement, stories",
        "comms, nursing",
        3,
    )
    assert actions == [1, 1, 0]
    assert records.split(", ") == ["complaint:RZN:c3", "activity:RZN:7", *(f"story:care_opinion:{n}" for n in (11, 1, 13, 12, 10))]
    [(told, words)] = answers.query(
        "select told_back_action_count, feedback_count from marts.known_already "
        "where theme_code = 'T08' and organisation_ods_code = 'RZE' and service_scheme_code = 'all'"
    )
    assert (told, words) == (1, 39), "and the eleven-service story"
    services = "select feedback_count, action_count from marts.known_already where theme_code = 'T08' and service_code = 'RZN01_110'"
    assert answers.query(services) == [(1, None)]


def test_we_knew_that_already(answers: Warehouse) -> None:
    """Discharge at RZN: four quarters up to the second of 2025, in three families, with nothing done."""
    query = (
        "select last_quarter_date, quarters_present_of_8, family_count_of_8, done_action_count, open_action_count, is_recurring "
        "from marts.theme_persistence where theme_code = 'T08' and organisation_ods_code = '{}'"
    )
    assert answers.query(query.format("RZN")) == [(date(2025, 4, 1), 4, 3, 0, 1, None)]
    assert answers.query(query.format("RZE")) == [(date(2025, 4, 1), 6, 2, 1, 0, True)]


def test_two_families_contradict_each_other_on_staff(answers: Warehouse) -> None:
    query = (
        "select quarter_start_date, praising_family_code, praising_positive_count, criticising_family_code, criticising_negative_count, is_clear "
        "from marts.contradictions where theme_code = 'T04' and organisation_ods_code = 'RZN'"
    )
    assert answers.query(query) == [(date(2025, 4, 1), "stories", 7, "complaints", 4, True)]


def wilson(hits: int, all_of_them: int) -> tuple[float, float]:
    z, p = 1.959964, hits / all_of_them
    middle, reach = p + z * z / (2 * all_of_them), z * sqrt(p * (1 - p) / all_of_them + z * z / (4 * all_of_them**2))
    return (middle - reach) / (1 + z * z / all_of_them), (middle + reach) / (1 + z * z / all_of_them)


def test_the_interval_of_a_change_is_newcombes(answers: Warehouse) -> None:
    """By a second reading of his method 10 (1998): after less before, each with the interval of Wilson."""
    assert _newcombe((48, 80), (56, 70)) == pytest.approx((-0.3339, -0.0524), abs=5e-5), "his own example (a), the sides changed over"
    query = (
        "select before_numerator_count, before_denominator_count, after_numerator_count, after_denominator_count, change, change_low, change_high, "
        "followed_by_code, other_action_count from marts.action_effect where action_key = 'action:RZE:A1' and measure_code = 'complaint_share'"
    )
    [(*counts, change, low, high, followed_by, others)] = answers.query(query)
    assert counts == [*BEFORE, *AFTER]
    assert change == pytest.approx(-0.4)
    assert (low, high) == pytest.approx(_newcombe(AFTER, BEFORE))
    assert (followed_by, others) == ("better", 0)


def _newcombe(after: tuple[int, int], before: tuple[int, int]) -> tuple[float, float]:
    p, q = after[0] / after[1], before[0] / before[1]
    (low_p, high_p), (low_q, high_q) = wilson(*after), wilson(*before)
    return p - q - sqrt((p - low_p) ** 2 + (high_q - q) ** 2), p - q + sqrt((high_p - p) ** 2 + (q - low_q) ** 2)


def test_actions_without_a_theme_or_an_end_are_counted_and_not_judged(answers: Warehouse) -> None:
    query = "select action_key, change_type_code, min(unsaid_code) from marts.action_effect where organisation_ods_code = 'RZN' group by 1, 2 order by 1"
    assert answers.query(query) == [("action:RZN:A2", "relational", "not_done"), ("action:RZN:A3", "relational", "no_theme")]


def test_narratives_stand_beside_the_number_and_their_words_do_not(answers: Warehouse) -> None:
    query = (
        "select is_consented, text_count, numerator_count, denominator_count from marts.story_with_metric "
        "join marts.theme_measure_quarter using (theme_code, organisation_ods_code, quarter_start_date) "
        "where measure_code = 'story_critical_share' and theme_code = 'T08' and organisation_ods_code = 'RZN' "
        "and feedback_id = 'story:care_opinion:{}'"
    )
    assert answers.query(query.format(11)) == [(True, 2, 2, 2)]
    assert answers.query(query.format(13)) == [], "it has no words"
    [(complaint,)] = answers.query("select count(*) from marts.story_with_metric where organisation_ods_code = 'RZE' and not is_consented")
    assert complaint == 140
    texts = answers.query("select piece::varchar from marts.story_with_metric as piece")
    assert not [text for (text,) in texts if "asked me the same" in text or "letter" in text]


def test_an_activity_shows_whom_it_reached_and_what_came_of_it(answers: Warehouse) -> None:
    query = (
        "select activity_kind_code, contributed_count, reached_count, contributed_share, people_group_codes, unknown_group_count, theme_codes, "
        "action_count, result_code, told_back_date from marts.engagement_outcome where organisation_ods_code = 'RZN' order by feedback_id"
    )
    assert answers.query(query) == [
        ("unknown", 40, None, None, None, 0, "T08", 1, "planned", None),
        ("set_piece", 20, 80, 0.25, "homeless", 1, "T01, T02", 0, "changed", date(2025, 7, 1)),
    ]
