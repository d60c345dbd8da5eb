"""What feed.yml declares about the questions of a survey, under `reader.options`; imports nothing heavy.

questions:                 # by the question's own id; one row of a grid has an id of its own
  "769893650": {code: overall_experience, scale: fft_6}
  "769893651": {code: staff_listened, scale: likert_5, values: {Agree strongly: strongly agree}}
  "769893660": {column: age_band_code, values: {Under 18: 0-17, Prefer not to say: ""}}
  "769893661": {column: organisation_ods_code, values: {Northmoor General: RZN01}}
  "769893670": {ignore: true}
columns: {organisation_ods_code: RZN, setting_code: inpatient}   # the same for every return
channels: {"415838011": sms}                                     # the platform's channel or collector to channel_code
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from samepicture.scales import SCALES

KEYS = ("questions", "columns", "channels")
FILLED = (
    "organisation_ods_code",
    "site_ods_code",
    "service_name",
    "setting_code",
    "respondent_role_code",
    "channel_code",
    "age_band_code",
    "ethnic_category_code",
    "gender_code",
    "has_disability",
)
"""Columns that a question or `columns` may fill."""


@dataclass(frozen=True)
class Question:
    """What is declared about one question; nothing, where nobody did."""

    code: str | None = None
    """What we call it across surveys."""
    scale: str | None = None
    """A key of scales.SCALES."""
    column: str | None = None
    """It is no answer of its own: it fills this column on every row of the return."""
    ignore: bool = False
    """Its answers are never read."""
    values: Mapping[str, str] = field(default_factory=dict)
    """Answer in small letters to a code of the column, or to a word or number of the scale."""


@dataclass(frozen=True)
class Questions:
    """`reader.options` of a survey feed."""

    by_id: Mapping[str, Question]
    columns: Mapping[str, str]
    channels: Mapping[str, str]


def declared(options: Mapping[str, Any]) -> Questions:
    """Parse `reader.options`. Raises ValueError: 'key is so: do that.'"""
    for key in KEYS:
        if not isinstance(options.get(key) or {}, Mapping):
            raise ValueError(f"{key} is {options[key]!r}: write keys and values.")  # noqa: TRY004 - what feed.yml says is a value
    columns = {str(name): str(value) for name, value in (options.get("columns") or {}).items()}
    for name in columns:
        _check("columns", name, FILLED)
    by_id = {str(name): _question(f"questions.{name}", keys) for name, keys in (options.get("questions") or {}).items()}
    return Questions(by_id, columns, _folded("channels", options.get("channels") or {}))


def _question(where: str, keys: Any) -> Question:
    known = Question.__dataclass_fields__
    if not isinstance(keys, Mapping) or set(keys) - set(known):
        raise ValueError(f"{where} is {keys!r}: use some of {', '.join(known)}.")
    if keys.get("scale") is not None:
        _check(f"{where}.scale", keys["scale"], SCALES)
    if keys.get("column") is not None:
        _check(f"{where}.column", keys["column"], FILLED)
    return Question(**{**keys, "values": _folded(f"{where}.values", keys.get("values") or {})})


def _check(where: str, name: Any, names: Any) -> None:
    if name not in names:
        raise ValueError(f"{where} {name!r} is unknown: use one of {', '.join(names)}.")


def _folded(where: str, values: Mapping[Any, Any]) -> dict[str, str]:
    if any(isinstance(item, bool) for pair in values.items() for item in pair):
        raise ValueError(f'{where} has a word that YAML takes for true or false: put it into quotes ("Yes", "No").')
    return {str(source).strip().casefold(): str(code) for source, code in values.items()}
