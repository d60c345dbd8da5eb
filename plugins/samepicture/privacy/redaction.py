"""Redaction of structured identifiers in free text (domain: C).

Each is replaced by its name in brackets, so that a reader sees that something stood
there: [NHS number], [phone], [e-mail], [postcode], [NI number], [date of birth], [link].
Over-redaction is preferred to a leak: 'bay E1 2nd door' reads as a postcode and goes.
Names of people, house numbers and phone numbers without an area code are not found by
this version; whoever reads narratives must expect them.

Column operations throughout. Most comments hold no digit, '@' or web address: each
rule looks only at the rows that can hold what it seeks. The regular expressions of a
column have neither look-around nor check digits, so long runs of digits are cut out
and judged alone (`digits.py`).
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from samepicture.privacy.digits import RUN, judged

REDACTION_VERSION = "structured-2"

_CUT = "\x00"
"""Stands for a run of digits while the run is judged. No export has it: the readers refuse binary content."""

_POSTCODE_AREAS = (
    "AB|AL|B|BA|BB|BD|BF|BH|BL|BN|BR|BS|BT|BX|CA|CB|CF|CH|CM|CO|CR|CT|CV|CW|DA|DD|DE|DG|DH|DL|DN|DT|DY|E|EC|EH|EN|EX|FK|FY|G|GL|GU|GY|"
    "HA|HD|HG|HP|HR|HS|HU|HX|IG|IM|IP|IV|JE|KA|KT|KW|KY|L|LA|LD|LE|LL|LN|LS|LU|M|ME|MK|ML|N|NE|NG|NN|NP|NR|NW|OL|OX|PA|PE|PH|PL|PO|PR|"
    "RG|RH|RM|S|SA|SE|SG|SK|SL|SM|SN|SO|SP|SR|SS|ST|SW|SY|TA|TD|TF|TN|TQ|TR|TS|TW|UB|W|WA|WC|WD|WF|WN|WR|WS|WV|YO|ZE"
)
_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}"
_DAY = r"[0-9]{1,2}(?:st|nd|rd|th)?"
_DATE = (
    r"(?:[0-9]{4} ?[-./ ] ?[0-9]{1,2} ?[-./ ] ?[0-9]{1,2}|[0-9]{1,2} ?[-./ ] ?[0-9]{1,2} ?[-./ ] ?[0-9]{2,4}|[0-9]{8}|[0-9]{6}"
    rf"|{_DAY}[ -]?(?:of )?{_MONTH}[.,]?[ -]?[0-9]{{2,4}}|{_MONTH} {_DAY},? [0-9]{{2,4}})"
)
_BIRTH = r"(?:\bborn\b|\bbirth(?:day|date)?\b|\bd ?\.? ?o ?\.? ?b\b)"
_SITE = r"\.(?:com|uk|org|net|me|io)/"
_NI_LETTERS = r"[A-CEGHJ-TW-Z][A-CEGHJ-NPR-TW-Z]"
"""Prefixes that are given out, and Q, with which forms write their examples."""


@dataclass(frozen=True)
class _Rule:
    """Replace `pattern` by `replacement` in the rows that match `where`, which is cheaper to seek."""

    where: str
    pattern: str
    replacement: str


_RULES = (
    _Rule(rf"(?i)://|www\.|{_SITE}", rf"(?i)(?:[a-z]{{2,10}}://|www\.|(?:[a-z0-9-]+\.)*[a-z0-9-]+{_SITE})[^\s<>\[\]\x22]+", "[link]"),
    _Rule("@", r"[\w.!#$%&'*+/=?^`{|}~-]+ ?@ ?[\w-]+(?:\.[\w-]+)*\.\p{L}[\w-]+", "[e-mail]"),
    _Rule("@", r"(^|[^\w@])@[A-Za-z_][\w.]{2,}", "${1}[link]"),
    # No bracket in between: what is replaced already says 'birth' itself.
    _Rule(f"(?i){_BIRTH}", rf"(?i)({_BIRTH}[^0-9\[\]]{{0,30}}?\[?){_DATE}\b", "${1}[date of birth]"),
    _Rule(f"(?i){_BIRTH}", rf"(?i)\b{_DATE}([^0-9.,;:\[\]]{{0,30}}{_BIRTH})", "[date of birth]${1}"),
    _Rule(
        "[0-9]{2}",
        # Lower case only with spaces: 'on 12-05-24 a nurse' is a date.
        rf"(?-u:\b)(?:{_NI_LETTERS}(?:[\s-]{{0,2}}[0-9]{{2}}){{3}}[\s-]{{0,2}}[A-D]|(?i:{_NI_LETTERS}(?:\s{{0,2}}[0-9]{{2}}){{3}}\s{{0,2}}[A-D]))(?-u:\b)",
        "[NI number]",
    ),
    _Rule(
        r"[0-9][A-Za-z]{2}(?-u:\b)",
        rf"(?i)(?-u:\b)(?:{_POSTCODE_AREAS})[0-9][0-9A-HJKMNP-Y]?[\s-]{{0,2}}[0-9][ABD-HJLNP-UW-Z]{{2}}(?-u:\b)",
        "[postcode]",
    ),
)
_WORTH = [*"0123456789@", "www.", "://", ".com/", ".uk/", ".org/", ".net/", ".me/", ".io/"]
"""A text with none of these holds nothing that any rule replaces."""


def redact(text: pl.Series) -> pl.Series:
    """The text with structured identifiers replaced; NULL stays NULL.

    What it returns, given again, comes back unchanged: one replacement can bare
    another, so the rules run until nothing changes. That ends, since each replacement
    takes away digits, an '@' or a web address.
    """
    done = text.clone()
    pending = text.str.contains_any(_WORTH, ascii_case_insensitive=True).fill_null(False).arg_true()
    while pending.len():
        before = done.gather(pending)
        after = before.clone()
        for rule in _RULES:
            rows = after.str.contains(rule.where).arg_true()
            after.scatter(rows, after.gather(rows).str.replace_all(rule.pattern, rule.replacement))
        rows = after.str.contains(RUN).arg_true()
        after.scatter(rows, _runs_judged(after.gather(rows)))
        changed = (before != after).arg_true()
        pending = pending.gather(changed)
        done.scatter(pending, after.gather(changed))
    return done


def _runs_judged(text: pl.Series) -> pl.Series:
    """Cut the runs of digits out, judge each, and put the text together again."""
    frame = pl.DataFrame(
        {
            "row": pl.int_range(text.len(), eager=True),
            "piece": text.str.replace_all(_CUT, " ", literal=True).str.replace_all(RUN, _CUT).str.split(_CUT),
            "run": text.str.extract_all(RUN),
        }
    )
    # One more piece than runs: the last piece is followed by none.
    frame = frame.with_columns(pl.concat_list("run", pl.lit("")))
    pieces = frame.explode("piece", "run")
    pieces = pieces.with_columns(judged(pieces.get_column("run")))
    return pieces.group_by("row", maintain_order=True).agg(pl.concat_str("piece", "run").str.join("")).get_column("piece")
