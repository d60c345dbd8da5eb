"""Invents GP Patient Survey files in the layout of 2024 and later."""

from __future__ import annotations

import csv
import io
import random
from typing import Literal

from samepicture.demo.ics import ICB, PCNS, PRACTICES, REGION

Level = Literal["national", "region", "ics", "pcn", "practice"]

QUESTIONS: dict[str, tuple[int, int]] = {
    "localgpservicesphone": (6, 4),
    "localgpserviceswebsite": (6, 4),
    "localgpservicesreception": (5, 4),
    "localgpservicesprefhpsee": (5, 4),
    "gpcontactnextstep": (4, 2),
    "gpcontactoverall": (5, 5),
    "lastgpapptwait": (4, 3),
    "lastgpapptconf": (4, 3),
    "lastgpapptneeds": (4, 3),
    "overallexp": (5, 5),
    "pharmacyoverall": (5, 5),
}
"""Question to how many answers it has and how many of these are counted in its evaluation; the first two are good."""
FEWEST = 10
"""A result of fewer answers is withheld: -97 stands in its place."""


def gpps_csv(level: Level, year: int, seed: int) -> bytes:
    """One published file: a row an organisation of the level, a column an answer or figure. The year is in the file's name alone."""
    rows = [
        _row(identity, size, f"{seed}/{level}/{year}/{next(iter(identity.values()))}") for identity, size in _organisations(level, seed)
    ]
    buffer = io.StringIO(newline="")
    writer = csv.DictWriter(buffer, fieldnames=list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return buffer.getvalue().encode()


def gpps_file_name(level: Level, year: int) -> str:
    """The name under which such a file is published."""
    shown = {"ics": "ICS", "pcn": "PCN"}.get(level, level.capitalize())
    return f"GPPS_{year}_{shown}_data_(weighted)_(csv)_PUBLIC.csv"


def _organisations(level: Level, seed: int) -> list[tuple[dict[str, str], int]]:
    """Identifying columns and how many questionnaires went out."""
    region = {"ad_commissioningregioncode": REGION.ods_code, "ad_commissioningregionname": f"{REGION.name.upper()} COMMISSIONING REGION"}
    ics = {"ad_icscode": ICB.ods_code, "ad_icsname": "NORTHSHIRE INTEGRATED CARE SYSTEM", "ad_icscodeons": "E54999999", **region}
    match level:
        case "national":
            return [({"national": "1"}, 400_000)]
        case "region":
            return [(region, 60_000)]
        case "ics":
            return [(ics, 12_000)]
        case "pcn":
            return [({"ad_pcncode": pcn.ods_code, "ad_pcnname": pcn.name.upper(), **ics}, 3_000) for pcn in PCNS]
    found = []
    for place, practice in enumerate(PRACTICES):
        pcn = PCNS[place * len(PCNS) // len(PRACTICES)]
        own = {"ad_practicecode": practice.ods_code, "ad_practicename": practice.name.upper()}
        # The last practice is so small that most of its results are withheld.
        size = 30 if place == len(PRACTICES) - 1 else random.Random(f"{seed}/{practice.ods_code}").randint(180, 420)
        found.append(({**own, **ics, "ad_pcncode": pcn.ods_code, "ad_pcnname": pcn.name.upper()}, size))
    return found


def _row(identity: dict[str, str], distributed: int, key: str) -> dict[str, str]:
    rng = random.Random(key)
    received = round(distributed * rng.uniform(0.22, 0.38))
    row = {**identity, "distributed": str(distributed), "received": str(received), "resprate": _shown(received / distributed)}
    for question, (answers, evaluated) in QUESTIONS.items():
        row.update(_question(rng, question, answers, evaluated, received))
    row["popsize"] = _shown(received * rng.uniform(0.9, 1.1))
    return row


def _question(rng: random.Random, question: str, answers: int, evaluated: int, received: int) -> dict[str, str]:
    unweighted = [0] * answers
    weights = [rng.uniform(0.3, 0.5), rng.uniform(0.25, 0.4), *(rng.uniform(0.03, 0.15) for _ in range(answers - 2))]
    for place in rng.choices(range(answers), weights=weights, k=round(received * rng.uniform(0.6, 0.98))):
        unweighted[place] += 1
    counts = [count * rng.uniform(0.8, 1.2) for count in unweighted]
    full, part, good = sum(counts), sum(counts[:evaluated]), sum(counts[:2])
    few = sum(unweighted[:evaluated]) < FEWEST

    def shown(value: float) -> str:
        return "-97" if few else _shown(value)

    share = good / part if part else 0.0
    return {
        **{f"{question}_{n}.count": shown(count) for n, count in enumerate(counts, 1)},
        f"{question}.counteval": shown(good),
        f"{question}.basefulluw": str(sum(unweighted)),
        f"{question}.baseevaluw": str(sum(unweighted[:evaluated])),
        f"{question}.basefullw": shown(full),
        f"{question}.baseevalw": shown(part),
        **{f"{question}_{n}.pct": shown(count / full if full else 0.0) for n, count in enumerate(counts, 1)},
        f"{question}.pcteval": shown(share),
        f"{question}.lowileval": shown(max(share - 0.02, 0)),
        f"{question}.hiwileval": shown(min(share + 0.02, 1)),
    }


def _shown(value: float) -> str:
    return f"{value:.10g}"
