"""Takes records out of the warehouse so that its books still balance.

Whoever is erased, or kept long enough, goes from raw with all versions and from the quarantine.
What is left is a line in the quarantine with a code and no record, and a ledger that counts it
as rejected: received = accepted + rejected holds for every submission, and a judged copy that
is made afterwards says the same.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl
from sqlalchemy import Column, Connection, MetaData, Select, String, Table, delete, exists, func, insert, null, select, update

from samepicture import ledger
from samepicture.judge import Verdict
from samepicture.landing import Landing
from samepicture.privacy.erased import CODE, REFERENCE_CODE, REFERENCE_SENTENCE, SENTENCE, Erased
from samepicture.privacy.erased import own_identifier as own
from samepicture.records import CONTRACTS, Contract, Kind
from samepicture.settings import Settings
from samepicture.text_labels.labels import forget_struck
from samepicture.warehouse import Warehouse
from samepicture.warehouse.tables import raw_table

LINE = ("submission_id", "part_name", "line_number")
"""What a record of a submission is known by."""


@dataclass
class Struck:
    """What was taken out."""

    records: int = 0
    rows: int = 0
    """Of raw: all versions."""
    references: int = 0
    """Rows of other records that named one."""
    submissions: set[str] = field(default_factory=set)
    """Those that hold any of it."""


def strike_erased(warehouse: Warehouse, connection: Connection, settings: Settings, record_type: str, verdict: Verdict) -> None:
    """In the transaction of a load: what was erased while the submission was judged, or after its copy was made, does not come in."""
    landing = Landing.of(settings)
    erased = Erased.read(landing, settings.require_pseudonym_key())
    if len(erased.marks) != verdict.erasures_known:
        strike(warehouse, connection, CONTRACTS[record_type], marked(connection, CONTRACTS[record_type], erased, verdict.submission_id))


def marked(connection: Connection, contract: Contract, erased: Erased, submission_id: str | None = None) -> pl.DataFrame:
    """Keys of erased records that are in raw or quarantine, also where another record names them; of one submission or of all."""
    if not erased.marks or not contract.is_about_people:
        return pl.DataFrame(schema=dict.fromkeys(contract.record_key, pl.String))
    keys = pl.concat([_keys_in_raw(connection, contract, submission_id), _keys_in_quarantine(connection, contract, submission_id)]).unique()
    return keys.filter(erased.among_keys(contract, keys))


def _keys_in_raw(connection: Connection, contract: Contract, submission_id: str | None) -> pl.DataFrame:
    raw = raw_table(contract.record_type)
    found = []
    for names in _key_columns(contract):
        statement = select(*[raw.c[name] for name in names]).distinct()
        found.append(_frame(connection, _of_submission(statement, raw, submission_id), contract.record_key))
    return pl.concat(found)


def _keys_in_quarantine(connection: Connection, contract: Contract, submission_id: str | None) -> pl.DataFrame:
    records = quarantined(connection, contract, submission_id).get_column("record")
    found = [
        pl.DataFrame([records.str.json_path_match(f"$.{name}").alias(key) for name, key in zip(names, contract.record_key, strict=True)])
        for names in _key_columns(contract)
    ]
    return pl.concat(found)


def _key_columns(contract: Contract) -> list[list[str]]:
    """The columns of the record's own key, and of the keys of the records that it names."""
    identifiers = contract.of_kind(Kind.IDENTIFIER)
    if not identifiers:
        return [list(contract.record_key)]
    return [[name if key == own(contract) else key for key in contract.record_key] for name in identifiers]


def strike(
    warehouse: Warehouse,
    connection: Connection,
    contract: Contract,
    keys: pl.DataFrame,
    code: str = CODE,
    sentence: str = SENTENCE,
    *,
    references: bool = True,
) -> Struck:
    """Take the records of these keys out, within the caller's transaction; with `references`, also where other records name them.

    `keys` has the columns of contract.record_key.
    """
    struck = Struck(records=keys.height)
    if keys.is_empty():
        return struck
    raw = raw_table(contract.record_type)
    wanted = Table("struck_key", MetaData(), *(Column(name, String) for name in contract.record_key), prefixes=["TEMPORARY"])
    wanted.drop(connection, checkfirst=True)
    wanted.create(connection)
    with tempfile.TemporaryDirectory() as folder:
        keys.write_parquet(path := Path(folder) / "keys.parquet")
        warehouse.insert_parquet(connection, "struck_key", path)
    same = exists().where(*[raw.c[name] == wanted.c[name] for name in contract.record_key])
    lines = connection.execute(
        select(raw.c.submission_id, raw.c.part_name, raw.c.line_number, raw.c.feed_id, func.count().label("row_count"))
        .where(same)
        .group_by(raw.c.submission_id, raw.c.part_name, raw.c.line_number, raw.c.feed_id)
    ).all()
    connection.execute(delete(raw).where(same))
    review = ledger.harm_review
    for line in lines:
        connection.execute(delete(review).where(*[review.c[name] == getattr(line, name) for name in LINE]))
    struck.rows = sum(line.row_count for line in lines)
    changed: dict[str, list[int]] = {}
    for line in lines:
        count = changed.setdefault(line.submission_id, [0, 0, 0])
        count[0] += 1
        count[1] += line.row_count
    emptied = [{name: getattr(line, name) for name in (*LINE, "feed_id")} for line in lines]
    emptied += _strike_quarantine(connection, contract, keys, struck, references=references)
    if emptied:
        connection.execute(insert(ledger.quarantine), [{**line, "code": code, "sentence": sentence} for line in emptied])
    forget_struck(connection, contract, wanted)
    if references:
        for submission_id, rows in _forget_references(connection, contract, wanted).items():
            changed.setdefault(submission_id, [0, 0, 0])[2] += rows
            struck.references += rows
    wanted.drop(connection)
    balance(connection, {submission_id: tuple(counts) for submission_id, counts in changed.items()})
    struck.submissions |= changed.keys() | {line["submission_id"] for line in emptied}
    return struck


def _strike_quarantine(
    connection: Connection, contract: Contract, keys: pl.DataFrame, struck: Struck, *, references: bool
) -> list[dict[str, Any]]:
    """Take the records out of the quarantine; their lines, each to be told once more, without the record."""
    kept = quarantined(connection, contract, None)
    if kept.is_empty():
        return []
    read = kept.with_columns(pl.col("record").str.json_path_match(f"$.{name}").alias(name) for name in contract.record_key)
    gone = read.join(keys, on=list(contract.record_key), how="semi").select(*LINE, "feed_id").unique(maintain_order=True)
    table = ledger.quarantine
    for line in gone.iter_rows(named=True):
        connection.execute(delete(table).where(*[table.c[name] == line[name] for name in LINE]))
    others = [name for name in contract.of_kind(Kind.IDENTIFIER) if name != own(contract)] if references else []
    for name in others:
        named = kept.with_columns(
            pl.col("record").str.json_path_match(f"$.{name if key == own(contract) else key}").alias(key) for key in contract.record_key
        ).join(keys, on=list(contract.record_key), how="semi")
        for line in named.join(gone, on=LINE, how="anti").iter_rows(named=True):
            record = json.dumps({**json.loads(line["record"]), name: None}, ensure_ascii=False)
            where = [table.c[column] == line[column] for column in LINE]
            connection.execute(update(table).where(*where, table.c.record.is_not(None)).values(record=record))
            _warn_of_reference(connection, line["submission_id"], line["feed_id"], name, 1)
            struck.references += 1
            struck.submissions.add(line["submission_id"])
    return list(gone.iter_rows(named=True))


def _forget_references(connection: Connection, contract: Contract, wanted: Table) -> dict[str, int]:
    """Empty the columns in which other records name these; rows by submission, each with a warning."""
    raw = raw_table(contract.record_type)
    changed: dict[str, int] = {}
    for name in contract.of_kind(Kind.IDENTIFIER):
        if name == own(contract):
            continue
        names = exists().where(*[raw.c[name if key == own(contract) else key] == wanted.c[key] for key in contract.record_key])
        rows = connection.execute(
            select(raw.c.submission_id, raw.c.feed_id, func.count().label("row_count"))
            .where(names)
            .group_by(raw.c.submission_id, raw.c.feed_id)
        ).all()
        connection.execute(update(raw).where(names).values({name: null()}))
        for row in rows:
            changed[row.submission_id] = changed.get(row.submission_id, 0) + row.row_count
            _warn_of_reference(connection, row.submission_id, row.feed_id, name, row.row_count)
    return changed


def _warn_of_reference(connection: Connection, submission_id: str, feed_id: str, column: str, rows: int) -> None:
    """Say where a reference was emptied; by it an original that still has it is found."""
    told = {"submission_id": submission_id, "feed_id": feed_id, "code": REFERENCE_CODE, "column_name": column}
    connection.execute(insert(ledger.warning), {**told, "row_count": rows, "sentence": REFERENCE_SENTENCE})


def balance(connection: Connection, changed: dict[str, tuple[int, ...]]) -> None:
    """Bring the ledger to what is in raw now, and have everything that was made of it made again.

    By submission: records that went from accepted to rejected, rows that went, rows that changed.
    """
    submission, stage = ledger.submission, ledger.stage
    number = ledger.next_load_number(connection)
    for submission_id, (records, rows, rewritten) in changed.items():
        connection.execute(
            update(submission)
            .where(submission.c.submission_id == submission_id)
            .values(
                accepted_count=submission.c.accepted_count - records,
                rejected_count=submission.c.rejected_count + records,
                loaded_row_count=submission.c.loaded_row_count - rows,
                # What an earlier load took away may be in the marts yet.
                replaced_row_count=submission.c.replaced_row_count + rows + rewritten,
                load_number=number,
            )
        )
        if records:
            connection.execute(
                update(stage)
                .where(stage.c.submission_id == submission_id, stage.c.stage_code == "loaded")
                .values(record_count=stage.c.record_count - records)
            )


def quarantined(connection: Connection, contract: Contract, submission_id: str | None) -> pl.DataFrame:
    """Rejected records of this type that are kept; one row a record."""
    table, submission = ledger.quarantine, ledger.submission
    statement = (
        select(*[table.c[name] for name in (*LINE, "feed_id", "record")])
        .join(submission, submission.c.submission_id == table.c.submission_id)
        .where(submission.c.record_type == contract.record_type, table.c.record.is_not(None))
        .distinct()
    )
    rows = connection.execute(_of_submission(statement, table, submission_id)).all()
    return pl.DataFrame(
        [tuple(row) for row in rows],
        schema={name: pl.Int64 if name == "line_number" else pl.String for name in (*LINE, "feed_id", "record")},
        orient="row",
    )


def _of_submission(statement: Select[Any], table: Table, submission_id: str | None) -> Select[Any]:
    return statement if submission_id is None else statement.where(table.c.submission_id == submission_id)


def _frame(connection: Connection, statement: Select[Any], names: Sequence[str] | Collection[str]) -> pl.DataFrame:
    rows = [tuple(row) for row in connection.execute(statement)]
    return pl.DataFrame(rows, schema=dict.fromkeys(names, pl.String), orient="row")
