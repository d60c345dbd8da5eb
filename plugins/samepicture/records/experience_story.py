"""Stories and reviews that people published: Care Opinion, NHS.uk (domain: A10, A11)."""

from __future__ import annotations

from samepicture.records.contract import Column, Contract, Keep, Kind, Retention

CONTRACT = Contract(
    record_type="experience_story",
    title="Experience stories and reviews",
    grain="one story or review on one publisher's site",
    key=("publisher_code", "story_id"),
    event_date="submitted_date",
    retention=Retention(words=Keep(2, "submitted_date"), original_days=90),
    nuance=(
        "Criticality is a moderator's rating of the worst statement: a severity, not a sentiment, never averaged and never published. "
        "A removed story is a tombstone: its id stays, its words are taken out of every version."
    ),
    columns=(
        Column("publisher_code", Kind.CODE, "care_opinion or nhsuk."),
        Column("story_id", Kind.REFERENCE, "The publisher's own public number."),
        Column(
            "origin_code",
            Kind.CODE,
            "Where it was written: care_opinion, nhsuk or other. Publishers pass on each other's stories: "
            "count only rows whose origin is their publisher, or count twice.",
        ),
        Column("story_url", Kind.REFERENCE, "Where it can be read."),
        Column("title", Kind.NARRATIVE, "Its title; redacted."),
        Column("body", Kind.NARRATIVE, "The story; redacted."),
        Column("author_role_code", Kind.CODE, "patient, relative, carer, friend, advocate, staff, volunteer, other or unknown."),
        Column("author_age_band_code", Kind.CODE, "The source's age group, where given."),
        Column("submitted_date", Kind.DATE, "The day it was sent in."),
        Column("published_date", Kind.DATE, "The day it was published."),
        Column("submitted_at", Kind.TIMESTAMP, "When it was sent in (UTC)."),
        Column("visit_month_date", Kind.DATE, "First day of the month of the visit that it is about, where the source says."),
        Column("organisation_ods_codes", Kind.LIST, "ODS codes of the organisations that it names, as the source links them; upper case."),
        Column("service_ods_codes", Kind.LIST, "Codes of the services that it names."),
        Column("service_names", Kind.LIST, "Names of departments or services, where the source gives only names."),
        Column("tags", Kind.JSON, 'Tags: [{"group": text, "name": text, "polarity": -1|0|1}].'),
        Column("ratings", Kind.JSON, 'Ratings: [{"question": text, "score": number, "scale_code": text}].'),
        Column("severity_score", Kind.INTEGER, "Criticality 0 (not critical) to 5 (severe); empty where not rated."),
        Column("response_count", Kind.INTEGER, "Responses by organisations, where the source says."),
        Column("first_response_date", Kind.DATE, "Day of the first response."),
        Column("progress_code", Kind.CODE, "no_response, response, change_planned or change_made."),
    ),
)
