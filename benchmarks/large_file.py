"""A large complaints export of 20 columns, 1% of its rows bad and 2% there twice, and the feed that reads it.

A narrative has 20 to 120 words: invented sentences in any order, those of the redaction's development corpus among
them, so that it holds a few thousand different words. One in ten has an identifier, one in twenty a name.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import yaml
from tests.corpus.scoring import lines

from samepicture.demo.narratives import LESSONS, OPENINGS, PRAISE, SENTENCES, WISHES, identifiers
from samepicture.settings import PROJECT

FEED = "complaint_large"
MODEL = PROJECT / "dags" / "feeds" / "complaint_northmoor" / "feed.yml"
TARGETS = (
    "organisation_ods_code",
    "case_pseudonym",
    "case_type_code",
    "received_date",
    "event_date",
    "received_via_code",
    "acknowledged_date",
    "response_sent_date",
    "closed_date",
    "reopened_count",
    "stage_code",
    "complainant_relationship_code",
    "service_code",
    "specialty_name",
    "outcome_code",
    "severity_code",
    "age_band_code",
    "ethnic_category_code",
    "gender_code",
    "narrative",
)
BAD, TWICE = 0.01, 0.02
STRANGE = 0.2
"""Of sentences that are from the corpus: full of capitals and numbers that are no names and no identifiers."""
NAMED = (
    "Dr Patel was the only one who listened.",
    "My daughter Siobhan rang twice.",
    "Thanks to nurse Grace on the ward.",
    "I spoke to Mr Okonkwo.",
)
_CHUNK = 100_000


def make_feed(folder: Path) -> None:
    """The feed of it, below a folder for SAMEPICTURE_FEEDS: Northmoor's, of 20 columns."""
    document = yaml.safe_load(MODEL.read_text())
    layout = document["layouts"][0]
    columns = {target: layout["columns"][target] for target in TARGETS}
    del document["connector"], layout["drop"]
    layout |= {"recognise": ["ID", "Trust code", "Description"], "columns": columns}
    document |= {"id": FEED, "title": "A large export", "bounds": {"rejected_share": 0.1}}
    (folder / FEED).mkdir(parents=True)
    (folder / FEED / "feed.yml").write_text(yaml.safe_dump(document))


def headers() -> list[str]:
    """As the feed names them, in the order of TARGETS."""
    columns = yaml.safe_load(MODEL.read_text())["layouts"][0]["columns"]
    return [columns[target]["from"] if isinstance(columns[target], dict) else columns[target] for target in TARGETS]


def invent(path: Path, rows: int, first: int = 1, seed: int = 7) -> int:
    """Write the CSV, case references from `first` on. Returns its bytes. The same arguments give the same bytes."""
    chance = np.random.default_rng(seed)
    with path.open("wb") as target:
        for start in range(0, rows, _CHUNK):
            _chunk(chance, min(_CHUNK, rows - start), first + start).write_csv(target, include_header=start == 0)
    return path.stat().st_size


def _chunk(chance: np.random.Generator, rows: int, first: int) -> pl.DataFrame:
    def one_of(*values: str | None) -> pl.Series:
        return pl.Series(values).gather(chance.integers(0, len(values), rows))

    def day(least: int, most: int) -> pl.Series:
        days = np.datetime64("2025-01-01") + chance.integers(least, most, rows).astype("timedelta64[D]")
        return pl.Series(days).cast(pl.Date).dt.strftime("%d/%m/%Y")

    bad = pl.Series(chance.random(rows) < BAD)
    reference = np.arange(first, first + rows)
    twice = np.flatnonzero((chance.random(rows) < TWICE) & (np.arange(rows) > 0))
    reference[twice] = reference[twice - 1]
    columns = [
        one_of("RZN"),
        pl.Series(reference).cast(pl.String),
        one_of("Formal complaint", "PALS", "Concern"),
        pl.select(pl.when(bad).then(pl.lit("31/02/2025")).otherwise(day(20, 300))).to_series(),
        day(0, 19),
        one_of("LET", "EML", "TEL", "WEB"),
        day(301, 320),
        day(321, 360),
        day(361, 380),
        one_of("0", "0", "0", "1"),
        one_of("CLO", "CLO", "RSP"),
        one_of("PAT", "REL", "CAR"),
        one_of("IP", "OP", "ED", "MAT"),
        one_of("General medicine", "Oncology", "Paediatrics"),
        one_of("UPH", "PUP", "NUP"),
        one_of("1 - Low", "2 - Medium", "3 - High", None),
        one_of("26-55", "65-74", "75+"),
        one_of("A", "Z", "H", "99"),
        one_of("M", "F", "U"),
        narratives(chance, rows),
    ]
    return pl.DataFrame(dict(zip(headers(), columns, strict=True)))


def narratives(chance: np.random.Generator, rows: int) -> pl.Series:
    """Texts of 20 to 120 words."""
    plain = pl.Series([*OPENINGS, *WISHES, *PRAISE, *LESSONS, *(text for both in SENTENCES.values() for text in both)])
    corpus = pl.Series([line["text"] for name in ("development", "development 2") for line in lines(name) if not line["spans"]])
    usual, strange = (pool.filter(pool.str.count_matches(r"\S+").is_between(10, 16)) for pool in (plain, corpus))
    drawn = pl.DataFrame({"row": np.repeat(np.arange(rows), chance.integers(2, 9, rows))})
    text = usual.gather(chance.integers(0, usual.len(), drawn.height))
    is_strange = pl.Series(chance.random(drawn.height) < STRANGE)
    drawn = drawn.with_columns(text=strange.gather(chance.integers(0, strange.len(), drawn.height)).zip_with(is_strange, text))
    texts = drawn.group_by("row", maintain_order=True).agg(pl.col("text").str.join(" ")).get_column("text")
    named = pl.Series(NAMED).gather(chance.integers(0, len(NAMED), rows)).set(pl.Series(chance.random(rows) > 0.05), None)
    parts = pl.DataFrame({"text": texts, "identifier": identifiers(chance, rows), "named": named})
    return parts.select(pl.concat_str(pl.all(), separator=" ", ignore_nulls=True)).to_series()
