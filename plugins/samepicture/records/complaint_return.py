"""Published complaint returns: KO41a (secondary care) and KO41b (primary care) (domain: A1, A2)."""

from __future__ import annotations

from samepicture.records.contract import Column, Contract, Kind

CONTRACT = Contract(
    record_type="complaint_return",
    title="Complaint returns (KO41a, KO41b)",
    grain="one measure of one organisation's, site's, practice's or area's return for one year",
    key=(
        "collection_code",
        "level_code",
        "return_code",
        "period_start_date",
        "organisation_ods_code",
        "icb_code",
        "site_ods_code",
        "site_name",
        "contract_number",
        "measure_code",
    ),
    event_date="period_end_date",
    nuance=(
        "Subjects, services and professions are multi-coded: their totals are at least the number of new complaints. "
        "Never sum them to get complaints. A site code is not a reliable key: one trust files most of its sites under its own code."
    ),
    columns=(
        Column("collection_code", Kind.CODE, "KO41a or KO41b."),
        Column("level_code", Kind.CODE, "organisation, site, sub_icb, icb or practice: what one published row stands for."),
        Column("return_code", Kind.CODE, "KO41b: gp, dental or icb; empty for KO41a."),
        Column("year_name", Kind.REFERENCE, "The reporting year as published, for example 2024-25."),
        Column("period_start_date", Kind.DATE, "First day of the reporting year (1 April)."),
        Column("period_end_date", Kind.DATE, "Last day of the reporting year (31 March)."),
        Column("region_code", Kind.CODE, "NHS England region."),
        Column("icb_code", Kind.CODE, "Integrated care board, as published."),
        Column("icb_name", Kind.TEXT, "Its name, as published."),
        Column("organisation_ods_code", Kind.CODE, "Trust, practice, sub-ICB location or ICB that the row is about."),
        Column("organisation_name", Kind.TEXT, "Its name, as published."),
        Column("organisation_type_name", Kind.TEXT, "Acute, Mental Health, ... as published."),
        Column("site_ods_code", Kind.CODE, "Site as published; may be the trust's own code."),
        Column("site_name", Kind.TEXT, "Site name as published."),
        Column("contract_number", Kind.REFERENCE, "Dental contract, where published."),
        Column("measure_group_code", Kind.CODE, "complaints, age, status, service, clinical_treatment, subject or profession."),
        Column("measure_code", Kind.CODE, "The published column as a code, for example subject_area_communications."),
        Column("measure_name", Kind.TEXT, "The published column's own header."),
        Column("is_total", Kind.BOOLEAN, "A published total or sub-total of its group: leave out when adding."),
        Column("complaints_count", Kind.INTEGER, "The published count; empty where the source suppressed it."),
        Column("is_suppressed", Kind.BOOLEAN, "The source withheld the count."),
    ),
)
