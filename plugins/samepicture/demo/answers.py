"""The first answers, printed at the end of the demo: each a question in words and the SQL that answers it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Question:
    """A question, and SQL on the published copy."""

    words: str
    sql: str
    note: str = ""


QUESTIONS = (
    Question(
        "For each theme, what do nursing and comms each hold at Northmoor Hospitals over the last year?",
        """
        select
            theme_name as theme,
            sum(feedback_count) filter (owner_directorate_code = 'nursing') as nursing,
            string_agg(distinct source_family_code, ', ') filter (owner_directorate_code = 'nursing') as "nursing's sources",
            sum(feedback_count) filter (owner_directorate_code = 'comms') as comms,
            string_agg(distinct source_family_code, ', ') filter (owner_directorate_code = 'comms') as "comms' sources"
        from marts.theme_evidence
        where current_ods_code = 'RZN' and quarter_start_date >= date '2025-07-01'
        group by theme_name
        having count(distinct owner_directorate_code) = 2
        order by sum(feedback_count) desc
        limit 8
        """,
        "Pieces of feedback. Counts of different sources can't be divided by each other: people reach them in different ways.",
    ),
    Question(
        "Were complaints acknowledged in three working days, and answered by the agreed day?",
        """
        select
            organisation_name as trust,
            count(*) as complaints,
            round(100 * avg(cast(is_acknowledged_in_time as integer)), 1) as "acknowledged in time %",
            round(100 * avg(cast(is_answered_by_agreed_date as integer)), 1) as "answered by agreed day %"
        from marts.complaint_timeliness
        where organisation_name is not null
        group by organisation_name
        order by organisation_name
        """,
        "Formal complaints, without PALS. Working days leave out weekends and England's bank holidays.",
    ),
    Question(
        "What became of Healthwatch's recommendations?",
        """
        select local_healthwatch_name as "local Healthwatch", status_code as status, count(*) as recommendations, min(due_date) as "first due",
            count(*) filter (is_acted_on) as "acted on"
        from published.recommendations
        group by all
        order by "local Healthwatch", status
        """,
    ),
    Question(
        "Of what was promised, what was done, and was anyone told?",
        """
        select
            organisation_name as organisation,
            count(*) as promised,
            count(*) filter (is_done) as done,
            count(*) filter (status_code = 'late') as late,
            count(*) filter (is_loop_closed) as "done and told",
            median(agreed_to_done_days) as "days to do",
            median(done_to_told_days) as "days to tell",
            count(is_improved) as "measured again",
            count(*) filter (is_improved) as improved
        from published.loop_closure
        group by organisation_name
        order by organisation_name
        """,
        "Told means told on a named day by a named channel, when it was done or later. Done is what the organisation says.",
    ),
    Question(
        "Is the last month's change in the Friends and Family Test real? (within each trust, never between them)",
        """
        select organisation_name as trust, setting_code as setting, month_start_date as month, round(100 * value, 1) as "positive %",
            round(100 * lower_limit, 1) as "lower limit", round(100 * upper_limit, 1) as "upper limit", variation_code as variation
        from published.spc
        where is_latest and metric_code = 'fft_positive' and variation_code is not null
        order by trust, setting
        """,
    ),
    Question(
        "Which feeds are late, or had records rejected?",
        """
        select feed_name as feed, cast(last_landed_at as date) as "last landed", rejected_count as rejected, received_count as received, is_late as late
        from published.feed_health
        where rejected_count > 0 or is_late
        order by rejected_share desc nulls last, feed
        """,
    ),
)
