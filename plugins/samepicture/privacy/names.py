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
    may_be = (is_ & int(Is.GIVEN | Is.TITLE | Is.GIVEN_WORD | Is.FAMILY | Is.NAME) != 0) | (raised & (is_ & int(POSSIBLE) != 0)) | ((is_ & int(Is.UNKNOWN) != 0) & (is_ & int(Is.MISTYPED) == 0))
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
    spaced, spaced_after = pl.col("spaced"), pl.col("spaced_after")
    common = _has("is", Is.COMMON)
    head = spaced_after & _has("after", Is.HEAD) & (~common | _has("after", Is.FACILITY | Is.CAPITAL | Is.CAPITALS))
    inside = spaced & _has("before", Is.INSIDE) & ~_has("before2", Is.AIMED) & ~common
    moved = spaced & _has("before", Is.TO | Is.MOVING) & (_has("before2", Is.MOVING) | _has("is", Is.SETTLED)) & ~_has("is", Is.GIVEN)
    thing = spaced_after & _has("after", Is.THING)
    named_place = spaced & (_has("before", Is.BEFORE | Is.THE) | (_has("before", Is.BEFORE_PLACE) & ~common))
    listed = _has("before2", Is.NAME) & _has("before", Is.AND) | _has("before", Is.NAME) & pl.col("gap").str.contains("^ ?[,&/+] ?$")
    thanked = spaced & (_has("before", Is.THANKS) | (_has("before2", Is.THANKS) & _has("before", Is.TO | Is.YOU)))
    introduced = spaced & (_has("before", Is.CALLED) | (_has("before2", Is.FIELD) & _has("before", Is.IS)))
    field = _has("before", Is.FIELD | Is.ROLE | Is.KIN) & pl.col("gap").str.contains(r"^ ?[:=\-–] ?$")
    apposed = pl.col("gap").str.contains("^, ?$") & _has("before", Is.KIN) & _has("before2", Is.WHOSE) & raised
    return {
        "raised": raised | _has("is", Is.CAPITALS),
        "proper": (raised | _has("is", Is.CAPITALS)) & ~_has("is", Is.STOP | Is.TITLE | Is.ROLE | Is.VERB),
        "trigger": (spaced & _has("before", Is.ROLE | Is.KIN)) | thanked | introduced | field | apposed | listed,
        "for": spaced & _has("before2", Is.ROLE | Is.KIN) & (pl.col("word").shift(1) == "for"),
        "place": head | thing | inside | moved | named_place,
    }


def _rule() -> pl.Expr:
    """Whether a word is (part of) a name: the rules of the module's head, one a line."""
    raised, start, spaced, place = _has("is", Is.CAPITAL), pl.col("start"), pl.col("spaced"), pl.col("place")
    upper, after = pl.col("raised"), pl.col("spaced_after")
    name = _has("is", Is.GIVEN | Is.FAMILY)
    word_name, unknown, dated = _has("is", Is.GIVEN_WORD), _has("is", Is.UNKNOWN), _has("is", Is.CALENDAR)
    any_name = _has("is", Is.GIVEN | Is.FAMILY | Is.GIVEN_WORD | Is.FAMILY_WORD | Is.UNKNOWN)
    kept = _has("is", Is.KEPT) & ~word_name
    task = _has("is", Is.HEAD | Is.STOP | Is.ROLE | Is.TITLE | Is.KIN | Is.THANKS | Is.VERB | Is.THING | Is.FIELD | Is.WHOSE | Is.POST)
    free = ~kept & ~place & ~_has("is", Is.PLACE)
    letters = pl.col("word").str.len_chars()
    personal, modal = _personal(), _has("is", Is.MODAL)
    proper = raised & ~task & ~_has("is", Is.PLACE | Is.KEPT | Is.CALENDAR | Is.ORDINARY)
    strange = unknown & ~upper & ~_has("is", Is.MISTYPED) & (letters >= 4) & ~pl.col("word").str.contains("(?:ed|ing|nt|ly|oo+|ee+)$")
    # Who: what stands before says that a person follows.
    titled = spaced & _has("before", Is.TITLE) & (
        raised | _has("is", Is.INITIAL | Is.CAPITALS) | (any_name & ~_has("is", Is.STOP | Is.VERB | Is.MODAL)) | pl.col("word").str.contains("^[b-hj-z]$")
    )
    triggered = pl.col("trigger") & ~kept & ~place & ((upper & any_name & ~task) | name | (word_name & (raised | ~modal)) | proper)
    followed = after & _has("after", Is.THE | Is.WHOSE) & _has("after2", Is.ROLE)
    strangers = (pl.col("trigger") | pl.col("for") | followed | (start & after & _has("after", Is.IS))) & strange & ~place
    coded = spaced & _has("before", Is.ROLE) & pl.col("word").str.contains("^[B-HJ-Z]$")
    worded = spaced & _has("before", Is.ROLE) & raised & _has("is", Is.ORDINARY) & ~task & ~kept & after & _has("after", Is.VERB) & ~start
    particle = spaced & _has("is", Is.PARTICLE) & _has("before", Is.TITLE | Is.NAME) & after & _has("after", Is.CAPITAL)
    # What: the word itself is a name.
    within = raised & ~start & free & (name | unknown | (word_name & ~dated))
    at_start = upper & start & free & ((name & (raised | (letters >= 4))) | (unknown & raised & ~_has("is", Is.MISTYPED | Is.SETTLED)) | ((word_name | ((unknown | _has("is", Is.PROPER)) & raised)) & personal & ~dated))
    months = upper & dated & word_name & ~pl.col("figures") & ((after & _has("after", Is.VERB) & ~_has("after", Is.IS) & start) | pl.col("owning") | (after & _has("after", Is.AND) & _has("after2", Is.GIVEN)))
    shouted = _has("is", Is.CAPITALS) & name & free & ((letters >= 4) | personal)
    lower = ~upper & ~kept & ~place & ((_has("is", Is.GIVEN) & ((letters >= 4) | (start & personal))) | (_has("is", Is.FAMILY) & (letters >= 5) & start & personal))
    lower_word = ~upper & start & word_name & ~modal & ~kept & ~place & ~dated & after & (_has("after", Is.IS) | (_has("after", Is.ON | Is.FROM | Is.INSIDE) & _has("after2", Is.HEAD | Is.POST)))
    # Beside: a name that is known makes one of what stands next to it.
    beside = spaced & _has("before", Is.NAME) & ~kept & ~dated & (
        (upper & any_name & ~task) | (raised & ~task & ~_has("is", Is.PLACE)) | (~upper & _has("is", Is.FAMILY))
    )
    ahead = upper & (any_name | ~start) & ~task & free & ~dated & after & _has("after", Is.NAME) & ~(start & modal)
    paired = raised & word_name & free & ~dated & after & _has("after", Is.FAMILY | Is.FAMILY_WORD) & _has("after", Is.CAPITAL) & ~_has("after", Is.HEAD)
    chain = pl.col("dotted") & _has("after", Is.INITIAL)
    initial = _has("is", Is.INITIAL) & (
        (spaced & _has("before", Is.NAME) & ~pl.col("word").eq("I"))
        | (pl.col("dotted") & _has("after", Is.NAME | Is.FAMILY | Is.UNKNOWN))
        | (after & _has("after", Is.NAME | Is.FAMILY) & ~pl.col("word").is_in(["I", "A"]))
        | (pl.col("line") & (pl.col("last") | chain))
        | (pl.col("last") & _has("before", Is.NAME))
    )
    signed = pl.col("signed") & raised & (any_name | proper) & ~kept & ~place & ~task
    barred = _has("is", Is.NAME | Is.STOP | Is.TITLE) & ~word_name
    found = titled | triggered | strangers | coded | worded | within | at_start | months | shouted | lower | lower_word | beside | ahead | paired | initial | signed
    return ((~barred & found) | particle).fill_null(False)


def _personal() -> pl.Expr:
    """Whether what follows a word is said of a person: 'Mark was', 'Rose the HCA', 'Dean from the team', 'Joy (HCA)'."""
    after = pl.col("spaced_after")
    named = Is.GIVEN | Is.FAMILY | Is.GIVEN_WORD | Is.UNKNOWN | Is.NAME
    return (
        (after & (_has("after", Is.VERB) | pl.col("next").str.contains("^[a-z]{2,}ed$")))
        | (after & (_has("after", Is.THE | Is.WHOSE) | (pl.col("next") == "da")) & _has("after2", Is.ROLE))
        | (after & _has("after", Is.ON | Is.INSIDE | Is.FROM) & _has("after2", Is.HEAD | Is.ROLE | Is.POST))
        | (after & _has("after", Is.FROM) & _has("after2", Is.THE))
        | (after & _has("after", Is.AND) & _has("after2", named) & _has("after2", Is.CAPITAL | Is.CAPITALS | Is.NAME))
        | (_has("after", Is.ROLE) & pl.col("next_gap").str.contains(r"^ ?[(\-–,] ?(?:the |our |my )?$"))
        | pl.col("owning")
        | pl.col("next_gap").str.starts_with(",")
    )
