"""Changes the key of the pseudonyms: the columns that hold them are re-keyed, in one transaction, without any original.

SAMEPICTURE_PSEUDONYM_KEY holds all links, oldest first. A pseudonym of now is the HMAC of the one
before under the new link, so links between records stay, and the next delivery of a record meets it.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
from sqlalchemy import Column, Connection, MetaData, String, Table, delete, func, insert, select, update

from samepicture import ledger
from samepicture.privacy.pseudonym import fingerprint, rotated, rotation
from samepicture.records import CONTRACTS, Contract, Kind
from samepicture.settings import SettingError
from samepicture.text_labels.labels import rekey as rekey_labels
from samepicture.warehouse import Warehouse, open_warehouse
from samepicture.warehouse.tables import raw_table

if TYPE_CHECKING:
    from samepicture.process import Pipeline

OTHER_KEY = (
    "SAMEPICTURE_PSEUDONYM_KEY is not the key that this warehouse was made with: the same case would get a second pseudonym. "
    "Set that key again; to change it, append a new one to it after a comma, and run `samepicture rotate-key`."
)


@dataclass(frozen=True)
class Rotated:
    """What a rotation did."""

    links: int
    """Links that were new; 0: the key was that of the warehouse already."""
    pseudonyms: int
    copies: int
    """Judged copies that were written anew."""


def require_key(connection: Connection, key_fingerprint: str) -> None:
    """Remember the key of the first load; raise SettingError where a later one was judged with another."""
    known = _known(connection)
    if known is None:
        connection.execute(insert(ledger.pseudonym_key), {"fingerprint": key_fingerprint, "since": datetime.now(UTC)})
    elif known != key_fingerprint:
        raise SettingError(OTHER_KEY)


def rotate_key(pipeline: Pipeline) -> Rotated:
    """Bring the warehouse, the judged copies and the analysts' copy to the newest link of the key.

    Safe to repeat: what a killed rotation left undone is done by the next.
    Raises SettingError where the warehouse was made with a key of which this one is no continuation.
    """
    from samepicture.locks import alone
    from samepicture.upkeep.originals import discard_work, refresh_copies
    from samepicture.upkeep.scrub import is_to_scrub, scrub_later, show_and_scrub

    settings = pipeline.settings
    key = settings.require_pseudonym_key()
    warehouse = open_warehouse(settings)
    warehouse.create()
    with alone(settings, "upkeep"):
        with warehouse.writer() as connection:
            new = _new_links(connection, key)
            pseudonyms = sum(_rotate(warehouse, connection, contract, new) for contract in CONTRACTS.values()) if new else 0
            if new:
                scrub_later(settings)
                connection.execute(delete(ledger.pseudonym_key))
                require_key(connection, fingerprint(key))
        discard_work(pipeline)
        copies = refresh_copies(pipeline)
        if is_to_scrub(settings):
            show_and_scrub(pipeline)
    return Rotated(len(new), pseudonyms, copies)


def _new_links(connection: Connection, key: Sequence[bytes]) -> tuple[bytes, ...]:
    known = _known(connection)
    if known is None:
        return ()
    for length in range(len(key), 0, -1):
        if fingerprint(key[:length]) == known:
            return tuple(key[length:])
    raise SettingError(OTHER_KEY)


def _known(connection: Connection) -> str | None:
    return connection.execute(select(ledger.pseudonym_key.c.fingerprint)).scalar_one_or_none()


def _rotate(warehouse: Warehouse, connection: Connection, contract: Contract, new: Sequence[bytes]) -> int:
    """Re-key one record type; how many different pseudonyms."""
    names = contract.of_kind(Kind.IDENTIFIER)
    if not names:
        return 0
    raw = raw_table(contract.record_type)
    there = pl.concat(
        [
            pl.Series(
                "before", connection.execute(select(raw.c[name]).where(raw.c[name].is_not(None)).distinct()).scalars().all(), pl.String
            )
            for name in names
        ]
    ).unique()
    pairs = Table("rekeyed", MetaData(), Column("before", String), Column("after", String), prefixes=["TEMPORARY"])
    pairs.drop(connection, checkfirst=True)
    pairs.create(connection)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "pairs.parquet"
        pl.DataFrame({"before": there, "after": rotated(new, there)}).write_parquet(path)
        warehouse.insert_parquet(connection, "rekeyed", path)
    for name in names:
        after = select(pairs.c.after).where(pairs.c.before == raw.c[name]).scalar_subquery()
        connection.execute(update(raw).where(raw.c[name].is_not(None)).values({name: after}))
    warehouse.rekey_openings(connection, pairs.name)
    rekey_labels(connection, contract, pairs)
    pairs.drop(connection)
    _rotate_quarantine(connection, contract, rotation(new))
    _make_again(connection, contract)
    return there.len()


def _rotate_quarantine(connection: Connection, contract: Contract, rotate: Callable[[str], str]) -> None:
    from samepicture.upkeep.strike import LINE, quarantined

    table = ledger.quarantine
    for line in quarantined(connection, contract, None).iter_rows(named=True):
        record: dict[str, Any] = json.loads(line["record"])
        record |= {name: rotate(record[name]) for name in contract.of_kind(Kind.IDENTIFIER) if record.get(name)}
        where = [table.c[column] == line[column] for column in LINE]
        connection.execute(update(table).where(*where, table.c.record.is_not(None)).values(record=json.dumps(record, ensure_ascii=False)))


def _make_again(connection: Connection, contract: Contract) -> None:
    """Have all that is made of the record type made again."""
    from samepicture.upkeep.strike import balance

    raw = raw_table(contract.record_type)
    rows = connection.execute(select(raw.c.submission_id, func.count()).group_by(raw.c.submission_id)).all()
    balance(connection, {row[0]: (0, 0, row[1]) for row in rows})
