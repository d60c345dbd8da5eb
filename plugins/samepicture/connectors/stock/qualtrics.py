"""Collects Qualtrics response exports (API v3; domain: A14): start one, wait until it is complete, fetch its file.

The cursor is the continuation token of the last export: the next one holds what came
since. A token that is refused has expired: everything is exported again. An export does
not tell of deletions, but the survey counts them: where that count has changed,
everything is exported, and returns that are missing are asked for one by one.
"""

from __future__ import annotations

import io
import json
import time
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from typing import IO, Any

from samepicture.connectors.answers import write_answer
from samepicture.connectors.base import ConnectorError, Delivery, FetchContext
from samepicture.connectors.http import ANSWER_BYTES_MAX, Answer, Client
from samepicture.connectors.surveys import deliveries, write_gone
from samepicture.feed import Feed

FIRST_WAIT_SECONDS, LONGEST_WAIT_SECONDS = 0.5, 15.0
EXPORT_SECONDS_MAX = 1800.0


def fetch(feed: Feed, cursor: dict[str, Any], context: FetchContext) -> Iterator[Delivery]:
    """One delivery a survey.

    Options: `surveys`, base_url (https://<datacenter>.qualtrics.com/API/v3), base_url_from, key_from,
    requests_per_second. Cursor of a survey: `token`, the count of `deleted`, the `known` ids.
    """
    key = context.key(feed)
    with Client("Qualtrics", context.base_url(feed), {"X-API-TOKEN": key}, key, context.option(feed, "requests_per_second")) as client:

        def collect_one(survey: str, state: dict[str, Any], document: IO[bytes]) -> tuple[dict[str, Any], int | None]:
            counts = _result(client.get(f"surveys/{survey}")).get("responseCounts") or {}
            deleted = counts.get("deleted")
            token = state.get("token") if deleted == state.get("deleted") else None
            definition = client.get(f"survey-definitions/{survey}")
            export, next_token, is_whole = _export(client, survey, token)
            ids = [str(item.get("responseId")) for item in export.document["responses"] if isinstance(item, dict)]
            known = set(state.get("known", []))
            missing = sorted(known - set(ids)) if is_whole else []
            if ids:
                write_answer(document, definition)
                write_answer(document, export)
            gone = write_gone(client, f"surveys/{survey}/responses", missing, document)
            known = known - set(missing) | set(ids)
            return {"token": next_token or token, "deleted": deleted, "known": sorted(known)}, len(export.document["responses"]) + gone

        yield from deliveries(feed, cursor, context, collect_one)


def _export(client: Client, survey: str, token: str | None) -> tuple[Answer, str | None, bool]:
    """The exported JSON as an answer, the token for the next export, and whether it holds everything."""
    path, wanted = f"surveys/{survey}/export-responses", {"format": "json", "allowContinuation": True}
    started = client.post(path, {**wanted, "continuationToken": token}, allowed=(400,)) if token else client.post(path, wanted)
    if started.status == 400:
        started, token = client.post(path, wanted), None
    progress = _result(started)
    progress_id = str(progress.get("progressId") or "")
    if not progress_id:
        raise ConnectorError("Qualtrics did not start an export: collect again later.")
    waited, wait = 0.0, FIRST_WAIT_SECONDS
    while progress.get("status") != "complete":  # percentComplete may be 100 before
        if progress.get("status") == "failed":
            raise ConnectorError("Qualtrics says that the export failed: collect again later, and ask Qualtrics if it stays so.")
        if waited >= EXPORT_SECONDS_MAX:
            raise ConnectorError(f"Qualtrics has not finished the export after {waited / 60:.0f} minutes: collect again later.")
        time.sleep(wait)
        waited, wait = waited + wait, min(wait * 2, LONGEST_WAIT_SECONDS)
        progress = _result(client.get(f"{path}/{progress_id}"))
    if not progress.get("fileId"):
        raise ConnectorError("Qualtrics finished the export without a file: collect again later.")
    file = client.file(f"{path}/{progress['fileId']}/file")
    content = _unpacked(file.content)
    # Under its own name, without the numbers of this export: the same answers are the same submission.
    answer = replace(file, request=path, content=content, document=_parsed(content))
    return answer, progress.get("continuationToken"), token is None


def _result(answer: Answer) -> dict[str, Any]:
    result = answer.document.get("result") if isinstance(answer.document, dict) else None
    if not isinstance(result, dict):
        raise ConnectorError("Qualtrics answered with something that has no result: tell the data team.")
    return result


def _unpacked(content: bytes) -> bytes:
    """The one JSON of the ZIP."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = [member for member in archive.infolist() if member.filename.endswith(".json")]
            if len(members) != 1:
                raise ConnectorError("Qualtrics sent an export that does not hold one JSON file: tell the data team.")
            if members[0].file_size > ANSWER_BYTES_MAX:
                raise ConnectorError(f"Qualtrics sent an export of more than {ANSWER_BYTES_MAX >> 20} MB: tell the data team.")
            return archive.read(members[0])
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError):
        raise ConnectorError("Qualtrics sent an export that is no whole ZIP file: collect again later.") from None


def _parsed(content: bytes) -> Any:
    try:
        document = json.loads(content)
    except ValueError:
        document = None
    if not isinstance(document, dict) or not isinstance(document.get("responses"), list):
        raise ConnectorError("Qualtrics sent an export that holds no responses: tell the data team.")
    return document
