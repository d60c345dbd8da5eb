"""Replaces what identifies a person by its form: numbers, addresses of all kinds, dates of birth, plates, handles.

Column operations throughout. Each rule looks only at the rows that can hold what it seeks. The
regular expressions of a column have neither look-around nor check digits, so long runs of digits
(`digits.py`), also spoken ones (`spoken.py`), are cut out and judged alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import polars as pl

from samepicture.privacy import addresses, digits, spoken

_CUT = "\x00"
"""Stands for a run while the run is judged. No export has it: the readers refuse binary content."""

_POSTCODE_AREAS = (
    "AB|AL|B|BA|BB|BD|BF|BH|BL|BN|BR|BS|BT|BX|CA|CB|CF|CH|CM|CO|CR|CT|CV|CW|DA|DD|DE|DG|DH|DL|DN|DT|DY|E|EC|EH|EN|EX|FK|FY|G|GL|GU|GY|"
    "HA|HD|HG|HP|HR|HS|HU|HX|IG|IM|IP|IV|JE|KA|KT|KW|KY|L|LA|LD|LE|LL|LN|LS|LU|M|ME|MK|ML|N|NE|NG|NN|NP|NR|NW|OL|OX|PA|PE|PH|PL|PO|PR|"
    "RG|RH|RM|S|SA|SE|SG|SK|SL|SM|SN|SO|SP|SR|SS|ST|SW|SY|TA|TD|TF|TN|TQ|TR|TS|TW|UB|W|WA|WC|WD|WF|WN|WR|WS|WV|YO|ZE"
)
_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}"
_DAY = r"[0-9]{1,2}(?:st|nd|rd|th)?"
_SEP = r" ?[-–—./,_|: ] ?"
_NUMBER_SPOKEN = (
    r"(?:(?:nineteen|twenty|thirty|forty|fourty|fifty|sixty|seventy|eighty|ninety|two thousand|hundred|and|oh|one|two|three|four|five|six|seven|eight|nine|ten|eleven|"
    r"twelve|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|eleventh|twelfth|\p{L}+teenth|"
    r"twentieth|thirtieth)[ -]?)"
)
_DATE = (
    rf"(?:[0-9]{{4}}{_SEP}[0-9]{{1,2}}{_SEP}[0-9]{{1,2}}|[0-9]{{1,2}}{_SEP}[0-9]{{1,2}}{_SEP}[0-9]{{2,4}}|[0-9]{{8}}|[0-9]{{6}}"
    rf"|(?:the )?{_DAY}[ ./-]?(?:of )?{_MONTH}[.,]?[ ./-]?['’]?[0-9]{{2,4}}|{_MONTH}[ -](?:the )?{_DAY},? ['’]?[0-9]{{2,4}}|{_MONTH} [0-9]{{4}}"
    rf"|(?:the )?{_DAY}[ ./-](?:of )?(?:the )?(?:{_DAY}|{_NUMBER_SPOKEN})[ ./-]?(?:of )?(?:19|20)?['’]?[0-9]{{2}}"
    rf"|(?:the )?{_NUMBER_SPOKEN}{{1,2}} ?(?:of )?{_MONTH},? ?(?:['’]?[0-9]{{2,4}}|{_NUMBER_SPOKEN}{{1,4}})|(?:the )?{_NUMBER_SPOKEN}{{1,2}} ?(?:of )?(?:the )?{_NUMBER_SPOKEN}{{3,6}}"
    rf"|(?:the )?(?:{_NUMBER_SPOKEN}{{1,2}}|{_DAY}[ -]?)(?:of )?{_MONTH}|{_MONTH} {_DAY})"
)
"""A date; beside a word of birth also without its year, or spoken."""
_BIRTH = r"(?:\bborn\b|\(b\.|\bbrith\b|\bbirth(?:day|date)?\b|\bbday\b|\bb-day\b|\bnew ?born\b|\bturn(?:ed|s|ing)\b|\bganwyd\b|\burodzon\p{L}\b|\bd ?[./-]? ?o ?[./-]? ?b)"
_LONG_AGO = (
    r"(?-u:\b)(?:(?:0?[1-9]|[12][0-9]|3[01]) ?[-./] ?(?:0?[1-9]|1[0-2]) ?[-./] ?(?:19[0-9]{2}|[3-9][0-9])|(?:0?[1-9]|[12][0-9]|3[01]) (?:0?[1-9]|1[0-2]) 19[0-9]{2}"
    rf"|19[0-9]{{2}}[-./][01]?[0-9][-./][0-3]?[0-9]|(?i:{_DAY}[ -]?(?:of )?{_MONTH},?[ -](?:19[0-9]{{2}}|['’][3-9][0-9])|{_MONTH} {_DAY},? 19[0-9]{{2}}))(?-u:\b)"
)
"""A day of the last century: whoever tells their experience of a service names it as a birthday."""
_SPOKEN_LONG_AGO = (
    rf"(?i)\b(?:the )?(?:{_NUMBER_SPOKEN}{{1,2}}|{_DAY}[ -]?)(?:of )?{_MONTH},? nineteen[ -](?:hundred and )?{_NUMBER_SPOKEN}{{1,2}}"
)
_SHORT_YEAR = rf"(?i)\b{_DAY}[ ./-]?(?:of )?{_MONTH}[ ./,-]{{1,2}}['’]?[3-9][0-9](\s*(?:[.,;)/\n–-]|$))"
_AFTER_PERSON = rf"((?:\[(?:name|NHS number|NI number)\](?:['’]s)?[,;:/ (–-]{{1,4}}|(?i:\bage[d:]? [0-9]{{1,3}}(?: years| yrs)?,? ?\(?)|(?i:\b(?:mum|dad|mother|father|son|daughter|husband|wife|baby|patient|nan|gran|grandad|sister|brother|twin|child) \()))(?:[0-9]{{1,2}}{_SEP}[0-9]{{1,2}}{_SEP}(?:[0-9]{{4}}|[0-9]{{2}})|(?i:{_DAY}[ ./-]?(?:of )?{_MONTH},?[ ./-]?['’]?(?:[0-9]{{4}}|[0-9]{{2}})))(?-u:\b)"
_SITE = r"\.[a-z]{2,10}/"
_BARE_SITE = r"(?:blog|blogspot|wordpress|substack|tumblr|wixsite|linktr|example|com|net|org\.uk|co\.uk|info)"
_NI_LETTERS = r"[A-CEGHJ-TW-Z][A-CEGHJ-NPR-TW-Z]"
"""Prefixes that are given out, and Q, with which forms write their examples."""
_VEHICLE = (
    r"(?i)\b(?:reg|regn|regs|registration|vrm|number ?plates?|plates?|cars?|vehicles?|van|taxi|cab|parked|parking|park|driver|driving|drove|ambulance|motor|motorbike|bike|scooter|"
    r"moped|badge|fine|fined|pcn|ticket|clamped|towed|bumped|scratched|dented|ford|corsa|fiesta|astra|golf|polo|mini|focus|mondeo|rover|honda|toyota|vauxhall|nissan|bmw|audi|volvo|"
    r"kia|skoda|peugeot|renault|citro[eë]n|hyundai|mazda|suzuki|mercedes|merc|seat|fiat|jeep|tesla|dacia|lexus|jaguar|clio|zafira|qashqai|juke|yaris|micra|jazz|civic|passat|transit|estate|"
    r"hatchback|anpr|camera|penalty|permit|barrier|charge|notice|silver|grey|minibus|motability|lorry|truck|campervan)\b"
)
_NETWORK = (
    r"(?i:\b(?:insta(?:gram)?|ig|twitter|tweet(?:ed|s)?|tik ?tok|snap(?:chat)?|facebook|fb|threads|bluesky|bsky|discord|reddit|youtube|mastodon|whatsapp|telegram|messenger|linkedin|twitch|x|"
    r"social media|socials?|username|user name|handle|screen ?name|gamertag)\b)"
)
_HANDLE = r"[A-Za-z][A-Za-z0-9._-]*(?:[0-9_]|\.[A-Za-z0-9]|[a-z][A-Z])[A-Za-z0-9._-]*"
_WORD = r"[A-Z][\p{L}'’.-]*"
_NUMBER = r"(?-u:\b)[0-9]{1,3}[A-Za-z]?,?\s+"
_DWELLING = r"(?:cottages?|farm|farmhouse|house|vicarage|rectory|lodge|bungalow|barns?|mill|forge|manor|hall|grange|stables|chapel|croft|dairy|granary|schoolhouse|villa|annexe|caravan park|moorings?|marina)"
_RESIDENCE = (
    r"(?:cottages?|farm|farmhouse|bungalow|vicarage|rectory|barns?|croft|moorings?|marina|caravan park|granary|schoolhouse|smallholding)"
)
_WELSH = r"Heol|Stryd|Ffordd|Lôn|Lon|Rhodfa|Clos|Rhiw|Maes|Cae"
_ADDRESSED = r"[0-9][A-Za-z]?,?\s+\p{L}"
_RING = (
    r"(?i)(\b(?:tel(?:ephone)?|phone|mob(?:ile)?|cell|landline|ring|rung|rang|call|called|text|contact|reach|message|whatsapp|number(?:'s| is)|num|no\.|nos\.|bleep|switchboard|fax|dial)\b"
    r"[^0-9\[\]\n]{0,25})"
)


@dataclass(frozen=True)
class _Rule:
    """Replace `pattern` by `replacement` in the rows that match `where`, which is cheaper to seek."""

    where: str
    pattern: str
    replacement: str
    context: str = ""
    """What the text must hold as well; sought in the rows that match `where` alone."""


_RULES = (
    _Rule(rf"(?i)://|www\.|{_SITE}", rf"(?i)(?:[a-z]{{2,10}}://|www\.|(?:[a-z0-9-]+\.)*[a-z0-9-]+{_SITE})[^\s<>\[\]\x22]+", "[link]"),
    _Rule(r"@", r"(^|[^\w@])@[A-Za-z_][\w.-]*@[\w-]+(?:\.[\w-]+)+", "${1}[handle]"),
    _Rule("@", r"[\w.!#$%&'*+/=?^`{|}~-]+ ?@ ?[\w-]+(?: ?[.,] ?[\w-]+)*[.,] ?(?:com|uk|net|org|example)(?-u:\b)", "[e-mail]"),
    _Rule("@", r"[\w.!#$%&'*+/=?^`{|}~-]+ ?@ ?[\w-]+(?:\.[\w-]+)*\.\p{L}[\w-]+", "[e-mail]"),
    _Rule("@", r"[\w.+-]{2,}@[A-Za-z][\w-]{2,}", "[e-mail]"),
    _Rule("@", r"(^|[^\w@])@(?: ?[A-Za-z_](?:[\w.-]*\w)|[0-9]+[A-Za-z_]{3,}[\w.-]*)", "${1}[handle]"),
    _Rule(
        rf"(?i)\bdot\b|[(\[] ?at ?[)\]]|\bat\s+[\w-]+\.(?:{_BARE_SITE}|co|nhs|uk)\b",
        r"(?i)[\w+-]+(?:(?:\.|\s+(?:dot|underscore|dash|hyphen)\s+|[(\[]dot[)\]])[\w+-]+){0,3}\s*(?:[(\[] ?at ?[)\]]|\bat\b)\s*"
        r"[\w-]+(?:\s*(?:\.|\bdot\b|[(\[]dot[)\]])\s*[\w-]+){1,3}",
        "[e-mail]",
    ),
    _Rule(rf"(?i)[a-z0-9]\.{_BARE_SITE}\b", rf"(?i)(?-u:\b)(?:[a-z0-9-]+\.){{1,3}}{_BARE_SITE}(?-u:\b)", "[link]"),
    _Rule(
        _NETWORK,
        rf"({_NETWORK}[^\n\[\]]{{0,20}}?(?i:\b(?:as|is|its|it's|me|under|at|on|handle|name|username|user|account|page|called|i'm|im|add|follow|find|by|from|of)\b|[:=(-])\s*['\x22“‘]?){_HANDLE}",
        "${1}[handle]",
    ),
    _Rule(
        _NETWORK,
        r"((?i:\b(?:handle|username|user name|user|screen ?name|gamertag|insta(?:gram)?|twitter|tik ?tok|snap(?:chat)?)\s?(?:name|handle|account|id)?(?:\s(?:is|are|its|it's|was)|\s?[:=])\s*['\x22“‘]?))"
        r"[a-z][a-z0-9._-]{7,}",
        "${1}[handle]",
    ),
    _Rule(_NETWORK, rf"({_NETWORK}(?:\s?[:/=-]\s?|\s)@?)[A-Za-z][A-Za-z0-9._]*[0-9_][A-Za-z0-9._]*", "${1}[handle]"),
    _Rule(_NETWORK, rf"{_HANDLE}(\s(?i:on|over on)\s{_NETWORK})", "[handle]${1}"),
    _Rule(
        _NETWORK,
        rf"((?i:\b(?:i'm|i am|im|find me|follow me|follow|me|as|called|user))\s)[A-Za-z][\w.]{{4,}}(\s(?i:on|over on)\s{_NETWORK})",
        "${1}[handle]${2}",
    ),
    _Rule("u/", r"(^|[\s(/])u/[A-Za-z0-9_-]{3,}", "${1}[handle]"),
    # No bracket in between: what is replaced already says 'birth' itself.
    _Rule(f"(?i){_BIRTH}", rf"(?i)({_BIRTH}[^0-9\[\]]{{0,45}}?\[?){_DATE}(?-u:\b)", "${1}[date of birth]"),
    _Rule(
        r"birth\]",
        rf"(?i)(\[date of birth\],? (?:not|or|instead of|rather than|but|and not|nor)(?: the| on)? ){_DATE}(?-u:\b)",
        "${1}[date of birth]",
    ),
    _Rule(r"birth\]", rf"(?i)(?-u:\b){_DATE}(,? (?:not|instead of|rather than) (?:the )?\[date of birth\])", "[date of birth]${1}"),
    _Rule(f"(?i){_BIRTH}", rf"(?i)(?-u:\b){_DATE}([^0-9.,;:\[\]]{{0,30}}{_BIRTH})", "[date of birth]${1}"),
    _Rule("[0-9]{2}", _LONG_AGO, "[date of birth]"),
    _Rule("(?i)nineteen", _SPOKEN_LONG_AGO, "[date of birth] "),
    _Rule(rf"(?i){_MONTH}[ ./,-]{{1,2}}['’]?[3-9][0-9]", _SHORT_YEAR, "[date of birth]${1}"),
    _Rule(r"[\](]|(?i)\bage", _AFTER_PERSON, "${1}[date of birth]"),
    _Rule(
        "[0-9]{2}",
        # Lower case only with spaces: 'on 12-05-24 a nurse' is a date.
        rf"(?-u:\b)(?:{_NI_LETTERS}(?:[\s.-]{{0,2}}[0-9]{{2}}){{3}}[\s.-]{{0,2}}[A-D]|(?i:{_NI_LETTERS}(?:\s{{0,2}}[0-9]{{2}}){{3}}\s{{0,2}}[A-D]"
        rf"|{_NI_LETTERS}\s?(?:[0-9]{{6}}|[0-9]{{3}} [0-9]{{3}})\s?[A-D]))(?-u:\b)",
        "[NI number]",
    ),
    _Rule(
        r"(?i)\bni\b|\bnino\b|insurance",
        r"(?i)(\b(?:ni|nino|national insurance)\b[^0-9\[\]]{0,20}?)(?-u:\b)[A-Z]\s?[A-Z](?:[\s./-]{0,3}[0-9]){6}(?:[\s./-]{0,3}[A-D](?-u:\b))?",
        "${1}[NI number]",
    ),
    _Rule(
        r"[0-9]\s?[A-Za-z]\s?[A-Za-z](?-u:\b)",
        rf"(?i)(?-u:\b)(?:{_POSTCODE_AREAS})(?:[0-9][0-9A-HJKMNP-Y]?[\s-]{{0,2}}[0-9][ABD-HJLNP-UW-Z]{{2}}|\s[0-9]{{1,2}}\s[0-9]\s?[ABD-HJLNP-UW-Z]\s?[ABD-HJLNP-UW-Z])(?-u:\b)",
        "[postcode]",
    ),
    _Rule("[0-9]{2}", r"(?-u:\b)[A-HJ-PR-Y]{2}[0-9]{2}[\s-]?[A-HJ-PR-Z]{3}(?-u:\b)", "[vehicle]"),
    _Rule("[0-9]{3}", r"(?-u:\b)(?:[A-HJ-NPR-TV-Y][0-9]{3} [A-HJ-PR-Y]{3}|[A-HJ-PR-Y]{3} [0-9]{3}[A-HJ-NPR-TV-Y])(?-u:\b)", "[vehicle]"),
    _Rule(
        r"(?-u:\b)(?:[A-Za-z]{1,3}[\s-]?[0-9]{1,3}[\s-]?[A-Za-z]{1,3})(?-u:\b)",
        r"(?-u:\b)(?:(?i:[A-HJ-PR-Y]{2}[0-9]{2}[\s-]?[A-HJ-PR-Z]{3}|[A-HJ-NPR-TV-Y][0-9]{3}[\s-]?[A-HJ-PR-Y]{3}|[A-HJ-PR-Y]{3}[\s-]?[0-9]{3}[A-HJ-NPR-TV-Y])"
        r"|[A-HJ-PR-Y]{2}\s[0-9]{2}\s[A-HJ-PR-Z]{3}|[A-HJ-NPR-TV-Y][0-9]{1,3}[\s-]?[A-HJ-PR-Y]{3}|[A-HJ-PR-Y]{3}[0-9]{1,3}[A-HJ-NPR-TV-Y])(?-u:\b)",
        "[vehicle]",
        _VEHICLE,
    ),
    _Rule(
        r"(?i)\breg|plate|\bvrm",
        r"(?i)(\b(?:reg|regn|registration|registered|(?:number ?)?plates?|vrm)\b[^0-9\[\]\n]{0,25}?)(?-u:\b)(?:[A-Z]{1,3}[\s-]?[0-9]{1,4}[\s-]?[A-Z]{1,3}|[A-Z]{2,3}[\s-]?[0-9]{2,4}|[0-9]{1,4}[\s-]?[A-Z]{2,3})(?-u:\b)",
        "${1}[vehicle]",
    ),
    # Northern Ireland: an I or a Z among the letters.
    _Rule("[A-Z][\\s-]?[0-9]{4}", r"(?-u:\b)(?:[A-Z]?[IZ][A-Z]|[A-Z][A-Z]?[IZ])[\s-]?[0-9]{4}(?-u:\b)", "[vehicle]", _VEHICLE),
    _Rule(
        rf"(?i)\b{_DWELLING}",
        rf"(?-u:\b)(?:The\s+)?(?:{_WORD}\s+){{1,3}}(?i:{_DWELLING}),\s+(?:{_WORD}\s+){{1,3}}(?i:road|rd|street|st|lane|ln|avenue|ave|close|drive|way|hill|row|green)(?-u:\b)",
        "[address]",
    ),
    _Rule(
        rf"(?i)\b{_DWELLING}",
        rf"((?i:\b(?:address(?:'s| is)?|(?:live|lives|lived|living|stay|staying|out|home|come|came|up|back|drove|get|got|moved|called|sent)\s(?:at|on|in|to|from|out to))[:,]?\s+(?:the\s+)?))"
        rf"(?:{_WORD}\s+){{1,3}}(?i:{_DWELLING})(?-u:\b)",
        "${1}[address]",
    ),
    _Rule(
        rf"(?i)\b{_RESIDENCE}",
        rf"((?i:\b(?:at|to|from|of|is|address|in)[:,]?\s+(?:the\s+)?|:\s*))(?:{_WORD}\s+){{1,3}}(?i:{_RESIDENCE})(?-u:\b)",
        "${1}[address]",
    ),
    _Rule(rf"\b(?:{_WELSH})\s", rf"(?:{_WORD}\s+){{0,2}}{_WORD},\s+(?:{_WELSH})\s+(?:[Yy]r?\s+)?{_WORD}(?:\s+{_WORD})?", "[address]"),
    _Rule(
        "[0-9]",
        rf"{_NUMBER}(?:[Tt]he\s+{_WORD}|[A-Z]\p{{Ll}}{{2,}}(?:gate|croft|side|fields?|wood|lands|bank|mead|garth|thwaite|dene|dale|mount|view))(?-u:\b)",
        "[address]",
    ),
    _Rule(
        r"(?i)boat|barge|mooring|marina",
        rf"((?i:narrow ?boat|houseboat|boat|barge|mooring|berth|pontoon)\s+(?i:called |named |is )?)['\x22‘“]?(?:{_WORD}\s?){{1,3}}(?:[0-9]+[a-z]?)?['\x22’”]?(?:,\s+(?:{_WORD}\s+){{0,3}}(?i:marina|wharf|moorings?|basin|lock|canal|quay|dock))?",
        "${1}[address]",
    ),
)
_AFTER_RUNS = (
    _Rule(
        r"\[address\]",
        rf"(?-u:\b)(?:(?i:(?:(?:ground|first|second|third|fourth|top|1st|2nd|3rd|4th|basement|garden|upper|lower)\s)?(?:floor\s)?(?:flat|annexe?|bungalow|room|unit|block|apartment|house)"
        rf"(?:\s[0-9/-]*[a-z]?)?)|(?:{_WORD}\s+){{1,3}}(?i:{_DWELLING}|care home|court|towers?|heights|point|buildings?|place|gardens|moorings?|marina|estate|park)),?\s+\[address\]",
        "[address]",
    ),
    _Rule(
        r"\[address\],",
        rf"\[address\],\s+(?:{_WORD}\s+){{1,3}}(?i:road|rd|street|st|lane|ln|avenue|ave|close|drive|way|hill|row|green|wharf|marina|moorings?|estate|park|court|gardens)(?-u:\b)",
        "[address]",
    ),
    _Rule(
        r"\[address\]",
        rf"((?i:\b(?:at|address(?:'s| is)?:?|live|lives|from|to|in)\s))(?:{_WORD}\s+){{0,2}}{_WORD},\s+\[address\]",
        "${1}[address]",
    ),
    _Rule(r"\[address\]", r"\[address\](?:,?\s+\[address\])+", "[address]"),
    _Rule(r"\[postcode\]", rf"{_NUMBER}(?:{_WORD}[\s,]+){{1,4}}\[postcode\]", "[address] [postcode]"),
    _Rule(
        r"(?i)\bnhs",
        r"(?i)(\bnhs\s?(?:no|num|number|n[°º]|#|ref|id)?[^0-9\[\]]{0,12}|\bnhs)[0-9](?:[\s._-]{0,3}[0-9]){9}(?-u:\b)",
        "${1}[NHS number]",
    ),
    _Rule("[0-9]", r"(?-u:\b)[Oo0]\s?7(?:[\s./-]?[0-9Oo]){9}(?-u:\b)", "[phone]"),
    _Rule(
        "[0-9]{3}",
        rf"{_RING}(?:[0-9]{{3}}[\s-]?[0-9]{{4}}|[0-9]{{3}}[\s-]?[0-9]{{3}}|[0-9]{{5,8}}|[0-9]{{5}}[\s-]?[0-9]{{3,6}}|[0-9]{{4}}[\s-]?[0-9]{{3,4}}[\s-]?[0-9]{{3,4}})(?-u:\b)",
        "${1}[phone]",
    ),
    _Rule(
        "(?i)ext|x|#|opt",
        r"(?i)\[phone\][ ,;/(–-]*(?:and |then )?(?:(?:ask for )?ext(?:ension|n)?\.?:?(?: number| no\.?)?|x|#|option)\s?[0-9]{1,6}\)?",
        "[phone]",
    ),
    _Rule(r"\[phone\]", r"\[phone\] ?(?:/|or|and) ?[0-9]{1,6}(?-u:\b)", "[phone]"),
    _Rule("(?i)ext", r"(?i)\b(ext(?:ension|n)?\.?(?: number| no\.?| is)?:?\s?)[0-9]{3,6}(?-u:\b)", "${1}[phone]"),
)
_WORTH = [*"0123456789@", "www.", "://", " dot ", "dot)", "at)", "at]", ".blog", ".com", ".co", ".net", ".org", ".example", "u/",
          "cottage", "farm", "house", "vicarage", "rectory", "lodge", "barn", "bungalow", "mill", "forge", "manor", "hall", "grange", "stables", "chapel", "croft", "dairy", "villa", "marina", "mooring", "boat", "barge",
          *(f".{end}/" for end in ("com", "uk", "org", "net", "me", "io", "example", "ly", "be")),
          "insta", "twitter", "tiktok", "tik tok", "snap", "facebook", "fb ", " ig ", "discord", "reddit", "handle", "username", "social", "nineteen", "birth", "born", "dob", "d.o.b", "bday", *spoken.WORTH]  # fmt: skip
"""A text with none of these holds nothing that any rule replaces."""


def without_identifiers(text: pl.Series) -> pl.Series:
    """The text with what one look finds replaced; NULL stays NULL. A second look may find what the first has bared."""
    rows = text.str.contains_any(_WORTH, ascii_case_insensitive=True).fill_null(False).arg_true()
    found = _applied(text.gather(rows), _RULES)
    found = _where(found, digits.RUN, lambda some: _runs_judged(some, digits.RUN, digits.judged))
    found = _where(found, spoken.RUN, lambda some: _runs_judged(some, spoken.RUN, spoken.judged))
    for run in (addresses.UNIT_RUN, addresses.SAID_RUN, addresses.RUN, addresses.PLAIN_RUN):
        found = _where(found, _ADDRESSED, lambda some, run=run: _runs_judged(some, run, addresses.judged))  # type: ignore[misc]
    found = _applied(found, _AFTER_RUNS)
    done = text.clone()
    done.scatter(rows, found)
    return done


def _applied(text: pl.Series, rules: tuple[_Rule, ...]) -> pl.Series:
    for rule in rules:
        rows = text.str.contains(rule.where).arg_true()
        if rule.context and rows.len():
            rows = rows.filter(text.gather(rows).str.contains(rule.context))
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
