"""What organisations did about what people said: a CSV template that this project defines (domain: D 'Loop')."""

from __future__ import annotations

from samepicture.records.contract import Column, Contract, Kind, Retention

CONTRACT = Contract(
    record_type="improvement_action",
    title="Improvement actions ('you said, we did')",
    grain="one action of one organisation",
    key=("organisation_ods_code", "action_id"),
    event_date="agreed_date",
    retention=Retention(original_days=90),
    nuance=(
        "An action is what an organisation says that it did: nobody else has checked it. It is not feedback, and never counts as evidence of a theme. "
        "Told back means told when and how: a day without a channel is not enough."
    ),
    columns=(
        Column("organisation_ods_code", Kind.CODE, "Who acts."),
        Column("action_id", Kind.REFERENCE, "The log's own number."),
        Column("title", Kind.TEXT, "What the action is called."),
        Column("what_was_said", Kind.NARRATIVE, "What people said that it answers; redacted."),
        Column("what_was_done", Kind.NARRATIVE, "What was done, or is going to be; redacted."),
        Column("theme_codes", Kind.LIST, "Themes that it answers: T01 to T99."),
        Column("change_type_code", Kind.CODE, "physical, relational, system or information: what kind of change it is."),
        Column("owner_role", Kind.TEXT, "The role or team that owns it; never a person's name."),
        Column(
            "recommendation_ids",
            Kind.REFERENCES,
            "Healthwatch recommendations that it answers: the report's address, #, and the number of the recommendation.",
        ),
        Column("activity_ids", Kind.REFERENCES, "Activities of the same organisation's engagement log that it answers, by their number."),
        Column(
            "source_families",
            Kind.LIST,
            "Where else it was heard: complaints, surveys, stories, healthwatch, engagement, staff or safety; with theme_codes, the theme there.",
        ),
        Column("agreed_date", Kind.DATE, "Day on which it was agreed."),
        Column("due_date", Kind.DATE, "Day by which it is to be done."),
        Column("done_date", Kind.DATE, "Day on which it was done; empty until then."),
        Column("status_code", Kind.CODE, "done, in_progress, planned or stopped."),
        Column("told_back_date", Kind.DATE, "Day on which the people who had said it were told."),
        Column("told_back_channel_code", Kind.CODE, "How they were told: letter, email, event, website, social_media, in_person or other."),
        Column("remeasured_date", Kind.DATE, "Day on which it was looked at again whether things are better."),
        Column("remeasured_outcome_code", Kind.CODE, "improved, unchanged, worse or unclear: what was found."),
    ),
)
