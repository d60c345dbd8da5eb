"""What is known of one word when names are sought: is it a name, an ordinary word, a place, a title, ...?

Three sources. Faker's lists of names of some thirty countries and the dictionary of hunspell (both
from the package index) tell names, ordinary words and words that nobody knows apart: the dictionary keeps
'Agnieszka' and 'Leeds' from 'ward', since it minds capitals. `vocabulary.toml` has what turns on
the health service: titles, roles, kin, names of places, drugs, and names that the lists lack.

A word's answer is a sum of bits, so that a column of words becomes a column of integers.
"""

from __future__ import annotations

import importlib
import re
import unicodedata
from enum import IntFlag, auto
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import hunspell

from samepicture.privacy.vocabulary import vocabulary

# One file a country; each names of people who live in England. What is not in Latin letters is left out below.
_COUNTRIES = (
    "en_GB en_IE en_NZ ga_IE en_IN en_PK en_KE en_NG yo_NG ig_NG ha_NG sw zu_ZA tw_GH pl_PL ro_RO tr_TR en en_US "
    "pt_PT es_ES it_IT de_DE fr_FR lt_LT cs_CZ sk_SK hu_HU vi_VN"
).split()
_NEAR = ("en_GB", "en_IE", "en_NZ")
"""Whose given names, where they are words too, are names with a capital. 'Royal' and 'Ocean' are given names of the United States."""


class Is(IntFlag):
    """What a word is. Several may hold."""

    CAPITAL = auto()
    """Begins with a capital letter and is not all capitals."""
    CAPITALS = auto()
    """Two letters or more, all capitals."""
    INITIAL = auto()
    """One capital letter, or 'JP'."""
    GIVEN = auto()
    """A given name and no ordinary word."""
    FAMILY = auto()
    """A family name, no ordinary word and no place."""
    GIVEN_WORD = auto()
    """A given name that is an ordinary word too."""
    FAMILY_WORD = auto()
    """A family name that is an ordinary word, or a place, too."""
    UNKNOWN = auto()
    """Neither in the dictionary nor a name that the lists have."""
    ORDINARY = auto()
    """In the dictionary in lower case."""
    NAME = auto()
    """Stands for a name that was found before."""
    TITLE = auto()
    ROLE = auto()
    KIN = auto()
    WHOSE = auto()
    CALLED = auto()
    THANKS = auto()
    PARTICLE = auto()
    VERB = auto()
    STOP = auto()
    CALENDAR = auto()
    MODAL = auto()
    HEAD = auto()
    THING = auto()
    BEFORE = auto()
    INSIDE = auto()
    AIMED = auto()
    MOVING = auto()
    PLACE = auto()
    KEPT = auto()
    THE = auto()
    TO = auto()
    YOU = auto()
    AND = auto()
    ON = auto()
    FROM = auto()
    COMMON = auto()
    """A given name that is common here."""
    FIELD = auto()
    POST = auto()
    BEFORE_PLACE = auto()
    FACILITY = auto()
    SETTLED = auto()
    """Nobody knows it, and it ends as settlements do."""
    IS = auto()
    MET = auto()
    BY = auto()
    ARTICLE = auto()
    MEDICAL = auto()
    RANK = auto()
    ABSTRACT = auto()
    PROPER = auto()
    """A proper noun of the dictionary that no list of ours has."""
    MISTYPED = auto()
    """Nobody knows it, and it is one letter away from an ordinary word."""
    EVERYDAY = auto()
    """Of an ordinary comment: with a capital it is nobody's name."""
    ASKED = auto()
    AM = auto()
    OURS = auto()
    CALL = auto()
    WHOM = auto()
    SELF = auto()
    AS = auto()


NOBODY = frozenset(
    """
    AD AE AM AU BBC BC BD BMA BP BSL BST CBE CPN CQC CRI CT CV DIY DLA DM DNR DOB DR DVD DWP ECG ED ER ESA EU FM GI GMT GP GU HDU
    HMP HR HRT HV ICU IT ITU ITV IUD IV LD LGH LRI MBE MH MP MR MRI MS NE NHS NICU NMC NP NW OAP OBE OD OK OT PA PE PHD PIP PM PR
    PS PT QA QDS QE QMC QR RCN RE RIP RN RTA RVI SI SRH SW TA TB TDS TV UC UK UN US USA WC XR""".split()
)
"""Initials that are nobody's."""
POSSIBLE = Is.GIVEN | Is.FAMILY | Is.UNKNOWN | Is.TITLE | Is.PROPER
"""A text with none of these, and no GIVEN_WORD, names nobody that we would find."""

_DRUG = re.compile(
    r"(?:pril|sartan|olol|statin|azole|cillin|mycin|micin|zepam|oxetine|triptyline|gabalin|pentin|parin|xaban|prazole|mab|nib|floxacin|"
    r"cycline|formin|gliptin|flozin|tidine|setron|profen|codone|codeine|dipine|thiazide|semide|terol|asone|isone|solone|sonide|promazine|"
    r"apine|idone|[a-z]{4}(?:ine|ide|ate|one|pram|nium)|piprazole|morphine|caine|prost|dronate|vir|ectomy|otomy|oscopy|itis|ology|ologist|aemia|gram)s?$|shire$|side$|borough$|mouth$|minster$|thorpe$"
)
_BRITISH = tuple(
    (re.compile(british), american)
    for british, american in (
        (r"our", "or"), (r"ae", "e"), (r"oe", "e"), (r"ys", "yz"), (r"is(e[sdr]?|ers|ing|able|ation|ations)$", r"iz\1"), (r"([tb])re(s?|d)$", r"\1er\2"),
        (r"ll", "l"), (r"l(s|ment|ments)?$", r"ll\1"), (r"pp(ed|er|ers|ing)$", r"p\1"), (r"ough", "ow"), (r"ould", "old"), (r"enc(e[ds]?|ing)$", r"ens\1"),
        (r"ractis", "ractic"), (r"^enq", "inq"), (r"ogue", "og"), (r"grey", "gray"), (r"tyre", "tire"), (r"scep", "skep"), (r"geme", "gme"), (r"gei", "gi"),
        (r"ellery$", "elry"), (r"st?que", "ck"), (r"([lr]?)nt$", r"\1ned"), (r"lt$", "lled"), (r"mous", "mus"), (r"ur$|urs$", "or"), (r"ed$", "e"),
    )
)  # fmt: skip
_INNER_CAPITAL = ("mc", "mac", "de", "la", "le", "van", "fitz", "jo", "da", "di", "du", "o", "al", "el", "st")
"""Behind these a name goes on with a capital; elsewhere that is a brand: 'AskMyGP'."""
_PREFIXES = frozenset(
    "anti co cross de ex extra half ill inter intra long micro mid mini multi non off on over post pre re self semi sub super un under well x".split()
)
_ROLES = re.compile(r"(?:ologists?|iatrists?|therapists?|nurses|doctors|midwives)$")
_SETTLED = re.compile(
    r"(?:ton|ham|bury|ley|field|worth|wick|combe|stead|hurst|dale|bridge|port|pool|cester|sea|den|don|by|thwaite|holme|ness|moor|ford)$"
)
_CONTRACTED = re.compile(r"'(?:[dmtv]|ll|re|ve|em|er|all|clock)$")


@lru_cache(maxsize=1 << 17)
def bits(word: str) -> int:
    """What a word is, as a sum of `Is`; placeholders of redaction are nothing but [name]."""
    if word.startswith("["):
        return int(Is.NAME) if word == "[name]" else 0
    lists = _lists()
    lower = word.lower().replace("’", "'")
    if lower in lists.kept_whole:
        return int(Is.KEPT)
    if lower.endswith("'s") and lower not in lists.flags:
        return bits(word[:-2]) & ~int(Is.TITLE | Is.ROLE | Is.KIN)
    if not word or _CONTRACTED.search(lower):
        return int(Is.STOP)
    found = lists.flags.get(lower, Is(0)) | lists.flags.get(_plain(lower), Is(0)) & Is.KEPT
    if _ROLES.search(lower) or lists.flags.get(lower.removesuffix("s"), Is(0)) & Is.ROLE:
        found |= Is.ROLE
    if len(word) == 1 or (len(word) == 2 and word.isupper() and not found and lower not in lists.given):
        return int(Is.INITIAL) if word.isupper() else int(found)
    parts = [part for part in re.split(r"['\-]", lower) if part]
    raised = [part for part in re.split(r"['’\-]", word) if part]
    if word[0].isupper():
        found |= Is.CAPITALS if word.isupper() else Is.CAPITAL
    if len(parts) > 1 and lower not in lists.given and lower not in lists.family:
        return int(found | _compound(parts, raised))
    return int(
        found
        | _lexical(lower, brand=any(mark.isupper() for mark in word[1:]) and not word.isupper() and not lower.startswith(_INNER_CAPITAL))
    )


def _compound(parts: list[str], raised: list[str]) -> Is:
    """'Featherstone-Okoro', 'O'Connor', 'Al-Rashid', 'ellie-mae', 'Jun-jun': a name where each part may be; 'follow-up' is not."""
    if parts[0] in _PREFIXES or (parts[0] != parts[1] and all(_lists().flags.get(part, Is(0)) & Is.CALENDAR for part in parts)):
        return Is.ORDINARY
    each = [_lexical(part, brand=False) for part in parts]
    strong = Is.GIVEN | Is.FAMILY | Is.UNKNOWN
    if len(parts[0]) == 1 and len(parts) == 2 and parts[0] in "odnmtl" and raised[-1][0].isalpha() and not each[1] & Is.ORDINARY:
        return Is.FAMILY
    if len(parts) == 2 and max(map(len, parts)) < 5 and not all(map(_spelled, parts)) and "".join(parts) not in _lists().flags:
        return Is.UNKNOWN  # two syllables: 'wai-yin'
    if not any(is_ & strong for is_ in each) or "".join(parts) in _lists().flags:
        return Is.ORDINARY
    if all(part[0].isupper() for part in raised) or not any(
        is_ & Is.ORDINARY and not is_ & (Is.GIVEN_WORD | Is.FAMILY_WORD) for is_ in each
    ):
        return next((is_ & (Is.GIVEN | Is.FAMILY) for is_ in each if is_ & (Is.GIVEN | Is.FAMILY)), Is.UNKNOWN)
    return Is.ORDINARY


def _lexical(lower: str, *, brand: bool) -> Is:
    """What the lists and the dictionary say of a word, whatever its capitals."""
    lists = _lists()
    flags = lists.flags.get(lower, Is(0))
    if flags & (Is.STOP | Is.KEPT) and lower not in lists.strong:
        return flags & Is.KEPT | (Is.ORDINARY if flags & Is.STOP else Is(0)) | (Is.GIVEN_WORD if lower in lists.also_words else Is(0))
    plain = _plain(lower)
    flags &= ~Is.KEPT if lower in lists.strong else ~Is(0)
    ordinary = lower not in lists.strong and (lower in lists.also_words or bool(flags & _FUNCTION) or _spelled(lower))
    found = Is.ORDINARY if ordinary else Is(0)
    if lower in lists.also_words or (ordinary and lower in lists.near):
        found |= Is.GIVEN_WORD
    elif not ordinary and _among(lower, plain, lists.given) and not flags & Is.CALENDAR:
        found |= Is.FAMILY_WORD if flags & Is.PLACE else Is.GIVEN
    if _among(lower, plain, lists.family):
        found |= Is.FAMILY_WORD if ordinary or flags & (Is.PLACE | Is.CALENDAR) else Is.FAMILY
    if found & (Is.GIVEN | Is.GIVEN_WORD) and (lower in lists.common or plain in lists.common):
        found |= Is.COMMON
    if not found and not flags & (Is.PLACE | Is.CALENDAR | Is.KEPT) and not brand and len(lower) >= 2:
        if not _known(lower):
            found |= Is.UNKNOWN | (Is.SETTLED if _SETTLED.search(lower) else Is(0)) | (Is.MISTYPED if _mistyped(lower) else Is(0))
        elif not _spelled(lower) and _spelled(lower.capitalize()):
            found |= Is.PROPER
    return found


def _among(lower: str, plain: str, names: frozenset[str]) -> bool:
    """Whether a word that is no ordinary one is a name, also in the genitive that lacks its apostrophe: 'janets'."""
    return (
        lower in names
        or plain in names
        or (len(lower) > 4 and lower.endswith("s") and lower[:-1] in names and not _spelled(lower) and lower not in _lists().flags)
    )


def _known(lower: str) -> bool:
    """Whether it is a word: of English as it is spelled on either side, a proper noun, a drug, a specialty, a plural."""
    if len(lower) > LONGEST:
        return bool(_DRUG.search(lower))
    forms = {lower}
    for british, american in _BRITISH:
        forms |= {british.sub(american, form) for form in forms}
    forms |= {form.removesuffix("s") for form in forms}
    return bool(_DRUG.search(lower)) or any(_spelled(form) or _spelled(form.capitalize()) for form in forms) or _spelled(lower.upper())


def _spelled(word: str) -> bool:
    try:
        return bool(_dictionary().spell(word))
    except UnicodeEncodeError:  # a letter that no word of the dictionary has
        return False


LONGEST = 45
"""Letters of the longest word of English. To look for the spellings of a longer one takes seconds, and finds nothing."""
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_ENDING = re.compile(r"(?:s|d|r|ed|ing|ly|er|es|ment|ness)$")


def _mistyped(lower: str) -> bool:
    """Whether one letter too many, too few, wrong or swapped makes an ordinary word of it: 'recieved'."""
    if not 5 <= len(lower) <= LONGEST:
        return False
    cuts = [(lower[:at], lower[at:]) for at in range(len(lower) + 1)]
    near = {a + b[1:] for a, b in cuts if b} | {a + b[1] + b[0] + b[2:] for a, b in cuts if len(b) > 1}
    near |= {a + letter + rest for a, b in cuts for letter in _LETTERS for rest in (b, b[1:])}
    stems = _stems()
    return any(word in stems or _ENDING.sub("", word) in stems for word in near)


@cache
def _stems() -> frozenset[str]:
    """The dictionary's words in lower case, without their endings."""
    lines = (Path(hunspell.__file__).parent / "dictionaries" / "en_US.dic").read_text(encoding="iso-8859-1").splitlines()
    return frozenset(word for word in (line.split("/")[0].strip() for line in lines) if word.islower() and len(word) > 3)


@cache
def _dictionary() -> Any:
    return hunspell.Hunspell("en_US")


_FUNCTION = (
    Is.TITLE
    | Is.ROLE
    | Is.KIN
    | Is.WHOSE
    | Is.CALLED
    | Is.THANKS
    | Is.VERB
    | Is.HEAD
    | Is.THING
    | Is.INSIDE
    | Is.MOVING
    | Is.FIELD
    | Is.POST
)
"""Words with a task of their own are ordinary, whatever list of names has them too."""


class _Lists:
    """The vocabulary and the lists of names, read once a process."""

    def __init__(self) -> None:
        told = vocabulary()
        words = {key: frozenset(value.split()) for section in told.values() for key, value in section.items() if isinstance(value, str)}
        words["kept"] = words["words"] | words["modern"]
        by_flag = {
            Is.TITLE: "title", Is.ROLE: "role", Is.KIN: "kin", Is.WHOSE: "whose", Is.CALLED: "called", Is.THANKS: "thanks", Is.PARTICLE: "particle",
            Is.VERB: "verb", Is.STOP: "stop", Is.CALENDAR: "calendar", Is.MODAL: "modal", Is.HEAD: "head", Is.THING: "thing", Is.BEFORE: "before",
            Is.INSIDE: "inside", Is.AIMED: "aimed", Is.MOVING: "moving", Is.PLACE: "known", Is.KEPT: "kept",
            Is.MET: "met", Is.BY: "by", Is.AND: "and", Is.RANK: "rank", Is.ABSTRACT: "abstract", Is.ARTICLE: "article", Is.MEDICAL: "medical", Is.FIELD: "field", Is.POST: "post", Is.BEFORE_PLACE: "before_place", Is.FACILITY: "facility",
            Is.EVERYDAY: "everyday", Is.ASKED: "asked", Is.CALL: "call", Is.WHOM: "whom", Is.SELF: "self", Is.OURS: "ours",
        }  # fmt: skip
        self.flags: dict[str, Is] = {"the": Is.THE, "to": Is.TO, "you": Is.YOU, "on": Is.ON, "from": Is.FROM, "is": Is.IS, "was": Is.IS}
        self.flags |= {"am": Is.AM, "im": Is.AM, "as": Is.AS}
        for flag, key in by_flag.items():
            for word in words[key]:
                self.flags[word] = self.flags.get(word, Is(0)) | flag
        self.phrases: tuple[str, ...] = tuple(told["kept"]["phrases"])
        self.kept_whole = frozenset(phrase.lower() for phrase in self.phrases)
        self.particles = words["particle"]
        self.strong = words["first_of_all_names"] | words["further_given"] - words["also_words"]
        self.also_words = words["also_words"]
        self.near = _from_faker(_NEAR, "first_name")
        more = frozenset(name for name in words["further_given"] | words["also_words"] if len(name) > 3)
        self.common = self.near | words["first_of_all_names"] | more
        self.given = words["further_given"] | words["first_of_all_names"] | _from_faker(_COUNTRIES, "first_name")
        self.family = words["further_family"] | _from_faker(_COUNTRIES, "last_name")


@cache
def _lists() -> _Lists:
    return _Lists()


def phrases() -> tuple[str, ...]:
    """Names of charities, hospitals and diseases that are called like a person, as the vocabulary has them."""
    return _lists().phrases


def _from_faker(countries: tuple[str, ...] | list[str], kind: str) -> frozenset[str]:
    """Names in lower case, in Latin letters, of three letters or more."""
    names: set[str] = set()
    for country in countries:
        provider = importlib.import_module(f"faker.providers.person.{country}").Provider
        for attribute in (name for name in dir(provider) if name.startswith(kind)):
            value = getattr(provider, attribute)
            if isinstance(value, (tuple, list, dict, set, frozenset)):
                names |= {name.lower().replace("’", "'") for name in value if isinstance(name, str)}
    return frozenset(name for name in names if re.fullmatch(r"[a-zà-ɏḀ-ỿ'\-]{3,}", name))


def _plain(word: str) -> str:
    """Without accents; ł and ø have no decomposition."""
    return "".join(
        mark for mark in unicodedata.normalize("NFD", word.translate({0x142: "l", 0xF8: "o"})) if not unicodedata.combining(mark)
    )
