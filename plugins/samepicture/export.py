"""Published tables as files for those who have no SQL: CSV, Parquet or a workbook, with a page that says what they hold.

In a workbook the page is its first sheet; beside a CSV or Parquet file it is a text of the
same name. It has the definitions, the period, what is withheld, and how fresh each feed is
that the table is made of. Words of patients are not exported: who reads them is written
down one by one.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import polars as pl
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter

from samepicture.compiled import Compiled
from samepicture.dbt_project import project_sha256
from samepicture.errors import Explained
from samepicture.meanings import meanings
from samepicture.register import safe_cell
from samepicture.settings import Settings
from samepicture.warehouse import open_warehouse

NOT_EXPORTED = {
    "narrative": "Narratives are not exported: on the shared server they are opened and read there, and that is written down.",
    "consented_story": "Stories are not exported: read them on the shared server, and pass on their address.",
}
WITHHELD = (
    "{withheld} of {rows} rows have a count that is withheld: counts of 1 to 4 people, and what they could be worked out from, "
    "are empty, with is_suppressed. An empty cell is never a zero."
)
SCHEMA = "published."
FEEDS = "select feed_name, publisher_name, record_type, is_active, is_late, last_loaded_at from published.feed_health order by feed_name"
SHEET_NAME_LENGTH = 31
"""Characters that Excel allows."""


class CannotExport(Explained):
    """A table or a file that can't be exported; the message says why and what can."""


@dataclass(frozen=True)
class Extract:
    """Rows of a published table, and what is said of them: pairs of a heading and a text, a heading once."""

    table: str
    rows: pl.DataFrame
    about: Sequence[tuple[str, str]]


class Published:
    """What is published now, to be taken out table by table. Raises CannotExport where another version of the project has made it."""

    def __init__(self, settings: Settings) -> None:
        self._warehouse = open_warehouse(settings)
        compiled = Compiled.read(settings.compiled, project_sha256())
        if compiled is None:
            raise CannotExport("Nothing that this version of the project has made is published: let it build first, then export.")
        self._compiled = compiled
        self._models = {name.removeprefix(SCHEMA): node.name for name, node in compiled.tables().items() if name.startswith(SCHEMA)}
        self._feeds = self._warehouse.query(FEEDS)[1]

    def extract(self, table: str, where: str = "true", title: str = "") -> Extract:
        """The rows of a table, and their page. Raises CannotExport, and WarehouseError."""
        name = table.removeprefix(SCHEMA)
        if name in NOT_EXPORTED:
            raise CannotExport(NOT_EXPORTED[name])
        if name not in self._models:
            known = ", ".join(sorted(self._models.keys() - NOT_EXPORTED.keys()))
            raise CannotExport(f"There is no published table {table!r}: take one of {known}.")
        meaning = meanings()[self._models[name]]
        columns, rows = self._warehouse.query(
            f"select * from {SCHEMA}{name} where {where} order by {', '.join(meaning.key)}"  # noqa: S608 - names that were looked up, conditions of ours
        )
        frame = pl.DataFrame(rows, schema=columns, orient="row", infer_schema_length=None)
        about = [
            ("Table", title or f"{SCHEMA}{name}"),
            *meaning.sections.items(),
            *_contents(frame),
            ("Made", f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC"),
            *self._freshness(f"{SCHEMA}{name}"),
            *((f"Column {column}", text) for column, text in meaning.columns.items()),
        ]
        return Extract(name, frame, about)

    def _freshness(self, table: str) -> Iterator[tuple[str, str]]:
        """How fresh each feed is that the table is made of, and which has sent nothing yet."""
        sources = self._compiled.sources_of(table)
        for name, publisher, record_type, is_active, is_late, loaded_at in self._feeds:
            if f"raw.{record_type}" in sources:
                came = (
                    f"last loaded {loaded_at:%Y-%m-%d}{', late' if is_late else ''}" if is_active and loaded_at else "nothing has come yet"
                )
                yield f"Feed {name}", f"{publisher}: {came}"


def _contents(rows: pl.DataFrame) -> Iterator[tuple[str, str]]:
    """The period by each day that is in it, how many rows, and of how many a count is withheld."""
    for column, kind in rows.schema.items():
        first, last = (rows[column].min(), rows[column].max()) if kind == pl.Date else (None, None)
        if isinstance(first, date) and isinstance(last, date):
            yield f"Period, by {column}", f"{first} to {last}"
    yield "Rows", f"{rows.height:,}"
    if "is_suppressed" in rows.columns:
        yield "Withheld", WITHHELD.format(withheld=rows["is_suppressed"].sum(), rows=rows.height)


def write(extracts: Sequence[Extract], path: Path) -> list[Path]:
    """Write one table as the file's ending says, or several into one workbook; the files written. Raises CannotExport."""
    kind = path.suffix.lower()
    if kind == ".xlsx":
        _write_workbook(extracts, path)
        return [path]
    if kind not in (".csv", ".parquet") or len(extracts) != 1:
        raise CannotExport(f"{path.name} can't be written: end its name in .csv, .parquet or .xlsx; several tables go into .xlsx alone.")
    (only,) = extracts
    if kind == ".csv":
        with path.open("w", newline="", encoding="utf-8-sig") as file:  # Excel takes a CSV without the mark for another encoding
            writer = csv.writer(file)
            writer.writerow([safe_cell(name) for name in only.rows.columns])
            rows = only.rows.iter_rows()
            writer.writerows([[safe_cell(cell) for cell in row] for row in rows])
    else:
        only.rows.write_parquet(path, metadata=dict(only.about))
    about = path.with_suffix(".about.txt")
    about.write_text("".join(f"{heading}: {text}\n" for heading, text in only.about), encoding="utf-8")
    return [path, about]


def _write_workbook(extracts: Sequence[Extract], path: Path) -> None:
    workbook = Workbook(write_only=True)
    page = workbook.create_sheet("About")
    page.column_dimensions["A"].width, page.column_dimensions["B"].width = 34, 120
    for each in extracts:
        for heading, text in each.about:
            page.append([_cell(page, heading, bold=True), _cell(page, text)])
        page.append([])
    for each in extracts:
        sheet = workbook.create_sheet(each.table[:SHEET_NAME_LENGTH])
        sheet.freeze_panes = "A2"
        for place, column in enumerate(each.rows.columns, 1):
            sheet.column_dimensions[get_column_letter(place)].width = max(12, len(column) + 2)
        sheet.append([_cell(sheet, column, bold=True) for column in each.rows.columns])
        for row in each.rows.iter_rows():
            sheet.append([_cell(sheet, value) for value in row])
    workbook.save(path)


def _cell(sheet: Any, value: Any, *, bold: bool = False) -> Any:
    """A cell that is never a formula, whatever a text begins with. Excel has no time zones: times are UTC."""
    if isinstance(value, datetime) and value.tzinfo is not None:
        value = value.astimezone(UTC).replace(tzinfo=None)
    cell = WriteOnlyCell(sheet, value)
    if isinstance(value, str):
        cell.data_type = "s"
        cell.alignment = Alignment(wrap_text=True, vertical="top")
    if bold:
        cell.font = Font(bold=True)
    return cell
