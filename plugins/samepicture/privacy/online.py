"""Finds links, e-mail addresses and handles."""

from __future__ import annotations

from samepicture.privacy.rules import Rule, Topic
from samepicture.privacy.vocabulary import any_of, listed

NETWORKS = (*listed("network"), " ig", "ig:", "fb", "on x")
"""A text with none of these, no @ or # names no account."""

_SITE = r"\.[a-z]{2,10}/"
_BARE_SITE = r"(?:blog|blogspot|wordpress|substack|tumblr|wixsite|linktr|example|com|net|org\.uk|co\.uk|info)"
_NETWORK = rf"(?i:\b(?:{any_of('network')}|ig|fb|x)\b)"
_HANDLE = r"[A-Za-z][A-Za-z0-9._-]*(?:[0-9_]|\.[A-Za-z0-9]|[a-z][A-Z])[A-Za-z0-9._-]*"
_KNOWN_AS = r"(?i:\b(?:as|is|its|it's|me|under|at|on|handle|name|username|user|account|page|called|i'm|im|he's|she's|add|follow|find|by|from|of|channel)\b|[:=(-])"
_ACCOUNT = rf"(?i:\b(?:handle|user ?name|screen ?name|gamer ?tag|{_NETWORK}\s?(?:name|handle|account|id|tag))"

IN_OWN_WORDS = (Topic(("_",), (Rule(r"\b[A-Za-z][A-Za-z0-9.-]{2,}_[A-Za-z0-9._-]*[A-Za-z0-9]\b", "[handle]"),)),)
"""Nobody writes an underscore but in a handle. Codes and names of columns have them, so labels and lists keep them."""

TOPICS = (
    Topic(
        (".", "/"),
        (Rule(rf"(?i)(?:[a-z]{{2,10}}://|www\.|(?:[a-z0-9-]+\.)*[a-z0-9-]+{_SITE})[^\s<>\[\]\x22]+", "[link]", rf"(?i)://|www\.|{_SITE}"),),
    ),
    Topic(
        ("@",),
        (
            Rule(r"(^|[^\w@])@[A-Za-z_][\w.-]*@[\w-]+(?:\.[\w-]+)+", "${1}[handle]"),
            Rule(r"[\w.!#$%&'*+/=?^`{|}~-]+ ?@ ?[\w-]+(?: ?[.,] ?[\w-]+)*[.,] ?(?:com|uk|net|org|example)\b", "[e-mail]"),
            Rule(r"[\w.!#$%&'*+/=?^`{|}~-]+ ?@ ?[\w-]+(?:\.[\w-]+)*\.\p{L}[\w-]+", "[e-mail]"),
            Rule(r"[\w.+-]{2,}@[A-Za-z][\w-]{2,}", "[e-mail]"),
            Rule(r"(^|[^\w@])@(?: ?[A-Za-z_](?:[\w.-]*\w)|[0-9]+[A-Za-z_]{3,}[\w.-]*)", "${1}[handle]"),
        ),
    ),
    Topic(
        ("dot", "at)", "at]", "at ."),
        (
            Rule(
                r"(?i)[\w+-]+(?:(?:\.|\s+(?:dot|underscore|dash|hyphen)\s+|[(\[]dot[)\]])[\w+-]+){0,3}\s*(?:[(\[] ?at ?[)\]]|\bat\b)\s*"
                r"[\w-]+(?:\s*(?:\.|\bdot\b|[(\[] ?dot ?[)\]])\s*[\w-]+){1,3}",
                "[e-mail]",
                rf"(?i)\bdot\b|[(\[] ?at ?[)\]]|\bat\s+[\w-]+\.(?:{_BARE_SITE}|co|nhs|uk)\b",
            ),
        ),
    ),
    Topic((".",), (Rule(rf"(?i)\b(?:[a-z0-9-]+\.){{1,3}}{_BARE_SITE}\b", "[link]", rf"(?i)[a-z0-9]\.{_BARE_SITE}\b"),)),
    Topic(
        NETWORKS,
        (
            Rule(rf"({_NETWORK}[^\n\[\]]{{0,20}}?{_KNOWN_AS}\s*['\x22“‘]?){_HANDLE}", "${1}[handle]"),
            Rule(rf"({_ACCOUNT}(?:\s(?:is|are|its|it's|was|as)|\s?[:=])\s*['\x22“‘]?))[A-Za-z][A-Za-z0-9._-]{{7,}}", "${1}[handle]"),
            Rule(rf"({_NETWORK}(?:\s?[:/=-]\s?|\s)@?)[A-Za-z][A-Za-z0-9._]*[0-9_][A-Za-z0-9._]*", "${1}[handle]"),
            Rule(rf"{_HANDLE}(\s(?i:on|over on)\s{_NETWORK})", "[handle]${1}"),
            Rule(
                rf"((?i:\b(?:i'm|i am|im|find me|follow me|follow|me|as|called|user))\s)[A-Za-z][\w.]{{4,}}(\s(?i:on|over on)\s{_NETWORK})",
                "${1}[handle]${2}",
            ),
            # Beside the name of a network, what looks like nothing but a handle: 'FrostyPaws3318'.
            Rule(
                r"\b(?:[A-Z][a-z]+(?:[A-Z][a-z]+){2,5}[0-9]{0,6}|[A-Z][a-z]+[A-Z][a-z]+[0-9]{2,6}|[A-Za-z][a-z]{5,}[0-9]{2,6})\b",
                "[handle]",
                "(?i)[a-z][0-9]{2}|[a-z][A-Z]",
            ),
        ),
    ),
    Topic(
        ("#", "u/"),
        (
            Rule(r"\b[A-Za-z][A-Za-z0-9_.]+#[0-9]{4}\b", "[handle]", "#[0-9]{4}"),
            Rule(r"(^|[\s(/])u/[A-Za-z0-9_-]{3,}", "${1}[handle]"),
        ),
    ),
)
