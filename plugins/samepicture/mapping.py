"""Source records to contract columns, as feed.yml declares it: column operations only.

What can't be read as its kind (a date that is no date) is a record rejection here;
what is read but wrong is the suite's to find. What the contract has no column for is
kept in `unmapped`, without what looks like an identifier.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from samepicture.feed import ColumnMap, Feed, Layout
from samepicture.feed_checks import BY_LAYOUT
from samepicture.messages import PROBLEMS, SubmissionRejected, SubmissionWarning, as_shown
from samepicture.privacy.redaction import redact, redact_identifiers
from samepicture.readers import LINE, fold
from samepicture.records import CONTRACTS, Column, Contract, Kind
from samepicture.values import (
    FORMULA,
    FORMULA_IN_WORDS,
    as_json,
    cleaned,
    problems_of,
    recoded,
    recoded_items,
    split,
    together,
    typed,
    unknown_items,
)
from samepicture.wide import unpivoted, wide_headers, with_year

IDENTIFYING = re.compile(
    r"(?i)name|initial|address|post ?code|phone|mobile|\btel\b|e-?mail|contact|\bnhs[\s_]*n|birth|\bdob\b|\bni\b|\bnino\b"
    r"|passport|hospital n|\bmrn\b|patient|complainant|relative|next of kin|handler|investigator|owner"
    r"|manager|officer|consultant|clinician|nurse|doctor|staff member"
)
"""Headers of unknown columns whose values are withheld: they name people more often than not."""
HEADER_LENGTH = 60
WITHHELD = "[withheld]"
TOMBSTONE = "is_removed"
NEITHER_SHOWN = 20
"""Different values that are neither yes nor no, of which a batch tells."""


@dataclass
class Mapped:
    """A batch after mapping."""

    frame: pl.DataFrame
    """Contract columns in order, `line_number`, `version_at`, `is_removed`, `unmapped`."""
    problems: pl.DataFrame
    """Cells that could not be read: line_number, code, column_name, sentence."""


class Mapping:
    """A feed's mapping for one part: chosen by its headers, applied to each of its batches.

    `warnings` grows with each batch.
    """

    def __init__(self, feed: Feed, headers: Sequence[str]) -> None:
        self._contract: Contract = CONTRACTS[feed.record_type]
        self._feed = feed
        self._own = feed.reader.kind not in BY_LAYOUT
        """Only a reader that makes records itself may say of a record when it changed and that it is gone: a sender's column of that name may not."""
        self._headers: dict[str, str] = {}
        for name in headers:
            self._headers.setdefault(fold(name), name)
        self.layout = _choose(feed, self._headers) if feed.layouts else _identity(self._contract, self._headers)
        self.warnings: list[SubmissionWarning] = []
        self._sources = self._find_sources()
        self._wide = wide_headers(self.layout.unpivot, self._unused()) if self.layout.unpivot else []
        self._unknown = self._find_unknown(headers)

    @property
    def rows_per_record(self) -> int:
        """How many rows of the contract one source record becomes: a wide file's measures, else 1."""
        return max(len(self._wide), 1)

    def apply(self, batch: pl.DataFrame) -> Mapped:
        """Map one batch of text."""
        batch = batch.with_columns(pl.col(pl.String).str.replace_all("\0", "", literal=True))  # which PostgreSQL can't hold
        problems: list[pl.DataFrame] = []
        columns: dict[str, pl.Series] = {}
        for column in self._contract.columns:
            columns[column.name] = self._column(batch, column, problems).alias(column.name)
        frame = pl.DataFrame(columns).with_columns(
            batch.get_column(LINE),
            self._version(batch, problems).alias("version_at"),
            self._tombstone(batch),
            self._unmapped(batch),
        )
        if self.layout.year:
            header = self._headers[fold(self.layout.year)]
            frame = with_year(frame, batch.get_column(header), header, problems)
        if self.layout.unpivot:
            frame = unpivoted(frame, batch, self.layout.unpivot, self._wide, self._contract.by_name[self.layout.unpivot.value_to], problems)
        return Mapped(frame, pl.concat([pl.DataFrame(schema=PROBLEMS), *problems]))

    # -- finding headers ------------------------------------------------------------------

    def _find_sources(self) -> dict[str, list[str]]:
        sources: dict[str, list[str]] = {}
        for target, spec in self.layout.columns.items():
            names = [self._headers[fold(name)] for name in (*spec.from_, *spec.each) if fold(name) in self._headers]
            if not names and spec.constant is None and not spec.optional:
                known = {fold(name) for spec in self.layout.columns.values() for name in (*spec.from_, *spec.each)}
                strange_first = sorted(self._headers, key=lambda header: header in known)  # what came in its place is among them
                wanted = " or ".join(repr(name) for name in (*spec.from_, *spec.each))
                raise SubmissionRejected(
                    "missing_column",
                    f"The column {wanted} is not in the file (layout {self.layout.name}): "
                    f"send it under that name. The file has: {_listed(_headers_shown([self._headers[header] for header in strange_first]))}.",
                )
            sources[target] = names
        if self.layout.year and fold(self.layout.year) not in self._headers:
            raise SubmissionRejected("missing_column", f"The column {self.layout.year!r} is not in the file: send it under that name.")
        return sources

    def _unused(self) -> list[str]:
        used = self._used()
        return [name for name in self._headers.values() if name not in used]

    def _used(self) -> set[str]:
        used = {name for names in self._sources.values() for name in names}
        used.update(self._headers[fold(name)] for name in self.layout.drop if fold(name) in self._headers)
        if self.layout.year:
            used.add(self._headers[fold(self.layout.year)])
        return used

    def _find_unknown(self, headers: Sequence[str]) -> list[str]:
        used = self._used() | {name for name, _ in self._wide} | ({LINE, TOMBSTONE, "version_at"} if self._own else {LINE})
        unknown = [name for name in headers if name not in used]
        self.warnings += [
            SubmissionWarning(
                "unknown_column",
                f"The column {shown!r} is not one that this feed knows: it is kept beside the record, not used. "
                "If it is new, tell the data team what it means; if it names people, leave it out.",
                column_name=shown,
            )
            for name, shown in zip(unknown, _headers_shown(unknown), strict=True)
            if not name.startswith("(column ")
        ]
        return unknown

    # -- one column -----------------------------------------------------------------------

    def _column(self, batch: pl.DataFrame, column: Column, problems: list[pl.DataFrame]) -> pl.Series:
        spec = self.layout.columns.get(column.name)
        names = self._sources.get(column.name, [])
        if spec is None or (spec.constant is None and not names):
            return pl.Series([None], dtype=column.polars_type).new_from_index(0, batch.height)
        if spec.constant is not None:
            text = pl.Series([spec.constant], dtype=pl.String).new_from_index(0, batch.height)
        elif spec.each or spec.split is not None:
            return self._list(batch, column, spec, names)
        else:
            text = batch.get_column(names[0])
            if text.dtype != pl.String:
                return text.cast(column.polars_type)
            text = self._cleaned(text, spec)
            for name in names[1:]:
                text = text.fill_null(self._cleaned(batch.get_column(name), spec))
            self._warn_of_formulas(text, column)
        text = recoded(text, spec.values)
        result, failures = typed(text, column, spec)
        problems.append(problems_of(failures, batch.get_column(LINE), column.name, names[0] if names else column.name))
        if column.kind is Kind.BOOLEAN:
            self._warn_of_neither(text.filter(result.is_null() & text.is_not_null()), column)
        return result

    def _warn_of_neither(self, text: pl.Series, column: Column) -> None:
        """'Not known' is not 'No': it is kept as nothing, and told."""
        counted = text.value_counts(sort=True).head(NEITHER_SHOWN)
        sentence = "This value says neither yes nor no, so the cell counts as empty: write one of them, or leave it empty."
        self.warnings += [
            SubmissionWarning("unknown_code", sentence, column.name, value, count)
            for value, count in zip(as_shown(redact(counted.to_series(0))), counted.to_series(1), strict=True)
        ]

    def _cleaned(self, text: pl.Series, spec: ColumnMap) -> pl.Series:
        return cleaned(text, spec, self._feed.reader.mojibake)

    def _list(self, batch: pl.DataFrame, column: Column, spec: ColumnMap, names: list[str]) -> pl.Series:
        """JSON array of strings out of several headers, or of one that is split."""
        if spec.split is not None:
            items = split(self._cleaned(batch.get_column(names[0]), spec), spec.split)
        else:
            items = together([self._cleaned(batch.get_column(name), spec) for name in names])
        sentence = "This value is not one that the feed knows: tell the data team what it means."
        unknown = unknown_items(items, spec.values)
        values = as_shown(pl.Series(list(unknown), dtype=pl.String))
        self.warnings += [
            SubmissionWarning("unknown_code", sentence, column.name, value, count)
            for value, count in zip(values, unknown.values(), strict=True)
        ]
        return as_json(recoded_items(items, spec.values))

    def _warn_of_formulas(self, text: pl.Series, column: Column) -> None:
        if column.kind not in (Kind.TEXT, Kind.CODE, Kind.NARRATIVE):
            return
        count = text.str.contains(FORMULA_IN_WORDS if column.kind is Kind.NARRATIVE else FORMULA).arg_true().len()
        if count:
            sentence = "A value begins as a spreadsheet formula does: it is kept as text and never run. Check who typed it, and correct it where it was typed."
            self.warnings.append(SubmissionWarning("formula_in_cell", sentence, column.name, count=count))

    # -- provenance -----------------------------------------------------------------------

    def _version(self, batch: pl.DataFrame, problems: list[pl.DataFrame]) -> pl.Series:
        column = Column("version_at", Kind.TIMESTAMP, "")
        if self._own and "version_at" in batch.columns and "version_at" not in self.layout.columns:
            given = batch.get_column("version_at")
            if given.dtype != pl.String:
                return given.cast(column.polars_type)
            result, failures = typed(given, column, ColumnMap())
            problems.append(problems_of(failures, batch.get_column(LINE), column.name, column.name))
            return result
        return self._column(batch, column, problems)

    def _tombstone(self, batch: pl.DataFrame) -> pl.Series:
        if self._own and TOMBSTONE in batch.columns:
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


def _headers_shown(names: Sequence[str]) -> list[str]:
    """Headers as a sentence may quote them: redacted, long ones by their length alone. A case may stand among them, where a line break was lost."""
    shown = [name if len(name) <= HEADER_LENGTH else f"(a heading of {len(name)} characters)" for name in names]
    return redact_identifiers(pl.Series(shown, dtype=pl.String)).to_list()


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
        # What the file has is not quoted: without a header row its first line is somebody's case.
        f"The file has none of the columns of the feed {feed.id!r} ({feed.title}): it may belong to another feed, or lack its header row. "
        f"A file of this feed has: {_listed(nearest.recognise)}.",
    )


def _identity(contract: Contract, headers: dict[str, str]) -> Layout:
    """For a folder's own reader, which gives contract columns: each by its own name."""
    names = [column.name for column in contract.columns if fold(column.name) in headers]
    return Layout("own", {name: ColumnMap(from_=(name,), optional=True) for name in names})


def _listed(names: Sequence[str], most: int = 12) -> str:
    shown = ", ".join(map(repr, names[:most]))
    return f"{shown} and {len(names) - most} more" if len(names) > most else shown
