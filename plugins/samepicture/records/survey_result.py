"""Published survey aggregates: Friends and Family Test, GP Patient Survey, NHS Staff Survey (domain: A5, A6, A8)."""

from __future__ import annotations

from samepicture.records.contract import Column, Contract, Kind

CONTRACT = Contract(
    record_type="survey_result",
    title="Survey results (FFT, GPPS, NSS)",
    grain="one measure or answer of one question, for one unit, setting and period of one survey",
    key=(
        "survey_code",
        "setting_code",
        "level_code",
        "period_start_date",
        "icb_code",
        "organisation_ods_code",
        "site_ods_code",
        "unit_name",
        "question_code",
        "measure_code",
        "answer_code",
    ),
    event_date="period_end_date",
    nuance=(
        "FFT results can't be used to compare providers (NHS England's own note): use them over time within one provider. "
        "FFT has no response rate: people may answer at any time. GPPS changed its questionnaire in 2024: do not trend across it. "
        "NSS (staff) restates earlier years in each publication; the latest counts. Its scores go from 0 to 10, higher is better."
    ),
    columns=(
        Column("survey_code", Kind.CODE, "fft, gpps or nss."),
        Column(
            "setting_code",
            Kind.CODE,
            "FFT: inpatient, ae, ambulance, outpatient, maternity_antenatal, maternity_birth, maternity_postnatal_ward, maternity_postnatal_community, ...; GPPS: gp; NSS: all.",
        ),
        Column("level_code", Kind.CODE, "national, region, icb, sub_icb, pcn, practice, organisation (a trust), site or ward."),
        Column("period_start_date", Kind.DATE, "First day of the month (FFT) or of the survey year (GPPS, NSS)."),
        Column("period_end_date", Kind.DATE, "Last day of the month or of the survey year."),
        Column("icb_code", Kind.CODE, "Integrated care board as published (IS1 stands for the independent sector)."),
        Column("organisation_ods_code", Kind.CODE, "The unit's own code at its level (ward: its trust)."),
        Column("organisation_name", Kind.TEXT, "Its name, as published."),
        Column("site_ods_code", Kind.CODE, "Site, at levels site and ward."),
        Column("site_name", Kind.TEXT, "Site name, as published."),
        Column("unit_name", Kind.TEXT, "Ward, at level ward."),
        Column(
            "question_code",
            Kind.CODE,
            "FFT: overall_experience, mode_of_collection; GPPS, NSS: the published variable, for example gpcontactoverall, theme_engagement, PP1.",
        ),
        Column(
            "measure_code",
            Kind.CODE,
            "responses, eligible, answer, mode, percent_positive, percent_negative, percent_good, base_unweighted, base_weighted, distributed, score, response_rate, ...",
        ),
        Column(
            "answer_code",
            Kind.CODE,
            "For measure answer or mode: very_good, good, neither, poor, very_poor, dont_know, sms, ...; GPPS: the option's number.",
        ),
        Column("unit_code", Kind.CODE, "count, proportion (0 to 1) or score_0_10: what the value is in."),
        Column(
            "value", Kind.DECIMAL, "The published value; empty where suppressed or not computable. GPPS counts are weighted and not whole."
        ),
        Column("is_weighted", Kind.BOOLEAN, "The value is survey-weighted."),
        Column("is_suppressed", Kind.BOOLEAN, "The source withheld the value (*, a negative sentinel): empty, never 0."),
        Column("is_not_computable", Kind.BOOLEAN, "The source shows '-': nothing to divide by."),
    ),
)
