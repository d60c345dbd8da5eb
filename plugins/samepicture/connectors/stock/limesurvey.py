"""Collects LimeSurvey responses over RemoteControl 2, JSON-RPC (domain: A14).

Errors come as {"status": "..."} with HTTP 200. Each poll lists the ids of all responses,
which costs little, and exports those that are new and the last `overlap_responses`
again: edits and completions of these are noticed, of older ones not. An id that was
there at the last poll and is not now is a response that somebody deleted, whatever its age.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import IO, Any

from samepicture.connectors.answers import write_answer
from samepicture.connectors.base import ConnectorError, Delivery, FetchContext
from samepicture.connectors.http import Answer, Client
from samepicture.connectors.surveys import deliveries
from samepicture.feed import Feed

PATH = "admin/remotecontrol"
IDS_AT_ONCE = 2000
"""Of one export, so that no answer grows too large."""
WITH_OPTIONS = "L!OFHR1"
"""Types of questions that have answers of their own."""
EXPIRED = "Invalid session key"
NOTHING = ("No Data", "No Response", "No survey response", "No questions", "No available data")
"""Beginnings of statuses that mean that there is nothing."""


def fetch(feed: Feed, cursor: dict[str, Any], context: FetchContext) -> Iterator[Delivery]:
    """One delivery a survey.

    Options: `surveys`, base_url (up to index.php), base_url_from, user_from, key_from (the user's password),
    requests_per_second, overlap_responses. Cursor of a survey: the `known` ids.
    """
    password = context.key(feed)
    user = context.required(feed, "user_from", "the LimeSurvey user who may export responses")
    overlap = int(context.option(feed, "overlap_responses"))
    with Client("LimeSurvey", context.base_url(feed), {}, password, context.option(feed, "requests_per_second")) as client:

        def collect_one(survey: str, state: dict[str, Any], document: IO[bytes]) -> tuple[dict[str, Any], int | None]:
            with _session(client, user, password) as session:
                known, now = set(map(int, state.get("known", []))), session.ids(survey)
                removed = sorted(known - set(now))
                wanted = sorted((set(now) - known) | set(now[-overlap:] if overlap else []))
                if not wanted and not removed:
                    return state, None
                _write_description(session, survey, document)
                count = sum(_write_responses(session, survey, chunk, document) for chunk in _chunks(wanted))
                for number in removed:
                    write_answer(document, Answer(f"removed/{survey}/{number}", 404, b"", None))
                return {"known": now}, count + len(removed)

        yield from deliveries(feed, cursor, context, collect_one)


class _Session:
    """Calls under a session key, which is renewed once where it has expired."""

    def __init__(self, client: Client, user: str, password: str) -> None:
        self._client, self._user, self._password = client, user, password
        self._key: str = self._login()

    def _login(self) -> str:
        key = self._result(self._client.post(PATH, {"method": "get_session_key", "params": [self._user, self._password], "id": 1}))
        if not isinstance(key, str):
            raise ConnectorError("LimeSurvey does not accept the user and password: check both, and that the user may use RemoteControl.")
        return key

    def call(self, method: str, *params: Any) -> Any:
        """What a method gives; None where LimeSurvey says that there is nothing. Raises ConnectorError."""
        for _ in range(2):
            result = self._result(self._client.post(PATH, {"method": method, "params": [self._key, *params], "id": 1}))
            status = result.get("status") if isinstance(result, dict) and set(result) == {"status"} else None
            if status is None:
                return result
            if str(status).startswith(NOTHING):
                return None
            if status != EXPIRED:
                raise ConnectorError(
                    f"LimeSurvey refuses {method} ({str(status)[:60]}): check the survey's number and the user's permissions."
                )
            self._key = self._login()
        raise ConnectorError("LimeSurvey ends each session at once: tell who runs it.")

    def ids(self, survey: str) -> list[int]:
        """The ids of all responses, complete or not, in order."""
        exported = self.export(survey, None, None, ["id"])
        return sorted(int(next(iter(item.values()))) for item in exported["responses"]) if exported else []

    def export(self, survey: str, first: int | None, last: int | None, fields: list[str] | None = None) -> Any:
        """The parsed export of a range of ids; None where it holds nothing."""
        result = self.call("export_responses", int(survey), "json", None, "all", "code", "short", first, last, fields)
        if result is None:
            return None
        try:
            document = json.loads(base64.b64decode(result, validate=True))
            if isinstance(document["responses"], list):
                return document
        except (TypeError, KeyError, ValueError, binascii.Error):
            pass
        raise ConnectorError(
            "LimeSurvey sent an export that holds no responses: collect again later, and tell the data team if it stays so."
        )

    def release(self) -> None:
        """Give the key back, whatever happened before."""
        with suppress(ConnectorError):
            self._client.post(PATH, {"method": "release_session_key", "params": [self._key], "id": 1})

    @staticmethod
    def _result(answer: Answer) -> Any:
        document = answer.document
        if not isinstance(document, dict) or document.get("error") or "result" not in document:
            raise ConnectorError(
                "LimeSurvey answers with an error: check that RemoteControl is switched on as JSON-RPC, then collect again."
            )
        return document["result"]


@contextmanager
def _session(client: Client, user: str, password: str) -> Iterator[_Session]:
    session = _Session(client, user, password)
    try:
        yield session
    finally:
        session.release()


def _write(document: IO[bytes], request: str, result: Any) -> None:
    # In ASCII: half a character (a text that the platform cut) has no UTF-8, and must not hold up every poll.
    write_answer(document, Answer(request, 200, json.dumps(result).encode(), result))


def _write_description(session: _Session, survey: str, document: IO[bytes]) -> None:
    properties = session.call("get_language_properties", int(survey), ["surveyls_title"], None)
    if isinstance(properties, dict):
        _write(document, f"get_language_properties/{survey}", properties)
    questions = session.call("list_questions", int(survey), None, None) or []
    _write(document, f"list_questions/{survey}", questions)
    for question in questions:
        if str(question.get("parent_qid") or "0") == "0" and str(question.get("type")) in WITH_OPTIONS:
            number = str(question.get("qid") or question.get("id"))
            found = session.call("get_question_properties", int(number), ["answeroptions"], None)
            if isinstance(found, dict):
                _write(document, f"get_question_properties/{survey}/{number}", found)


def _chunks(wanted: list[int]) -> Iterator[list[int]]:
    """Runs of ids that are asked for together: neither too many nor with a long gap inside."""
    chunk: list[int] = []
    for number in wanted:
        if chunk and (len(chunk) >= IDS_AT_ONCE or number - chunk[0] >= 2 * IDS_AT_ONCE):
            yield chunk
            chunk = []
        chunk.append(number)
    if chunk:
        yield chunk


def _write_responses(session: _Session, survey: str, chunk: list[int], document: IO[bytes]) -> int:
    """Write one export; how many responses were asked for. One that was deleted since it was listed may be missing."""
    exported = session.export(survey, chunk[0], chunk[-1])
    if exported is not None:
        _write(document, f"export_responses/{survey}", exported)
    return len(exported["responses"]) if exported else 0
