"""Invents KO41a and KO41b files in the layouts in which NHS England publishes them; every published balance holds."""

from __future__ import annotations

import csv
import io
import random
import zipfile

from samepicture.demo.ics import ICB, PRACTICES, REGION, SUB_ICBS, TRUSTS

KO41A_ORGANISATION = (
    "Year,NHS_England_Region_Code,NHS_England_Region_Name,ICS_Code,ICS_Name,Organisation_Code,Organisation_Name,Organisation_Type"
).split(",")
SITE = ["Site_Code", "Site_Name"]
KO41A_GROUPS: dict[str, list[str]] = {
    "Age": "0_5 6_17 18_25 26_55 56_64 65_74 75_And_Over Unknown".split(),
    "Status": "Patient Parent Guardian Carer Other".split(),
    "Service": ("Ambulance Inpatient Outpatient Emergency Other_Community_Healthcare Commissioning Mental_Health Maternity Other".split()),
    "Clinical_Treatment": (
        "Accident_And_Emergency Anaesthetics Clinical_Oncology Dental_Group General_Medicine_Group Obstetrics_And_Gynaecology "
        "Paediatric_Group Pathology_Group PHM_And_CHS_Group Psychiatry_Group Radiology_Group Surgical_Group"
    ).split(),
    "Subject_Area": (
        "Access_To_Treatment_Or_Drugs Admissions_Discharge_And_Transfers Appointments Commissioning_Services Communications "
        "Consent_To_Treatment End_Of_Life_Care Facilities_Services Integrated_Care Patient_Care_Including_Nutrition_Hydration "
        "Mortuary_And_Post_Mortem_Arrangements Prescribing_Errors Privacy_Dignity_And_Wellbeing Restraint Staffing_Numbers Transport "
        "Trust_Administration Values_And_Behaviours Waiting_Times Other"
    ).split(),
    "Profession": (
        "Medical Dental Nursing Midwifery Health_Visiting_Staff Scientific_Therapeutic_And_Technical Ambulance "
        "Support_To_Clinical_Staff NHS_Infrastructure_Support Other"
    ).split(),
}
MULTI_CODED = {"Service": 1.0, "Clinical_Treatment": 0.4, "Subject_Area": 1.2, "Profession": 1.1}
"""Mentions per complaint: a complaint may name several."""
SUMMARY = (
    "Complaints_Total_Brought_Forward,Complaints_Total_New,Complaints_Total_Resolved,Complaints_Number_Upheld,"
    "Complaints_Number_Partially_Upheld,Complaints_Number_Not_Upheld,Complaints_Total_Carried_Forward"
).split(",")
KO41B_SUMMARY = (
    "1.3 Total Brought Forward,1.4 Total New,1.5 Total Resolved,1.6 Number Upheld,"
    "1.7 Number Partially Upheld,1.8 Number Not Upheld,1.9 Total Carried Forward"
).split(",")


def _split(rng: random.Random, total: int, parts: int) -> list[int]:
    counts = [0] * parts
    for place in rng.choices(range(parts), weights=[rng.random() + 0.05 for _ in range(parts)], k=total):
        counts[place] += 1
    return counts


def _summary(rng: random.Random, new: int) -> list[int]:
    brought = rng.randint(new // 12, new // 5)
    resolved = rng.randint(int(new * 0.85), new)
    upheld, partly, not_upheld = _split(rng, resolved, 3)
    return [brought, new, resolved, upheld, partly, not_upheld, brought + new - resolved]


def _ko41a_counts(rng: random.Random, new: int) -> dict[str, int]:
    row = dict(zip(SUMMARY, _summary(rng, new), strict=True))
    totals: dict[str, int] = {}
    for group, names in KO41A_GROUPS.items():
        totals[group] = int(new * MULTI_CODED.get(group, 1.0))
        row.update(zip((f"{group}_{name}" for name in names), _split(rng, totals[group], len(names)), strict=True))
    row["Age_Total"], row["Status_Total"], row["Service_Total"] = new, new, totals["Service"]
    row["Clinical_Treatment_Sub_Total"], row["Subject_Area_Sub_Total"] = totals["Clinical_Treatment"], totals["Subject_Area"]
    row["Subject_Area_Total"] = totals["Clinical_Treatment"] + totals["Subject_Area"]
    row["Profession_Total"] = totals["Profession"]
    return row


def _ko41a_columns() -> list[str]:
    columns = list(SUMMARY)
    for group, names in KO41A_GROUPS.items():
        columns += [f"{group}_{name}" for name in names]
        columns += {"Clinical_Treatment": [f"{group}_Sub_Total"], "Subject_Area": [f"{group}_Sub_Total", f"{group}_Total"]}.get(
            group, [f"{group}_Total"]
        )
    return columns


def ko41a_zip(year: int, seed: int) -> bytes:
    """The ZIP of a reporting year that begins in April of `year`: organisation and site level, sites adding up to their trust."""
    rng = random.Random(seed * 10_000 + year)
    columns = _ko41a_columns()
    organisations, sites = [], []
    for trust, (kind, size) in zip(TRUSTS, (("Acute", 900), ("Acute", 640), ("Mental Health", 380)), strict=True):
        parts = [_ko41a_counts(rng, size * share // 10 + rng.randint(0, 20)) for share in (6, 3, 1)]
        whole = {name: sum(part[name] for part in parts) for name in columns}
        head = [f"{year}-{(year + 1) % 100:02d}", REGION.ods_code, REGION.name, ICB.ods_code, "Northshire", trust.ods_code, trust.name]
        organisations.append([*head, kind, *(whole[name] for name in columns)])
        for number, part in enumerate(parts, 1):
            sites.append(
                [*head, f"{trust.ods_code}{number:02d}", f"{trust.name.split()[0]} site {number}", kind, *(part[name] for name in columns)]
            )
    title = f"Data on Written Complaints in the NHS {head[0]} Secondary Care KO41a"
    head_names = KO41A_ORGANISATION
    return _zip(
        {
            f"{title} - Org Level.csv": _csv([*head_names, *columns], organisations),
            f"{title} - Site Level.csv": _csv([*head_names[:7], *SITE, head_names[7], *columns], sites),
        }
    )


def ko41b_practice_csv(year: int, seed: int) -> bytes:
    """KO41b at practice level: the summary alone, as published."""
    rng = random.Random(seed * 20_000 + year)
    head = (
        "Year,Return,NHS England region code,NHS England region name,ICS Code,ICS Name,Sub ICB Code,Sub ICB Name,"
        "Organisation Code,Organisation Name,Contract Number"
    ).split(",")
    rows = []
    for number, practice in enumerate(PRACTICES):
        area = SUB_ICBS[number % len(SUB_ICBS)]
        place = [REGION.ods_code, REGION.name, ICB.ods_code, ICB.name, area.ods_code, area.name, practice.ods_code, practice.name, ""]
        rows.append([f"{year}-{(year + 1) % 100:02d}", "GP", *place, *_summary(rng, rng.randint(4, 60))])
    return _csv([*head, *KO41B_SUMMARY], rows)


def _csv(header: list[str], rows: list[list[object]]) -> bytes:
    target = io.StringIO()
    writer = csv.writer(target, lineterminator="\r\n")
    writer.writerow(header)
    writer.writerows(rows)
    return target.getvalue().encode("utf-8-sig")


def _zip(members: dict[str, bytes]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0)), content)
    return target.getvalue()
