"""Replaces what identifies a person by its form: numbers, addresses of all kinds, dates of birth, plates, handles.

Column operations throughout. Each topic looks only at the rows that can hold what it seeks (`rules.py`). The
regular expressions of a column have neither look-around nor check digits, so long runs of digits
(`digits.py`), also spoken ones (`spoken.py`), and addresses (`addresses.py`) are cut out and judged alone.
"""

from __future__ import annotations

import polars as pl

from samepicture.privacy import addresses, births, digits, online, spoken
from samepicture.privacy.rules import DIGITS, Rule, Run, Topic, applied, holding, quick
from samepicture.privacy.vocabulary import any_of, listed

_CUT = "\x00"
"""Stands for a run while the run is judged. No export has it: the readers refuse binary content."""

_NI_LETTERS = r"[A-CEGHJ-TW-Z][A-CEGHJ-NPR-TW-Z]"
"""Prefixes that are given out, and Q, with which forms write their examples."""
_PLATE = r"(?:[A-Z]{1,3}[\s-]?[0-9]{1,4}[\s-]?[A-Z]{1,3}|[A-Z]{2,3}[\s-]?[0-9]{2,4}|[0-9]{1,4}[\s-]?[A-Z]{2,3})\b"
_FINED = r"(?:(?:got|was|is|were|been|gets|had|has|received|given)\s(?:a\s|an\s)?(?:\S+\s)?(?:ticket|fined?|towed|clamped|pcn|penalty|notice|charge|scratched|bumped|dented|hit|my reg|the reg))"
_RING = (
    r"(?i)(\b(?:tel(?:ephone)?|phone|mob(?:ile)?|cell|landline|ring|rung|rang|call|called|text|contact|reach|message|whatsapp|number(?:'s| is)|num|no\.|nos\.|bleep|switchboard|fax|dial)\b"
    r"[^0-9\[\]\n]{0,25})"
)

_INSURANCE = (
    Topic(
        DIGITS,
        (
            Rule(
                # Lower case only with spaces: 'on 12-05-24 a nurse' is a date.
                rf"\b(?:{_NI_LETTERS}(?:[\s.-]{{0,2}}[0-9]{{2}}){{3}}[\s.-]{{0,2}}[A-D]|(?i:{_NI_LETTERS}(?:\s{{0,2}}[0-9]{{2}}){{3}}\s{{0,2}}[A-D]"
                rf"|{_NI_LETTERS}\s?(?:[0-9]{{6}}|[0-9]{{3}} [0-9]{{3}})\s?[A-D]))\b",
                "[NI number]",
                "[0-9]{2}",
            ),
            Rule(
                r"(?i)(\b(?:ni|nino|national insurance)\b[^0-9\[\]]{0,20}?)\b[A-Z]\s?[A-Z](?:[\s./-]{0,3}[0-9]){6}(?:[\s./-]{0,3}[A-D]\b)?",
                "${1}[NI number]",
                r"(?i)\bni\b|\bnino\b|insurance",
            ),
        ),
    ),
)
_CODES = (
    Topic(
        DIGITS,
        (
            Rule(
                rf"(?i)\b{any_of('postcode_area')}(?:[0-9][0-9A-HJKMNP-Y]?[\s-]{{0,2}}[0-9][ABD-HJLNP-UW-Z]{{2}}|\s[0-9]{{1,2}}\s[0-9]\s?[ABD-HJLNP-UW-Z]\s?[ABD-HJLNP-UW-Z])\b",
                "[postcode]",
                r"[0-9]\s?[A-Za-z]\s?[A-Za-z]\b",
            ),
            Rule(r"\b[A-HJ-PR-Y]{2}[0-9]{2}[\s-]?[A-HJ-PR-Z]{3}\b", "[vehicle]", "[0-9]{2}"),
            Rule(
                r"\b(?:[A-HJ-NPR-TV-Y][0-9]{3} [A-HJ-PR-Y]{3}|[A-HJ-PR-Y]{3} [0-9]{3}[A-HJ-NPR-TV-Y])\b",
                "[vehicle]",
                "[0-9]{3}",
            ),
        ),
    ),
    Topic(
        DIGITS,
        (
            Rule(
                r"\b(?:(?i:[A-HJ-PR-Y]{2}[0-9]{2}[\s-]?[A-HJ-PR-Z]{3}|[A-HJ-NPR-TV-Y][0-9]{3}[\s-]?[A-HJ-PR-Y]{3}|[A-HJ-PR-Y]{3}[\s-]?[0-9]{3}[A-HJ-NPR-TV-Y])"
                r"|[A-HJ-PR-Y]{2}\s[0-9]{2}\s[A-HJ-PR-Z]{3}|[A-HJ-NPR-TV-Y][0-9]{1,3}[\s-]?[A-HJ-PR-Y]{3}|[A-HJ-PR-Y]{3}[0-9]{1,3}[A-HJ-NPR-TV-Y])\b",
                "[vehicle]",
                rf"(?i)\b{any_of('vehicle')}\b",
            ),
            Rule(
                rf"(?i)(\b(?:reg|regn|registration|registered|(?:number ?)?plates?|vrm)\b[^0-9\[\]\n]{{0,25}}?)\b{_PLATE}",
                "${1}[vehicle]",
                r"(?i)\breg|plate|\bvrm",
            ),
            # Northern Ireland: an I or a Z among the letters.
            Rule(r"\b(?:[A-Z]?[IZ][A-Z]|[A-Z][A-Z]?[IZ])[\s-]?[0-9]{4}\b", "[vehicle]", "[A-Z][\\s-]?[0-9]{4}"),
            # Without a year: three letters and some digits, next to the car or to what befell it.
            Rule(
                r"((?i:\b(?:car|van|taxi|cab|motor|bike|minibus|plate|vehicle)[,:]?\s+\(?))(?:[0-9]{1,4} ?[A-Z]{3}|[A-Z]{3} ?[0-9]{1,4})\b",
                "${1}[vehicle]",
                "[0-9] ?[A-Z]{3}|[A-Z]{3} ?[0-9]",
            ),
            Rule(
                rf"\b(?:[0-9]{{1,4}} ?[A-Z]{{3}}|[A-Z]{{3}} ?[0-9]{{1,4}})(,?\s(?i:{_FINED}))",
                "[vehicle]${1}",
                "[0-9] ?[A-Z]{3}|[A-Z]{3} ?[0-9]",
            ),
        ),
        further=listed("vehicle"),
    ),
)
_NUMBERS = (
    Topic(
        DIGITS,
        (
            Rule(
                r"(?i)(\bnhs\s?(?:no|num|number|n[°º]|#|ref|id)?[^0-9\[\]]{0,12}|\bnhs)[0-9](?:[\s._-]{0,3}[0-9]){9}\b",
                "${1}[NHS number]",
                r"(?i)\bnhs",
            ),
            Rule(r"\b[Oo0]\s?7(?:[\s./-]?[0-9Oo]){9}\b", "[phone]"),
            Rule(
                rf"{_RING}(?:[0-9]{{3}}[\s-]?[0-9]{{4}}|[0-9]{{3}}[\s-]?[0-9]{{3}}|[0-9]{{5,8}}|[0-9]{{5}}[\s-]?[0-9]{{3,6}}|[0-9]{{4}}[\s-]?[0-9]{{3,4}}[\s-]?[0-9]{{3,4}})\b",
                "${1}[phone]",
                "[0-9]{3}",
            ),
            Rule(
                r"(?i)\[phone\][ ,;/(–-]*(?:and |then )?(?:(?:ask for )?ext(?:ension|n)?\.?:?(?: number| no\.?)?|x|#|option)\s?[0-9]{1,6}\)?",
                "[phone]",
                r"\[phone\]",
            ),
            Rule(r"\[phone\] ?(?:/|or|and) ?[0-9]{1,6}\b", "[phone]", r"\[phone\]"),
            Rule(r"(?i)\b(ext(?:ension|n)?\.?(?: number| no\.?| is)?:?\s?)[0-9]{3,6}\b", "${1}[phone]", "(?i)ext"),
        ),
    ),
)
_BEFORE_RUNS = (*online.TOPICS, *_INSURANCE, *births.TOPICS, *_CODES, *addresses.BEFORE_RUNS)
_RUNS = (Run(digits.RUN, digits.judged), Run(spoken.RUN, spoken.judged, has_figures=False), *addresses.RUNS)
_AFTER_RUNS = (*addresses.AFTER_RUNS, *_NUMBERS)
_MARKS = ("@", "#", "u/", "www.", "://", "dot", "at)", "at]", ".blog", ".com", ".co", ".net", ".org", ".example", ".info")
_SITES = tuple(f".{end}/" for end in ("com", "uk", "org", "net", "me", "io", "example", "ly", "be"))
_WORTH = (*DIGITS, *_MARKS, *_SITES, *online.NETWORKS, *births.BORN, *addresses.WORTH, *spoken.WORTH)
"""A text with none of these holds nothing that any rule replaces."""


def without_identifiers(text: pl.Series) -> pl.Series:
    """The text with what one look finds replaced; NULL stays NULL. A second look may find what the first has bared."""
    rows = holding(text, _WORTH)
    found = text.gather(rows)
    # Most of what is sought has figures, and no rule brings any: where they are is looked up once.
    figured = holding(found, DIGITS)
    found = applied(found, _BEFORE_RUNS, figured)
    for run in _RUNS:
        where = figured if run.has_figures else pl.int_range(found.len(), eager=True)
        where = where.filter(found.gather(where).str.contains(quick(run.where or run.pattern)))
        if where.len():
            found = found.clone()
            found.scatter(where, _runs_judged(found.gather(where), run))
    found = applied(found, _AFTER_RUNS, figured)
    done = text.clone()
    done.scatter(rows, found)
    return done


def _runs_judged(text: pl.Series, run: Run) -> pl.Series:
    """Cut the runs out, judge each, and put those texts together again of which one is no longer what it was."""
    text, pattern = text.str.replace_all(_CUT, " ", literal=True), quick(run.pattern)
    runs = pl.DataFrame({"row": pl.int_range(text.len(), eager=True), "run": text.str.extract_all(pattern)}).explode("run").drop_nulls()
    runs = runs.with_columns(run.judged(runs.get_column("run")).alias("judged"))
    changed = runs.filter(pl.col("run") != pl.col("judged")).get_column("row").unique().sort()
    if not changed.len():
        return text
    judged = runs.filter(pl.col("row").is_in(changed.implode())).group_by("row", maintain_order=True).agg("judged")
    # One more piece than runs: the last piece is followed by none.
    pieces = judged.select(
        "row", pl.concat_list("judged", pl.lit("")), text.gather(changed).str.replace_all(pattern, _CUT).str.split(_CUT).alias("piece")
    ).explode("piece", "judged")
    together = pieces.group_by("row", maintain_order=True).agg(pl.concat_str("piece", "judged").str.join("")).get_column("piece")
    return text.scatter(changed, together)
