"""Takes messages out of a MESH mailbox (domain: A15): one message is one delivery, acknowledged once it has landed.

Options, besides those of connectors/mailbox.py:
    workflows           ids of the workflows that belong to the feed; a message of another stays in the inbox
    feedback_workflow   id of the workflow of feedback reports to senders; none: no reports are sent
    look_seconds        how often the inbox is looked at; 30 where it is left out

MESH keeps what is not acknowledged, so there is no cursor. A message that can't be
taken stays there too, and does not hold up the others. MESH's own reports (a message of
ours was not delivered) hold no data: they are told in the log and acknowledged, or they
would wake us for ever.
"""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import logging
import re
import tempfile
import zlib
from collections.abc import AsyncIterator, Iterator, Mapping
from functools import partial
from typing import IO, TYPE_CHECKING, Any

import requests
import urllib3

from samepicture.connectors.base import ConnectorError, Delivery, FetchContext
from samepicture.connectors.mailbox import open_mailbox, sentences
from samepicture.feed import Feed

if TYPE_CHECKING:
    from mesh_client import MeshClient

PAGE_MESSAGES = 500
BLOCK = 1 << 20
BYTES_MAX = 4 << 30
"""Of one message, unpacked: MESH\'s own chunks are at most 100 MB, and few bytes can unpack to very many."""
LOOK_SECONDS = 30.0
GONE = (404, 410)
"""Taken by somebody else since the inbox was listed."""
CHECKSUMS = {32: "md5", 40: "sha1", 64: "sha256", 128: "sha512"}
"""MESH does not say how a sender makes its checksum: told by the number of hexadecimal digits."""
GZIP = b"\x1f\x8b"

log = logging.getLogger(__name__)


class _Unreadable(Exception):
    """One message can't be taken; the sentence says why."""


def fetch(feed: Feed, cursor: dict[str, Any], context: FetchContext) -> Iterator[Delivery]:
    """Every message of the feed's workflows. Raises ConnectorError; also where messages wait and none of them can be taken."""
    workflows = _workflows(feed, context)
    untaken: list[str] = []
    delivered = False
    with open_mailbox(feed, context) as client:
        for message_id in _listed(client, feed, workflows):
            with tempfile.TemporaryFile() as content:
                try:
                    taken = _take(client, feed, workflows, message_id, content)
                except _Unreadable as problem:
                    log.warning("%s: message %s can't be taken: %s", feed.id, message_id, problem)
                    untaken.append(f"{message_id} ({problem})")
                    continue
                if taken is None:
                    continue
                headers, whole = taken
                delivered = True
                with whole:
                    whole.seek(0)
                    yield Delivery(
                        headers.get("mex-FileName") or message_id,
                        whole,
                        cursor,
                        partial(_acknowledge, client, feed, message_id),
                        sender=f"mesh:{headers.get('mex-From', '')}",
                    )
    if untaken and not delivered:
        # Where others could be taken the next poll says it: these must not be held up.
        raise ConnectorError(
            f"{feed.id}: {len(untaken)} messages stay in the MESH inbox, for they can't be taken: {'; '.join(untaken[:3])}. Ask the sender "
            "to send again, and acknowledge them in the mailbox."
        )


async def watch(feed: Feed, context: FetchContext) -> AsyncIterator[frozenset[str]]:
    """The ids of what waits in the inbox, at each look. Nothing is taken. Raises ConnectorError."""
    workflows = _workflows(feed, context)

    def look() -> frozenset[str]:
        with open_mailbox(feed, context) as client:
            return frozenset(_listed(client, feed, workflows))

    while True:
        yield await asyncio.to_thread(look)
        await asyncio.sleep(float(feed.connector.options.get("look_seconds", LOOK_SECONDS)))


def _workflows(feed: Feed, context: FetchContext) -> tuple[str, ...]:
    given = context.option(feed, "workflows")
    return tuple(map(str, given)) if isinstance(given, list) else (str(given),)


def _listed(client: MeshClient, feed: Feed, workflows: tuple[str, ...]) -> list[str]:
    """Ids of all waiting messages of these workflows, and of reports on what we sent; listed whole before the first is acknowledged."""
    feedback = feed.connector.options.get("feedback_workflow")
    wanted = dict.fromkeys((*workflows, str(feedback))) if feedback else workflows
    found = (
        message_id for workflow in wanted for message_id in client.iterate_message_ids(workflow_filter=workflow, batch_size=PAGE_MESSAGES)
    )
    return list(dict.fromkeys(found))


def _take(
    client: MeshClient, feed: Feed, workflows: tuple[str, ...], message_id: str, content: IO[bytes]
) -> tuple[Mapping[str, str], IO[bytes]] | None:
    """Headers and checked content of a message; None where it is gone or no submission of the feed. Raises _Unreadable."""
    try:
        first = client.retrieve_message_chunk(message_id, 1)
    except requests.HTTPError as refusal:
        if refusal.response.status_code in GONE:
            return None
        raise _Unreadable(f"MESH refused it, status {refusal.response.status_code}") from None
    with first:
        if not _is_data(client, feed, workflows, message_id, first.headers):
            return None
        return first.headers, _receive(client, message_id, first, content)


def _is_data(client: MeshClient, feed: Feed, workflows: tuple[str, ...], message_id: str, headers: Mapping[str, str]) -> bool:
    """Whether a message is a submission of the feed. A report of MESH's is told and acknowledged here."""
    if headers.get("mex-MessageType", "DATA").upper() == "REPORT":
        log.warning(
            "%s: MESH reports that a message was not delivered: status %s, message %s, sent as %s",
            feed.id,
            headers.get("mex-StatusCode"),
            headers.get("mex-LinkedMsgID"),
            headers.get("mex-LocalID"),
        )
        client.acknowledge_message(message_id)
        return False
    return headers.get("mex-WorkflowID") in workflows


def _receive(client: MeshClient, message_id: str, first: requests.Response, target: IO[bytes]) -> IO[bytes]:
    """Write a message's chunks, and check them. The content; where the sender's own client had packed it, another file, unpacked."""
    try:
        chunks = int(first.headers.get("mex-Chunk-Range", "1:1").split(":")[1])
        _write(first, target)
        for number in range(2, chunks + 1):
            with client.retrieve_message_chunk(message_id, number) as response:
                if response.headers.get("mex-Chunk-Range", "").strip() != f"{number}:{chunks}":
                    raise _Unreadable(f"its chunk {number} of {chunks} is not there")
                _write(response, target)
        unpacked = _unpacked(target) if first.headers.get("mex-Content-Compressed", "").upper() in ("Y", "TRUE") else None
    except requests.HTTPError as refusal:
        raise _Unreadable(f"MESH refused a chunk of it, status {refusal.response.status_code}") from None
    except (EOFError, gzip.BadGzipFile, zlib.error):
        raise _Unreadable("its compressed content is damaged") from None
    except (urllib3.exceptions.HTTPError, ValueError, IndexError) as error:
        raise _Unreadable(f"its transfer broke off or is wrong ({type(error).__name__})") from None
    given = first.headers.get("mex-Content-Checksum", "").strip()
    if given and not any(_matches(content, given, message_id) for content in (target, unpacked) if content is not None):
        raise _Unreadable("its checksum is not that of its content")
    return unpacked or target


def _write(response: requests.Response, target: IO[bytes]) -> None:
    """Append a chunk. The length is checked by urllib3, a compressed chunk's end by gzip: MESH's own client would not see it cut."""
    packed = response.headers.get("Content-Encoding", "").lower() == "gzip"
    _copy(gzip.GzipFile(fileobj=response.raw) if packed else response.raw, target)


def _copy(source: Any, target: IO[bytes]) -> None:
    """Append; a message that unpacks to more than fits is not read to its end."""
    while block := source.read(BLOCK):
        target.write(block)
        if target.tell() > BYTES_MAX:
            raise _Unreadable(f"it holds more than {BYTES_MAX >> 30} GB")


def _unpacked(content: IO[bytes]) -> IO[bytes] | None:
    """What the sender's client compressed before sending. MESH sets the same header for chunks that travelled compressed: then None."""
    content.seek(0)
    if content.read(len(GZIP)) != GZIP:
        return None
    content.seek(0)
    result = tempfile.TemporaryFile()  # noqa: SIM115 - closed by whoever reads it
    try:
        _copy(gzip.GzipFile(fileobj=content), result)
    except BaseException:
        result.close()
        raise
    return result


def _matches(content: IO[bytes], given: str, message_id: str) -> bool:
    """Whether a checksum is the content's; one of an unknown kind can't be checked, and the log says so."""
    digits = re.split(r"[:\s]", given)[-1].lower()  # some write the algorithm before it
    if len(digits) not in CHECKSUMS or not set(digits) <= set("0123456789abcdef"):
        log.warning("message %s: its checksum is of an unknown kind and was not checked", message_id)
        return True
    content.seek(0)
    return hashlib.file_digest(content, CHECKSUMS[len(digits)]).hexdigest() == digits  # type: ignore[arg-type]


def _acknowledge(client: MeshClient, feed: Feed, message_id: str) -> None:
    with sentences(feed):
        client.acknowledge_message(message_id)
