"""Published decisions of ombudsmen on complaints about health and care: PHSO, LGSCO (domain: A4)."""

from __future__ import annotations

from samepicture.records.contract import Column, Contract, Kind

CONTRACT = Contract(
    record_type="ombudsman_decision",
    title="Ombudsman decisions",
    grain="one published decision of one ombudsman",
    key=("publisher_code", "decision_id"),
    event_date="decision_date",
    nuance=(
        "The complaint was made to the organisation first, so it stands among that organisation's complaints too: never add the two. "
        "Decisions are months or years later than what they are about. A decision has an outcome for each part of the complaint. "
        "Not everything that an ombudsman decides is published."
    ),
    columns=(
        Column("publisher_code", Kind.CODE, "phso or lgsco."),
        Column("decision_id", Kind.REFERENCE, "The ombudsman's own public number of the decision."),
        Column("title", Kind.TEXT, "Its title."),
        Column("decision_type_code", Kind.CODE, "assessment (looked at, not investigated) or report (investigated)."),
        Column("organisation_names", Kind.LIST, "Organisations that it is about, as published; some are not named."),
        Column("organisation_ods_codes", Kind.LIST, "The same by ODS code, where the publisher gives codes."),
        Column("decision_date", Kind.DATE, "Day of the decision."),
        Column("published_date", Kind.DATE, "Day on which it was published."),
        Column(
            "outcome_codes",
            Kind.LIST,
            "Outcome of each part of the complaint: upheld, partly_upheld, not_upheld, resolved, closed or discontinued; NULL inside where not known.",
        ),
        Column("subject_names", Kind.LIST, "What it is about, in the publisher's words."),
        Column("complaint_text", Kind.NARRATIVE, "What was complained of, in the ombudsman's words; redacted."),
        Column("summary", Kind.NARRATIVE, "What the ombudsman decided, in its words; redacted."),
        Column("recommendations", Kind.NARRATIVE, "What it recommends; redacted; empty where nothing."),
        Column("decision_url", Kind.REFERENCE, "Where it can be read."),
    ),
)
