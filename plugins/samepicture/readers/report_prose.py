"""What a Healthwatch report says in prose: numbers, dates, and the sentence each stands in (domain: A9).

Nothing is guessed: a sentence that could mean two numbers gives none, and every
number that is read keeps its sentence.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

_UNITS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen"
).split()
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()
_VALUES = {word: value for value, word in enumerate(_UNITS)} | {word: 10 * ten for ten, word in enumerate(_TENS, 2)}
_WORD = rf"(?:{'|'.join(sorted((*_VALUES, 'hundred', 'thousand'), key=len, reverse=True))})"
NUMBER = rf"(?:(?<!\d)(?<!\d[.,])(?:\d{{1,3}}(?:,\d{{3}})+|\d{{1,7}})|(?:\ban?\s+(?=hundred|thousand))?\b{_WORD}(?:(?:\s+and)?[\s-]+{_WORD})*)\b(?!\s*%|\s+per\s?cent|[.,]\d)"
"""A whole number as digits, with or without commas, or in words up to thousands. Never a percentage or a decimal."""

MAX_SENTENCE = 1500

_MONTHS = "january february march april may june july august september october november december".split()
_DATE = re.compile(
    rf"(?i)\b(?:(?P<y>\d{{4}})-(?P<m>\d{{2}})-(?P<d>\d{{2}})(?=T\d|\b)"
    rf"|(?P<d2>\d{{1,2}})[/.](?P<m2>\d{{1,2}})[/.](?P<y2>\d{{4}})"
    rf"|(?P<d3>\d{{1,2}})(?:st|nd|rd|th)?\s+(?:of\s+)?(?P<m3>{'|'.join(f'{name[:3]}(?:{name[3:]})?' for name in _MONTHS)}|sept)\.?,?\s+(?P<y3>\d{{4}}))(?!\d)"
)

_PEOPLE = (
    r"(?:people|persons|patients|residents|respondents|participants|individuals|(?:family\s+)?members|carers|parents|adults|women|men|mothers|families|relatives|"
    r"visitors|children|students|service\s+users|members\s+of\s+the\s+public)"
)
_STAFF = r"(?:staff|managers|nurses|doctors|professionals)"
_KINDS = rf"(?:(?!(?:in|of|out|per|and|the|to|or)\b|{_WORD}\b)[a-z'’]+[\s-]+){{0,2}}?"
_ABOUT = r"(?:(?:a\s+total\s+of|more\s+than|just\s+over|over|nearly|almost|around|about|approximately|some|at\s+least|all)\s+)*"
_BEFORE = (
    r"(?:spoke(?:n)?|speaking|talk(?:ed|ing)?|listen(?:ed|ing)?)\s+(?:to|with)|hear(?:d|ing)?\s+(?:back\s+)?from|interview(?:ed|ing)|survey(?:ed|ing)|"
    r"engag(?:ed|ing)\s+(?:with)?|consult(?:ed|ing)|(?:views?|experiences?|opinions?|stories)\s+(?:of|from)|"
    r"(?:feedback|responses?|replies|answers|comments)\s+(?:was\s+received\s+|were\s+received\s+|received\s+)?(?:of|from)|reach(?:ed|ing)"
)
_AFTER = (
    r"participated|took\s+part|taking\s+part|respond(?:ed|ing)|complet(?:ed|ing)|shar(?:ed|ing)|told\s+us|gave|giving|attended|contributed|answered|"
    r"filled\s+in|spoke\s+(?:to|with)\s+us|(?:were|was)\s+(?:interviewed|surveyed|consulted|spoken\s+to)|engaged\s+with"
)
_UNASKED = r"(?:invited|sent|approached|asked|eligible|contacted|registered|live|die|died|not)"
_TOTAL = r"(?:in\s+total|in\s+all|altogether|overall)"
_FRACTION = re.compile(
    rf"(?i)(?:\bout\s+of|\bin|\bin\s+every|\bof\s+the|\bof\s+these|\bof\s+those|\bper)\s+(?:\w+\s+)?$|{NUMBER}\s+(?:in|of)\s+$"
)
"""What stands before a number that is the base of a share ('one in five people', 'of the 166 responses')."""

_REACHED = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"(?:{_BEFORE})\s+{_ABOUT}(?P<n>{NUMBER})\s+{_KINDS}{_PEOPLE}\b",
        rf"(?P<n>{NUMBER})\s+{_KINDS}{_PEOPLE}(?:\s+(?!{NUMBER}|{_UNASKED}\b)[a-z'’-]+){{0,8}}?\s+(?:{_AFTER})\b",
        rf"(?:{_BEFORE})\s+{_ABOUT}(?P<n>{NUMBER})\s+{_TOTAL}",
        rf"(?P<n>{NUMBER})\s+{_KINDS}(?:responses|replies|questionnaires|surveys)\s+(?:were\s+|was\s+)?(?:received|returned|completed)\b",
        rf"received\s+{_ABOUT}(?P<n>{NUMBER})\s+{_KINDS}(?:responses|replies)\b",
    )
)
_MENTION = re.compile(rf"(?i)(?P<n>{NUMBER})\s+{_KINDS}(?:{_PEOPLE}|{_STAFF})\b")
_PART_OF = re.compile(r"(?i)(?:includ\w+|of\s+(?:whom|which)|among\s+them|such\s+as)\s+(?:\w+\s+)?$")
_HAS_TOTAL = re.compile(rf"(?i)\b{_TOTAL}\b|\ba\s+total\s+of\b")

_MAKES = r"(?:makes?|made|making|contains?|containing|includes?|including|sets?\s+out|offers?|lists?|gives?|puts?\s+forward|proposes?|there\s+(?:are|were)|has|have)"
_SORT = (
    r"(?:(?:key|main|further|clear|specific|practical|overarching|short|priority|new|important|local|broad|wide-ranging|separate)\s+){0,2}"
)
_STATED = re.compile(
    rf"(?i)(?P<verb>{_MAKES}\s+)?(?:(?:the\s+following|a\s+total\s+of)\s+)?(?P<n>{NUMBER})\s+{_SORT}recommendations?\b(?P<made>\s+(?:was|were|are|is|have\s+been)?\s*made\b)?"
)
_DEALT_WITH = re.compile(r"(?i)\b(?:accepted|implemented|rejected|agreed|completed|responded|previous|last\s+year|earlier)\b")

_BREAK = re.compile(
    r"(?<=[.!?])(?<!\bDr\.)(?<!\bMr\.)(?<!\bMrs\.)(?<!\bMs\.)(?<!\bSt\.)(?<!\bNo\.)(?<!e\.g\.)(?<!i\.e\.)[\"'”’)]*\s+(?=[A-Z0-9\"'“‘(])|\n+"
)


@dataclass(frozen=True)
class Stated:
    """A number and the sentence that it was read from."""

    count: int
    sentence: str


def sentences(text: str) -> list[str]:
    """Sentences of a text, spaces normalised; a line break ends one. What is too long to be one (a table) is left out."""
    parts = (" ".join(part.split()) for part in _BREAK.split(text))
    return [part for part in parts if 0 < len(part) <= MAX_SENTENCE]


def number(text: str) -> int | None:
    """The first whole number in a text, as digits or words up to thousands; NULL where there is none."""
    found = re.search(NUMBER, text, re.IGNORECASE)
    return _value(found.group()) if found else None


def people_reached(text: str) -> Stated | None:
    """How many people took part. A sentence that counts several groups and gives no total says nothing."""
    best: tuple[int, Stated] | None = None
    for sentence in sentences(text):
        for rank, match in _reached(sentence):
            if best is None or rank < best[0]:
                best = (rank, Stated(_value(match.group("n")), sentence))
    return best[1] if best else None


def recommendations_stated(text: str) -> Stated | None:
    """How many recommendations a text says that the report makes."""
    plain: Stated | None = None
    for sentence in sentences(text):
        if _DEALT_WITH.search(sentence):
            continue
        for match in _STATED.finditer(sentence):
            if _is_share(sentence, match) or _is_year(match.group("n")):
                continue
            stated = Stated(_value(match.group("n")), sentence)
            if match.group("verb") or match.group("made"):
                return stated
            plain = plain or stated
    return plain


def dates(text: str) -> Iterator[date]:
    """Every whole date in a text: 2 April 2018, 02/04/2018 (day first), 2018-04-02. A month alone is none."""
    for found in _DATE.finditer(text):
        parts = found.groupdict()
        year, day = (next(int(parts[key]) for key in keys if parts[key]) for keys in (("y", "y2", "y3"), ("d", "d2", "d3")))
        month = int(parts["m"] or parts["m2"] or 0) or [name[:3] for name in _MONTHS].index(parts["m3"][:3].lower()) + 1
        try:
            yield date(year, month, day)
        except ValueError:
            continue


def first_date(text: str | None) -> date | None:
    """The first whole date in a text."""
    return next(dates(text or ""), None)


def _reached(sentence: str) -> Iterator[tuple[int, re.Match[str]]]:
    """Matches with their rank: a total, then people, then responses."""
    for kind, pattern in enumerate(_REACHED):
        for match in pattern.finditer(sentence):
            if _is_share(sentence, match) or (match.start("n") == match.start() and _is_year(match.group("n"))):
                continue
            total = bool(_HAS_TOTAL.search(sentence))
            if not total and _counts_several(sentence):
                continue
            yield (0 if total else 1 if kind < 3 else 2), match


def _counts_several(sentence: str) -> bool:
    mentions = [match for match in _MENTION.finditer(sentence) if not _PART_OF.search(sentence[: match.start("n")])]
    return len(mentions) > 1


def _is_share(sentence: str, match: re.Match[str]) -> bool:
    return bool(_FRACTION.search(sentence[: match.start("n")]))


def _is_year(text: str) -> bool:
    """'In summer 2018 people told us' counts nobody."""
    return re.fullmatch(r"(?:199|20[0-4])\d", text) is not None


def _value(text: str) -> int:
    if text[0].isdigit():
        return int(text.replace(",", ""))
    total = current = 0
    for word in re.findall(r"[a-z]+", text.lower()):
        if word == "hundred":
            current = (current or 1) * 100
        elif word == "thousand":
            total, current = total + (current or 1) * 1000, 0
        else:
            current += _VALUES.get(word, 0)
    return total + current
