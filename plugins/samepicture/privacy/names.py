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

from samepicture.privacy.lexicon import NOBODY, POSSIBLE, Is, bits, phrases
from samepicture.privacy.name_rules import OWNING, names
from samepicture.privacy.rules import quick

PLACEHOLDER = "[name]"
_ROWS = 20_000
"""Texts that are cut into words at once: bounds memory to some hundred megabytes."""
_CUT = "\x00"
"""Stands for a word while words are judged. No export has it: the readers refuse binary content."""
_MERGED = (
    r"\[name\](?:(?:\s+|-|\. ?|,? ?\x00)(?:(?:de|da|do|dos|del|van|von|der|den|ter|bin|binti|ibn|al|el|ap|ab|ben|la|le)\s+){0,2}\[name\])+"
)

_NICKNAME = quick(
    r"\b(?:Big|Little|Wee|Young|Old|BIG|LITTLE|YOUNG|OLD|Geordie|Scouse|Brummie|Welsh|Irish|Scottish|Scotch|Polish|Cockney|Posh|Umm|Um|Abu|Tall|Lovely)\s+\[name\]"
)
"""What stands before a name and is part of it."""
_THEY_CALL = (
    (
        r"((?i:\b(?:one|lady|man|lad|girl|fella|chap|bloke|woman|nurse|porter)\s(?:that |who |whom )?(?:they|we|you|i|everyone|everybody|people)"
        r"\s(?:all |just )?call(?:s|ed)?)\s)\p{Lu}\p{Ll}{2,}",
        "${1}[name]",
    ),
    (
        r"(^|[.!?\n]\s?)\p{Lu}\p{Ll}{2,}(\s(?:they|we|everyone|everybody)\s(?:all\s)?call(?:s|ed)?\s(?:me|him|her)\b)",
        "${1}[name]${2}",
    ),
)
_INITIALLED = quick(
    r"\b[A-Z]\.(?: ?[A-Z]\.){1,2}(?:[^\p{L}]|$)|\b(?:[A-Z]{2,3}|[A-Z]{1,2}['’][A-Z])(?: at)? [0-2]?[0-9][:.][0-5][0-9]\b"
    r"|\b[Ii]nitial(?:l?ed)?(?: by| as| are| were|:)? [A-Z]{2,3}\b"
)
"""Initials with stops, beside an hour, or said to be some."""
_INITIALS_IN = re.compile(r"[A-Z](?:[.'’ ]{0,2}[A-Z]){1,2}\b\.?")
_CAPITAL_WITHIN = r"[\p{Ll},(&] ?\p{Lu}\p{Ll}|(?:^|[.!?\n] ?)\p{Lu}\p{Ll}+(?:,? (?:on|in|at|from|the|my|our|and|who|&) |[,(/])"
"""A word with a capital of its own, or one at the start that may be a person's."""
_INITIALS = r"\n\W*[A-Z]\.? ?[A-Z]?\.?\s*$"
"""Somebody signs with initials."""


def without_names(text: pl.Series) -> pl.Series:
    """The text with the names that one look finds replaced; NULL stays NULL. A second look may find more, by those of the first."""
    slices = [_slice(text.slice(start, _ROWS)) for start in range(0, text.len(), _ROWS)]
    return pl.concat(slices) if slices else text


def _slice(text: pl.Series) -> pl.Series:
    text = _without_initials(_without_nicknames(text.str.replace_all(_CUT, " ", literal=True)))
    done = text.clone()
    # Few texts hold a phrase that is kept, and an expression for some hundred of them is dear: only those that occur are in it.
    holds = text.str.contains_any(_spelt_phrases(), ascii_case_insensitive=True).fill_null(False)
    kept = text.filter(holds).str.extract_many(_spelt_phrases(), ascii_case_insensitive=True, overlapping=True).explode().unique()
    for rows, word in (((~holds).arg_true(), _WORD), (holds.arg_true(), _phrase_or_word(kept.to_list()))):
        if rows.len():
            done.scatter(rows, _judged(text.gather(rows), word))
    return done


def _without_initials(text: pl.Series) -> pl.Series:
    """'J.T.', 'KW at 04:10' and 'initialled KW' are somebody; 'U.K.' and 'CT at 10:30' are not."""
    rows = text.str.contains(_INITIALLED).arg_true()
    if not rows.len():
        return text
    found = text.gather(rows)
    different = [said for said in found.str.extract_all(_INITIALLED).explode().drop_nulls().unique() if _somebodys(said)]
    if different:
        text = text.clone()
        text.scatter(rows, found.str.replace_many(different, [_INITIALS_IN.sub(PLACEHOLDER, said, count=1) for said in different]))
    return text


def _somebodys(said: str) -> bool:
    initials = _INITIALS_IN.search(said)
    return initials is not None and re.sub(r"\W", "", initials.group()) not in NOBODY


def _without_nicknames(text: pl.Series) -> pl.Series:
    """'The one they call Twinkle', 'Bomber they called me': whoever is called something."""
    rows = text.str.contains("(?i)call").arg_true()
    if rows.len():
        called = text.gather(rows)
        for pattern, replacement in _THEY_CALL:
            called = called.str.replace_all(pattern, replacement)
        text = text.clone()
        text.scatter(rows, called)
    return text


_WORD = r"(?:\[[A-Za-z -]{3,16}\](?:['’]s\b)?|[\p{L}\p{M}]+(?:['’\-][\p{L}\p{M}]+)*)"
"""A placeholder or a word, each with its 's."""


def _phrase_or_word(kept: list[str]) -> str:
    return rf"(?:\b(?:{'|'.join(map(re.escape, sorted(kept, key=lambda phrase: (-len(phrase), phrase))))})\b|{_WORD})"


@cache
def _spelt_phrases() -> list[str]:
    return sorted({spelt for phrase in phrases() for spelt in (phrase, phrase.replace("'", "’"))})


def _known(words: pl.Series) -> pl.Series:
    """What each word is, as a sum of `Is`; each different word is asked for once."""
    different = words.unique()
    return words.replace_strict(different, pl.Series([bits(word) for word in different], dtype=pl.Int64), return_dtype=pl.Int64).cast(
        pl.Int64
    )


def _judged(text: pl.Series, word: str) -> pl.Series:
    """Each step looks only at what the one before has left: most texts hold no word that may be a name, few hold a name."""
    words = _words(text, word)
    worth = _worth(text, words)
    if not worth.len():
        return text
    words = _of_rows(words, worth)
    gaps = text.gather(worth).str.replace_all(word, _CUT).str.split(_CUT).explode()
    words = words.with_columns(gaps.alias("gap"))
    words = words.with_columns(names(words).alias("is_name"))
    named = words.filter(pl.col("is_name") | (pl.col("is") & int(Is.NAME) != 0)).get_column("row").unique().sort()
    if named.len():
        text = text.clone()
        text.scatter(named, _put_together(_of_rows(words, named)))
    return text


def _words(text: pl.Series, word: str) -> pl.DataFrame:
    """The words of each row and what they are; behind the last an empty one, so that there are as many as gaps."""
    listed = pl.DataFrame({"row": pl.int_range(text.len(), eager=True), "word": text.str.extract_all(word)})
    words = listed.drop_nulls().with_columns(pl.concat_list("word", pl.lit(""))).explode("word")
    return words.with_columns(_known(words.get_column("word")).alias("is"))


def _of_rows(words: pl.DataFrame, rows: pl.Series) -> pl.DataFrame:
    return words.filter(pl.col("row").is_in(rows.implode()))


def _worth(text: pl.Series, words: pl.DataFrame) -> pl.Series:
    """Rows that hold a word that may be a name."""
    is_ = pl.col("is")
    raised = is_ & int(Is.CAPITAL | Is.CAPITALS) != 0
    coded = (is_ & int(Is.INITIAL) != 0) & ~pl.col("word").is_in(["I", "A"])
    may_be = (
        coded
        | (is_ & int(Is.GIVEN | Is.TITLE | Is.GIVEN_WORD | Is.FAMILY | Is.NAME) != 0)
        | (raised & (is_ & int(POSSIBLE) != 0))
        | ((is_ & int(Is.UNKNOWN) != 0) & (is_ & int(Is.MISTYPED) == 0))
    )
    signed = (text.str.contains(_INITIALS) | text.str.contains(_CAPITAL_WITHIN)).fill_null(False).arg_true()
    return pl.concat([words.filter(may_be).get_column("row"), signed.cast(pl.Int64)]).unique().sort()


def _put_together(words: pl.DataFrame) -> pl.Series:
    """The texts of these words, names replaced."""
    placeholder = pl.lit(PLACEHOLDER) + pl.col("word").str.extract(OWNING).fill_null("")
    words = words.with_columns(pl.when("is_name").then(placeholder).otherwise("word").alias("word"))
    texts = words.group_by("row", maintain_order=True).agg(pl.concat_str("gap", "word").str.join("")).get_column("gap")
    return texts.str.replace_all(_MERGED, PLACEHOLDER).str.replace_all(_NICKNAME, PLACEHOLDER)
