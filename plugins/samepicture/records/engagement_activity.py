"""The comms function's own log of engagement: a CSV template that this project defines (domain: A18)."""

from __future__ import annotations

from samepicture.records.contract import Column, Contract, Kind, Retention

CONTRACT = Contract(
    record_type="engagement_activity",
    title="Engagement activities",
    grain="one activity (event, forum, consultation, outreach) of one organisation",
    key=("organisation_ods_code", "activity_id"),
    event_date="activity_date",
    retention=Retention(original_days=90),
    nuance="Reached is not heard: reached_count counts people in contact, contributed_count those who said something.",
    columns=(
        Column("organisation_ods_code", Kind.CODE, "Who ran it."),
        Column("activity_id", Kind.REFERENCE, "The log's own number."),
        Column("activity_name", Kind.TEXT, "What it was called."),
        Column("activity_date", Kind.DATE, "First day."),
        Column("activity_end_date", Kind.DATE, "Last day."),
        Column(
            "channel_code",
            Kind.CODE,
            "event, forum, ppg, champions, outreach, online, social_media, survey, consultation, interview or other.",
        ),
        Column("activity_kind_code", Kind.CODE, "continuous or set_piece."),
        Column("initiator_code", Kind.CODE, "system or community: who started it."),
        Column("place_name", Kind.TEXT, "Where."),
        Column("people_groups", Kind.LIST, "Who was reached: codes of dim_people_group."),
        Column("reached_count", Kind.INTEGER, "People reached."),
        Column("contributed_count", Kind.INTEGER, "People who contributed."),
        Column("theme_codes", Kind.LIST, "Themes heard: T01 to T99."),
        Column("sentiment_code", Kind.CODE, "positive, mixed or negative: what was heard on the whole."),
        Column("what_was_heard", Kind.NARRATIVE, "Summary of what people said; redacted."),
        Column("outcome_code", Kind.CODE, "none_yet, changed, planned or declined."),
        Column("outcome", Kind.NARRATIVE, "What changed, in words; redacted."),
        Column("told_back_date", Kind.DATE, "Day on which contributors were told the outcome."),
        Column("told_back_channel_code", Kind.CODE, "How they were told: letter, email, event, website, social_media, in_person or other."),
    ),
)
