"""`POST /intake/{feed}` on Airflow's API server: a submission, or a survey platform's word that there is news.

A sender either signs the message (feed.yml, `connector.webhook`) or shows an Airflow token
of somebody who may create asset events. 202 is answered only after the bytes are landed;
that the event that follows may fail costs nothing but time: the sweep announces what was
landed. Bodies stream to disk, so memory does not grow with them. Nothing here opens the
warehouse: it has one writer, and this is not it.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import tempfile
import time
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import IO, Annotated, Any

from airflow.api_fastapi.app import get_auth_manager
from airflow.api_fastapi.auth.managers.models.resource_details import AssetDetails
from airflow.api_fastapi.core_api.security import resolve_user_from_token
from airflow.assets.manager import asset_manager
from airflow.models.asset import AssetModel
from airflow.utils.session import create_session
from fastapi import FastAPI, HTTPException, Query, Request, Response
from fastapi import Path as InPath
from pydantic import BaseModel, Field
from sqlalchemy import select
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Receive, Scope, Send

from samepicture.airflow.assets import arrival_asset, submission_asset
from samepicture.airflow.secrets import Environment
from samepicture.announced import note
from samepicture.connectors.base import ConnectorError
from samepicture.feed import FEED_FILE, Feed, FeedError, Webhook, load_feed
from samepicture.landing import Landing, Receipt
from samepicture.sealing import CannotOpen
from samepicture.settings import SettingError, Settings
from samepicture.signatures import (
    BadSecret,
    NotGenuine,
    StandardSignature,
    check_qualtrics,
    check_smartsurvey,
    check_surveymonkey,
    secrets_in,
)

BYTES_MAX = 256 << 20
"""A submission by webhook; larger ones go by SFTP, MESH or the object store."""
NEWS_BYTES_MAX = 64 << 10
IN_MEMORY_BYTES = 1 << 20
"""Of one body; what is more waits on disk."""
RECEIVE_SECONDS = 1800
"""For one body: the largest at little more than a megabit a second. Whoever dawdles holds a connection and disk no longer."""

log = logging.getLogger(__name__)
NEWS: dict[str, Callable[[Mapping[str, str], bytes, list[bytes]], None]] = {
    "smartsurvey": check_smartsurvey,
    "surveymonkey": check_surveymonkey,
    "qualtrics": check_qualtrics,
}


class Accepted(BaseModel):
    """What the sender may rely on."""

    feed: str
    submission_id: str | None = Field(description="Under which its feedback report is found; null where the message only told of news.")
    sha256: str | None = Field(description="Of the bytes that were landed.")
    bytes: int | None
    is_new: bool = Field(description="False where the same bytes were sent before: they are one submission.")


class Refused(BaseModel):
    """Why not, and what to do."""

    detail: str


class _UnloggedQuery:
    """Airflow writes the query of each request into its log, and the name of a file may name a person."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self.app(scope, receive, send)
        finally:
            scope["query_string"] = b""


app = FastAPI(title="Same Picture intake", description=__doc__ or "")
app.add_middleware(_UnloggedQuery)
FeedId = Annotated[str, InPath(pattern=r"^[a-z][a-z0-9_]{0,99}$", description="The feed's id, as docs/feeds.md lists it.")]


@app.head("/{feed_id}", include_in_schema=False)
def present(feed_id: FeedId) -> Response:  # noqa: ARG001 - part of the path
    """SurveyMonkey asks so before it takes the address of a webhook; says nothing about feeds."""
    return Response(status_code=200)


@app.post(
    "/{feed_id}",
    status_code=202,
    responses={
        code: {"model": Refused, "description": words}
        for code, words in {
            400: "Empty, or broken off",
            401: "Neither signed nor with a token",
            403: "The token's owner may not",
            404: "No such feed",
            408: "Too slow",
            413: "Too large",
            415: "Not the bytes as they are",
            503: "Can't be stored now",
            507: "Disk full",
        }.items()
    },
    openapi_extra={
        "requestBody": {"required": True, "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}}
    },
)
async def receive(
    feed_id: FeedId,
    request: Request,
    file_name: Annotated[str, Query(max_length=200, description="The file's name, with its ending.")] = "submission",
) -> Accepted:
    """Land the body as a submission of the feed, or hear that its source has news."""
    feed = _feed(feed_id)
    webhook = feed.connector.webhook
    if "authorization" in request.headers:
        await _require_permission(request.headers["authorization"])
        return await _land(feed, request, file_name, None)
    if webhook is None:
        raise HTTPException(
            401, f"{feed_id} takes no signed messages: send an Airflow token, or declare connector.webhook in its feed.yml."
        )
    secrets = await run_in_threadpool(_secrets, webhook)
    if webhook.signed in NEWS:
        return await _news(feed, webhook, request, secrets)
    try:
        signature = StandardSignature(request.headers, secrets, time.time())
    except NotGenuine as refusal:
        raise HTTPException(401, str(refusal)) from None
    return await _land(feed, request, file_name, signature)


async def _land(feed: Feed, request: Request, file_name: str, signature: StandardSignature | None) -> Accepted:
    _require_plain_bytes(request.headers)
    try:
        with tempfile.SpooledTemporaryFile(IN_MEMORY_BYTES) as body:
            if await _read(request, BYTES_MAX, body, signature) == 0:
                raise HTTPException(400, "The message has no body: send the file's bytes as they are.")
            body.seek(0)
            receipt, is_new = await run_in_threadpool(_store, feed, file_name, body)
    except (SettingError, CannotOpen) as error:
        log.warning("%s", error)
        raise HTTPException(503, "It was not taken: our store is not set up. Tell the data team, and send it again later.") from None
    except OSError as error:  # of the temporary file as well
        log.warning("a submission of %s can't be landed: %s", feed.id, error.strerror)
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        raise HTTPException(
            507 if full else 503,
            f"It was not taken: {'our disk is full' if full else 'our store is out of order'}. Send it again later.",
        ) from None
    return Accepted(feed=feed.id, submission_id=receipt.submission_id, sha256=receipt.sha256, bytes=receipt.bytes, is_new=is_new)


async def _news(feed: Feed, webhook: Webhook, request: Request, secrets: list[bytes]) -> Accepted:
    with tempfile.SpooledTemporaryFile(NEWS_BYTES_MAX) as body:
        await _read(request, NEWS_BYTES_MAX, body, None)
        body.seek(0)
        try:
            NEWS[webhook.signed](request.headers, body.read(), secrets)
        except NotGenuine as refusal:
            raise HTTPException(401, str(refusal)) from None
    try:
        await run_in_threadpool(_announce, arrival_asset(feed).name, {}, None)
    except Exception as error:  # noqa: BLE001 - whatever it is, the platform must send it again
        log.warning("news of %s can't be passed on: %s", feed.id, type(error).__name__)
        raise HTTPException(503, "It was not taken: send it again later.") from None
    return Accepted(feed=feed.id, submission_id=None, sha256=None, bytes=None, is_new=True)


def _require_plain_bytes(headers: Mapping[str, str]) -> None:
    """What is packed or wrapped would be landed for good as something that no reader of the feed knows."""
    if headers.get("content-encoding", "identity").lower() != "identity":
        raise HTTPException(415, "The body is compressed (Content-Encoding): send the file's bytes as they are.")
    if headers.get("content-type", "").lower().startswith("multipart/"):
        raise HTTPException(415, "The body is a form (multipart): send the file's bytes as they are, as `curl --data-binary @FILE` does.")


async def _read(request: Request, bytes_max: int, body: IO[bytes], signature: StandardSignature | None) -> int:
    """Stream the body; its size. Raises HTTPException: too large, too slow, broken off, signature wrong."""
    too_large = HTTPException(413, f"The body is larger than {bytes_max >> 10} kB: send it by SFTP, MESH or the object store, or in parts.")
    declared = request.headers.get("content-length", "")
    if declared.isascii() and declared.isdigit() and int(declared[:20]) > bytes_max:
        raise too_large
    size = 0
    try:
        async with asyncio.timeout(RECEIVE_SECONDS):
            async for chunk in request.stream():
                size += len(chunk)
                if size > bytes_max:
                    raise too_large
                if signature is not None:
                    signature.update(chunk)
                if size > IN_MEMORY_BYTES:
                    await run_in_threadpool(body.write, chunk)  # on disk by now: others are served meanwhile
                else:
                    body.write(chunk)
    except TimeoutError:
        raise HTTPException(408, f"The body took longer than {RECEIVE_SECONDS // 60} minutes: send it again, or by SFTP.") from None
    except ClientDisconnect:
        raise HTTPException(400, "The message broke off and was not taken: send it again.") from None
    if signature is not None:
        try:
            signature.check()
        except NotGenuine as refusal:
            raise HTTPException(401, str(refusal)) from None
    return size


def _store(feed: Feed, file_name: str, body: IO[bytes]) -> tuple[Receipt, bool]:
    """Land the bytes, then announce them. Raises OSError, SettingError or CannotOpen where they can't be landed."""
    settings = Settings.from_environment()
    receipt, is_new = Landing.of(settings).land(feed.id, file_name, body)
    if is_new:
        try:
            _announce(submission_asset(feed).name, {"sha256": receipt.sha256, "landed_at": receipt.landed_at}, receipt.submission_id)
            note(settings, [receipt.submission_id])
        except Exception:
            log.exception("%s is landed but not announced: the sweep will do it", receipt.submission_id)
    return receipt, is_new


def _announce(asset_name: str, extra: dict[str, Any], partition_key: str | None) -> None:
    """Record an asset event; raises LookupError where no DAG has made the asset known yet."""
    with create_session() as session:
        asset = session.scalar(select(AssetModel).where(AssetModel.name == asset_name))
        if asset is None:
            raise LookupError(f"the asset {asset_name} is not known: is the DAG processor running?")
        asset_manager.register_asset_change(asset=asset, extra=extra, session=session, partition_key=partition_key)


async def _require_permission(authorization: str) -> None:
    """An Airflow token in the header, of somebody who may create asset events. A session cookie does not count: a page could use it."""
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer":
        raise HTTPException(401, "The header Authorization holds no Bearer token: get one from POST /auth/token.")
    user = await resolve_user_from_token(token.strip())
    if not get_auth_manager().is_authorized_asset(method="POST", details=AssetDetails(), user=user):
        raise HTTPException(403, "This user may not create asset events: ask the data team for the permission.")


def _secrets(webhook: Webhook) -> list[bytes]:
    try:
        return secrets_in(Environment().get(webhook.secret_from, ""), webhook.secret_from)
    except (BadSecret, ConnectorError) as error:
        log.warning("%s", error)
        raise HTTPException(503, "The feed is not ready to take signed messages: tell the data team.") from None


def _feed(feed_id: str) -> Feed:
    try:
        for root in Settings.from_environment().feeds:
            path = root / feed_id / FEED_FILE
            if path.is_file():
                return _parsed(path.parent, path.stat().st_mtime_ns)
    except (FeedError, SettingError, OSError) as error:  # somebody is editing it just now, perhaps
        log.warning("%s", error)
        raise HTTPException(503, "The feed is not ready to take anything: send it again later, and tell the data team.") from None
    raise HTTPException(404, "There is no such feed: docs/feeds.md lists them.")


@lru_cache(maxsize=1000)
def _parsed(folder: Path, _changed: int) -> Feed:
    return load_feed(folder)
