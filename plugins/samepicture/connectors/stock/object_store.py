"""Takes files from a bucket or container with a prefix (s3://, abfs://, abfss://), and watches it.

    connector:
      kind: object_store
      options:
        url_from: SAMEPICTURE_NORTHMOOR_BUCKET    # environment variable, for example with s3://northmoor/outgoing

Credentials come from where the libraries look for them (AWS_*, AZURE_STORAGE_*, the
machine's own identity); `endpoint_from` names the variable with the address of an
S3-compatible store. An object is there whole or not at all, so nothing is waited for.
Further options: see connectors/arrivals.py. Deeper prefixes are left alone.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from typing import IO, Any

from samepicture.connectors import arrivals
from samepicture.connectors.arrivals import Seen
from samepicture.connectors.base import ConnectorError, Delivery, FetchContext
from samepicture.feed import Feed

SCHEMES = ("s3", "abfs", "abfss")
LOOK_SECONDS = 10.0
SETTLE_SECONDS = 0.0
BLOCK = 8 << 20


def fetch(feed: Feed, cursor: dict[str, Any], context: FetchContext) -> Iterator[Delivery]:
    """A delivery for each object. Cursor: see connectors/arrivals.py."""
    return arrivals.fetch(_rules(feed), _opened(feed, context), cursor)


def watch(feed: Feed, context: FetchContext) -> AsyncIterator[frozenset[str]]:
    """What waits below the prefix, look after look."""
    return arrivals.watch(_rules(feed), _opened(feed, context))


def _rules(feed: Feed) -> arrivals.Rules:
    return arrivals.rules(feed, ("url_from", "endpoint_from"), LOOK_SECONDS, SETTLE_SECONDS)


@asynccontextmanager
async def _opened(feed: Feed, context: FetchContext) -> AsyncIterator[_Bucket]:
    url = context.required(feed, "url_from", f"the bucket and prefix where the files of {feed.publisher} arrive, as s3://bucket/prefix")
    scheme, _, rest = url.partition("://")
    if scheme not in SCHEMES or not rest.strip("/"):
        raise ConnectorError(
            f"{feed.id}: {feed.connector.options['url_from']} is no address of a bucket: set it to one such as s3://bucket/prefix."
        )
    settings: dict[str, Any] = {"skip_instance_cache": True, "use_listings_cache": False}
    if "endpoint_from" in feed.connector.options:
        settings["endpoint_url"] = context.required(feed, "endpoint_from", "the address of the S3-compatible store")
    yield await asyncio.to_thread(_Bucket, feed.id, url.rstrip("/"), scheme, settings)


class _Bucket:
    """A prefix as a place. fsspec's calls are made in threads: it has a loop of its own."""

    def __init__(self, feed_id: str, url: str, scheme: str, settings: dict[str, Any]) -> None:
        import fsspec

        self._who = f"{feed_id}: {url}"
        self._refusals = _refusals(scheme)
        self._errors: tuple[type[Exception], ...] = (OSError, *self._refusals)
        try:
            self._fs, root = fsspec.core.url_to_fs(url, **settings)
        except self._errors as error:
            raise self._unusable(error) from None
        self._root = str(root).rstrip("/")

    async def look(self) -> list[Seen]:
        return await asyncio.to_thread(self._look)

    def _look(self) -> list[Seen]:
        try:
            entries = self._list()
        except self._errors as error:
            raise self._unusable(error) from None
        prefix = f"{self._root}/"
        return [
            _seen(entry["name"].removeprefix(prefix), entry)
            for entry in entries
            if entry["type"] == "file" and entry["name"].startswith(prefix)
        ]

    def _list(self) -> list[dict[str, Any]]:
        self._fs.invalidate_cache()
        try:
            entries: list[dict[str, Any]] = self._fs.ls(self._root, detail=True)
        except FileNotFoundError:
            self._fs.info(self._root.split("/")[0])  # a prefix without objects is empty; a bucket that is not there is a mistake
            return []
        return entries

    async def stat(self, name: str) -> Seen | None:
        self._fs.invalidate_cache()
        try:
            return _seen(name, await self._ask(self._fs.info, self._path(name)))
        except FileNotFoundError:
            return None

    async def copy(self, name: str, target: IO[bytes]) -> None:
        await self._ask(self._copy, name, target)

    def _copy(self, name: str, target: IO[bytes]) -> None:
        with self._fs.open(self._path(name), "rb", block_size=BLOCK) as source:
            shutil.copyfileobj(source, target, BLOCK)

    async def move(self, name: str, to: str) -> None:
        # Not fs.mv, which takes a name with * or [ for a pattern.
        await self._ask(self._fs.cp_file, self._path(name), self._path(to))
        await self.delete(name)

    async def delete(self, name: str) -> None:
        await self._ask(self._fs.rm_file, self._path(name))

    async def _ask(self, call: Callable[..., Any], *arguments: Any) -> Any:
        try:
            return await asyncio.to_thread(call, *arguments)
        except self._refusals as error:
            raise OSError(5, f"the store failed ({type(error).__name__})") from None

    def _path(self, name: str) -> str:
        return f"{self._root}/{name}"

    def _unusable(self, error: Exception) -> ConnectorError:
        # Its own text is not repeated: it can hold parts of credentials.
        return ConnectorError(
            f"{self._who} can't be read ({type(error).__name__}): check the address, the network, and that the credentials in the"
            " environment (AWS_... or AZURE_STORAGE_...) allow to list and read there."
        )


def _refusals(scheme: str) -> tuple[type[Exception], ...]:
    """What the scheme's library raises that is no OSError; ValueError says that an address or credential has the wrong form."""
    if scheme == "s3":
        from botocore.exceptions import BotoCoreError, ClientError  # type: ignore[import-untyped]

        return (BotoCoreError, ClientError, ValueError)
    from azure.core.exceptions import AzureError

    return (AzureError, ValueError)


def _seen(name: str, entry: dict[str, Any]) -> Seen:
    changed = entry.get("LastModified") or entry.get("last_modified")
    mark = str(entry.get("ETag") or entry.get("etag") or changed).strip('"')
    return Seen(name, entry["size"], changed.timestamp() if changed else 0.0, mark)
