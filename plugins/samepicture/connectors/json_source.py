"""What feed.yml declares about a JSON API, under `connector.options` of the kind `json_api`; imports nothing heavy.

    base_url: https://engage.example.org/api      # and base_url_from: a variable that takes its place
    path: v2/activities
    params: {status: published}                   # the same with every request
    key_from: SAMEPICTURE_ENGAGE_KEY              # left out where the API asks for none
    auth: {header: Authorization, prefix: "Bearer "}   # or {user_from: VARIABLE}: HTTP Basic, the key is the password
    requests_per_second: 2
    records: data.items                           # where in an answer its records are; left out: the answer is the list
    total: meta.total                             # how many records the source says that there are
    paging: {kind: page, param: page, first: 1, size_param: per_page, size: 100}
    #       {kind: offset, param: offset, size_param: limit, size: 100}
    #       {kind: next, at: links.next}          # an address, whole or relative, on the same host
    #       {kind: cursor, param: cursor, at: meta.next_cursor}
    since: {param: modified_since, field: updated_at, overlap_hours: 24, first: 2024-01-01}

A key never stands in an address: logs of servers and proxies keep addresses.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields
from typing import Any, TypeVar

Kind = TypeVar("Kind")
PAGING = {"none": (), "page": ("param",), "offset": ("param", "size_param", "size"), "next": ("at",), "cursor": ("param", "at")}
"""Kinds of paging, and the keys that each needs."""


@dataclass(frozen=True)
class Auth:
    """How the key is shown."""

    header: str = "Authorization"
    prefix: str = "Bearer "
    user_from: str = ""


@dataclass(frozen=True)
class Paging:
    """How the next page is asked for."""

    kind: str = "none"
    param: str = ""
    first: int = 1
    size_param: str = ""
    size: int = 100
    at: str = ""


@dataclass(frozen=True)
class Since:
    """What is asked for: what changed since the largest value of a record's field, less an overlap."""

    param: str
    field: str
    first: Any
    overlap_hours: float = 24


@dataclass(frozen=True)
class JsonSource:
    """`connector.options`, parsed."""

    path: str
    base_url: str
    base_url_from: str
    requests_per_second: float
    key_from: str = ""
    params: Mapping[str, Any] = field(default_factory=dict)
    auth: Auth = Auth()
    records: str = ""
    total: str = ""
    paging: Paging = Paging()
    since: Since | None = None


def json_source(options: Mapping[str, Any]) -> JsonSource:
    """Parse `connector.options`. Raises ValueError: 'key is so: do that.'"""
    inner = {"auth": Auth, "paging": Paging, "since": Since}
    parsed = {name: _made(inner[name], value, f"{name}.") if name in inner else value for name, value in options.items()}
    source = _made(JsonSource, parsed, "")
    paging = source.paging
    if paging.kind not in PAGING:
        raise ValueError(f"paging.kind is {paging.kind!r}: use one of {', '.join(PAGING)}.")
    for key in PAGING[paging.kind]:
        if not getattr(paging, key):
            raise ValueError(f"paging lacks {key!r}, which the kind {paging.kind!r} needs: add it.")
    if not isinstance(source.params, Mapping):
        raise ValueError(f"params is {source.params!r}: write keys and values.")  # noqa: TRY004 - what feed.yml says is a value
    return source


def at(document: Any, path: str) -> Any:
    """What stands at a dotted path of a document, an empty one being the document; None where nothing does."""
    for name in path.split(".") if path else ():
        document = document.get(name) if isinstance(document, dict) else None
    return document


def _made(kind: type[Kind], value: Any, where: str) -> Kind:
    known = {item.name: item for item in fields(kind)}  # type: ignore[arg-type]
    if not isinstance(value, Mapping):
        raise ValueError(f"{where.rstrip('.')} is {value!r}: write keys and values.")  # noqa: TRY004
    for name in value:
        if name not in known:
            raise ValueError(f"{where}{name} is unknown: use one of {', '.join(known)}.")
    for name, item in known.items():
        if name not in value and item.default is MISSING and item.default_factory is MISSING:
            raise ValueError(f"{where}{name} is missing: add it.")
    return kind(**value)
