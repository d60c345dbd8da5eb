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
        from published.theme_evidence
        where current_ods_code = 'RZN' and quarter_start_date >= date '2025-07-01'
        group by theme_name
        having count(distinct owner_directorate_code) = 2
        order by sum(feedback_count) desc
        limit 8
        """,
        "Pieces of feedback in quarters of five or more. Counts of different sources can't be divided by each other.",
    ),
    Question(
        "Were complaints acknowledged in three working days, and answered by the agreed day?",
        """
        select
            organisation_name as trust,
            count(*) as complaints,
            round(100.0 * avg(cast(is_acknowledged_in_time as integer)), 1) as "acknowledged in time %",
            round(100.0 * avg(cast(is_answered_by_agreed_date as integer)), 1) as "answered by agreed day %"
        from published.complaint_timeliness
        group by organisation_name
        order by organisation_name
        """,
    ),
    Question(
        "Which Healthwatch recommendations are late?",
        """
        select addressee_name as addressee, count(*) as recommendations, count(*) filter (is_late) as late
        from marts.recommendations
        group by addressee_name
        order by late desc, addressee
        limit 5
        """,
    ),
    Question(
        "Which feeds are late, or had records rejected?",
        """
        select feed_name as feed, last_landed_at::date as "last landed", rejected_share as "share rejected", is_late as late
        from marts.feed_health
        order by rejected_share desc nulls last, feed
        limit 6
        """,
    ),
)
