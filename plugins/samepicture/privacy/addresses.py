"""Tells where somebody lives from other numbers with words behind: '14 larkspur close' from '4 hours on the road'."""

from __future__ import annotations

import re

import polars as pl

from samepicture.privacy.lexicon import Is, bits
from samepicture.privacy.rules import DIGITS, Rule, Run, Topic
from samepicture.privacy.vocabulary import any_of, listed

_SURE = (
    r"road|rd|street|str|lane|ln|avenue|ave|crescent|cres|terrace|tce|terr|gardens|gdns|grove|mews|villas|cottages|paddocks?|maisonettes|bungalows|almshouses|"
    r"caravans|causeway|esplanade|promenade|boulevard|quadrant|wynd|wharf|spinney|croft|drove|quay|avenue|precinct"
)
"""Ends of the name of a street in any writing."""
_LIKELY = (
    r"close|cl|drive|way|court|place|square|sq|row|rise|hill|view|walk|parade|green|park|heights|fold|mount|bank|yard|vale|meadows?|path|broadway|gate|"
    r"brae|loan|gait|copse|dene|dell|ridge|orchard|chase|garth|lea|leas|leys|nook|ginnel|end|hey|brow|st|estate|circus|approach|common|cross|corner|passage|alley|"
    r"fields?|wood|woods|grange|manor|hall|house|lodge|buildings?|side|top|bottom|field|acre|acres|glen|haven|hollow|holt|hurst|knoll|links|mead|moor|oaks|pastures|pines|"
    r"point|reach|springs?|steps|strand|towers?|tyning|valley|warren|water|wells|crossing|parkway|turn|bridge|market|crest|link|island|dr|gr|pl|ct"
)
"""Ends that are words too: with a capital, or where somebody says that it is an address."""
_WELSH = r"heol|stryd|ffordd|lôn|lon|maes|rhodfa|clos|bro|parc|cae|llys|rhes|trem|gerddi|tai|pen|bryn|min|tŷ|ty|rhiw|cwrt|ystad"
_UNIT = r"(?:flat|apartment|apt|bedsit|studio|unit|plot|room|caravan|pitch|chalet|suite|maisonette)\.?\s?(?:no\.?\s?)?[0-9]+(?:[/-][0-9]+)?[a-z]?"
_BUILDING = r"house|court|lodge|heights|towers?|point|mansions|buildings?|place|gardens|hall|view|grange|manor"
_NUMBER = r"(?:(?:no\.?|number|nr)\s?)?[0-9]{1,4}(?:\s?[a-z]|[-–/][0-9]{1,3}[a-z]?)?"
_SPOKEN = r"(?:(?:number\s)?(?:(?:twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety)(?:[\s-](?:one|two|three|four|five|six|seven|eight|nine))?|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|[a-z]{3,5}teen))"
_LETTER = r"[^\x00-\x40\x5b-\x60\x7b-\xbf\u2000-\u206f]"
"""A letter, or a sign that nobody writes in an address: all letters by name are a table that takes milliseconds to compile."""
_WORD = rf"{_LETTER}(?:{_LETTER}|['’.])*(?:-{_LETTER}+)*"
_SAID = (
    r"\b(?:address(?:'s| is| was)?|(?:live|lives|lived|living|stay|stays|staying|reside|resides|residing|house|home|based|registered|moved|us|me|her|him|them|we're|i'm|he's|she's|are|is|am|come|came|deliver|"
    r"delivered|visit|visits|visited|go|gone|went|sent|send|post|posted|letters?|write|out|round|back|occupier|of)\s(?:at|on|in|to|from|is|of|into)|at)[:,]?\s+"
)
_STREET = (
    rf"{_NUMBER},?\s+(?:(?:{_WELSH})\s+(?:{_WORD}\s?){{1,3}}"
    rf"|(?:{_WORD}\s+){{1,4}}?(?:{_SURE}|{_LIKELY})\b\.?(?:\s+(?:{_SURE}|{_LIKELY})\b)*)"
)
RUN = rf"(?i)\b{_STREET}"
"""A number with one to four words and the end of a street's name, or a Welsh beginning of one."""
SAID_RUN = rf"(?i){_SAID}{_STREET}"
"""The same where somebody says that it is where they live."""
SPOKEN_RUN = rf"(?i){_SAID}{_SPOKEN},?\s+(?:{_WORD}\s+){{1,3}}?(?:{_SURE}|close|drive|court|hill|rise|row)\b"
"""A number in words, where somebody says that it is where they live: 'home is twenty two marsh lane'."""
UNIT_RUN = (
    rf"(?i)\b{_UNIT},?\s+(?:{_NUMBER},?\s+)?(?:{_WORD},?\s+){{1,6}}?(?:{_SURE}|{_BUILDING}|{_LIKELY})\b(?:,?\s+(?:{_SURE}|{_LIKELY})\b)*"
)
PLAIN_RUN = (
    rf"(?i)\b(?:address(?:'s| is| was)?|(?:live|lives|lived|living|moved)\s(?:at|to|from|in))[:,]?\s+{_NUMBER},?\s+(?:{_WORD}[ ,]*){{1,3}}"
)
"""What is said to be an address needs no end that we know: 'we live at 14 Broadmead'."""

_SAID_FIRST = re.compile(_SAID, re.IGNORECASE)
_END = re.compile(rf"(?i)\b(?:({_SURE})|{_LIKELY}|{_BUILDING})$")
_NUMBERED = re.compile(rf"\b(?:{_NUMBER}|{_SPOKEN}),?\s+(?=[^\W\d_])", re.IGNORECASE)
_UNIT_FIRST = re.compile(rf"{_UNIT}", re.IGNORECASE)
_MEASURE = re.compile(
    r"(?i)^(?:minutes?|mins?|hours?|hrs?|days?|weeks?|wks?|months?|mths?|years?|yrs?|times|miles?|mile|metres?|yards?|feet|foot|inch(?:es)?|stone|st|lbs?|kg|mg|ml|pounds?|quid|percent|"
    r"people|patients?|nurses?|doctors?|staff|beds?|bays?|wards?|am|pm|o'clock|star|car|visits?|calls?|steps?|stairs|floors?|flights?|lane|way|point|man|woman|st|nd|rd|th|x|by|or|of|per|"
    r"january|february|march|april|may|june|july|august|september|october|november|december|jan|feb|mar|apr|jun|jul|aug|sep|sept|oct|nov|dec)$"
)


_NAMED = r"[A-Z][\p{L}'’.-]*"
_HOUSE = rf"(?:{_NAMED}\s+){{1,3}}(?i:{any_of('dwelling')})"
_HOME = rf"(?:{_NAMED}\s+){{1,3}}(?i:{any_of('residence')})"
_ROAD = rf"(?:{_NAMED}\s+){{1,3}}(?i:{any_of('way')})"
_WATERSIDE = rf"(?:{_NAMED}\s+){{1,3}}(?i:{any_of('waterside')})"
_AT_HOME = (
    r"((?i:\b(?:address(?:'s| is)?|(?:live|lives|lived|living|stay|staying|out|home|come|came|up|back|drove|get|got|moved|called|sent|place)\s"
    r"(?:at|on|in|to|from|out to))[:,]?\s+(?:the\s+)?))"
)
_FLOOR = r"(?i:(?:(?:ground|first|second|third|fourth|fifth|top|[0-9]{1,2}(?:st|nd|rd|th)|basement|garden|upper|lower)\s)(?:floor\s?)?(?:flat|rear|front)?)"
_DOOR = r"(?i:(?:flat|annexe?|bungalow|room|unit|block|apartment|apt|house|studio|berth|mooring|pitch|plot|caravan|chalet|bedsit)(?:\s[0-9/-]+[a-z]?|\s[a-z]\b)?)"
_PART = rf"(?:{_FLOOR}|{_DOOR}|{_WATERSIDE}|(?:{_NAMED}\s+){{1,3}}(?i:{any_of('dwelling')}|care home|court|towers?|heights|point|buildings?|place|gardens|estate|park|view|mansions))"
_NUMBERED_NAME = r"\b[0-9]{1,3}[A-Za-z]?,?\s+"
_WELSH_WAY = r"(?:Heol|Stryd|Ffordd|Lôn|Lon|Rhodfa|Clos|Rhiw|Maes|Cae)"

BEFORE_RUNS = (
    Topic(
        listed("dwelling"),
        (
            Rule(rf"\b(?:The\s+)?{_HOUSE},\s+{_ROAD}\b", "[address]"),
            Rule(rf"{_AT_HOME}{_HOUSE}\b", "${1}[address]"),
            Rule(rf"((?i:\b(?:at|to|from|of|is|address|in|place)[:,]?\s+(?:the\s+)?|:\s*)){_HOME}\b", "${1}[address]"),
            # A farm or cottage by itself: 'High Bransby Farm, up past the church'. 'Manor Farm surgery' is none.
            Rule(
                rf"\b(?:[0-9]{{1,3}}[A-Za-z]?,?\s+)?{_HOME}(\s*(?:[,.;!?)\n]|$)|\s+(?:is|was|and|has|had|where|up|past|near|off|beyond|by|to|down)\b)",
                "[address]${1}",
            ),
            Rule(
                rf"(?i)\bnumber (?:[0-9]+[a-z]?|{_SPOKEN}),?\s+(?:the\s+)?(?:\w+\s+){{0,2}}{any_of('dwelling')}\b",
                "[address]",
                "(?i)number ",
            ),
        ),
    ),
    Topic(
        ("Heol ", "Stryd ", "Ffordd ", "Lôn ", "Lon ", "Rhodfa ", "Clos ", "Rhiw ", "Maes ", "Cae "),
        (Rule(rf"(?:{_NAMED}\s+){{0,2}}{_NAMED},\s+{_WELSH_WAY}\s+(?:[Yy]r?\s+)?{_NAMED}(?:\s+{_NAMED})?", "[address]"),),
    ),
    Topic(
        ("boat", "barge", "mooring", "berth"),
        (
            Rule(
                rf"(?:\b(?i:narrow ?boat|houseboat|barge|(?:boat|mooring|berth|pontoon)\s+(?:called|named)|the boat)\s+(?i:called |named |is )?)['\x22‘“]?(?:[A-Z]\p{{Ll}}{{2,}}\s?){{1,3}}['\x22’”]?"
                rf"(?:,\s+(?:(?i:mooring|berth|pontoon|jetty)\s[0-9]+[a-z]?|{_WATERSIDE})){{0,2}}",
                "[address]",
            ),
            Rule(rf"\b(?i:mooring|berth|pontoon)\s[0-9]+[a-z]?,\s+{_WATERSIDE}", "[address]"),
        ),
    ),
    # The number behind: 'Laburnum Road 8,'.
    Topic(
        DIGITS,
        (
            Rule(
                rf"\b(?:{_NAMED}\s+){{1,2}}(?:Road|Street|Lane|Avenue|Crescent|Terrace|Gardens|Grove|Close|Drive|Way|Court|Place|Square|Row)\s+[0-9]{{1,3}}[a-z]?(\s*(?:[,.;)\n]|$))",
                "[address]${1}",
                r"[a-z] [0-9]{1,3}[a-z]?\s*(?:[,.;)\n]|$)",
            ),
        ),
    ),
)
AFTER_RUNS = (
    Topic(
        DIGITS,
        (
            Rule(
                rf"{_NUMBERED_NAME}(?:[Tt]he\s+{_NAMED}|[A-Z]\p{{Ll}}{{2,}}(?:gate|croft|side|fields?|wood|lands|bank|mead|garth|thwaite|dene|dale|mount|view))\b",
                "[address]",
                r"[0-9][A-Za-z]?,?\s+(?:[A-Z]|the)",
            ),
            Rule(rf"{_NUMBERED_NAME}(?:{_NAMED}[\s,]+){{1,4}}\[postcode\]", "[address] [postcode]", r"\[postcode\]"),
            # 'Flat 61, 11th floor, Cranbrook Point': a door and a building, without a street.
            Rule(
                rf"\b(?i:flat|apartment|apt|room|unit|studio)\s[0-9/]+[a-z]?,?\s+(?:{_FLOOR},?\s+)?(?:{_NAMED}\s+){{1,3}}(?i:{any_of('dwelling')}|care home|court|towers?|heights|point|buildings?|place|mansions|view)\b",
                "[address]",
                r"(?i)(?:flat|apartment|apt|room|unit|studio)\s[0-9]",
            ),
        ),
    ),
    Topic(
        ("[address]",),
        (
            Rule(rf"\b(?:(?:{_PART}),?\s+){{1,3}}\[address\]", "[address]"),
            Rule(rf"\[address\],\s+(?:{_ROAD}|{_PART})\b", "[address]", r"\[address\],"),
            Rule(
                rf"((?i:\b(?:at|address(?:'s| is)?:?|live|lives|from|to|in|c/o)\s))(?:The\s+)?(?:{_NAMED}\s+){{0,2}}{_NAMED},\s+\[address\]",
                "${1}[address]",
            ),
            Rule(r"\[address\](?:,?\s+\[address\])+", "[address]"),
        ),
    ),
)
WORTH = (*listed("dwelling"), "boat", "barge", "berth", "mooring", "heol ", "stryd ", "ffordd ", "rhodfa ")
"""A text with none of these and no digit, in figures or words, has no address that we find."""


def judged(runs: pl.Series) -> pl.Series:
    """Runs that are addresses replaced, what says that they are one kept; the rest as it was."""
    different = runs.unique()
    return runs.replace(different, pl.Series([_judge(run) for run in different], dtype=pl.String))


def _judge(run: str) -> str:
    said = _SAID_FIRST.match(run)
    before, place = (said.group(), run[said.end() :]) if said else ("", run)
    number = _NUMBERED.search(place)
    if number is None:
        return run
    words = re.findall(r"[^\W\d_][\w'’.-]*", place[number.end() :])
    if not words or _MEASURE.match(words[0]):
        return run
    between = words[:-1] or words
    lower = [word for word in between if not word[0].isupper() or word.isupper()]
    if any(
        bits(word.lower()) & int(Is.STOP | Is.INSIDE | Is.MOVING | Is.VERB) and word.lower() not in ("the", "old", "st", "y", "of")
        for word in lower
    ):
        return run
    raised = all(word[0].isupper() for word in between if len(word) > 2)
    end = _END.search(place.rstrip("."))
    sure = bool(end and end.group(1))
    spoken_of = bool(before.strip()) and before.strip().lower() != "at"
    if raised or (sure and not _ordinary(between)) or (spoken_of and (sure or end)) or (before and sure) or _UNIT_FIRST.match(place):
        return f"{before}[address]"
    return run


def _ordinary(words: list[str]) -> bool:
    """Words of a service rather than of a street: '2 ward street'."""
    return all(bits(word.lower()) & int(Is.ROLE | Is.KIN | Is.HEAD) for word in words)


_NUMBER_AND_WORD = r"[0-9][A-Za-z]?,?\s+\p{L}"
_SPOKEN_HOME = rf"(?i)\b(?:address|live[sd]?|living|home|moved|stay(?:s|ing)?|went|came|sent|we're|i'm)\b.{{1,20}}\b{_SPOKEN}\s"
RUNS = (
    *(Run(pattern, judged, _NUMBER_AND_WORD) for pattern in (UNIT_RUN, SAID_RUN, RUN, PLAIN_RUN)),
    Run(SPOKEN_RUN, judged, _SPOKEN_HOME, has_figures=False),
)
"""Which runs are judged, each with what has it looked for."""
