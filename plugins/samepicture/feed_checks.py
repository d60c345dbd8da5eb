"""What a parsed feed.yml may still get wrong: said when it is read, not when the first submission comes."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import yaml

from samepicture.connectors.json_source import json_source
from samepicture.records import Contract, Kind
from samepicture.survey_questions import declared

if TYPE_CHECKING:
    from samepicture.feed import ColumnMap, Feed, Layout

BY_LAYOUT = ("delimited", "json_records", "workbook")
"""Readers of a sender's own columns: they can't do without a layout."""
SURVEYS = ("fhir_questionnaire", "limesurvey", "qualtrics", "smartsurvey", "surveymonkey")
"""Readers whose options say what the questions of a survey are."""
FOUND_ELSEWHERE = ("version_at",)
"""Columns that a layout may give though no contract has them."""


@cache
def stock(package: Literal["connectors", "readers"]) -> tuple[str, ...]:
    """The kinds that a feed.yml may name: the modules of the package's `stock` folder."""
    return tuple(sorted(path.stem for path in (Path(__file__).parent / package / "stock").glob("[a-z]*.py")))


def repeated_key(document: yaml.Node | None) -> tuple[str, int] | None:
    """The first key that stands twice in one mapping, and its line: YAML would keep the last and say nothing."""
    pending, seen = [document], set()
    while pending:
        node = pending.pop()
        if node is None or id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, yaml.SequenceNode):
            pending += node.value
        if isinstance(node, yaml.MappingNode):
            keys: set[str] = set()
            for key, value in node.value:
                if key.value in keys and isinstance(key, yaml.ScalarNode):
                    return key.value, key.start_mark.line + 1
                if isinstance(key, yaml.ScalarNode):
                    keys.add(key.value)
                pending.append(value)
    return None


def mistakes(feed: Feed, contract: Contract) -> Iterator[str]:
    """Each mistake as 'key is so: do that.'"""
    yield from _bounds(feed)
    yield from _reader(feed)
    yield from _connector(feed)
    if feed.organisations and feed.organisation_column not in contract.by_name:
        yield f"organisation_column {feed.organisation_column!r} is no column of {contract.record_type}: use one of {_columns(contract)}."
    names = [layout.name for layout in feed.layouts]
    for name in {name for name in names if names.count(name) > 1}:
        yield f"layouts has two of the name {name!r}: give each its own."
    for layout in feed.layouts:
        if len(feed.layouts) > 1 and not layout.recognise:
            yield f"layouts.{layout.name} lacks the key 'recognise': name the headers by which it is told from the others."
        yield from _layout(layout, contract)


def _bounds(feed: Feed) -> Iterator[str]:
    bounds = feed.bounds
    if not 0 <= bounds.rejected_share <= 1:
        yield f"bounds.rejected_share is {bounds.rejected_share:g}: write a share from 0 to 1, for example 0.1 for a tenth."
    if bounds.rows_vs_usual < 1:
        yield f"bounds.rows_vs_usual is {bounds.rows_vs_usual:g}: write how many times the usual size is too much, 1 or more."
    if bounds.rows_min < 0:
        yield f"bounds.rows_min is {bounds.rows_min}: write 0 or more."
    if bounds.expected_every_days is not None and bounds.expected_every_days < 1:
        yield f"bounds.expected_every_days is {bounds.expected_every_days}: write 1 or more, or leave it out."


def _reader(feed: Feed) -> Iterator[str]:
    for encoding in feed.reader.encodings:
        try:
            codecs.lookup(encoding)
        except LookupError:
            yield f"reader.encodings names {encoding!r}, which is unknown: use utf-8-sig, cp1252 or utf-16."
    yield from _pattern("reader.sheets", feed.reader.sheets)
    yield from _pattern("reader.members", feed.reader.members)
    if feed.reader.kind in BY_LAYOUT and not feed.layouts:
        yield "layouts is missing: declare one, with the headers of the file."
    if feed.reader.kind in SURVEYS:
        try:
            declared(feed.reader.options)
        except ValueError as error:
            yield f"reader.options.{error}"
    for key, kind, kinds in (
        ("reader", feed.reader.kind, {"own", *stock("readers")}),
        ("connector", feed.connector.kind, {"own", "sent", *stock("connectors")}),
    ):
        if kind not in kinds:
            yield f"{key}.kind is {kind!r}: use one of {', '.join(sorted(kinds))}."
        if kind == "own" and not (feed.folder / f"{key}.py").is_file():
            yield f"{key}.kind is 'own' but {key}.py is not in the folder: add it."


def _connector(feed: Feed) -> Iterator[str]:
    if feed.connector.kind == "json_api":
        try:
            json_source(feed.connector.options)
        except ValueError as error:
            yield f"connector.options.{error}"
    schedule, webhook = feed.connector.schedule, feed.connector.webhook
    if schedule is not None and feed.connector.kind == "sent":
        yield "connector.schedule is set but there is no source to ask: name it in connector.kind, or remove the schedule."
    if webhook is not None and webhook.signed != "samepicture" and feed.connector.kind != webhook.signed:
        yield f"connector.webhook.signed is {webhook.signed!r}, which only tells of news: set connector.kind to {webhook.signed!r}, which fetches them."
    if schedule is not None and len(schedule.split()) != 5 and not schedule.startswith("@"):
        yield f"connector.schedule is {schedule!r}: write five fields as cron has them, for example '0 6 * * *' for six each morning."


def _layout(layout: Layout, contract: Contract) -> Iterator[str]:
    where = f"layouts.{layout.name}"
    for name, spec in layout.columns.items():
        if name not in contract.by_name and name not in FOUND_ELSEWHERE:
            yield f"{where}.columns.{name} is no column of {contract.record_type}: use one of {_columns(contract)}."
            continue
        kind = contract.by_name[name].kind if name in contract.by_name else Kind.TIMESTAMP
        yield from _column(f"{where}.columns.{name}", spec, kind)
    read = {header.strip().casefold() for spec in layout.columns.values() for header in (*spec.from_, *spec.each)}
    for header in layout.drop:
        if header.strip().casefold() in read:
            yield f"{where}.drop has {header!r}, which a column reads: take it out of one of the two."
    if layout.unpivot is None:
        return
    wide = layout.unpivot
    yield from _pattern(f"{where}.unpivot.headers", wide.headers)
    yield from _pattern(f"{where}.unpivot.totals", wide.totals)
    for pattern in wide.groups:
        yield from _pattern(f"{where}.unpivot.groups", pattern)
    for key in ("name_to", "code_to", "value_to", "group_to"):
        target = getattr(wide, key)
        if target is not None and target not in contract.by_name:
            yield f"{where}.unpivot.{key} {target!r} is no column of {contract.record_type}: use one of {_columns(contract)}."


def _column(where: str, spec: ColumnMap, kind: Kind) -> Iterator[str]:
    if sum((bool(spec.from_), bool(spec.each), spec.constant is not None)) != 1:
        yield f"{where} needs exactly one of 'from', 'each' and 'constant': say where its value comes from."
    if spec.split is not None and not spec.from_:
        yield f"{where}.split needs 'from': name the header whose value is split."
    if (spec.split is not None or spec.each) and kind not in (Kind.LIST, Kind.REFERENCES):
        yield f"{where} is no list: use 'from' without 'each' and 'split'."
    for form in spec.dates:
        if "%" not in form:
            yield f"{where}.dates has {form!r}: write it as strptime does, for example '%d/%m/%Y' for 31/12/2025."
    if spec.extract is not None:
        wrong = list(_pattern(f"{where}.extract", spec.extract))
        yield from wrong
        if not wrong and re.compile(spec.extract).groups < 1:
            yield f"{where}.extract {spec.extract!r} has no group: put what is to be kept in brackets ( )."


def _pattern(where: str, pattern: str | None) -> Iterator[str]:
    try:
        re.compile(pattern or "")
    except re.error as error:
        yield f"{where} {pattern!r} is no regular expression ({error}): correct it."


def _columns(contract: Contract) -> str:
    return ", ".join(contract.by_name)
