"""Finds dates of birth: dates beside a word of birth, an age or a person, and days of the last century."""

from __future__ import annotations

from samepicture.privacy.rules import DIGITS, Rule, Topic
from samepicture.privacy.vocabulary import any_of, listed

BORN = listed("born")
"""A text without one of these says nothing of a birth."""

_SPOKEN_WORD = rf"(?:{any_of('number_spoken')}|[a-z]+teenth)"
_SEP = r" ?[-–—./,_|:\\ ] ?"
_MONTH = r"(?:(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6})"
_ROMAN = r"(?:i{1,3}|iv|vi{0,3}|ix|xi{0,2})"
_DAY = r"[0-9]{1,2}(?:st|nd|rd|th)?"
_SHORT = r"['’‘`]?[0-9]{2}"
_YEAR = rf"(?:[0-9]{{4}}|{_SHORT})"
_THE = r"(?:the )?"
_OF = r"(?: of(?: the)? |[ ./-]{0,3})"
_APART = r"(?: of(?: the)? |[ ./-]{1,3})"


def _spoken(least: int, most: int) -> str:
    return rf"{_SPOKEN_WORD}(?:[ -]{_SPOKEN_WORD}){{{least - 1},{most - 1}}}"


_FEAST = r"(?:(?:christmas|boxing|new year'?s|st [a-z]+'?s|valentine'?s|leap|may|midsummer'?s?) (?:day|eve)|xmas(?: day| eve)?|hogmanay)"
_NUMERIC = rf"(?:[0-9]{{4}}{_SEP}[0-9]{{1,2}}{_SEP}[0-9]{{1,2}}|[0-9]{{1,2}}{_SEP}(?:[0-9]{{1,2}}|{_ROMAN}){_SEP}{_YEAR})"
_WRITTEN = rf"(?:{_THE}{_DAY}{_OF}{_MONTH}[.,]?[ ./,-]{{0,2}}{_YEAR}|{_MONTH}[. -]{{1,2}}{_THE}{_DAY},? {_YEAR})"
_DATE = (
    rf"(?:{_NUMERIC}|[0-9]{{8}}|[0-9]{{6}}|{_WRITTEN}|{_MONTH},? (?:of )?[0-9]{{4}}"
    rf"|{_THE}{_DAY}{_APART}(?:{_DAY}|{_spoken(1, 2)}){_APART}(?:19|20)?{_SHORT}"
    rf"|{_THE}{_spoken(1, 2)}(?: of)?(?: {_MONTH}(?:,? (?:{_YEAR}|{_spoken(1, 6)}))?|(?: the)? {_spoken(1, 2)},? {_spoken(1, 6)})"
    rf"|{_FEAST}(?:,? {_YEAR})?|{_THE}{_DAY}[ -]?(?:of )?{_MONTH}|{_MONTH} {_DAY})"
)
"""A date; beside a word of birth also without its year, or spoken."""
_BIRTH = (
    r"(?:\bborn\b|\bb\.|\bbrith\b|\bbirth[\s-]?(?:day|date|dt)\b|\b(?:date|day|time|dt) of birth\b|\bbirth(?:\s?[:=-]|\s(?:was|is)(?:\s(?:on|the))?)|\bb'?[\s-]?day\b|\bnew ?born\b|\bganwyd\b"
    r"|\burodzon\p{L}|\bd ?[./-]? ?o ?[./-]? ?b(?:irth)?)"
)
_UNTIL = r"[.?\x22”]{0,2}[^0-9\[\].!?]{0,45}?\[?"
"""Between the word and the date, within a sentence."""
_PERSON = rf"(?:{any_of('whose_birthday')}|\[name\])"
_AGE_ON = rf"(\b(?:{_PERSON}(?:'s| is| was| will be|'ll be| turns| turned| turning)|(?:turns|turned|turning|became)) (?:just |only )?[0-9]{{1,3}} (?:years old )?(?:on|this|last|next) (?:{any_of('weekday')},? )?)"
_LONG_AGO = (
    r"\b(?:(?:0?[1-9]|[12][0-9]|3[01]) ?[-./] ?(?:0?[1-9]|1[0-2]) ?[-./] ?(?:19[0-9]{2}|['’]?[3-9][0-9])|(?:0?[1-9]|[12][0-9]|3[01]) (?:0?[1-9]|1[0-2]) 19[0-9]{2}"
    rf"|19[0-9]{{2}}[-./][01]?[0-9][-./][0-3]?[0-9]|(?i:[0-9]{{1,2}} ?[-./ ] ?{_ROMAN} ?[-./ ] ?19[0-9]{{2}})"
    rf"|(?i:{_DAY}(?:[ ./-]{{1,2}}|)(?:of )?{_MONTH}[.,]?[ /-](?:19[0-9]{{2}}|['’][3-9][0-9])|{_MONTH} {_DAY},? 19[0-9]{{2}}))\b"
)
"""A day of the last century: whoever tells their experience of a service names it as a birthday."""
_SPOKEN_LONG_AGO = rf"(?i)\b{_THE}(?:{_spoken(1, 2)}|{_DAY})(?: of)? {_MONTH},? nineteen[ -](?:hundred (?:and )?)?{_spoken(1, 2)}"
_SHORT_YEAR = rf"(?i)\b{_DAY}[ ./-]?(?:of )?{_MONTH}[ ./,-]{{1,2}}['’]?[3-9][0-9](\s*(?:[.,;)/\n–-]|$))"
_FULL = rf"(?:[0-9]{{1,2}}{_SEP}[0-9]{{1,2}}{_SEP}(?:[0-9]{{4}}|[0-9]{{2}})|(?i:{_DAY}[ ./-]?(?:of )?{_MONTH},?[ ./-]?{_YEAR}))\b"
_AFTER_PERSON = (
    rf"((?:\[(?:name|NHS number|NI number)\](?:['’]s)?[,;:/ (–-]{{1,4}}|(?i:\baged?:? [0-9]{{1,3}}(?: years| yrs)?(?: old)?,? ?\(?)|(?i:\b{any_of('relation')} \()))"
    rf"{_FULL}"
)
_BABY = rf"(?i)(\b(?:a|an|am|another) ){_NUMERIC}(\s(?:baby|child|kid|birthday)\b)"

TOPICS = (
    Topic(
        BORN,
        (
            # No bracket in between: what is replaced already says 'birth' itself.
            Rule(rf"(?i)({_BIRTH}{_UNTIL}){_DATE}\b", "${1}[date of birth]"),
            Rule(
                rf"(?i)({_BIRTH}[^0-9\[\]]{{0,30}}(?:[0-9]{{1,2}}(?:\+[0-9])? ?(?:weeks?|wks?)|[0-9]{{1,2}}[.:][0-9]{{2}} ?(?:am|pm)?)[^0-9\[\].!?]{{0,25}}?){_DATE}\b",
                "${1}[date of birth]",
                "(?i)born",
            ),
            Rule(rf"(?i)(\bd ?[./-]? ?o ?[./-]? ?b\.?[:=-]?){_DATE}\b", "${1}[date of birth]", "(?i)b[:.=-]?[0-9]"),
            Rule(
                rf"(?i)(\[date of birth\][^0-9\[\].!?]{{0,30}}\b(?:not|or|be|instead of|rather than|but|nor)(?: the| on)? ){_DATE}\b",
                "${1}[date of birth]",
                r"(?i)birth\][^0-9\[\].!?]{0,30}\b(?:not|or|be|instead of|rather than|but|nor) ",
            ),
            Rule(
                rf"(?i)\b{_DATE}(,? (?:not|instead of|rather than) (?:the )?\[date of birth\])",
                "[date of birth]${1}",
                r"(?i)(?:not|instead of|rather than) (?:the )?\[date of birth\]",
            ),
            Rule(rf"(?i)\b{_DATE}([^0-9.,;:\[\]]{{0,30}}{_BIRTH})", "[date of birth]${1}"),
            Rule(_SPOKEN_LONG_AGO, "[date of birth]", "(?i)nineteen"),
            Rule(rf"(?i){_AGE_ON}{_DATE}\b", "${1}[date of birth]", r"[0-9] (?:years old )?(?:on|this|last|next) "),
            Rule(_BABY, "${1}[date of birth]${2}", "[0-9] (?:baby|child|kid|birthday)"),
        ),
        further=(
            *DIGITS,
            "teen",
            "twent",
            "thirt",
            "first",
            "second",
            "third",
            "fth",
            "sixth",
            "nth",
            "ighth",
            "christmas",
            "xmas",
            "new year",
            "boxing",
            "hogmanay",
        ),
    ),
    Topic(
        DIGITS,
        (
            Rule(_LONG_AGO, "[date of birth]", "[0-9]{2}"),
            Rule(_SHORT_YEAR, "[date of birth]${1}", rf"(?i){_MONTH}[ ./,-]{{1,2}}['’]?[3-9][0-9]"),
            Rule(_AFTER_PERSON, "${1}[date of birth]", r"[\](]|(?i)\bage"),
        ),
    ),
)
