"""Invents the reference files of Northshire: organisations, relationships and populations, in the layouts of their publishers."""

from __future__ import annotations

import csv
import io
import random
from collections.abc import Iterable

from openpyxl import Workbook

from samepicture.demo.ics import ICB, PCNS, PRACTICES, REGION, SUB_ICBS, TRUSTS, Organisation

ODS_FIELDS = 27
PCN_DETAILS = (
    "PCN Code;PCN Name;Current Clinical \nCommissioning \nGroup Code;Clinical\nCommissioning\nGroup Name;Open Date;Close Date;"
    "Address Line 1;Address Line 2;Address Line 3;Address Line 4;Address Line 5;Postcode"
).split(";")
PCN_PARTNERS = (
    "Partner\nOrganisation\nCode;Partner\nName;Practice\nParent\nCCG Code;Practice\nParent\nCCG Name;PCN Code;PCN Name;"
    "PCN Parent\nCCG Code;PCN Parent\nCCG Name;Practice to PCN\nRelationship\nStart Date;Practice to PCN\nRelationship\nEnd Date;"
    "Practice CCG and PCN\nCCG Match "
).split(";")
CENSUS_GROUPS: dict[str, list[str]] = {
    "Asian, Asian British or Asian Welsh": ["Bangladeshi", "Chinese", "Indian", "Pakistani", "Other Asian"],
    "Black, Black British, Black Welsh, Caribbean or African": ["African", "Caribbean", "Other Black"],
    "Mixed or Multiple ethnic groups": [
        "White and Asian",
        "White and Black African",
        "White and Black Caribbean",
        "Other Mixed or Multiple ethnic groups",
    ],
    "White": ["English, Welsh, Scottish, Northern Irish or British", "Irish", "Gypsy or Irish Traveller", "Roma", "Other White"],
    "Other ethnic group": ["Arab", "Any other ethnic group"],
}
CENSUS_SHARES = {"Asian, Asian British or Asian Welsh": 9, "Black, Black British, Black Welsh, Caribbean or African": 6, "White": 78}
"""Per cent; the other headings share the rest."""


def area_of(number: int) -> Organisation:
    """Sub-ICB location of a practice, by its place in PRACTICES."""
    return SUB_ICBS[number * len(SUB_ICBS) // len(PRACTICES)]


def pcn_of(number: int) -> Organisation:
    """Primary care network of a practice, by its place in PRACTICES."""
    return PCNS[number * len(PCNS) // len(PRACTICES)]


def reference_files(seed: int = 1) -> list[tuple[str, str, bytes]]:
    """Feed, file name and content of each reference file."""
    practices = _practices()
    networks = _networks()
    return [
        (
            "ods_icb",
            "icb_names_codes.csv",
            _csv([["ICB24CD", "ICB24CDH", "ICB24NM", "ObjectId"], ["E54999001", ICB.ods_code, ICB.name, "1"]]),
        ),
        ("ods_sub_icb", "eccg.csv", _csv(_ods_row(area, "20220701", {13: "RO319"}) for area in SUB_ICBS)),
        ("ods_trust", "etr.csv", _csv(_ods_row(trust, "20190401", {}) for trust in TRUSTS)),
        ("ods_gp_practice", "epraccur.csv", practices),
        ("ods_gp_practice_member", "epraccur.csv", practices),
        ("ods_pcn", "ePCN.xlsx", networks),
        ("ods_pcn_member", "ePCN.xlsx", networks),
        (
            "ods_successor",
            "succ.csv",
            _csv(
                [
                    ["RZX", TRUSTS[0].ods_code, "R", "20190401", "1"],
                    ["Z1C", "Z1A", "R", "20220701", "2"],
                    ["Z1C", "Z1B", "R", "20220701", "2"],
                ]
            ),
        ),
        ("population_registered", "gp-reg-pat-prac-all.csv", _registered(seed)),
        ("population_ethnic", "census2021-ts021-lsoa.csv", _census(seed)),
    ]


def _ods_row(organisation: Organisation, opened: str, extra: dict[int, str]) -> list[str]:
    """27 fields of the classic ODS files; `extra` by place from 0."""
    row = [""] * ODS_FIELDS
    row[:5] = [organisation.ods_code, organisation.name.upper(), REGION.ods_code, ICB.ods_code, "1 Example Street"]
    row[7], row[9], row[10], row[21] = "NORTHMOOR", "ZZ1 1AA", opened, "0"
    for place, value in extra.items():
        row[place] = value
    return row


def _practices() -> bytes:
    rows = []
    for number, practice in enumerate(PRACTICES):
        area = area_of(number).ods_code
        rows.append(_ods_row(practice, "19740401", {12: "A", 13: "B", 14: area, 15: "20220701", 23: area, 25: "4"}))
    return _csv(rows)


def _networks() -> bytes:
    book = Workbook()
    details = book.active
    assert details is not None
    details.title = "PCNDetails"
    details.append(PCN_DETAILS)
    partners = book.create_sheet("PCN Core Partner Details")
    partners.append(PCN_PARTNERS)
    for network in PCNS:
        area = SUB_ICBS[PCNS.index(network) * len(SUB_ICBS) // len(PCNS)]
        details.append(
            [
                network.ods_code,
                network.name,
                area.ods_code,
                area.name,
                "20220701",
                "",
                "1 EXAMPLE STREET",
                "",
                "",
                "NORTHMOOR",
                "",
                "ZZ1 1AA",
            ]
        )
    for number, practice in enumerate(PRACTICES):
        area, network = area_of(number), pcn_of(number)
        partners.append(
            [
                practice.ods_code,
                practice.name.upper(),
                area.ods_code,
                area.name,
                network.ods_code,
                network.name,
                area.ods_code,
                area.name,
                "20220701",
                "",
                "True",
            ]
        )
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def _registered(seed: int) -> bytes:
    rng = random.Random(seed)
    rows = [["PUBLICATION", "EXTRACT_DATE", "TYPE", "CCG_CODE", "ONS_CCG_CODE", "CODE", "POSTCODE", "SEX", "AGE", "NUMBER_OF_PATIENTS"]]
    for number, practice in enumerate(PRACTICES):
        people = str(rng.randint(3_500, 14_000))
        rows.append(
            [
                "GP_PRAC_PAT_LIST",
                "01JAN2026",
                "GP",
                area_of(number).ods_code,
                "E38999001",
                practice.ods_code,
                "ZZ1 1AA",
                "ALL",
                "ALL",
                people,
            ]
        )
    return _csv(rows)


def _census(seed: int) -> bytes:
    rng = random.Random(seed)
    header = ["date", "geography", "geography code", "Ethnic group: Total: All usual residents"]
    for heading, groups in CENSUS_GROUPS.items():
        header += [f"Ethnic group: {heading}", *(f"Ethnic group: {heading}: {group}" for group in groups)]
    rows = [header]
    for number in range(1, 61):
        counts: list[int] = []
        for heading, groups in CENSUS_GROUPS.items():
            parts = [rng.randint(0, 2 * 16 * CENSUS_SHARES.get(heading, 4) // len(groups)) for _ in groups]
            counts += [sum(parts), *parts]
        headings = [sum(1 + len(g) for g in list(CENSUS_GROUPS.values())[:n]) for n in range(len(CENSUS_GROUPS))]
        rows.append(
            ["2021", f"Northmoor {number:03d}A", f"E0199{number:04d}", str(sum(counts[place] for place in headings)), *map(str, counts)]
        )
    return _csv(rows)


def _csv(rows: Iterable[list[str]]) -> bytes:
    target = io.StringIO()
    csv.writer(target, lineterminator="\r\n", quoting=csv.QUOTE_MINIMAL).writerows(rows)
    return target.getvalue().encode()
