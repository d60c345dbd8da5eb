"""Replaces what identifies a person by its form: numbers, addresses of all kinds, dates of birth, plates, handles.

Column operations throughout. Each rule looks only at the rows that can hold what it seeks. The
regular expressions of a column have neither look-around nor check digits, so long runs of digits
(`digits.py`), also spoken ones (`spoken.py`), are cut out and judged alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import polars as pl

from samepicture.privacy import digits, spoken

_CUT = "\x00"
"""Stands for a run while the run is judged. No export has it: the readers refuse binary content."""

_POSTCODE_AREAS = (
    "AB|AL|B|BA|BB|BD|BF|BH|BL|BN|BR|BS|BT|BX|CA|CB|CF|CH|CM|CO|CR|CT|CV|CW|DA|DD|DE|DG|DH|DL|DN|DT|DY|E|EC|EH|EN|EX|FK|FY|G|GL|GU|GY|"
    "HA|HD|HG|HP|HR|HS|HU|HX|IG|IM|IP|IV|JE|KA|KT|KW|KY|L|LA|LD|LE|LL|LN|LS|LU|M|ME|MK|ML|N|NE|NG|NN|NP|NR|NW|OL|OX|PA|PE|PH|PL|PO|PR|"
    "RG|RH|RM|S|SA|SE|SG|SK|SL|SM|SN|SO|SP|SR|SS|ST|SW|SY|TA|TD|TF|TN|TQ|TR|TS|TW|UB|W|WA|WC|WD|WF|WN|WR|WS|WV|YO|ZE"
)
_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}"
_DAY = r"[0-9]{1,2}(?:st|nd|rd|th)?"
_YEAR_SPOKEN = r"(?:(?:nineteen|twenty|two thousand)(?:[ -](?:and|hundred|oh|\p{L}{2,6}teen|\p{L}{3,5}ty|ten|eleven|twelve|one|two|three|four|five|six|seven|eight|nine)){1,3})"
_DATE = (
    r"(?:[0-9]{4} ?[-./ ] ?[0-9]{1,2} ?[-./ ] ?[0-9]{1,2}|[0-9]{1,2} ?[-./ ] ?[0-9]{1,2} ?[-./ ] ?[0-9]{2,4}|[0-9]{8}|[0-9]{6}"
    rf"|(?:the )?{_DAY}[ -]?(?:of )?{_MONTH}[.,]?[ -]?['’]?[0-9]{{2,4}}|{_MONTH} {_DAY},? ['’]?[0-9]{{2,4}}|{_DAY}[ ./-]{_DAY}[ ./-]['’]?[0-9]{{2,4}}"
    rf"|\p{{L}}{{5,7}}(?:[ -]\p{{L}}{{5,7}})? (?:of )?{_MONTH},? {_YEAR_SPOKEN})"
)
_BIRTH = r"(?:\bborn\b|\bbirth(?:day|date)?\b|\bd ?\.? ?o ?\.? ?b\b)"
_LONG_AGO = (
    r"(?-u:\b)(?:(?:0?[1-9]|[12][0-9]|3[01])[-./](?:0?[1-9]|1[0-2])[-./](?:19[0-9]{2}|[3-9][0-9])|19[0-9]{2}-[01][0-9]-[0-3][0-9]"
    rf"|(?i:{_DAY}[ -](?:of )?{_MONTH},?[ -]19[0-9]{{2}}|{_MONTH} {_DAY},? 19[0-9]{{2}}))(?-u:\b)"
)
"""A day of the last century: whoever tells their experience of a service names it as a birthday."""
_SITE = r"\.[a-z]{2,10}/"
_NI_LETTERS = r"[A-CEGHJ-TW-Z][A-CEGHJ-NPR-TW-Z]"
"""Prefixes that are given out, and Q, with which forms write their examples."""
_STREET = (
    r"(?i:road|rd|street|st|lane|ln|avenue|ave|close|cl|drive|dr|way|court|ct|crescent|cres|grove|gr|terrace|tce|place|pl|gardens|gdns|square|sq|row|rise|"
    r"hill|view|walk|mews|parade|green|park|heights|croft|fold|mount|bank|villas|yard|vale|meadows?|drove|path|quay|wharf|broadway|gate|wynd|brae|"
    r"loan|gait|copse|dene|dell|ridge|rd\.|spinney|orchard|paddocks?|crossway|chase|garth|lea|nook|ginnel|end|hey|brow)"
)
_WORD = r"[A-Z][\p{L}'’.-]*"
_HOUSE = rf"(?:{_WORD}\s+){{1,3}}(?i:house|court|lodge|heights|towers?|point|mansions|buildings?),?\s+"
_FLAT = r"(?i:\b(?:flat|apartment|apt|bedsit|studio)\.?\s?[0-9]+[a-z]?,?\s+)"
_NUMBER = r"(?-u:\b)[0-9]{1,3}[A-Za-z]?,?\s+"
_AT = r"(?i)\b((?:address(?: is)?|(?:i|we|he|she|they|who|and|dad|mum)? ?(?:live|lives|lived|living|stay|staying) (?:at|on|in)|home(?: is)?|house is|moved (?:to|from|into)|(?:come|came|comes|deliver|delivered|visit|visits|visited|go|gone) to|we're at|i'm at|sent to|of no\.?|number)[:, ]\s*)"
_VEHICLE = (
    r"(?i)\b(?:reg|regn|registration|number plate|plates?|car|cars|vehicle|van|taxi|cab|parked|parking|park|driver|drove|ambulance|motorbike|bike|scooter|badge|"
    r"fine|fined|pcn|ticket|clamped|towed|ford|corsa|fiesta|astra|golf|polo|mini|rover|honda|toyota|vauxhall|nissan|bmw|audi|volvo|kia|skoda)\b"
)
_NETWORK = r"(?i:\b(?:insta(?:gram)?|ig|twitter|tik ?tok|snap(?:chat)?|facebook|fb|threads|bluesky|discord|reddit|youtube|mastodon|whatsapp|telegram|x)\b)"
_HANDLE = r"[A-Za-z][A-Za-z0-9._]*(?:[0-9_]|\.[A-Za-z0-9]|[a-z][A-Z])[A-Za-z0-9._]*"
_RING = r"(?i)(\b(?:tel(?:ephone)?|phone|mob(?:ile)?|cell|landline|ring|rung|call|text|contact|whatsapp|number is|switchboard)\b[^0-9\[\]\n]{0,25})"


@dataclass(frozen=True)
class _Rule:
    """Replace `pattern` by `replacement` in the rows that match `where`, which is cheaper to seek."""

    where: str
    pattern: str
    replacement: str


_RULES = (
    _Rule(rf"(?i)://|www\.|{_SITE}", rf"(?i)(?:[a-z]{{2,10}}://|www\.|(?:[a-z0-9-]+\.)*[a-z0-9-]+{_SITE})[^\s<>\[\]\x22]+", "[link]"),
    _Rule("@", r"(^|[^\w@])@[A-Za-z_][\w.]*@[\w-]+(?:\.[\w-]+)+", "${1}[handle]"),
    _Rule("@", r"[\w.!#$%&'*+/=?^`{|}~-]+ ?@ ?[\w-]+(?:\.[\w-]+)*\.\p{L}[\w-]+", "[e-mail]"),
    _Rule("@", r"(^|[^\w@])@[A-Za-z_](?:[\w.]*\w)", "${1}[handle]"),
    _Rule(
        r"(?i)\bdot\b|[(\[]at[)\]]",
        r"(?i)[\w+-]+(?:(?:\.|\s+dot\s+)[\w+-]+){0,3}\s*(?:[(\[]at[)\]]|\bat\b)\s*[\w-]+(?:\s*(?:\.|\bdot\b)\s*[\w-]+){1,3}",
        "[e-mail]",
    ),
    _Rule(_NETWORK, rf"({_NETWORK}[^\n\[\]]{{0,20}}?(?i:\b(?:as|is|its|it's|me|under|handle|name|username|user|called|i'm|im)\b|[:=(])\s*['\x22]?){_HANDLE}", "${1}[handle]"),
    # No bracket in between: what is replaced already says 'birth' itself.
    _Rule(f"(?i){_BIRTH}", rf"(?i)({_BIRTH}[^0-9\[\]]{{0,30}}?\[?){_DATE}\b", "${1}[date of birth]"),
    _Rule(f"(?i){_BIRTH}", rf"(?i)\b{_DATE}([^0-9.,;:\[\]]{{0,30}}{_BIRTH})", "[date of birth]${1}"),
    _Rule("[0-9]{2}", _LONG_AGO, "[date of birth]"),
    _Rule(
        "[0-9]{2}",
        # Lower case only with spaces: 'on 12-05-24 a nurse' is a date.
        rf"(?-u:\b)(?:{_NI_LETTERS}(?:[\s-]{{0,2}}[0-9]{{2}}){{3}}[\s-]{{0,2}}[A-D]|(?i:{_NI_LETTERS}(?:\s{{0,2}}[0-9]{{2}}){{3}}\s{{0,2}}[A-D]))(?-u:\b)",
        "[NI number]",
    ),
    _Rule(
        r"[0-9]\s?[A-Za-z]\s?[A-Za-z](?-u:\b)",
        rf"(?i)(?-u:\b)(?:{_POSTCODE_AREAS})(?:[0-9][0-9A-HJKMNP-Y]?[\s-]{{0,2}}[0-9][ABD-HJLNP-UW-Z]{{2}}|\s[0-9]{{1,2}}\s[0-9]\s?[ABD-HJLNP-UW-Z]\s?[ABD-HJLNP-UW-Z])(?-u:\b)",
        "[postcode]",
    ),
    _Rule("[0-9]{2}", r"(?-u:\b)[A-HJ-PR-Y]{2}[0-9]{2}\s?[A-HJ-PR-Z]{3}(?-u:\b)", "[vehicle]"),
    _Rule(
        _VEHICLE,
        r"(?i)(?-u:\b)(?:[A-HJ-PR-Y]{2}[0-9]{2}[A-HJ-PR-Z]{3}|[A-HJ-NPR-TV-Y][0-9]{1,3}\s?[A-HJ-PR-Y]{3}|[A-HJ-PR-Y]{3}\s?[0-9]{1,3}[A-HJ-NPR-TV-Y])(?-u:\b)",
        "[vehicle]",
    ),
    _Rule(_VEHICLE, r"(?-u:\b)(?:[A-Z]{3} [0-9]{3,4}|[A-Z]{2} [0-9]{4})(?-u:\b)", "[vehicle]"),
    _Rule("[0-9]", rf"(?:{_FLAT})?(?:{_HOUSE})?{_NUMBER}(?:(?i:the)\s+)?(?:{_WORD}\s+){{1,4}}{_STREET}(?-u:\b)", "[address]"),
    _Rule("[0-9]", rf"{_FLAT}(?:{_WORD}\s+){{1,3}}(?:(?i:house|court|lodge|heights|towers?|point|mansions|buildings?)(?-u:\b))", "[address]"),
    _Rule("[0-9]", rf"(?i:\b(?:flat|unit|plot|room|apartment|caravan|pitch|chalet)\s[0-9]+[a-z]?),?\s+(?:{_WORD},?\s+){{1,6}}{_STREET}(?-u:\b)", "[address]"),
    _Rule(r"[0-9]", rf"{_AT}(?:{_FLAT})?{_NUMBER}(?:[\p{{L}}'’.-]+\s+){{1,3}}?{_STREET}(?-u:\b)", "${1}[address]"),
    _Rule(
        r"(?i)cottage|farm|house|vicarage|lodge|bungalow|barn",
        rf"(?-u:\b)(?:{_WORD}\s+){{1,2}}(?i:cottage|farm|farmhouse|house|vicarage|lodge|bungalow|barn),\s+(?:{_WORD}\s+){{1,3}}{_STREET}(?-u:\b)",
        "[address]",
    ),
    _Rule(r"\[postcode\]", rf"{_NUMBER}(?:{_WORD}[\s,]+){{1,4}}\[postcode\]", "[address] [postcode]"),
)
_AFTER_RUNS = (
    _Rule(r"(?i)\bnhs", r"(?i)(\bnhs\s?(?:no|num|number|n[°º]|#|ref|id)?[^0-9\[\]]{0,12}|\bnhs)[0-9](?:[\s._-]{0,3}[0-9]){9}(?-u:\b)", "${1}[NHS number]"),
    _Rule("[0-9]", r"(?-u:\b)[Oo0]7(?:[\s-]?[0-9Oo]){9}(?-u:\b)", "[phone]"),
    _Rule("[0-9]{3}", rf"{_RING}(?:[0-9]{{3}}[\s-]?[0-9]{{4}}|[0-9]{{3}}[\s-]?[0-9]{{3}}|[0-9]{{5,8}}|[0-9]{{5}}[\s-]?[0-9]{{3,6}}|[0-9]{{4}}[\s-]?[0-9]{{3,4}}[\s-]?[0-9]{{3,4}})(?-u:\b)", "${1}[phone]"),
    _Rule("(?i)ext|x", r"(?i)\[phone\][ ,]*(?:\(?ext(?:ension|n)?\.?:?|x)\s?[0-9]{2,6}\)?", "[phone]"),
    _Rule("(?i)ext", r"(?i)\b(ext(?:ension|n)?\.?(?: number| no\.?| is)?:?\s?)[0-9]{3,6}(?-u:\b)", "${1}[phone]"),
)
_WORTH = [*"0123456789@", "www.", "://", " dot ", "(at)", "[at]", "cottage,", "farm,", "house,", "vicarage,", "lodge,", "barn,", "bungalow,",
          *(f".{end}/" for end in ("com", "uk", "org", "net", "me", "io", "example", "ly", "be")),
          "insta", "twitter", "tiktok", "tik tok", "snap", "facebook", "fb ", " ig ", "discord", "reddit", "birth", "born", "dob", *spoken.WORTH]  # fmt: skip
"""A text with none of these holds nothing that any rule replaces."""


def without_identifiers(text: pl.Series) -> pl.Series:
    """The text with what one look finds replaced; NULL stays NULL. A second look may find what the first has bared."""
    rows = text.str.contains_any(_WORTH, ascii_case_insensitive=True).fill_null(False).arg_true()
    found = _applied(text.gather(rows), _RULES)
    found = _where(found, digits.RUN, lambda some: _runs_judged(some, digits.RUN, digits.judged))
    found = _where(found, spoken.RUN, lambda some: _runs_judged(some, spoken.RUN, spoken.judged))
    found = _applied(found, _AFTER_RUNS)
    done = text.clone()
    done.scatter(rows, found)
    return done


def _applied(text: pl.Series, rules: tuple[_Rule, ...]) -> pl.Series:
    for rule in rules:
        rows = text.str.contains(rule.where).arg_true()
        if rows.len():
            text = text.clone()
            text.scatter(rows, text.gather(rows).str.replace_all(rule.pattern, rule.replacement))
    return text


def _where(text: pl.Series, pattern: str, change: Callable[[pl.Series], pl.Series]) -> pl.Series:
    rows = text.str.contains(pattern).arg_true()
    if rows.len():
        text = text.clone()
        text.scatter(rows, change(text.gather(rows)))
    return text


def _runs_judged(text: pl.Series, run: str, judged: Callable[[pl.Series], pl.Series]) -> pl.Series:
    """Cut the runs out, judge each, and put the text together again."""
    text = text.str.replace_all(_CUT, " ", literal=True)
    frame = pl.DataFrame(
        {
            "row": pl.int_range(text.len(), eager=True),
            "piece": text.str.replace_all(run, _CUT).str.split(_CUT),
            "run": text.str.extract_all(run),
        }
    )
    # One more piece than runs: the last piece is followed by none.
    frame = frame.with_columns(pl.concat_list("run", pl.lit("")))
    pieces = frame.explode("piece", "run")
    pieces = pieces.with_columns(judged(pieces.get_column("run")))
    return pieces.group_by("row", maintain_order=True).agg(pl.concat_str("piece", "run").str.join("")).get_column("piece")
