"""Invents the comms function's log of engagement, in this project's own CSV template."""

from __future__ import annotations

import io
from datetime import date

import numpy as np
import polars as pl

from samepicture.demo.cases import LAST_DAY
from samepicture.demo.ics import ICB, TRUSTS

CHANNELS = (
    ("Event", "Open day at {}"),
    ("Forum", "{} people's forum"),
    ("Patient participation group", "{} patient participation group"),
    ("Community champions", "Champions' morning in {}"),
    ("Outreach", "Outreach van at {}"),
    ("Online", "Online evening for {}"),
    ("Consultation", "Consultation on services in {}"),
    ("Interview", "Kitchen-table talks in {}"),
)
PLACES = (
    "Northmoor Library",
    "Eastvale Town Hall",
    "Harbourside Market",
    "Moor End Hall",
    "Quayside Mosque",
    "Riverside Church",
    "Mill Race School",
)
GROUPS = (
    "Unpaid carers",
    "People aged 75 and over",
    "People without a settled home; Veterans",
    "Black African; Black Caribbean",
    "Gypsy, Roma and Traveller people",
    "People with a learning disability; Autistic people",
    "People without digital access; People aged 65 to 74",
    "British Sign Language users",
    "",
)
HEARD = (
    ("T08", "Going home from hospital comes as a surprise and the medicines are not ready."),
    ("T01", "Nobody gets through on the phone at eight in the morning."),
    ("T02; T16", "Letters come in English only, and too late."),
    ("T04", "Reception staff were praised for their patience."),
    ("T12", "The last bus leaves before the clinic ends."),
    ("T11; T14", "Families want to stay with the dying and don't know whom to ask."),
    ("T01; T08", "People are passed from one service to the next and start again each time."),
)
OUTCOMES = (
    ("None yet", None),
    ("Changed", "Discharge leaflet rewritten with the forum and in use on four wards."),
    ("Planned", "Phone lines reviewed in the autumn."),
    ("Declined", "Cost more than was there; the reasons were published."),
)


def engagement_csv(months: int = 24, seed: int = 1, rows: int = 160, last_day: date = LAST_DAY) -> bytes:
    """The whole log up to `last_day`, three bad rows included: an end before the start, more heard than reached, an unknown channel."""
    rng = np.random.default_rng([seed, 3])
    days = months * 365 // 12
    start = pl.Series(np.sort(rng.integers(0, days, rows))).cast(pl.Int32) + (pl.Series([last_day]).cast(pl.Int32)[0] - days)
    channel, heard, outcome = (
        rng.integers(0, len(CHANNELS), rows),
        rng.integers(0, len(HEARD), rows),
        rng.choice(4, rows, p=[0.4, 0.3, 0.2, 0.1]),
    )
    place = pl.Series(PLACES).gather(rng.integers(0, len(PLACES), rows))
    reached = rng.integers(5, 240, rows)
    told = pl.Series((outcome != 0) & (rng.random(rows) < 0.6))
    long = pl.Series(channel == 6)
    frame = pl.DataFrame(
        {
            "Activity number": pl.Series(np.arange(1, rows + 1)).cast(pl.String).str.zfill(4),
            "Organisation code": pl.Series([ICB.ods_code, ICB.ods_code, *(trust.ods_code for trust in TRUSTS)]).gather(
                rng.integers(0, 5, rows)
            ),
            "Name of activity": _filled(pl.Series([name for _, name in CHANNELS]).gather(channel), place),
            "Start date": start.cast(pl.Date),
            "End date": (start + long.cast(pl.Int32) * 84).cast(pl.Date),
            "Channel": pl.Series([name for name, _ in CHANNELS]).gather(channel),
            "Continuous or set piece": pl.Series(["Continuous", "Set piece"]).gather(long.cast(pl.UInt32)),
            "Who started it": pl.Series(["System", "Community"]).gather((rng.random(rows) < 0.3).astype(np.uint32)),
            "Place": place,
            "People groups reached": pl.Series(GROUPS).gather(rng.integers(0, len(GROUPS), rows)),
            "Number of people reached": reached,
            "Number who contributed": (reached * rng.uniform(0.1, 0.9, rows)).astype(np.int64),
            "Themes heard": pl.Series([codes for codes, _ in HEARD]).gather(heard),
            "Overall feeling": pl.Series(["Negative", "Negative", "Negative", "Positive", "Mixed", "Mixed", "Negative"]).gather(heard),
            "What was heard": pl.Series([text for _, text in HEARD]).gather(heard),
            "Outcome": pl.Series([name for name, _ in OUTCOMES]).gather(outcome),
            "What changed": pl.Series([text for _, text in OUTCOMES]).gather(outcome),
            "Date told back": (start + 30 + pl.Series(rng.integers(0, 90, rows)).cast(pl.Int32) + long.cast(pl.Int32) * 84).cast(pl.Date),
            "How told back": pl.Series(["Letter", "E-mail", "Event", "Website", "In person"]).gather(rng.integers(0, 5, rows)),
        }
    )
    told = told & (frame["Date told back"] <= last_day)
    ended_early, overcounted, unheard_of = rng.choice(rows, 3, replace=False).tolist()
    number = pl.int_range(pl.len())
    frame = frame.with_columns(
        pl.when(told).then(pl.col("Date told back", "How told back")),
        pl.when(number == ended_early).then(pl.col("Start date").dt.offset_by("-1mo")).otherwise("End date").alias("End date"),
        pl.when(number == overcounted)
        .then(pl.col("Number of people reached") + 5)
        .otherwise("Number who contributed")
        .alias("Number who contributed"),
        pl.when(number == unheard_of).then(pl.lit("Carrier pigeon")).otherwise("Channel").alias("Channel"),
    )
    written = io.BytesIO()
    frame.write_csv(written, date_format="%d/%m/%Y", line_terminator="\r\n", include_bom=True)
    return written.getvalue()


def _filled(names: pl.Series, places: pl.Series) -> pl.Series:
    return pl.DataFrame({"name": names, "place": places}).select(pl.col("name").str.split("{}").list.join(pl.col("place"))).to_series()
