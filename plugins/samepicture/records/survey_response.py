"""Individual survey returns, one row an answer (domain: A5, A14, B 'Scales')."""

from __future__ import annotations

from samepicture.records.contract import Column, Contract, Keep, Kind, Retention

CONTRACT = Contract(
    record_type="survey_response",
    title="Survey responses",
    grain="one answer to one question of one person's return; a question that takes several answers is several rows",
    key=("survey_id", "response_pseudonym", "question_id", "answer_number"),
    record_key=("survey_id", "response_pseudonym"),
    event_date="submitted_date",
    retention=Retention(words=Keep(2, "submitted_date"), original_days=90),
    reference_scope="survey_id",
    nuance=(
        "Raw value, scale, direction and normalised score are kept apart: compare normalised scores within one scale_code only, "
        "never average them across scales. 'Don't know' has no score, but counts where a measure's official denominator counts it. "
        "Whoever answers has chosen to: a return is no sample unless the survey says so. "
        "A return is one record of a submission, however many answers it has: it is accepted, rejected and replaced as a whole. "
        "A return that the source deleted, that holds no answer or that was a test is one row without a question, with is_removed."
    ),
    columns=(
        Column("survey_id", Kind.REFERENCE, "The survey's own id at its platform."),
        Column("survey_name", Kind.TEXT, "Its title."),
        Column(
            "response_pseudonym",
            Kind.IDENTIFIER,
            "Keyed pseudonym of the return within its survey: joins a person's answers, and the comment to the score.",
        ),
        Column(
            "question_id",
            Kind.REFERENCE,
            "The question's own id (FHIR linkId, Qualtrics QID, LimeSurvey code); a row of a grid has its own.",
        ),
        Column("answer_number", Kind.INTEGER, "1, or the place among several answers to one question."),
        Column("question_text", Kind.TEXT, "The question as it was asked."),
        Column("question_code", Kind.CODE, "What we call it across surveys (overall_experience, ...), where feed.yml says."),
        Column("answer_kind_code", Kind.CODE, "scale, choice, number, date, boolean or narrative."),
        Column("answer_value", Kind.REFERENCE, "The answer as coded by the source (choice id, number, date); empty for a narrative."),
        Column("answer_name", Kind.TEXT, "The answer in readable words, where the source has them; empty for a narrative."),
        Column("scale_code", Kind.CODE, "The scale, for example fft_6, likert_5, nps_11, stars_5; empty where the answer is on none."),
        Column("scale_direction_code", Kind.CODE, "higher_is_better or lower_is_better, of `score`."),
        Column("score", Kind.DECIMAL, "The answer as a number on its scale, untouched."),
        Column("normalised_score", Kind.DECIMAL, "0 (worst) to 100 (best); empty for 'don't know' and where there is no scale."),
        Column("narrative", Kind.NARRATIVE, "A free-text answer; redacted."),
        Column("is_complete", Kind.BOOLEAN, "The return was finished, not broken off."),
        Column("submitted_date", Kind.DATE, "The day it was sent in."),
        Column("submitted_at", Kind.TIMESTAMP, "When it was sent in (UTC)."),
        Column("channel_code", Kind.CODE, "online, sms, email, paper, phone, kiosk, in_person or other."),
        Column("respondent_role_code", Kind.CODE, "patient, carer, relative, parent, staff, public or other."),
        Column("organisation_ods_code", Kind.CODE, "The organisation that it is about, where the source or feed.yml says."),
        Column("site_ods_code", Kind.CODE, "The site, where the source codes it."),
        Column("service_name", Kind.TEXT, "The service or ward in the source's words."),
        Column(
            "setting_code",
            Kind.CODE,
            "FFT setting: inpatient, ae, outpatient, gp, community, mental_health, maternity, ambulance, dental, ...",
        ),
        Column("age_band_code", Kind.CODE, "The source's age band; empty where not asked or not given."),
        Column("ethnic_category_code", Kind.CODE, "Ethnic category 2001: A to S, Z not stated, 99 not known."),
        Column("gender_code", Kind.CODE, "Person stated gender: 1 male, 2 female, 9 indeterminate, X not known."),
        Column("has_disability", Kind.BOOLEAN, "The person said that they have a disability; empty where not asked or not said."),
    ),
)
