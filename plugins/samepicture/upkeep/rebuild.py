"""Makes the warehouse again from the landing store alone, beside the one in use, and compares the two.

Nothing is touched until the new one is whole: a rebuild that is killed leaves the old one in place.
What came meanwhile is loaded into the new one too, before it takes the place of the old.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

import polars as pl
import polars.selectors as cs
from sqlalchemy import Column, ColumnClause, ColumnElement, Connection, Table, TableClause, delete, inspect, literal, select
from sqlalchemy.engine.reflection import ObjectKind

from samepicture import asked, ledger
from samepicture.build import build
from samepicture.errors import Explained, kind_and_place
from samepicture.load import UNUSUAL_SIZE
from samepicture.locks import alone
from samepicture.process import Pipeline
from samepicture.publish import publish
from samepicture.settings import Settings
from samepicture.upkeep.retention import apply_to_warehouse
from samepicture.warehouse import Warehouse, open_warehouse
from samepicture.warehouse.duckdb import DuckDBWarehouse

FOLDER = "rebuild"
SCHEMAS = ("raw", "ops", "staging", "conformed", "marts", "published")
OWN = {
    "ops.submission": ("load_number", "replaced_row_count", "emptied_row_count"),
    "ops.ledger": ("started_at", "finished_at", "duration_seconds"),
    "ops.pseudonym_key": ("since",),
    "ops.text_label": ("submission_load_number",),
}
"""Columns that tell of the loading, not of what was loaded."""
STATE = (ledger.feedback, ledger.notice, ledger.harm_review, ledger.digest)
"""What was told to people, and what they decided: known to the old warehouse alone, and taken over."""
FOUND = (ledger.text_label, ledger.text_model)
"""What models found in texts, those too whose words are no longer kept: taken over before anything is built of it."""
NOT_COMPARED = ("ops.build", "ops.alembic_version", *(f"ops.{table.name}" for table in STATE))


@dataclass(frozen=True)
class Difference:
    """A table that is not the same in both."""

    table: str
    only_before: int
    """Rows that only the one in use has."""
    only_rebuilt: int


@dataclass(frozen=True)
class Rebuilt:
    """What a rebuild found."""

    submissions: int
    from_copies: int
    tables: int
    differences: tuple[Difference, ...]
    failed: dict[str, str]
    """Submissions that could not be loaded again, and why."""
    in_place: bool


def rebuild(pipeline: Pipeline, *, accept_differences: bool = False, progress: Callable[[str], None] = lambda _: None) -> Rebuilt:
    """Rebuild, compare, and put the new warehouse in the place of the old where they are equal, or differences are accepted.

    One that is not put in its place is left in the folder rebuild/ of the home, to be looked at.
    """
    settings = pipeline.settings
    folder = settings.home / FOLDER
    with alone(settings, "rebuild"):
        shutil.rmtree(folder, ignore_errors=True)
        old = open_warehouse(settings)
        old.create()
        # Nobody is told a second time of what was flagged before.
        beside = Pipeline(replace(settings, safeguarding_to=(), home=folder, warehouse=f"duckdb:///{folder / _file_name(settings)}"))
        if (settings.home / asked.FOLDER).exists():  # which feeds are in use
            shutil.copytree(settings.home / asked.FOLDER, folder / asked.FOLDER)
        other = DuckDBWarehouse(beside.settings.warehouse, beside.settings.picture, beside.settings.memory)
        loaded: dict[str, bool] = {}
        failed: dict[str, str] = {}
        _catch_up(pipeline, beside, loaded, failed, progress)
        with alone(settings, "upkeep"):
            in_place = False
            while not in_place:
                with old.reader() as connection:
                    last = ledger.next_load_number(connection)
                _catch_up(pipeline, beside, loaded, failed, progress)
                _take_over(old, other, (*FOUND, *STATE))  # which stories may be shown; STATE again below, for what was told meanwhile
                _build(beside.settings, progress)
                build(settings)
                _take_over(old, other, STATE)
                tables, differences = compare(old, other)
                if failed or (differences and not accept_differences):
                    break
                progress("putting it in its place")
                in_place = old.take_place(other, partial(_none_came_since, last))
            if in_place:
                if _is_embedded(settings):  # the models came along
                    beside.settings.compiled.replace(settings.compiled)
                else:
                    settings.compiled.unlink(missing_ok=True)
                build(settings)
                publish(settings, afresh=True)
                shutil.rmtree(folder, ignore_errors=True)
    return Rebuilt(len(loaded), sum(loaded.values()), tables, tuple(differences), failed, in_place)


def _file_name(settings: Settings) -> str:
    """The embedded warehouse's own, which is the name of its catalogue; any for a shared one."""
    return settings.warehouse.rsplit("/", 1)[-1] if _is_embedded(settings) else "warehouse.duckdb"


def _none_came_since(last: int, connection: Connection) -> bool:
    return ledger.next_load_number(connection) == last


def _is_embedded(settings: Settings) -> bool:
    return settings.warehouse.startswith("duckdb:")


def _catch_up(
    pipeline: Pipeline, beside: Pipeline, loaded: dict[str, bool], failed: dict[str, str], progress: Callable[[str], None]
) -> None:
    """Load everything that the warehouse in use has, in the order of landing, so that each meets what it met before."""
    taken = _taken(pipeline.settings)
    for receipt in pipeline.landing.receipts():
        name = receipt.submission_id
        if name in loaded or name not in taken:
            continue
        progress(f"{name}: {len(loaded) + 1} of {len(taken)}")
        try:
            verdict = beside.judge(name)
            beside.load(name, [UNUSUAL_SIZE] if taken[name] else [])
        except Exception as error:  # noqa: BLE001 - told; and nothing is put in place then
            failed[name] = str(error) if isinstance(error, Explained) else kind_and_place(error)
            continue
        loaded[name] = verdict.is_copy


def _taken(settings: Settings) -> dict[str, bool]:
    """Submissions in the ledger, and whether each was loaded, of whatever size."""
    table = ledger.submission
    with open_warehouse(settings).reader() as connection:
        rows = connection.execute(select(table.c.submission_id, table.c.outcome_code)).all()
    return {row.submission_id: row.outcome_code == "loaded" for row in rows}


def _build(settings: Settings, progress: Callable[[str], None]) -> None:
    progress("letting go of what was kept long enough")
    warehouse = open_warehouse(settings)
    with warehouse.writer() as connection:
        apply_to_warehouse(warehouse, connection, datetime.now(UTC).date())
    progress("building all models")
    build(settings)


def _take_over(old: Warehouse, new: Warehouse, tables: Iterable[Table]) -> None:
    for table in tables:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "rows.parquet"
            with old.reader() as connection:
                old.export_parquet(connection, select(*map(_as_taken_over, table.columns)), path)
            with new.writer() as connection:
                connection.execute(delete(table))
                new.insert_parquet(connection, f"{table.schema}.{table.name}", path)


def _as_taken_over(column: Column[Any]) -> ColumnElement[Any]:
    """Loads have other numbers there: a text that was labelled is read again, for it may read otherwise now."""
    return literal(0).label(column.name) if column is ledger.text_label.c.submission_load_number else column


def compare(old: Warehouse, new: Warehouse) -> tuple[int, list[Difference]]:
    """How many tables were compared, and those that are not the same. Order of rows does not matter."""
    tables_before, tables_after = _tables(old), _tables(new)
    names = sorted(tables_before.keys() | tables_after.keys())
    differences = []
    with new.reader() as rebuilt:
        for name in names:
            with old.reader() as used:  # one at a time: somebody may wait for a file
                before = _row_hashes(old, used, tables_before.get(name))
            after = _row_hashes(new, rebuilt, tables_after.get(name))
            counts = pl.concat([before.with_columns(n=pl.lit(1)), after.with_columns(n=pl.lit(-1))]).group_by("row").agg(pl.col("n").sum())
            only_before = int(counts.filter(pl.col("n") > 0).get_column("n").sum())
            only_after = -int(counts.filter(pl.col("n") < 0).get_column("n").sum())
            if only_before or only_after:
                differences.append(Difference(name, only_before, only_after))
    return len(names), differences


def _tables(warehouse: Warehouse) -> dict[str, TableClause]:
    """What is compared, each with the columns that tell of what was loaded, in the order of their names."""
    with warehouse.reader() as connection:
        found = [inspect(connection).get_multi_columns(schema, kind=ObjectKind.ANY) for schema in SCHEMAS]
    tables = {}
    for (schema, table), columns in chain.from_iterable(each.items() for each in found):
        name = f"{schema}.{table}"
        told = sorted((each["name"], each["type"]) for each in columns if each["name"] not in OWN.get(name, ()))
        tables[name] = TableClause(table, *(ColumnClause(*each) for each in told), schema=schema)
    return {name: table for name, table in tables.items() if name not in NOT_COMPARED}


def _row_hashes(warehouse: Warehouse, connection: Connection, table: TableClause | None) -> pl.DataFrame:
    """A hash a row. A table that is not there has no rows."""
    frames = warehouse.frames(connection, select(table)) if table is not None else ()
    hashes = [frame.with_columns(_comparable()).hash_rows().alias("row").to_frame() for frame in frames]
    return pl.concat([pl.DataFrame(schema={"row": pl.UInt64}), *hashes])


def _comparable() -> tuple[pl.Expr, ...]:
    """The values as every engine gives them; sums of floating numbers hang on the order of the rows."""
    return cs.integer().cast(pl.Int64), cs.float().round_sig_figs(9)
