"""Finds names of people in free text by the words around them, and puts [name] in their place.

A text is cut into words and what stands between them; each word gets what is known of it
(`lexicon.py`), each rule is an expression over the columns of neighbours, so that a rule
costs the same for one text and for a hundred thousand. A name is found

- after a title ('Dr S', 'mrs white'), a role ('nurse Grace'), kin ('my son Will'), 'called', 'thanks to';
- with a capital within a sentence, where it is a name that we know or a word that nobody knows;
- at the start of a sentence, where it is no ordinary word, or a person's verb follows ('Mark was');
- in lower case, where it is a name and no word;
- next to another name, and where somebody signs.

It stays where it names a place ('Nightingale ward', 'St Mary's', 'in Bradford'), a disease,
a device, or a charity. Where both readings are possible it goes.
"""

from __future__ import annotations

import re
from functools import cache

import polars as pl

from samepicture.privacy.lexicon import POSSIBLE, Is, bits, phrases

PLACEHOLDER = "[name]"
_ROWS = 20_000
"""Texts that are cut into words at once: bounds memory to some hundred megabytes."""
_CUT = "\x00"
"""Stands for a word while words are judged. No export has it: the readers refuse binary content."""
_MERGED = r"\[name\](?:(?:\s+|-|\. ?|,? ?\x00)(?:(?:de|da|do|dos|del|van|von|der|den|ter|bin|binti|ibn|al|el|ap|ab|ben|la|le)\s+){0,2}\[name\])+"

_OWNING = r"(['’][sS])$"
_NICKNAME = r"\b(?:Big|Little|Wee|Young|Old|BIG|LITTLE|YOUNG|OLD)\s+\[name\]"
_INITIALS = r"\n\W*[A-Z]\.? ?[A-Z]?\.?\s*$"
"""Somebody signs with initials."""


def without_names(text: pl.Series) -> pl.Series:
    """The text with the names that one look finds replaced; NULL stays NULL. A second look may find more, by those of the first."""
    slices = [_slice(text.slice(start, _ROWS)) for start in range(0, text.len(), _ROWS)]
    return pl.concat(slices) if slices else text


def _slice(text: pl.Series) -> pl.Series:
    rows = _worth(text)
    if not rows.len():
        return text
    done = text.clone()
    done.scatter(rows, _judged(text.gather(rows)))
    return done


@cache
def _word() -> str:
    """A phrase that is kept, a placeholder, or a word, each with its 's."""
    kept = "|".join(re.escape(phrase).replace("'", "['’]") for phrase in sorted(phrases(), key=len, reverse=True))
    return (
        rf"(?:\b(?i:{kept})\b|\[[A-Za-z -]{{3,16}}\](?:['’]s\b)?|"
        r"[\p{L}\p{M}]+(?:['’\-][\p{L}\p{M}]+)*)"
    )


def _known(words: pl.Series) -> pl.Series:
    """What each word is, as a sum of `Is`; each different word is asked for once."""
    different = words.unique()
    return words.replace_strict(different, pl.Series([bits(word) for word in different], dtype=pl.Int64), return_dtype=pl.Int64)


def _worth(text: pl.Series) -> pl.Series:
    """Rows that hold a word that may be a name; most hold none."""
    words = pl.DataFrame({"row": pl.int_range(text.len(), eager=True), "word": text.str.extract_all(_word())}).explode("word").drop_nulls()
    is_ = _known(words.get_column("word"))
    raised = is_ & int(Is.CAPITAL | Is.CAPITALS) != 0
    may_be = (is_ & int(Is.GIVEN | Is.TITLE | Is.GIVEN_WORD | Is.FAMILY | Is.NAME) != 0) | (raised & (is_ & int(POSSIBLE) != 0))
    signed = text.str.contains(_INITIALS).fill_null(False).arg_true()
    return pl.concat([words.filter(may_be).get_column("row"), signed.cast(pl.Int64)]).unique().sort()


def _judged(text: pl.Series) -> pl.Series:
    frame = pl.DataFrame(
        {
            "row": pl.int_range(text.len(), eager=True),
            "gap": text.str.replace_all(_CUT, " ", literal=True).str.replace_all(_word(), _CUT).str.split(_CUT),
            "word": text.str.replace_all(_CUT, " ", literal=True).str.extract_all(_word()),
        }
    )
    # One more gap than words: the last gap is followed by none.
    words = frame.with_columns(pl.concat_list("word", pl.lit(""))).explode("gap", "word")
    words = words.with_columns(_known(words.get_column("word")).alias("is"))
    words = words.with_columns(pl.when(_names(words)).then(pl.lit(PLACEHOLDER) + pl.col("word").str.extract(_OWNING).fill_null("")).otherwise("word").alias("word"))
    judged = words.group_by("row", maintain_order=True).agg(pl.concat_str("gap", "word").str.join("")).get_column("gap")
    return judged.str.replace_all(_MERGED, PLACEHOLDER).str.replace_all(_NICKNAME, PLACEHOLDER)


def _names(words: pl.DataFrame) -> pl.Series:
    """Which words of the frame are (part of) a name."""
    features = words.lazy().select(
        "word",
        "is",
        pl.col("is").shift(1).fill_null(0).alias("before"),
        pl.col("is").shift(2).fill_null(0).alias("before2"),
        pl.col("is").shift(-1).fill_null(0).alias("after"),
        pl.col("is").shift(-2).fill_null(0).alias("after2"),
        pl.col("row").ne(pl.col("row").shift(1)).fill_null(True).alias("first"),
        pl.col("word").shift(-1).fill_null("").alias("next"),
        "gap",
        pl.col("gap").shift(-1).fill_null("").alias("next_gap"),
    )
    features = features.with_columns(last=pl.col("next") == "").with_columns(**_spacing())
    features = features.with_columns(**_readings())
    # A place is told by its last word: 'Florence Nightingale ward'.
    for _ in range(2):
        features = features.with_columns(place=pl.col("place") | (pl.col("spaced_after") & pl.col("proper") & pl.col("place").shift(-1) & pl.col("proper").shift(-1)))
    return features.select(_rule()).collect().to_series()


def _has(column: str, flags: Is) -> pl.Expr:
    return (pl.col(column) & int(flags)) != 0


def _spacing() -> dict[str, pl.Expr]:
    """How a word stands to its neighbours."""
    gap, after = pl.col("gap"), pl.col("next_gap")
    titled = _has("before", Is.TITLE | Is.INITIAL) & gap.str.contains(r"^\. ?$")
    return {
        "spaced": ~pl.col("first") & (gap.str.contains(r"^(?:[ \t\u00a0]+|-)$") | titled),
        "spaced_after": after.str.contains(r"^[ \t\u00a0]+$"),
        "owning": pl.col("word").str.contains(_OWNING),
        "start": pl.col("first") | (gap.str.contains(r"[.!?:;\n•*…]") & ~titled),
        "signed": pl.col("last") & gap.str.contains(r"[\n,\-–—.!]|^\s+$"),
        "line": gap.str.contains(r"\n"),
        "dotted": after.str.starts_with("."),
        "figures": gap.str.contains(r"[0-9]\S?\S? ?$") | after.str.contains("^,? ?[0-9]"),
    }


def _readings() -> dict[str, pl.Expr]:
    """What a word may be read as where it stands."""
    raised = _has("is", Is.CAPITAL)
    spaced = pl.col("spaced")
    whose_kin = _has("before", Is.KIN)
    called = _has("before", Is.CALLED)
    inside = spaced & _has("before", Is.INSIDE) & ~_has("before2", Is.AIMED)
    moved = spaced & _has("before", Is.TO | Is.MOVING) & _has("before2", Is.MOVING) & ~_has("is", Is.GIVEN)
    head = pl.col("spaced_after") & _has("after", Is.HEAD)
    thing = pl.col("spaced_after") & _has("after", Is.THING)
    return {
        "raised": raised | _has("is", Is.CAPITALS),
        "proper": (raised | _has("is", Is.CAPITALS)) & ~_has("is", Is.STOP | Is.TITLE | Is.ROLE | Is.VERB),
        "trigger": spaced & (_has("before", Is.ROLE) | whose_kin | called | (_has("before2", Is.THANKS) & _has("before", Is.TO | Is.YOU)) | _has("before", Is.THANKS))
        | (pl.col("gap").str.contains("^, ?$") & whose_kin & _has("before2", Is.WHOSE) & raised),
        "place": head | thing | inside | moved | (spaced & _has("before", Is.BEFORE)) | (spaced & _has("before", Is.THE)),
    }


def _rule() -> pl.Expr:
    """Whether a word is (part of) a name: the rules of the module's head, one a line."""
    raised, start, spaced, place = _has("is", Is.CAPITAL), pl.col("start"), pl.col("spaced"), pl.col("place")
    name = _has("is", Is.GIVEN | Is.FAMILY)
    word_name = _has("is", Is.GIVEN_WORD)
    unknown = _has("is", Is.UNKNOWN)
    any_name = _has("is", Is.GIVEN | Is.FAMILY | Is.GIVEN_WORD | Is.FAMILY_WORD | Is.UNKNOWN)
    kept = _has("is", Is.KEPT) & ~word_name
    free = ~kept & ~place & ~_has("is", Is.PLACE)
    dated = _has("is", Is.CALENDAR)
    long = pl.col("word").str.len_chars() >= 4
    in_words = any_name & ~_has("is", Is.STOP | Is.VERB | Is.MODAL)
    titled = spaced & _has("before", Is.TITLE) & (raised | _has("is", Is.INITIAL | Is.CAPITALS) | in_words)
    triggered = pl.col("trigger") & ~kept & ~place & ((pl.col("raised") & any_name) | name | (word_name & ~_has("is", Is.MODAL)))
    within = raised & ~start & free & (name | unknown | (word_name & ~dated))
    at_start = raised & start & free & (name | ((word_name | unknown) & _personal() & ~dated))
    shouted = _has("is", Is.CAPITALS) & name & free & long
    lower = ~pl.col("raised") & _has("is", Is.GIVEN) & ~kept & ~place & long
    proper = pl.col("raised") & ~_has("is", Is.HEAD | Is.STOP | Is.PLACE | Is.CALENDAR) & (any_name | ~_has("is", Is.ORDINARY))
    beside = spaced & _has("before", Is.NAME) & ~kept & (proper | (_has("is", Is.FAMILY) & ~pl.col("raised")))
    chain = pl.col("dotted") & _has("after", Is.INITIAL)
    initial = _has("is", Is.INITIAL) & (
        (spaced & _has("before", Is.NAME))
        | ((pl.col("spaced_after") | pl.col("dotted")) & _has("after", Is.NAME | Is.FAMILY))
        | (pl.col("line") & (pl.col("last") | chain))
        | (pl.col("last") & _has("before", Is.NAME))
    )
    signed = pl.col("signed") & raised & any_name & ~kept & ~place
    barred = _has("is", Is.NAME | Is.STOP | Is.TITLE) & ~word_name
    return (~barred & (titled | triggered | within | at_start | shouted | lower | beside | initial | signed)).fill_null(False)


def _personal() -> pl.Expr:
    """Whether what follows a word at the start of a sentence is said of a person: 'Mark was', 'Rose the HCA', 'Dean from the team'."""
    after, after2 = pl.col("spaced_after"), "after2"
    return (
        (after & (_has("after", Is.VERB) | pl.col("next").str.contains("^[a-z]{2,}ed$")))
        | (after & _has("after", Is.THE) & _has(after2, Is.ROLE))
        | (after & _has("after", Is.ON | Is.INSIDE | Is.FROM) & _has(after2, Is.HEAD | Is.ROLE))
        | (after & _has("after", Is.FROM) & _has(after2, Is.THE))
        | pl.col("owning")
        | pl.col("next_gap").str.starts_with(",")
    )
