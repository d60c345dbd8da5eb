"""What the Care Quality Commission makes of a provider or location (domain: A12)."""

from __future__ import annotations

from samepicture.records.contract import Column, Contract, Kind

CONTRACT = Contract(
    record_type="inspection_rating",
    title="Inspection ratings (CQC)",
    grain="one rating of one location or provider: one key question or all together, of one service or the whole, as of its report date",
    key=("level_code", "cqc_id", "rated_cqc_id", "service_name", "scope_code", "report_date"),
    record_key=("level_code", "cqc_id"),
    event_date="report_date",
    nuance=(
        "A rating that a location inherited when it was registered anew (is_inherited) is also there under its predecessor: "
        "leave one of the two out when counting. A provider's rating is not the sum of its locations': choose one level_code. "
        "A location that was never rated has one row with rating_code not_rated and no report date. "
        "A rating is an inspector's judgement of a day, not what patients said."
    ),
    columns=(
        Column("level_code", Kind.CODE, "location or provider."),
        Column("cqc_id", Kind.REFERENCE, "CQC's id of the location or provider that carries the rating."),
        Column("rated_cqc_id", Kind.REFERENCE, "CQC's id of the one that was inspected: another where the rating is inherited."),
        Column("provider_cqc_id", Kind.REFERENCE, "CQC's id of the provider that runs the location; a provider's own."),
        Column("organisation_name", Kind.TEXT, "Name of the location or provider; empty where the provider is a person."),
        Column("organisation_ods_code", Kind.CODE, "Its ODS code, where CQC knows it: independent providers have V codes or none."),
        Column("icb_ons_code", Kind.REFERENCE, "ONS code of the integrated care board in which it lies (E54...)."),
        Column("local_authority_name", Kind.TEXT, "Local authority in which it lies, in CQC's words."),
        Column("category_name", Kind.TEXT, "CQC's primary inspection category, for example Acute hospital - NHS non-specialist."),
        Column("registration_status_code", Kind.CODE, "registered or deregistered."),
        Column("deregistered_date", Kind.DATE, "Day on which its registration ended; empty while it is registered."),
        Column("service_name", Kind.TEXT, "The service or population group that was rated; Overall for the whole."),
        Column("scope_code", Kind.CODE, "overall, safe, effective, caring, responsive or well_led."),
        Column(
            "rating_code",
            Kind.CODE,
            "outstanding, good, requires_improvement, inadequate, insufficient_evidence, inspected_not_rated, no_published_rating "
            "or not_rated (never given one).",
        ),
        Column("report_date", Kind.DATE, "Day on which the report with the rating was published."),
        Column("report_id", Kind.REFERENCE, "CQC's id of the report."),
        Column("is_current", Kind.BOOLEAN, "It was the current rating when the record was collected; else one of the past."),
        Column("is_inherited", Kind.BOOLEAN, "It was given to a predecessor and carried over: don't count it twice."),
    ),
)
