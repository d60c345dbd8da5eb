"""Cases of invented people for the upkeep's tests, and a search of everything that an installation keeps."""

from __future__ import annotations

import csv
import io
import tarfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
from sqlalchemy import text

from samepicture.load import Outcome
from samepicture.privacy.pseudonym import pseudonyms
from samepicture.process import Pipeline
from samepicture.sealing import MAGIC
from samepicture.settings import PROJECT, Settings
from samepicture.warehouse import open_warehouse

FEED = "complaint_northmoor"
ORGANISATION = "RZN"
CLOSED = {"Date received": "03/02/2020", "Date acknowledged": "04/02/2020", "Date due": "03/04/2020"}


def sample() -> tuple[list[str], dict[str, str]]:
    rows = list(csv.reader(io.StringIO((PROJECT / "dags" / "feeds" / FEED / "sample.csv").read_text("utf-8-sig"), newline="")))
    case = dict(zip(rows[0], rows[1], strict=True))
    return rows[0], {**case, "PALS reference": "", "Patient surname": "", "Patient forename": "", "Next of kin": ""}


def export(*cases: Mapping[str, str]) -> bytes:
    """A file of these cases; what one does not say is as in the sample."""
    header, case = sample()
    target = io.StringIO(newline="")
    writer = csv.DictWriter(target, header, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writeheader()
    writer.writerows({**case, **changes} for changes in cases)
    return target.getvalue().encode()


def others(count: int, first: int = 1) -> list[dict[str, str]]:
    return [{"ID": f"OTHER{number}", "Description": f"Somebody else's words, number {number}."} for number in range(first, first + count)]


def loaded(pipeline: Pipeline, content: bytes, name: str = "export.csv", feed: str = FEED) -> Outcome:
    receipt, _ = pipeline.land(feed, name, io.BytesIO(content))
    pipeline.judge(receipt.submission_id)
    return pipeline.load(receipt.submission_id)


def lenient(pipeline: Pipeline, *feeds: str) -> None:
    """Have samples taken, which are bad on purpose, as far as they can be."""
    for name in feeds:
        feed = pipeline.feeds[name]
        pipeline.feeds[name] = replace(feed, bounds=replace(feed.bounds, rejected_share=1.0))


def pseudonym(settings: Settings, reference: str, organisation: str = ORGANISATION) -> str:
    made: str = pseudonyms(settings.require_pseudonym_key(), pl.Series([organisation]), pl.Series([reference]))[0]
    return made


def rows(settings: Settings, sql: str) -> list[Any]:
    with open_warehouse(settings).writer() as connection:
        return [tuple(row) for row in connection.execute(text(sql))]


def tables(
    settings: Settings, schemas: Iterable[str] = ("raw", "ops", "staging", "conformed", "marts", "published")
) -> dict[str, list[str]]:
    """Every row of every table, but for times and counters of loads and builds."""
    without = {
        "ops.submission": "load_number, replaced_row_count, emptied_row_count",
        "ops.ledger": "started_at, finished_at, duration_seconds",
        "ops.pseudonym_key": "since",
        "ops.text_label": "submission_load_number",
        "ops.harm_review": "flagged_at, told_at",
    }
    found = {}
    with open_warehouse(settings).writer() as connection:
        names = connection.execute(text("select table_schema, table_name from information_schema.tables order by 1, 2")).all()
        for schema, table in names:
            name = f"{schema}.{table}"
            if schema in ("information_schema", "pg_catalog"):
                continue
            if schemas is None or (schema in schemas and name not in ("ops.build", "ops.feedback", "ops.notice", "ops.digest")):
                result = connection.execute(text(f'select * from "{schema}"."{table}"'))
                keep = [place for place, column in enumerate(result.keys()) if column not in without.get(name, "").split(", ")]
                found[name] = sorted(str([row[place] for place in keep]) for row in result)
    return found


def everything(pipeline: Pipeline) -> Iterator[tuple[str, bytes]]:
    """Every byte of home and landing store, decrypted, unpacked and decompressed where it can be; and every cell of every table."""
    settings = pipeline.settings
    roots = [settings.home, *([] if Path(settings.landing).is_relative_to(settings.home) else [Path(settings.landing)])]
    for path in sorted(each for root in roots for each in root.rglob("*") if each.is_file()):
        content = path.read_bytes()
        yield str(path), content
        yield f"name of {path}", str(path).encode()
        if content.startswith(MAGIC):
            yield from _unpacked(str(path), pipeline.landing.store.seal.opened(content))
    for name, cells in tables(settings, None).items():
        yield f"cells of {name}", str(cells).encode()
    if settings.picture.exists():
        with duckdb.connect(str(settings.picture), read_only=True) as connection:
            for schema, table in connection.execute("select table_schema, table_name from information_schema.tables").fetchall():
                yield f"copy of {schema}.{table}", str(connection.execute(f'select * from "{schema}"."{table}"').fetchall()).encode()


def _unpacked(name: str, content: bytes) -> Iterator[tuple[str, bytes]]:
    yield f"{name}, decrypted", content
    try:
        with tarfile.open(fileobj=io.BytesIO(content)) as archive:
            for member in archive:
                file = archive.extractfile(member)
                assert file is not None
                inner = file.read()
                yield f"{name}: {member.name}", inner
                if member.name.endswith(".parquet"):
                    yield f"{name}: {member.name}, cells", str(pl.read_parquet(io.BytesIO(inner)).rows()).encode()
    except tarfile.ReadError:
        return


def places(pipeline: Pipeline, *needles: str) -> list[str]:
    """Where any of these stands, in any case."""
    wanted = [needle.lower().encode() for needle in needles]
    return [name for name, content in everything(pipeline) if any(needle in content.lower() for needle in wanted)]
