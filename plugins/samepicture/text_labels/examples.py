"""Reads comments that people have labelled, as CSV, and maps their categories to our themes.

Columns are found by their headers. Two layouts of the FFT-QDC project are known: one column a
category, marked with 1 (a comment may have several), and one category in the column `subcategory`
with a criticality beside it. A system's own comments may be labelled in either, by our theme codes
too. Where both are given, themes are learned from the first alone: a comment of which one category
is named may speak of others as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from samepicture.settings import PROJECT
from samepicture.text_labels import CannotLearn

CROSSWALK = PROJECT / "dbt" / "seeds" / "theme_crosswalk.csv"
TEXT = ("comment", "fft answer", "feedback")
PLACE = ("organisation", "organization", "trust")
CATEGORY = ("category", "subcategory")
CRITICALITY = ("criticality",)
OF_COLUMNS = ("qdc", "theme")
"""Schemes of the crosswalk whose codes head columns."""
OF_CELLS = ("qdc_phase_1", "qdc", "theme")
"""Schemes whose codes stand in the column of the category; the first that knows a code decides."""
NO_THEME = "T99"
"""What says that a comment speaks of none of our themes is no theme to learn."""
CRITICALITY_MAX = 5
SEVERITIES = ("none", "mild", "strong")
"""How critical a comment is of the service: not; criticality -1 or -2; -3 to -5."""
SEVERAL_PLACES = ""
"""A text that was written at several places: it can't be held out with one of them."""


@dataclass(frozen=True)
class Examples:
    """Labelled comments, each different text once.

    `frame` has text; place (where it was written, SEVERAL_PLACES); codes (its categories, NULL
    where nobody said) and themes (of these); severity (0, 1, 2: a place in SEVERITIES, or NULL).
    """

    frame: pl.DataFrame
    rows: int
    """In the files."""
    wordless: int
    """Of these without a letter or digit: left out."""
    unreadable_criticality: int
    """Rows whose criticality is no whole number from -5 to 5: without a severity."""


def read_examples(paths: Iterable[Path]) -> Examples:
    """Read and join files of labelled comments. Raises CannotLearn."""
    crosswalk = pl.read_csv(CROSSWALK, infer_schema=False)
    read = [_read(path, crosswalk) for path in paths]
    rows = pl.concat(read) if read else pl.DataFrame()
    if rows.is_empty():
        raise CannotLearn("there is no labelled comment in what was given: name a CSV file with a header and at least one row.")
    if rows.get_column("names_all").any():  # who names one category does not say that no other applies
        rows = rows.with_columns(pl.when("names_all").then("codes"))
    worded = rows.with_columns(key=pl.col("text").str.to_lowercase().str.replace_all(r"[^\p{L}\p{N}]+", " ").str.strip_chars()).filter(
        pl.col("key") != ""
    )
    themes = _themes_of(crosswalk)
    frame = _once(worded).with_columns(
        themes=pl.col("codes").list.eval(
            pl.element().replace_strict(themes, default=None, return_dtype=pl.List(pl.String)).explode().drop_nulls().unique().sort()
        )
    )
    return Examples(frame, rows.height, rows.height - worded.height, int(rows.get_column("is_unreadable").sum()))


def _themes_of(crosswalk: pl.DataFrame) -> Mapping[str, Sequence[str]]:
    """Themes by code, as a code is kept: with its scheme."""
    found = (
        crosswalk.filter(pl.col("theme_code") != NO_THEME)
        .group_by(code=pl.concat_str("scheme_code", pl.lit(":"), pl.col("source_code").str.to_lowercase()))
        .agg("theme_code")
    )
    return dict(found.iter_rows())


def _read(path: Path, crosswalk: pl.DataFrame) -> pl.DataFrame:
    """The rows of one file: text, place, codes, severity, is_unreadable, and whether all its categories are named or one."""
    try:
        raw = pl.read_csv(path, infer_schema=False, encoding="utf8-lossy")
    except (OSError, pl.exceptions.PolarsError) as error:
        raise CannotLearn(
            f"{path} can't be read as CSV ({type(error).__name__}): it needs a header, and no row may have more cells."
        ) from None
    columns = {name.strip().lower(): name for name in raw.columns}
    text = _first(columns, TEXT)
    if text is None:
        raise CannotLearn(f"{path} has no column with comments: give it one of the headers {', '.join(TEXT)}.")
    place, category, criticality = _first(columns, PLACE), _first(columns, CATEGORY), _first(columns, CRITICALITY)
    marked = _marked(columns, crosswalk)
    if not (marked or category or criticality):
        raise CannotLearn(
            f"{path} says nothing of its comments: give it a column for each category, headed by its name and marked with 1, "
            f"or a column {' or '.join(CATEGORY)}, or a column {' or '.join(CRITICALITY)} (-5 to 5)."
        )
    number = pl.col(criticality).str.strip_chars().cast(pl.Int64, strict=False) if criticality else pl.lit(None, pl.Int64)
    known = number.is_between(-CRITICALITY_MAX, CRITICALITY_MAX)
    return raw.select(
        text=pl.col(text).fill_null(""),
        place=pl.col(place).fill_null(SEVERAL_PLACES) if place else pl.lit(path.stem),
        codes=_codes_of_columns(marked)
        if marked
        else _codes_of_cell(path, raw, category, crosswalk)
        if category
        else pl.lit(None, pl.List(pl.String)),
        severity=pl.when(known).then(pl.when(number >= 0).then(0).when(number >= -2).then(1).otherwise(2)).cast(pl.Int64),
        names_all=pl.lit(bool(marked)),
        is_unreadable=(~known.fill_null(value=False) & pl.col(criticality).is_not_null()) if criticality else pl.lit(value=False),
    )


def _first(columns: Mapping[str, str], names: Sequence[str]) -> str | None:
    return next((columns[name] for name in names if name in columns), None)


def _marked(columns: Mapping[str, str], crosswalk: pl.DataFrame) -> dict[str, str]:
    """Columns that stand for a category, by its code."""
    found: dict[str, str] = {}
    for scheme, code in crosswalk.filter(pl.col("scheme_code").is_in(OF_COLUMNS)).select("scheme_code", "source_code").unique().iter_rows():
        if code.lower() in columns:
            found[f"{scheme}:{code.lower()}"] = columns[code.lower()]
    return dict(sorted(found.items()))


def _codes_of_columns(marked: Mapping[str, str]) -> pl.Expr:
    is_marked = [pl.when(pl.col(name).str.strip_chars().is_in(["1", "1.0"])).then(pl.lit(code)) for code, name in marked.items()]
    return pl.concat_list(is_marked).list.drop_nulls()


def _codes_of_cell(path: Path, raw: pl.DataFrame, category: str, crosswalk: pl.DataFrame) -> pl.Expr:
    """One code a row; an empty cell says nothing. Raises CannotLearn for one that the crosswalk does not know."""
    codes = {
        code.lower(): f"{scheme}:{code.lower()}"
        for scheme in reversed(OF_CELLS)
        for code in crosswalk.filter(pl.col("scheme_code") == scheme).get_column("source_code")
    }
    said = pl.col(category).str.strip_chars().str.to_lowercase().replace("", None)
    unknown = raw.select(said.unique().drop_nulls().sort()).to_series()
    unknown = unknown.filter(~unknown.is_in(list(codes)))
    if unknown.len():
        raise CannotLearn(
            f"{path}: the column {category} has {unknown.len()} categories that nobody matched to a theme, the first {unknown[0]!r}: "
            f"add them to {CROSSWALK.relative_to(PROJECT)} with the scheme qdc, or correct them."
        )
    return pl.when(said.is_not_null()).then(pl.concat_list(said.replace_strict(codes, default=None, return_dtype=pl.String)))


def _once(rows: pl.DataFrame) -> pl.DataFrame:
    """Each different text once: with what at least half of its copies say, of those that say something."""
    texts = rows.group_by("key", maintain_order=True).agg(
        text=pl.col("text").first(),
        place=pl.when(pl.col("place").n_unique() == 1).then(pl.col("place").first()).otherwise(pl.lit(SEVERAL_PLACES)),
        said=pl.col("codes").is_not_null().sum(),
        severity=pl.col("severity").median().floor().cast(pl.Int64),
    )
    codes = (
        rows.filter(pl.col("codes").is_not_null())
        .explode("codes")
        .drop_nulls("codes")
        .group_by("key", "codes")
        .len("copies")
        .join(texts.select("key", "said"), on="key")
        .filter(pl.col("copies") * 2 >= pl.col("said"))
        .group_by("key")
        .agg(pl.col("codes").sort())
    )
    none = pl.lit([], dtype=pl.List(pl.String))
    return texts.join(codes, on="key", how="left", maintain_order="left").select(
        "text", "place", pl.when(pl.col("said") > 0).then(pl.col("codes").fill_null(none)).alias("codes"), "severity"
    )
