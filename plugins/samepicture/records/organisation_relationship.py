"""Who belongs to whom and who came after whom, with dates (domain: A16)."""

from __future__ import annotations

from samepicture.records.contract import Column, Contract, Kind

CONTRACT = Contract(
    record_type="organisation_relationship",
    title="Relationships between organisations (ODS)",
    grain="one relationship of one organisation to another from one day",
    key=("from_ods_code", "to_ods_code", "relationship_code", "start_date"),
    nuance="An organisation that split has more than one successor; one that merged shares its successor.",
    columns=(
        Column("from_ods_code", Kind.CODE, "The member, or the predecessor."),
        Column("to_ods_code", Kind.CODE, "The parent, or the successor."),
        Column("relationship_code", Kind.CODE, "member_of_pcn, member_of_sub_icb, member_of_icb, member_of_region or succeeded_by."),
        Column("start_date", Kind.DATE, "First day it holds; for a succession, its legal day."),
        Column("end_date", Kind.DATE, "Last day it holds; empty while it does."),
    ),
)
