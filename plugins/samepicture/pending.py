"""What was loaded and is not in the marts yet: the difference between the ledger and the last finished build."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select

from samepicture import ledger
from samepicture.records import CONTRACTS
from samepicture.settings import Settings
from samepicture.warehouse import open_warehouse


@dataclass(frozen=True)
class Pending:
    """What the marts do not show yet."""

    load_number: int
    record_types: tuple[str, ...]
    """Whose rows changed; none where submissions were only refused."""
    since: datetime
    """When the first of it was loaded."""
    has_labels: bool
    """Whether texts were labelled."""
    added: Mapping[str, tuple[str, ...]]
    """Submissions by record type, where they only added to what was there: none replaced an earlier load of itself, or emptied others' rows."""

    @property
    def tables(self) -> list[str]:
        """The tables that changed."""
        return [*(f"raw.{name}" for name in self.record_types), *(["ops.text_label"] if self.has_labels else [])]


def pending(settings: Settings) -> Pending | None:
    """What was loaded since the last build; None where there is nothing to do."""
    warehouse = open_warehouse(settings)
    warehouse.create()
    with warehouse.reader() as connection:
        return find(connection)


def find(connection: Connection, since: int | None = None, *, labels: bool = False) -> Pending | None:
    """The same, inside a transaction that the caller has open; or what was loaded since a load that is named.

    With `labels`, also what was labelled: nobody waits for it but the models that look back.
    """
    last = select(func.coalesce(func.max(ledger.build.c.load_number), 0))
    built: int = connection.execute(last).scalar_one() if since is None else since
    table = ledger.submission
    taken = table.c.replaced_row_count + func.coalesce(table.c.emptied_row_count, 0)
    rows = connection.execute(
        select(
            table.c.submission_id,
            table.c.record_type,
            taken.label("taken"),
            (table.c.loaded_row_count + taken).label("moved"),
            table.c.load_number,
            ledger.stage.c.finished_at,
        )
        .join(ledger.stage, ledger.stage.c.submission_id == table.c.submission_id)
        .where(table.c.load_number > built, ledger.stage.c.stage_code == "loaded")
    ).all()
    model = ledger.text_model
    labelled = (
        connection.execute(select(model.c.load_number, model.c.labelled_at).where(model.c.load_number > built)).all() if labels else []
    )
    if not rows and not labelled:
        return None
    changed = {row.record_type for row in rows if row.moved and row.record_type in CONTRACTS}
    taken_from = {row.record_type for row in rows if row.taken}
    added = {name: tuple(row.submission_id for row in rows if row.record_type == name and row.moved) for name in changed - taken_from}
    return Pending(
        max(row.load_number for row in (*rows, *labelled)),
        tuple(sorted(changed)),
        min([*(row.finished_at for row in rows), *(row.labelled_at for row in labelled)]),
        bool(labelled),
        added,
    )
