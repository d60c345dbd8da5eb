"""The invented ICS: Northshire. Codes have the shape of ODS codes and belong to nobody."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Organisation:
    """An invented organisation."""

    ods_code: str
    name: str


REGION = Organisation("Y99", "Midshires")
ICB = Organisation("QZN", "NHS Northshire Integrated Care Board")
SUB_ICBS = (Organisation("Z1A", "NHS Northshire ICB - Z1A"), Organisation("Z1B", "NHS Northshire ICB - Z1B"))
TRUSTS = (
    Organisation("RZN", "Northmoor Hospitals NHS Foundation Trust"),
    Organisation("RZE", "Eastvale Hospitals NHS Trust"),
    Organisation("RZH", "Harbourside Community and Mental Health NHS Foundation Trust"),
)
LOCAL_HEALTHWATCH = ("Healthwatch Northmoor", "Healthwatch Eastvale")
PCNS = tuple(
    Organisation(f"U9900{n}", f"{place} PCN")
    for n, place in enumerate(("Northmoor Central", "Northmoor Rural", "Eastvale", "Harbourside"), 1)
)
PRACTICES = tuple(
    Organisation(f"Z81{n:03d}", f"{place} Surgery")
    for n, place in enumerate(
        (
            "Abbey Road",
            "Alder Lane",
            "Beacon Hill",
            "Birch Grove",
            "Bridge Street",
            "Canal Side",
            "Castle Green",
            "Cedar Park",
            "Chapel Row",
            "Church View",
            "Cliff Top",
            "Cross Keys",
            "Dale End",
            "Elm Tree",
            "Fairfield",
            "Ferry Road",
            "Forge Lane",
            "Garden City",
            "Glebe House",
            "Green Lane",
            "Harbour View",
            "Hawthorn",
            "High Street",
            "Hill Rise",
            "Kingsway",
            "Lakeside",
            "Lime Walk",
            "Manor Park",
            "Market Place",
            "Meadow Bank",
            "Mill Race",
            "Moor End",
            "Oak Tree",
            "Old Station",
            "Orchard",
            "Park Avenue",
            "Priory",
            "Quayside",
            "Riverside",
            "Willow Bank",
        ),
        1,
    )
)
