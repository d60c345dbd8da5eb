"""Population denominators: registered patients, Census 2021 (domain: A17)."""

from __future__ import annotations

from samepicture.records.contract import Column, Contract, Kind

CONTRACT = Contract(
    record_type="population",
    title="Population denominators",
    grain="one group of people of one practice or area on one day",
    key=("denominator_code", "area_code", "as_of_date", "group_scheme_code", "group_code", "sex_code", "age_code"),
    event_date="as_of_date",
    nuance="Registered and resident people are different denominators: use the one that matches the numerator.",
    columns=(
        Column("denominator_code", Kind.CODE, "registered or resident."),
        Column("area_code", Kind.CODE, "ODS code of the practice, or ONS code of the area."),
        Column("area_type_code", Kind.CODE, "practice, lsoa, local_authority, icb, ..."),
        Column("icb_ons_code", Kind.CODE, "ONS code of the ICB that the area lies in, where the file says."),
        Column("as_of_date", Kind.DATE, "The day that is counted."),
        Column("group_scheme_code", Kind.CODE, "all, ethnic_2021 or disability."),
        Column("group_code", Kind.CODE, "The group as a code; all for everybody."),
        Column("group_name", Kind.TEXT, "The group, as published."),
        Column("is_total", Kind.BOOLEAN, "A heading of narrower groups, or everybody: leave out when adding."),
        Column("sex_code", Kind.CODE, "all, female or male."),
        Column("age_code", Kind.CODE, "all, or the published age or band."),
        Column("people_count", Kind.INTEGER, "People."),
    ),
)
