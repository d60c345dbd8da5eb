"""Reads feed.yml: everything that is declared about a feed.

An error names the file, the key and the fix. Parsing a feed reads local files
only and imports nothing heavy: Airflow does it each time it parses the DAGs.
"""

from __future__ import annotations

import dataclasses
import importlib.util
import sys
import types
import typing
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import Any, Literal

import yaml

from samepicture.errors import Explained

FEED_FILE = "feed.yml"
WATCHED = ("folder", "mesh", "object_store", "sftp")
"""Kinds of connector whose sources are watched, and not only asked by a schedule."""


class FeedError(Explained):
    """A feed.yml can't be used; the message names the file, the key and the fix."""


@dataclass(frozen=True)
class ColumnMap:
    """How one contract column is found in a source record.

    Exactly one of `from_`, `each`, `split` or `constant` says where it comes from.
    """

    from_: tuple[str, ...] = ()
    """Headers, in order of preference: of those that the file has, the first with a value in the record is used."""
    each: tuple[str, ...] = ()
    """Headers whose values together make a list column (Subject 1, Subject 2, ...), each in its place. A list column
    with `from` alone holds JSON already."""
    split: str | None = None
    """Separator: one header's value makes a list column."""
    constant: str | None = None
    """The same value for every record."""
    extract: str | None = None
    """Regular expression: only its first group is kept (half a postcode); what does not match becomes empty."""
    values: Mapping[str, str] = field(default_factory=dict)
    """Source value to code, compared without regard to case or outer spaces; the code '' says that nothing was given.
    A value that is not here stays as it is for the suite to tell; inside a list it becomes null and is told."""
    empty: tuple[str, ...] = ()
    """Source values that mean that nothing was given (N/A, -)."""
    dates: tuple[str, ...] = ()
    """strptime formats, tried in order."""
    upper: bool = False
    """Make upper case (codes that sources write either way)."""
    optional: bool = False
    """The file may lack the header; otherwise its absence rejects the submission."""


@dataclass(frozen=True)
class Unpivot:
    """Wide to long: every header that matches `headers` becomes one row a record."""

    headers: str
    """Regular expression on headers. Named groups become the contract columns of the same name."""
    name_to: str
    """The contract column that receives the header as published."""
    code_to: str
    """The contract column that receives the header as a snake-case code."""
    value_to: str
    """The contract column that receives the value."""
    codes: Mapping[str, str] = field(default_factory=dict)
    """Snake-case header to another code, where two publications name one measure differently."""
    groups: Mapping[str, str] = field(default_factory=dict)
    """Regular expression on the snake-case header to the value of `group_to`; the first that matches."""
    group_to: str | None = None
    """The contract column that receives the group."""
    totals: str | None = None
    """Regular expression on the snake-case header: what is a total of its group (`is_total`)."""
    suppressed: tuple[str, ...] = ()
    """Source values that mean: withheld by the source (`is_suppressed`, value empty)."""


@dataclass(frozen=True)
class Layout:
    """One shape in which the feed's files come, recognised by its headers."""

    name: str
    columns: Mapping[str, ColumnMap]
    recognise: tuple[str, ...] = ()
    """Headers that a file of this layout has, all of them."""
    without: tuple[str, ...] = ()
    """Headers that it has none of."""
    unpivot: Unpivot | None = None
    drop: tuple[str, ...] = ()
    """Headers that are known and never read: names, addresses, whatever identifies."""
    year: str | None = None
    """Header of a year such as 2024-25: gives year_name, period_start_date and period_end_date (April to March)."""


@dataclass(frozen=True)
class Reader:
    """How bytes become records."""

    kind: str
    """A module of readers/stock, or `own`: the folder's reader.py."""
    encodings: tuple[str, ...] = ("utf-8-sig", "cp1252")
    """Tried in order."""
    mojibake: bool = False
    """The source double-encodes some text: repair it."""
    columns: tuple[str, ...] = ()
    """For delimited files without a header row: the names of all columns, in the order of the publisher's specification."""
    sheets: str | None = None
    """Regular expression on the names of the visible sheets that are read. Default: all."""
    members: str = r"(?i)\.csv$"
    """Inside a ZIP: regular expression on the members that are read."""
    options: Mapping[str, Any] = field(default_factory=dict)
    """For the reader; its module says which."""


@dataclass(frozen=True)
class Webhook:
    """Who may send to `POST /intake/<feed_id>` with a signature instead of a login, and how it is signed."""

    secret_from: str
    """Environment variable of the secret that both sides know."""
    signed: Literal["samepicture", "surveymonkey", "smartsurvey", "qualtrics"] = "samepicture"
    """`samepicture`: the body is a submission. The survey platforms only say that answers are there: the source is then asked."""


@dataclass(frozen=True)
class Connector:
    """How submissions arrive."""

    kind: str = "sent"
    """`sent`: with the command or the webhook. Else a module of connectors/stock, or `own`: the folder's connector.py."""
    schedule: str | None = None
    """Cron expression (UTC) of the poll; none for feeds that are sent to us."""
    options: Mapping[str, Any] = field(default_factory=dict)
    """For the connector; its module says which."""
    webhook: Webhook | None = None


@dataclass(frozen=True)
class Bounds:
    """When a whole submission is refused, and when a feed is late."""

    rejected_share: float = 0.1
    """More than this share of records rejected (0 to 1): nothing is loaded."""
    rows_vs_usual: float = 2.5
    """More than this many times the median of earlier submissions of the same layout: refused until somebody says it is right."""
    rows_min: int = 1
    expected_every_days: int | None = None
    """A feed without a submission for longer is late."""


@dataclass(frozen=True)
class Feed:
    """One organisation's recurring supply of one record type."""

    id: str
    title: str
    record_type: str
    publisher: str
    owner_directorate: Literal["nursing", "comms"]
    source_family: Literal["complaints", "surveys", "stories", "healthwatch", "engagement", "staff", "safety", "reference"]
    licence: str
    reader: Reader
    layouts: tuple[Layout, ...] = ()
    connector: Connector = Connector()
    bounds: Bounds = Bounds()
    organisations: tuple[str, ...] = ()
    """The only organisations that this feed may speak for; empty: any."""
    organisation_column: str = "organisation_ods_code"
    caveats: str = ""
    """What an analyst must know before using it."""
    folder: Path = Path()

    @property
    def is_collected(self) -> bool:
        """It has a source that we ask or watch; else it is only sent to us."""
        return self.connector.kind in WATCHED or self.connector.schedule is not None

    @cached_property
    def samples(self) -> list[Path]:
        """The invented submissions beside feed.yml."""
        return sorted(self.folder.glob("sample*"))


def load_feed(folder: Path) -> Feed:
    """Parse one feed's folder. Raises FeedError that names file, key and fix."""
    from samepicture.feed_checks import mistakes, repeated_key
    from samepicture.records import CONTRACTS

    path = folder / FEED_FILE
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        content = path.read_bytes()
        twice = repeated_key(yaml.compose(content, Loader=loader))
        document = yaml.load(content, Loader=loader)  # noqa: S506 - both are safe loaders
    except FileNotFoundError:
        raise FeedError(f"{folder} has no {FEED_FILE}: add one, or make it with `samepicture new-feed`.") from None
    except yaml.YAMLError as error:
        raise FeedError(f"{path} is not YAML: {error}") from None
    if twice:
        raise FeedError(f"{path}: line {twice[1]} has the key {twice[0]!r} a second time: remove one.")
    feed = dataclasses.replace(typing.cast(Feed, _build(Feed, document, str(path), "")), folder=folder)
    if feed.id != folder.name:
        raise FeedError(f"{path}: id is {feed.id!r} but the folder is {folder.name!r}: give both the same name.")
    contract = CONTRACTS.get(feed.record_type)
    if contract is None:
        raise FeedError(f"{path}: record_type {feed.record_type!r} is unknown: use one of {', '.join(CONTRACTS)}.")
    for mistake in mistakes(feed, contract):
        raise FeedError(f"{path}: {mistake}")
    return feed


def load_feeds(folders: Iterable[Path], only: str | None = None) -> dict[str, Feed]:
    """All feeds below these folders, or the one of this id, by id. Raises FeedError; two feeds of one id are an error."""
    feeds: dict[str, Feed] = {}
    for root in folders:
        for path in sorted(root.glob(f"{only or '*'}/{FEED_FILE}")):
            feed = load_feed(path.parent)
            if feed.id in feeds:
                raise FeedError(f"{path}: the id {feed.id!r} is taken by {feeds[feed.id].folder}: choose another.")
            feeds[feed.id] = feed
    return feeds


def load_own(path: Path) -> types.ModuleType:
    """Import a feed folder's own module by its path; folders are not packages."""
    spec = importlib.util.spec_from_file_location(f"samepicture_feed_{path.parent.name}_{path.stem}", path)
    if spec is None or spec.loader is None or not path.is_file():
        raise FileNotFoundError(f"{path.parent}/feed.yml says 'kind: own' but {path.name} is not there: add it")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up there
    spec.loader.exec_module(module)
    return module


_IN_WORDS = {float: "a number", int: "a whole number", bool: "true or false"}


def _build(kind: Any, value: Any, path: str, key: str) -> Any:
    """Make a value of a declared type out of parsed YAML, or raise FeedError."""
    where = f"{path}: {key or 'the file'}"
    origin = typing.get_origin(kind)
    if origin in (types.UnionType, typing.Union):
        if value is None:
            return None
        return _build(next(arg for arg in typing.get_args(kind) if arg is not type(None)), value, path, key)
    if origin is Literal:
        if value not in typing.get_args(kind):
            raise FeedError(f"{where} is {value!r}: use one of {', '.join(map(repr, typing.get_args(kind)))}.")
        return value
    if origin is tuple:
        values = value if isinstance(value, list) else [value]
        return tuple(_build(typing.get_args(kind)[0], item, path, f"{key}[{n}]") for n, item in enumerate(values))
    if origin is not None and issubclass(origin, Mapping):
        if not isinstance(value, dict):
            raise FeedError(f"{where} is {value!r}: write keys and values.")
        if any(isinstance(name, bool) for name in value):
            raise FeedError(f'{where} has a key that YAML takes for true or false: put it into quotes ("YES", "NO", "ON").')
        return {str(name): _build(typing.get_args(kind)[1], item, path, f"{key}.{name}") for name, item in value.items()}
    if dataclasses.is_dataclass(kind):
        return _build_dataclass(kind, value, path, key)
    if kind is Any:
        return value
    if kind is str:
        if isinstance(value, (dict, list)) or value is None:
            raise FeedError(f"{where} is {value!r}: write a text.")
        if isinstance(value, bool):
            raise FeedError(f'{where} is taken by YAML for true or false: put it into quotes ("yes", "NO").')
        return str(value)
    if kind is float and isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(value)
    if kind is Path or not isinstance(value, kind) or (kind is not bool and isinstance(value, bool)):
        raise FeedError(f"{where} is {value!r}: write {_IN_WORDS.get(kind, kind.__name__)}.")
    return value


_hints = cache(typing.get_type_hints)
"""Evaluating what a class declares takes half the time of reading a feed; each class once a process."""


def _build_dataclass(kind: Any, value: Any, path: str, key: str) -> Any:
    where = f"{path}: {key or 'the file'}"
    if kind is ColumnMap and not isinstance(value, dict):
        value = {"from": value}  # the short form: `received_date: Date received`
    if not isinstance(value, dict):
        raise FeedError(f"{where} is {value!r}: write keys and values.")
    hints = _hints(kind)
    fields = {f.name.rstrip("_"): f for f in dataclasses.fields(kind) if f.name != "folder"}
    unknown = [str(name) for name in value if name not in fields]
    if unknown:
        raise FeedError(f"{where} has the unknown key {unknown[0]!r}: use one of {', '.join(fields)}.")
    missing = [
        name
        for name, f in fields.items()
        if name not in value and f.default is dataclasses.MISSING and f.default_factory is dataclasses.MISSING
    ]
    if missing:
        raise FeedError(f"{where} lacks the key {missing[0]!r}: add it.")
    return kind(
        **{fields[name].name: _build(hints[fields[name].name], item, path, f"{key}.{name}".lstrip(".")) for name, item in value.items()}
    )
