"""Source records to contract columns, as feed.yml declares it: column operations only.

What can't be read as its kind (a date that is no date) is a record rejection here;
what is read but wrong is the suite's to find. What the contract has no column for is
kept in `unmapped`, without what looks like an identifier.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import ftfy
import polars as pl

from samepicture.feed import ColumnMap, Feed, Layout, Unpivot
from samepicture.messages import PROBLEMS, SubmissionRejected, Warning_
from samepicture.readers import LINE, fold
from samepicture.records import CONTRACTS, Column, Contract, Kind

IDENTIFYING = re.compile(
    r"(?i)name|address|postcode|post code|phone|mobile|\btel\b|e-?mail|\bnhs\s*n|nhs_n|birth|\bdob\b|surname|initial|\bni\b|\bnino\b|passport|hospital n|\bmrn\b|contact"
)
"""Headers of unknown columns whose values are withheld: they name people more often than not."""
WITHHELD = "[withheld]"
ISO_DATES = ("%Y-%m-%d", "%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%dT%H:%M:%S%.fZ")
TOMBSTONE = "is_removed"


@dataclass
class Mapped:
    """A batch after mapping."""

    frame: pl.DataFrame
    """Contract columns in order, `line_number`, `version_at`, `is_removed`, `unmapped`."""
    problems: pl.DataFrame
    """Cells that could not be read: line_number, code, column_name, sentence."""


class Mapping:
    """A feed's mapping for one part: chosen by its headers, applied to each of its batches."""

    def __init__(self, feed: Feed, headers: Sequence[str]) -> None:
        self._contract: Contract = CONTRACTS[feed.record_type]
        self._feed = feed
        self._headers = {fold(name): name for name in headers}
        self.layout = _choose(feed, self._headers) if feed.layouts else _identity(self._contract, self._headers)
        self.warnings: list[Warning_] = []
        self._sources = self._find_sources()
        self._wide = self._find_wide()
        self._unknown = self._find_unknown(headers)

    def apply(self, batch: pl.DataFrame) -> Mapped:
        """Map one batch of text."""
        problems: list[pl.DataFrame] = []
        columns: dict[str, pl.Series] = {}
        for column in self._contract.columns:
            series = self._column(batch, column, problems)
            columns[column.name] = series
        frame = pl.DataFrame(columns).with_columns(
            batch.get_column(LINE),
            self._version(batch, problems),
            self._tombstone(batch),
            self._unmapped(batch),
        )
        if self.layout.year:
            frame = self._with_year(frame, batch, self.layout.year, problems)
        if self.layout.unpivot:
            frame = self._unpivoted(frame, batch, self.layout.unpivot, problems)
        return Mapped(frame, pl.concat(problems) if problems else pl.DataFrame(schema=PROBLEMS))

    # -- finding headers ------------------------------------------------------------------

    def _find_sources(self) -> dict[str, list[str]]:
        sources: dict[str, list[str]] = {}
        for target, spec in self.layout.columns.items():
            names = [self._headers[fold(name)] for name in (*spec.from_, *spec.each) if fold(name) in self._headers]
            if not names and spec.constant is None and not spec.optional:
                wanted = " or ".join(repr(name) for name in (*spec.from_, *spec.each))
                raise SubmissionRejected(
                    "missing_column",
                    f"The column {wanted} is not in the file (layout {self.layout.name}): "
                    f"send it under that name. The file has: {_listed(list(self._headers.values()))}.",
                )
            sources[target] = names
        if self.layout.year and fold(self.layout.year) not in self._headers:
            raise SubmissionRejected("missing_column", f"The column {self.layout.year!r} is not in the file: send it under that name.")
        return sources

    def _find_wide(self) -> list[tuple[str, re.Match[str]]]:
        if not self.layout.unpivot:
            return []
        pattern = re.compile(self.layout.unpivot.headers)
        used = self._used()
        return [(name, match) for name in self._headers.values() if name not in used and (match := pattern.search(name))]

    def _used(self) -> set[str]:
        used = {name for names in self._sources.values() for name in names}
        used.update(self._headers[fold(name)] for name in self.layout.drop if fold(name) in self._headers)
        if self.layout.year:
            used.add(self._headers[fold(self.layout.year)])
        return used

    def _find_unknown(self, headers: Sequence[str]) -> list[str]:
        used = self._used() | {name for name, _ in self._wide} | {LINE, TOMBSTONE, "version_at"}
        unknown = [name for name in headers if name not in used]
        self.warnings += [
            Warning_(
                "unknown_column",
                f"The column {name!r} is not one that this feed knows: it is kept beside the record, not used. "
                "If it is new, tell the data team what it means; if it names people, leave it out.",
                column_name=name,
            )
            for name in unknown
            if not name.startswith("(column ")
        ]
        return unknown

    # -- one column -----------------------------------------------------------------------

    def _column(self, batch: pl.DataFrame, column: Column, problems: list[pl.DataFrame]) -> pl.Series:
        spec = self.layout.columns.get(column.name)
        names = self._sources.get(column.name, [])
        if spec is None or (spec.constant is None and not names):
            return pl.Series(column.name, [None], dtype=column.polars_type).new_from_index(0, batch.height)
        if spec.constant is not None:
            text = pl.Series(column.name, [spec.constant], dtype=pl.String).new_from_index(0, batch.height)
        elif column.kind is Kind.LIST:
            return self._list(batch, column, spec, names)
        else:
            text = batch.get_column(names[0]).rename(column.name)
            if text.dtype != pl.String:
                return text.cast(column.polars_type)
            for name in names[1:]:
                text = self._clean(text, spec).fill_null(batch.get_column(name))
        text = self._clean(text, spec)
        return self._typed(text, column, spec, batch.get_column(LINE), problems)

    def _clean(self, text: pl.Series, spec: ColumnMap) -> pl.Series:
        text = text.str.strip_chars()
        text = text.set(text.is_in(["", *spec.empty]), None)
        if spec.extract:
            text = text.str.extract(spec.extract)
        if self._feed.reader.mojibake:
            text = _repair(text)
        if spec.upper:
            text = text.str.to_uppercase()
        if spec.values:
            text = _recode(text, dict(spec.values))
        return text

    def _typed(self, text: pl.Series, column: Column, spec: ColumnMap, lines: pl.Series, problems: list[pl.DataFrame]) -> pl.Series:
        match column.kind:
            case Kind.DATE | Kind.TIMESTAMP:
                typed = _dates(text, column, spec.dates or ISO_DATES)
                problem = ("unreadable_date", f"is not a date as {' or '.join(map(_shown, spec.dates or ISO_DATES[:1]))}: correct it")
            case Kind.INTEGER:
                typed = text.str.replace_all(",", "").cast(pl.Int64, strict=False)
                problem = ("unreadable_number", "is not a whole number: correct it")
            case Kind.DECIMAL:
                typed = text.str.replace_all(",", "").cast(pl.Float64, strict=False)
                problem = ("unreadable_number", "is not a number: correct it")
            case Kind.BOOLEAN:
                return text.str.to_lowercase().is_in([value.lower() for value in spec.true]).set(text.is_null(), None).rename(column.name)
            case _:
                return text
        failed = text.is_not_null() & typed.is_null()
        if failed.any():
            source = (self._sources.get(column.name) or [column.name])[0]
            problems.append(
                pl.DataFrame({LINE: lines.filter(failed), "value": text.filter(failed)}).select(
                    LINE,
                    pl.lit(problem[0]).alias("code"),
                    pl.lit(column.name).alias("column_name"),
                    pl.format(f"'{{}}' in column '{source.replace('{', '(').replace('}', ')')}' {problem[1]}.", pl.col("value").str.slice(0, 40)).alias("sentence"),
                )
            )
        return typed.rename(column.name)

    def _list(self, batch: pl.DataFrame, column: Column, spec: ColumnMap, names: list[str]) -> pl.Series:
        """JSON array of strings out of several headers, or of one that is split."""
        if spec.split is not None:
            items = batch.select(pl.col(names[0]).str.split(spec.split).list.eval(pl.element().str.strip_chars().replace("", None))).to_series()
            items = items.list.drop_nulls()
        else:
            cleaned = [self._clean(batch.get_column(name), dataclass_replace(spec)) for name in names]
            items = pl.DataFrame({str(n): series for n, series in enumerate(cleaned)}).select(pl.concat_list(pl.all())).to_series().list.drop_nulls()
        if self._feed.reader.mojibake:
            items = _map_items(items, _repair)
        if spec.values:
            items = _map_items(items, lambda text: _recode(text, dict(spec.values), keep_unknown=False))
        encoded = pl.DataFrame({"items": items}).select(pl.struct("items").struct.json_encode()).to_series()
        return encoded.str.slice(len('{"items":')).str.strip_suffix("}").set(items.is_null(), None).rename(column.name)

    # -- provenance -----------------------------------------------------------------------

    def _version(self, batch: pl.DataFrame, problems: list[pl.DataFrame]) -> pl.Series:
        column = Column("version_at", Kind.TIMESTAMP, "")
        if "version_at" in batch.columns and "version_at" not in self.layout.columns:
            return self._typed(batch.get_column("version_at"), column, ColumnMap(), batch.get_column(LINE), problems)
        return self._column(batch, column, problems)

    def _tombstone(self, batch: pl.DataFrame) -> pl.Series:
        if TOMBSTONE in batch.columns:
            return batch.get_column(TOMBSTONE).cast(pl.String).str.to_lowercase().eq("true").fill_null(False).rename(TOMBSTONE)
        return pl.Series(TOMBSTONE, [False]).new_from_index(0, batch.height)

    def _unmapped(self, batch: pl.DataFrame) -> pl.Series:
        if not self._unknown:
            return pl.Series("unmapped", [None], dtype=pl.String).new_from_index(0, batch.height)
        kept = [
            (pl.when(pl.col(name).is_not_null()).then(pl.lit(WITHHELD)).alias(name) if IDENTIFYING.search(name) else pl.col(name))
            for name in self._unknown
        ]
        filled = pl.any_horizontal([pl.col(name).is_not_null() for name in self._unknown])
        return batch.select(pl.when(filled).then(pl.struct(kept).struct.json_encode()).alias("unmapped")).to_series()

    # -- years and wide files -------------------------------------------------------------

    def _with_year(self, frame: pl.DataFrame, batch: pl.DataFrame, header: str, problems: list[pl.DataFrame]) -> pl.DataFrame:
        text = batch.get_column(self._headers[fold(header)]).str.strip_chars()
        first = text.str.extract(r"^(\d{4})[-/]\d{2,4}$").cast(pl.Int32)
        failed = first.is_null()
        if failed.any():
            problems.append(
                pl.DataFrame({LINE: batch.get_column(LINE).filter(failed), "value": text.filter(failed).fill_null("")}).select(
                    LINE,
                    pl.lit("unreadable_year").alias("code"),
                    pl.lit("year_name").alias("column_name"),
                    pl.format(f"'{{}}' in column '{header}' is not a year such as 2024-25: correct it.", pl.col("value").str.slice(0, 40)).alias("sentence"),
                )
            )
        return frame.with_columns(
            text.alias("year_name"),
            pl.date(first, 4, 1).alias("period_start_date"),
            pl.date(first + 1, 3, 31).alias("period_end_date"),
        )

    def _unpivoted(self, frame: pl.DataFrame, batch: pl.DataFrame, unpivot: Unpivot, problems: list[pl.DataFrame]) -> pl.DataFrame:
        long: list[pl.DataFrame] = []
        value = self._contract.by_name[unpivot.value_to]
        order = frame.columns
        for header, match in self._wide:
            text = batch.get_column(header).str.strip_chars()
            withheld = text.is_in(list(unpivot.suppressed)).fill_null(False)
            measured = self._typed(text.set(withheld | (text == ""), None).rename(value.name), value, ColumnMap(from_=(header,)), batch.get_column(LINE), problems)
            code = snake(header)
            literals = {unpivot.name_to: header, unpivot.code_to: unpivot.codes.get(code, code), **{k: v for k, v in match.groupdict().items() if v is not None}}
            if unpivot.group_to:
                literals[unpivot.group_to] = next((group for pattern, group in unpivot.groups.items() if re.search(pattern, code)), "other")
            derived = [pl.lit(text_value).alias(name) for name, text_value in literals.items()]
            if unpivot.totals:
                derived.append(pl.lit(bool(re.search(unpivot.totals, code))).alias("is_total"))
            long.append(frame.with_columns(measured, withheld.alias("is_suppressed"), *derived).select(order))
        return pl.concat(long)


def _choose(feed: Feed, headers: dict[str, str]) -> Layout:
    """The layout whose headers the file has. Raises SubmissionRejected that says what is missing from the nearest."""

    def missing(layout: Layout) -> list[str]:
        return [name for name in layout.recognise if fold(name) not in headers]

    fitting = [layout for layout in feed.layouts if not missing(layout) and not any(fold(name) in headers for name in layout.without)]
    if fitting:
        return max(fitting, key=lambda layout: len(layout.recognise))
    nearest = min(feed.layouts, key=lambda layout: len(missing(layout)) / max(len(layout.recognise), 1))
    if len(missing(nearest)) < len(nearest.recognise):
        raise SubmissionRejected(
            "missing_column",
            f"The file looks like {nearest.name!r} but lacks {_listed(missing(nearest))}: send it with these columns under these names.",
        )
    raise SubmissionRejected(
        "wrong_feed",
        f"The file has none of the columns of the feed {feed.id!r} ({feed.title}): it may belong to another feed. "
        f"It has: {_listed(list(headers.values()))}.",
    )


def _identity(contract: Contract, headers: dict[str, str]) -> Layout:
    """For a folder's own reader, which gives contract columns: each by its own name."""
    names = [column.name for column in contract.columns if fold(column.name) in headers]
    return Layout("own", {name: ColumnMap(from_=(name,), optional=True) for name in names})


def dataclass_replace(spec: ColumnMap) -> ColumnMap:
    """The part of a spec that cleans one item of a list; its values are looked up once, over all items."""
    return ColumnMap(upper=spec.upper)


def _recode(text: pl.Series, values: dict[str, str], keep_unknown: bool = True) -> pl.Series:
    folded = text.str.strip_chars().str.to_lowercase()
    table = {source.strip().lower(): code for source, code in values.items()}
    known = folded.replace_strict(table, default=None, return_dtype=pl.String)
    return known.fill_null(text) if keep_unknown else known


def _map_items(items: pl.Series, change: object) -> pl.Series:
    """Apply a column function to the items of a list column."""
    flat = pl.DataFrame({"row": pl.int_range(items.len(), eager=True), "item": items}).explode("item")
    flat = flat.with_columns(change(flat.get_column("item")).alias("item"))  # type: ignore[operator]
    return flat.group_by("row", maintain_order=True).agg("item").get_column("item").set(items.is_null(), None)


def _repair(text: pl.Series) -> pl.Series:
    """Undo double encoding, only in the values that show its marks."""
    marked = text.str.contains(r"[ÂÃâðï][\u0080-\u00bf\u2010-\u203a€™œžŸ]").fill_null(False)
    if not marked.any():
        return text
    repaired = text.filter(marked).unique()
    return text.replace(repaired, pl.Series([ftfy.fix_encoding(value) for value in repaired], dtype=pl.String))


def _dates(text: pl.Series, column: Column, formats: Sequence[str]) -> pl.Series:
    result: pl.Series | None = None
    for form in formats:
        parsed = text.str.strptime(pl.Datetime("us") if _has_time(form) else pl.Date, form, strict=False).cast(pl.Datetime("us"))
        result = parsed if result is None else result.fill_null(parsed)
    assert result is not None
    return result.dt.date() if column.kind is Kind.DATE else result.dt.replace_time_zone("UTC")


def _has_time(form: str) -> bool:
    return any(mark in form for mark in ("%H", "%I", "%T", "%s"))


def _shown(form: str) -> str:
    """A strptime format as a person writes it."""
    for mark, words in (("%d", "dd"), ("%m", "mm"), ("%Y", "yyyy"), ("%H", "hh"), ("%M", "mm"), ("%S", "ss"), ("%b", "Mon"), ("%y", "yy"), ("%.f", "")):
        form = form.replace(mark, words)
    return form


def _listed(names: Sequence[str], most: int = 12) -> str:
    shown = ", ".join(repr(name[:60]) for name in names[:most])
    return f"{shown} and {len(names) - most} more" if len(names) > most else shown


def snake(header: str) -> str:
    """A published header as a code: 'Subject_Area_Communications' and '4.7 Communications' alike."""
    return re.sub(r"[^0-9a-z]+", "_", header.lower()).strip("_")
