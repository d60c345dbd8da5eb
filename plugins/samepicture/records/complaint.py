"""Case-level complaints and PALS contacts, as local complaint systems hold them (domain: A3, A4)."""

from __future__ import annotations

from samepicture.records.contract import Column, Contract, Keep, Kind, Retention

CONTRACT = Contract(
    record_type="complaint",
    title="Complaint and PALS cases",
    grain="one case of one organisation's complaint or PALS system",
    key=("organisation_ods_code", "case_pseudonym"),
    event_date="received_date",
    retention=Retention(
        # NHS records management code: complaints 10 years from closure, PALS 10 years from the end of the financial year of closure.
        records=(
            Keep(10, "closed_date", column="case_type_code", values=("complaint", "mp_letter")),
            Keep(10, "closed_date", to_year_end=True, column="case_type_code", values=("pals", "concern", "compliment", "enquiry")),
        ),
        original_days=90,
    ),
    nuance=(
        "PALS contacts sit beside complaints and are told apart by case_type_code: never add them into complaint rates. "
        "A case has several subjects; the number of subjects is not the number of complaints."
    ),
    columns=(
        Column("organisation_ods_code", Kind.CODE, "The organisation that handles the case."),
        Column("case_pseudonym", Kind.IDENTIFIER, "Keyed pseudonym of the case reference; the same case, the same pseudonym."),
        Column("case_type_code", Kind.CODE, "complaint, pals, concern, compliment, enquiry or mp_letter."),
        Column("received_date", Kind.DATE, "The day the case was received: the clock starts here."),
        Column("event_date", Kind.DATE, "The day of what the case is about, where the source says."),
        Column("received_via_code", Kind.CODE, "letter, email, phone, in_person, website, mp, solicitor or other."),
        Column("acknowledged_date", Kind.DATE, "The day the case was acknowledged (due within 3 working days)."),
        Column("response_due_date", Kind.DATE, "The day by which the organisation agreed to answer."),
        Column("response_sent_date", Kind.DATE, "The day the response was sent."),
        Column("closed_date", Kind.DATE, "The day the case was closed; empty while open."),
        Column("reopened_count", Kind.INTEGER, "How many times the case was opened again after closing."),
        Column("stage_code", Kind.CODE, "received, acknowledged, investigation, response_sent, closed, reopened, phso or withdrawn."),
        Column("complainant_relationship_code", Kind.CODE, "self, relative, carer, advocate, mp, solicitor or other."),
        Column("consent_status_code", Kind.CODE, "not_required, obtained, pending or refused."),
        Column("subject_codes", Kind.LIST, "KO41a subject areas that the case raises, as snake-case codes; NULL inside where unmapped."),
        Column("subject_source_names", Kind.LIST, "The same subjects in the supplier's own words, in the same order."),
        Column("service_code", Kind.CODE, "KO41a service area, as a snake-case code."),
        Column("site_ods_code", Kind.CODE, "The site, where the source codes it."),
        Column("site_name", Kind.TEXT, "The site or location in the supplier's words."),
        Column("specialty_name", Kind.TEXT, "The specialty or directorate in the supplier's words."),
        Column("profession_code", Kind.CODE, "KO41a profession that the case is about, as a snake-case code."),
        Column("outcome_code", Kind.CODE, "upheld, partially_upheld, not_upheld, withdrawn or consent_not_received; empty while open."),
        Column("severity_code", Kind.CODE, "low, medium, high or major, as the organisation graded it."),
        Column("pals_origin_pseudonym", Kind.IDENTIFIER, "Pseudonym of the PALS contact that became this complaint."),
        Column("age_band_code", Kind.CODE, "The source's age band of the patient, for example 26-55; unknown where not recorded."),
        Column("ethnic_category_code", Kind.CODE, "Ethnic category 2001: A to S, Z not stated, 99 not known."),
        Column("gender_code", Kind.CODE, "Person stated gender: 1 male, 2 female, 9 indeterminate, X not known."),
        Column("has_learning_disability", Kind.BOOLEAN, "The patient has a learning disability; empty where not recorded."),
        Column("narrative", Kind.NARRATIVE, "What happened, in the complainant's or handler's words; redacted."),
        Column("lessons", Kind.NARRATIVE, "What the organisation learned; redacted."),
    ),
)
