"""A column of source text to a column of a contract's kind; knows nothing of feeds' headers.

Column operations only: an export of a million cases goes through here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache

import ftfy
import polars as pl

from samepicture.feed import ColumnMap
from samepicture.messages import PROBLEMS
from samepicture.readers import LINE
from samepicture.records import Column, Kind

ISO_DATES = ("%Y-%m-%d", "%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%dT%H:%M:%S%.fZ")
YES_OR_NO = {"yes": True, "y": True, "true": True, "1": True, "no": False, "n": False, "false": False, "0": False}
"""In lower case; a source that says it otherwise has `values` of its own."""
SHOWN_CHARACTERS = 20
"""A longer value that is no date or number is somebody's words in the wrong column: it is not quoted."""
WORD = r"\p{L}{4}"
"""Nor is one with a word in it, which may be a name; 'TBC' and '3 Sep 24' are quoted."""
EARLIEST_YEAR = 1900
"""'05/03/24' read as dd/mm/yyyy would be a day of the year 24."""
FORMULA = r"^[=@]|^[+-][^\s0-9]"
"""What a spreadsheet would run when somebody opens an extract; '- note' and '-97' are none."""
FORMULA_IN_WORDS = r"^="
"""In free text only this: people begin with a dash or an @ for other reasons."""
_NO_FAILURES = pl.DataFrame(schema={"position": pl.UInt32, "code": pl.String, "shown": pl.String, "wrong": pl.String})


def cleaned(text: pl.Series, spec: ColumnMap, mojibake: bool) -> pl.Series:
    """Source text without outer spaces, what means nothing gone, repaired, cut and in the declared case; not yet recoded."""
    text = text.str.strip_chars()
    text = text.set(text.is_in(["", *spec.empty]), None)
    if spec.extract:
        text = text.str.extract(spec.extract)
    if mojibake:
        text = repaired(text)
    return text.str.to_uppercase() if spec.upper else text


def recoded(text: pl.Series, values: Mapping[str, str], keep_unknown: bool = True) -> pl.Series:
    """Source values as codes; an unknown one stays as it is, for the suite to tell, or becomes NULL. A code of '' is NULL."""
    if not values:
        return text
    table = _folded(values)
    folded = text.str.to_lowercase()
    codes = folded.replace_strict(table, default=None, return_dtype=pl.String)
    if keep_unknown:
        codes = codes.zip_with(folded.is_in(list(table)).fill_null(True), text)
    return codes.set(codes == "", None)


def typed(text: pl.Series, column: Column, spec: ColumnMap) -> tuple[pl.Series, pl.DataFrame]:
    """The column as its kind, and the cells that are not of that kind: their position, code and what is wrong."""
    match column.kind:
        case Kind.DATE | Kind.TIMESTAMP:
            formats = spec.dates or ISO_DATES
            result = _dates(text, formats)
            result = result.dt.date() if column.kind is Kind.DATE else result.dt.replace_time_zone("UTC")
            problem = ("unreadable_date", f"is not a date as {' or '.join(map(_shown, spec.dates or ISO_DATES[:1]))}")
        case Kind.INTEGER:
            result = text.str.replace_all(",", "", literal=True).cast(pl.Int64, strict=False)
            problem = ("unreadable_number", "is not a whole number")
        case Kind.DECIMAL:
            result = text.str.replace_all(",", "", literal=True).cast(pl.Float64, strict=False)
            problem = ("unreadable_number", "is not a number")
        case Kind.BOOLEAN:
            return text.str.to_lowercase().replace_strict(YES_OR_NO, default=None, return_dtype=pl.Boolean), _NO_FAILURES
        case _:
            return text, _NO_FAILURES
    failed = (text.is_not_null() & result.is_null()).arg_true()
    if failed.is_empty():
        return result, _NO_FAILURES
    value = pl.col("value")
    length = value.str.len_chars()
    shown = (
        pl.when((length <= SHOWN_CHARACTERS) & ~value.str.contains(WORD))
        .then(pl.format("'{}'", value))
        .otherwise(pl.format("A text of {} characters", length))
    )
    failures = pl.DataFrame({"position": failed, "value": text.gather(failed)}).select(
        "position", pl.lit(problem[0]).alias("code"), shown.alias("shown"), pl.lit(problem[1]).alias("wrong")
    )
    return result, failures


def problems_of(failures: pl.DataFrame, lines: pl.Series, column: str, header: str) -> pl.DataFrame:
    """Failures of `typed` as record rejections: line_number, code, column_name, sentence."""
    if failures.is_empty():
        return pl.DataFrame(schema=PROBLEMS)
    return failures.select(
        lines.gather(failures.get_column("position")).alias(LINE),
        "code",
        pl.lit(column).alias("column_name"),
        pl.concat_str("shown", pl.lit(f" in column '{header}' "), "wrong", pl.lit(": correct it.")).alias("sentence"),
    )


def together(columns: Sequence[pl.Series]) -> pl.Series:
    """Several headers' values as one list a record, in order; what is empty after the last value is cut off."""
    frame = pl.DataFrame({str(place): column for place, column in enumerate(columns)})
    filled = pl.max_horizontal(pl.when(pl.col(str(place)).is_not_null()).then(place + 1).otherwise(0) for place in range(len(columns)))
    return frame.select(pl.concat_list(pl.all()).list.head(filled)).to_series()


def split(text: pl.Series, separator: str) -> pl.Series:
    """One cell's values as a list; empty ones between two separators are none."""
    items = pl.DataFrame({"items": text}).select(
        pl.col("items").str.split(separator).list.eval(pl.element().str.strip_chars().replace("", None).drop_nulls())
    )
    return items.to_series()


def recoded_items(items: pl.Series, values: Mapping[str, str]) -> pl.Series:
    """The items of a list column as codes, in order; an unknown one becomes NULL."""
    if not values:
        return items
    codes = pl.element().str.to_lowercase().replace_strict(_folded(values), default=None, return_dtype=pl.String).replace("", None)
    return pl.DataFrame({"items": items}).select(pl.col("items").list.eval(codes)).to_series()


def unknown_items(items: pl.Series, values: Mapping[str, str]) -> dict[str, int]:
    """Items of a list column that the table does not know, with how often they came; the most frequent first."""
    flat = items.explode().drop_nulls() if values else pl.Series(dtype=pl.String)
    unknown = flat.filter(~flat.str.to_lowercase().is_in(list(_folded(values))))
    return dict(unknown.value_counts(sort=True).iter_rows())


def as_json(items: pl.Series) -> pl.Series:
    """A list column as JSON arrays of strings; an empty list is NULL."""
    encoded = pl.DataFrame({"items": items}).select(pl.struct("items").struct.json_encode()).to_series()
    return encoded.str.slice(len('{"items":')).str.strip_suffix("}").set(items.list.len().fill_null(0) == 0, None)


def repaired(text: pl.Series) -> pl.Series:
    """Undo double encoding, only in the values that show its marks.

    The usual sequences are replaced as a column; ftfy sees what still shows marks.
    """
    marked = _marked(text)
    if marked.is_empty():
        return text
    sequences = _double_encoded()
    mended = text.gather(marked).str.replace_many(list(sequences), list(sequences.values()))
    stubborn = _marked(mended)
    if len(stubborn):
        mended = mended.scatter(stubborn, [ftfy.fix_encoding(value) for value in mended.gather(stubborn)])
    return text.clone().scatter(marked, mended)


def _marked(text: pl.Series) -> pl.Series:
    return text.str.contains(r"[ÂÃâðï][\u0080-\u00bf\u2010-\u203a€™œžŸŠŒŽšƒˆ˜]").arg_true()


@cache
def _double_encoded() -> dict[str, str]:
    """What UTF-8 letters, punctuation and signs look like after they were read as Windows-1252."""
    wanted = [*map(chr, range(0xA0, 0x100)), *map(chr, range(0x2010, 0x2027)), "€", "™", "\u00a0"]
    return {mark.encode().decode("sloppy-windows-1252"): mark for mark in wanted}


def _folded(values: Mapping[str, str]) -> dict[str, str]:
    return {source.strip().lower(): code for source, code in values.items()}


def _dates(text: pl.Series, formats: Sequence[str]) -> pl.Series:
    result = pl.Series(text.name, [None], dtype=pl.Datetime("us")).new_from_index(0, text.len())
    for form in formats:
        parsed = text.str.strptime(pl.Datetime("us") if _has_time(form) else pl.Date, form, strict=False).cast(pl.Datetime("us"))
        result = result.fill_null(parsed.set(parsed.dt.year() < EARLIEST_YEAR, None))
        if result.null_count() == text.null_count():
            break
    return result


_MARKS = (("%d", "dd"), ("%m", "mm"), ("%Y", "yyyy"), ("%H", "hh"), ("%M", "mm"), ("%S", "ss"), ("%b", "Mon"), ("%y", "yy"), ("%.f", ""))


def _has_time(form: str) -> bool:
    return any(mark in form for mark in ("%H", "%I", "%T", "%s"))


def _shown(form: str) -> str:
    """A strptime format as a person writes it."""
    for mark, words in _MARKS:
        form = form.replace(mark, words)
    return form
