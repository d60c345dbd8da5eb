"""Counterparts of SurveyMonkey, Qualtrics, LimeSurvey and SmartSurvey, on this machine only, with their true habits.

SurveyMonkey and SmartSurvey page by number; a Qualtrics export is at 100 percent before it is complete, and
counts deletions without naming them; LimeSurvey says its errors with status 200, and its sessions end.
For the tests they can be told to misbehave, and what they hold may be changed while they run.
"""

from __future__ import annotations

import base64
import io
import json
import re
import zipfile
from collections import deque
from collections.abc import Callable
from datetime import UTC, date, datetime
from http.server import BaseHTTPRequestHandler
from typing import Any, Literal
from urllib.parse import parse_qs, urlsplit

from samepicture.demo import survey_returns as shapes
from samepicture.demo.loopback import Loopback
from samepicture.demo.survey_returns import Invented, invented

SORRY_PAGE = b"<html><body>Sorry! Something went wrong.</body></html>"
Fault = Literal["wait", "quota", "error", "half", "html"]
SURVEYMONKEY, QUALTRICS, LIMESURVEY, SMARTSURVEY = "318000001", "SV_northmoor1", "857001", "268001"
"""The one survey on each."""


class DemoSurveys(Loopback):
    """All four on one port of 127.0.0.1, from `with` to its end; each holds `count` returns of its own."""

    def __init__(self, count: int = 60, seed: int = 1, last_day: date = date(2026, 6, 30)) -> None:
        self.key = "northshire-invented-key"
        self.returns: dict[str, list[Invented]] = {
            platform: invented(count, seed + place, last_day)
            for place, platform in enumerate(("surveymonkey", "qualtrics", "limesurvey", "smartsurvey"))
        }
        self.faults: deque[Fault] = deque()
        """Each spoils one request, in turn."""
        self.requests: list[str] = []
        """Method or path and parameters of each request that was let in."""
        self.before_answer: Callable[[str], None] = lambda _: None
        """Called with each request before it is answered: lists change while they are read."""
        self.failed_export = False
        self.broken_zip = False
        self.sessions: set[str] = set()
        """LimeSurvey's open sessions."""
        self._exports: dict[str, tuple[list[Invented], int]] = {}
        self._deleted = 0
        self._logins = 0
        super().__init__(_handler(self))

    def environment(self, *platforms: str) -> dict[str, str]:
        """The settings that point these feeds here; of all four where none is named."""
        settings = {
            "surveymonkey": {"URL": f"{self.url}/v3", "KEY": self.key},
            "qualtrics": {"URL": f"{self.url}/API/v3", "KEY": self.key},
            "limesurvey": {"URL": f"{self.url}/index.php", "USER": "northshire", "KEY": self.key},
            "smartsurvey": {"URL": f"{self.url}/v1", "TOKEN": "northshire", "KEY": self.key},
        }
        return {
            f"SAMEPICTURE_{platform.upper()}_{name}": value
            for platform in platforms or settings
            for name, value in settings[platform].items()
        }

    def delete(self, platform: str, number: int) -> None:
        """Somebody deletes a return at the platform."""
        self.returns[platform] = [item for item in self.returns[platform] if item.number != number]
        self._deleted += platform == "qualtrics"

    def change(self, platform: str, number: int, at: datetime, **changes: Any) -> None:
        """A return is edited."""
        item = next(item for item in self.returns[platform] if item.number == number)
        item.changed = at
        for name, value in changes.items():
            setattr(item, name, value)

    # -- answers --------------------------------------------------------------------------

    def is_let_in(self, path: str, headers: Any) -> bool:
        """LimeSurvey decides for itself."""
        basic = base64.b64encode(f"northshire:{self.key}".encode()).decode()
        wanted = {
            "v3": ("Authorization", f"Bearer {self.key}"),
            "API": ("X-API-TOKEN", self.key),
            "v1": ("Authorization", f"Basic {basic}"),
        }
        header, value = wanted.get(path.split("/")[1], ("", ""))
        return not header or headers.get(header) == value

    def answer(self, path: str, params: dict[str, str], body: Any) -> tuple[int, Any, dict[str, str]]:
        """Status, document or bytes, and headers of a request that was let in."""
        if path.startswith("/v3/surveys/"):
            return self._surveymonkey(path.removeprefix("/v3/surveys/"), params)
        if path.startswith("/v1/surveys/"):
            return self._smartsurvey(path.removeprefix("/v1/surveys/"), params)
        if path.startswith("/API/v3/"):
            return self._qualtrics(path.removeprefix("/API/v3/"), body)
        if path == "/index.php/admin/remotecontrol":
            return 200, {"id": 1, "result": self._limesurvey(body["method"], body["params"]), "error": None}, {}
        return 404, {"error": {"name": "Not Found"}}, {}

    def _surveymonkey(self, path: str, params: dict[str, str]) -> tuple[int, Any, dict[str, str]]:
        held = {shapes.surveymonkey_response(SURVEYMONKEY, item)["id"]: item for item in self.returns["surveymonkey"]}
        if path == f"{SURVEYMONKEY}/details":
            return 200, shapes.surveymonkey_details(SURVEYMONKEY), {}
        if path == f"{SURVEYMONKEY}/responses/bulk":
            since = datetime.fromisoformat(params["start_modified_at"]).replace(tzinfo=UTC)
            found = sorted((item for item in held.values() if item.changed >= since), key=lambda item: item.changed)
            page, size = int(params["page"]), min(int(params["per_page"]), 100)
            data = [shapes.surveymonkey_response(SURVEYMONKEY, item) for item in found[(page - 1) * size : page * size]]
            return 200, {"data": data, "per_page": size, "page": page, "total": len(found), "links": {}}, {}
        match = re.fullmatch(rf"{SURVEYMONKEY}/responses/(\d+)", path)
        if match and match[1] in held:
            return 200, shapes.surveymonkey_response(SURVEYMONKEY, held[match[1]]), {}
        return 404, {"error": {"id": "1020", "name": "Resource Not Found"}}, {}

    def _smartsurvey(self, path: str, params: dict[str, str]) -> tuple[int, Any, dict[str, str]]:
        held = {30_000 + item.number: item for item in self.returns["smartsurvey"]}
        if path == SMARTSURVEY:
            return 200, {"id": int(SMARTSURVEY), "title": "Northmoor outpatient survey", "responses": len(held)}, {}
        if path == f"{SMARTSURVEY}/responses":
            since = datetime.fromtimestamp(int(params["since"]), UTC)
            found = sorted((item for item in held.values() if item.sent >= since), key=lambda item: item.sent, reverse=True)
            page, size = int(params["page"]), min(int(params["page_size"]), 100)
            shown = [shapes.smartsurvey_response(int(SMARTSURVEY), item) for item in found[(page - 1) * size : page * size]]
            return 200, shown, {"X-SS-Pagination-Total": str(len(found))}
        match = re.fullmatch(rf"{SMARTSURVEY}/responses/(\d+)", path)
        if match and int(match[1]) in held:
            return 200, shapes.smartsurvey_response(int(SMARTSURVEY), held[int(match[1])]), {}
        return 404, {"status": 404, "message": "Not found"}, {}

    def _qualtrics(self, path: str, body: Any) -> tuple[int, Any, dict[str, str]]:
        held = self.returns["qualtrics"]
        exports = f"surveys/{QUALTRICS}/export-responses"
        if path == f"surveys/{QUALTRICS}":
            counts = {"auditable": len(held), "generated": 0, "deleted": self._deleted}
            return 200, {"result": {"id": QUALTRICS, "responseCounts": counts}}, {}
        if path == f"survey-definitions/{QUALTRICS}":
            return 200, {"result": shapes.qualtrics_definition(QUALTRICS)}, {}
        if path == exports and body:
            token = body.get("continuationToken", "token-0")
            if not re.fullmatch(r"token-\d+", token):
                return 400, {"meta": {"httpStatus": "400 - Bad Request", "error": {"errorCode": "BRE_0.0"}}}, {}
            progress = f"ES_{len(self._exports)}"
            self._exports[progress] = ([item for item in held if item.changed.timestamp() > int(token[6:])], 0)
            return 200, {"result": {"progressId": progress, "percentComplete": 0.0, "status": "inProgress"}}, {}
        if match := re.fullmatch(rf"{exports}/(ES_\d+)(/file)?", path):
            found, looks = self._exports[match[1]]
            if match[2]:
                return 200, self._zip(found), {}
            self._exports[match[1]] = (found, looks + 1)
            result: dict[str, Any] = {"percentComplete": 100.0, "status": "inProgress", "fileId": None}
            if self.failed_export:
                result["status"] = "failed"
            elif looks:  # at the first look all percent are there, but no file
                latest = max((item.changed.timestamp() for item in held), default=0)
                result |= {"status": "complete", "fileId": match[1], "continuationToken": f"token-{int(latest)}"}
            return 200, {"result": result}, {}
        match = re.fullmatch(rf"surveys/{QUALTRICS}/responses/(R_\w+)", path)
        item = next((item for item in held if match and shapes.qualtrics_response(item)["responseId"] == match[1]), None)
        return (200, {"result": shapes.qualtrics_response(item)}, {}) if item else (404, {"meta": {"httpStatus": "404 - Not Found"}}, {})

    def _zip(self, found: list[Invented]) -> bytes:
        if self.broken_zip:
            return b"PK\x03\x04 and no more"
        content = json.dumps({"responses": [shapes.qualtrics_response(item) for item in found]}).encode()
        target = io.BytesIO()
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("Northmoor maternity survey.json", content)
        return target.getvalue()

    def _limesurvey(self, method: str, params: list[Any]) -> Any:
        if method == "get_session_key":
            if params[:2] != ["northshire", self.key]:
                return {"status": "Invalid user name or password"}
            self._logins += 1
            self.sessions.add(f"session{self._logins}")
            return f"session{self._logins}"
        if params[0] not in self.sessions:
            return {"status": "Invalid session key"}
        match method:
            case "release_session_key":
                self.sessions.discard(params[0])
                return "OK"
            case "get_language_properties":
                return {"surveyls_title": "Northmoor community survey"}
            case "list_questions":
                return shapes.limesurvey_questions(params[1])
            case "get_question_properties":
                return {"answeroptions": shapes.limesurvey_options(params[1])}
            case "export_responses" if str(params[1]) != LIMESURVEY:
                return {"status": "No permission"}
            case "export_responses":
                return self._limesurvey_export(*params[7:])
        return {"status": "Faulty call"}

    def _limesurvey_export(self, first: int | None, last: int | None, fields: list[str] | None) -> Any:
        held = [item for item in self.returns["limesurvey"] if (first or 0) <= item.number <= (last or item.number)]
        if not held:
            return {"status": "No Data, could not get max id."}
        found = [shapes.limesurvey_response(item) for item in held]
        if fields:
            found = [{name: item[name] for name in fields} for item in found]
        return base64.b64encode(json.dumps({"responses": found}).encode()).decode()


def _handler(surveys: DemoSurveys) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._take(None)

        def do_POST(self) -> None:
            self._take(json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0))))

        def _take(self, body: Any) -> None:
            parts = urlsplit(self.path)
            if not surveys.is_let_in(parts.path, self.headers):
                self._send(401, b'{"error": {"name": "Authorization Error"}}', {})
                return
            request = body["method"] if body and "method" in body else self.path
            surveys.requests.append(request)
            match surveys.faults.popleft() if surveys.faults else None:
                case "wait":
                    self._send(429, b"{}", {"Retry-After": "1"})
                case "quota":
                    quota = "X-Ratelimit-App-Global-Day"
                    self._send(429, b"{}", {f"{quota}-Limit": "500", f"{quota}-Remaining": "0", f"{quota}-Reset": "40000"})
                case "error":
                    self._send(500, SORRY_PAGE, {})
                case "html":
                    self._send(200, SORRY_PAGE, {})
                case fault:
                    surveys.before_answer(request)
                    params = {name: values[0] for name, values in parse_qs(parts.query).items()}
                    status, document, headers = surveys.answer(parts.path, params, body)
                    content = document if isinstance(document, bytes) else json.dumps(document).encode()
                    self._send(status, content[: len(content) // 2] if fault else content, headers, len(content))

        def _send(self, status: int, body: bytes, headers: dict[str, str], length: int | None = None) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body) if length is None else length))
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)
            self.close_connection = length is not None and length != len(body)

        def log_message(self, *_: object) -> None:
            """Quiet: the terminal belongs to whoever runs the demo."""

    return Handler
