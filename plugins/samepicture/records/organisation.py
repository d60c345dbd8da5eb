"""Organisations, as the Organisation Data Service publishes them (domain: A16)."""

from __future__ import annotations

from samepicture.records.contract import Column, Contract, Kind

CONTRACT = Contract(
    record_type="organisation",
    title="Organisations (ODS)",
    grain="one organisation of one ODS file",
    key=("ods_code", "role_code"),
    nuance="A file is one snapshot; history is in opened_date, closed_date and in organisation_relationship.",
    columns=(
        Column("ods_code", Kind.CODE, "ODS code."),
        Column("organisation_name", Kind.TEXT, "Name, as published."),
        Column("role_code", Kind.CODE, "nhs_trust, gp_practice, pcn, sub_icb, icb, region, local_healthwatch or other."),
        Column("region_code", Kind.CODE, "NHS England region, as published in the file."),
        Column("icb_code", Kind.CODE, "High level health geography (ICB, formerly STP), as published in the file."),
        Column("sub_icb_code", Kind.CODE, "Sub-ICB location or CCG that it belongs to, as published in the file."),
        Column("postcode_district", Kind.TEXT, "First half of the postcode."),
        Column("opened_date", Kind.DATE, "Day it opened."),
        Column("closed_date", Kind.DATE, "Day it closed; empty while open."),
        Column("status_code", Kind.CODE, "active, closed, dormant or proposed."),
        Column("setting_name", Kind.TEXT, "GP files: prescribing setting, for example GP practice."),
    ),
)
