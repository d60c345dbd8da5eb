"""`/operating/...` on Airflow's API server: the operators' page, for those who may see the DAG `intake`.

It shows what is in the ledger. A replay is Airflow's own: the form's POST goes on to its API, in
this process, with the credentials of whoever sent it, so that Airflow decides whether they may.
"""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote, urlsplit

import httpx
from airflow.api_fastapi.app import get_auth_manager
from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity, DagDetails
from airflow.api_fastapi.core_api.security import GetUserDep, requires_access_dag
from duckdb import Error as DuckDBError
from fastapi import Depends, FastAPI, Form, HTTPException, Query, Request
from fastapi import Path as InPath
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy.exc import SQLAlchemyError

from samepicture.operating import rendering
from samepicture.operating.reading import read_feed_list, read_submission, read_submission_list
from samepicture.page.words import capital
from samepicture.settings import Settings
from samepicture.warehouse import WarehouseError

PREFIX = "/operating"
SEEN_BY = "intake"
"""Who may see this DAG, the sweep over every feed, may see what came of every feed."""
REPLAY_DAG = "replay"
SUBMISSION = r"^[a-z][a-z0-9_]{0,99}\.[0-9a-f]{16}$"
HEADERS = {
    "Cache-Control": "private, no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'self'",
    "X-Content-Type-Options": "nosniff",
}
KEPT = {**HEADERS, "Cache-Control": "private, max-age=3600"}

app = FastAPI(
    title="Same Picture operating",
    description=__doc__ or "",
    docs_url=None,
    redoc_url=None,
    openapi_url=None,
    dependencies=[Depends(requires_access_dag("GET", param_dag_id=SEEN_BY))],
)
SubmissionId = Annotated[str, InPath(pattern=SUBMISSION)]


@app.get("/")
def entrance() -> Response:
    """The page of all feeds has a name, so that links beside it hold."""
    return RedirectResponse("index.html", 302, HEADERS)


@app.get("/index.html")
def feeds() -> Response:
    """All feeds."""
    return _page(rendering.feed_list(read_feed_list(Settings.from_environment()), ""))


@app.get("/submissions")
def submissions(
    feed: Annotated[str, Query(pattern=r"^([a-z][a-z0-9_]{0,99})?$")] = "", before: Annotated[str | None, Query(pattern=SUBMISSION)] = None
) -> Response:
    """The newest submissions, of one feed or all; or those before one."""
    return _page(rendering.submission_list(read_submission_list(Settings.from_environment(), feed or None, before), ""))


@app.get("/submissions/{submission_id}")
def submission(
    submission_id: SubmissionId,
    user: GetUserDep,
    line: Annotated[int, Query(ge=0, le=100_000_000)] = 0,
    asked: Annotated[str, Query(pattern=r"^[A-Za-z0-9_.-]{0,200}$")] = "",
) -> Response:
    """One submission: stages, rejections line by line, warnings; and a way to have it replayed."""
    found = read_submission(Settings.from_environment(), submission_id, line)
    if found is None:
        sentence = (
            f"The ledger has no submission {submission_id}. One that was landed and waits to be loaded is not there yet: `samepicture status` "
            "shows it."
        )
        return _page(rendering.message("Not in the ledger", sentence, "../"), 404)
    may_replay = get_auth_manager().is_authorized_dag(
        method="POST", access_entity=DagAccessEntity.RUN, details=DagDetails(id=REPLAY_DAG), user=user
    )
    return _page(rendering.submission(found, "../", may_replay=may_replay, asked=asked))


def from_our_own_page(request: Request) -> None:
    """Another site's page can't have somebody replay: a browser says where a request comes from, and the cookie is not sent there."""
    origin, site = request.headers.get("origin", ""), request.headers.get("sec-fetch-site")
    if not (site == "same-origin" if site is not None else origin and urlsplit(origin).netloc == request.headers.get("host")):
        raise HTTPException(403, "This did not come from the page itself: open the submission's page, and ask for the replay there.")


@app.post("/submissions/{submission_id}/replay", dependencies=[Depends(from_our_own_page)])
async def replay(submission_id: SubmissionId, request: Request, key: Annotated[str, Form(pattern=r"^\d{8}T\d{6}$")]) -> Response:
    """Have Airflow run the DAG `replay`. `key` is the form's: who sends it twice has asked for one run."""
    run_id = f"{submission_id}_{key}"
    answer = await _ask_airflow(
        request,
        f"/api/v2/dags/{REPLAY_DAG}/dagRuns",
        {"dag_run_id": run_id, "logical_date": None, "conf": {"submission_id": submission_id}},
    )
    if answer.status_code not in (200, 409):  # 409: that run is there already
        sentence = {
            401: "Airflow does not know you any more: log in, and ask again.",
            403: f"You may not trigger the DAG {REPLAY_DAG}: ask whoever gives permissions in Airflow.",
        }.get(
            answer.status_code,
            f"Airflow did not take the run (status {answer.status_code}): is the DAG {REPLAY_DAG} there, and without an import error?",
        )
        return _page(rendering.message("Not replayed", sentence, "../../"), answer.status_code)
    return RedirectResponse(f"../{quote(submission_id)}?asked={quote(run_id)}", 303, HEADERS)


@app.get("/assets/{name}")
def asset(name: str) -> Response:
    """A stylesheet."""
    if name not in rendering.STYLES:
        raise HTTPException(404, "There is no such file.")
    return Response(rendering.assets()[name], media_type="text/css", headers=KEPT)


@app.exception_handler(WarehouseError)
@app.exception_handler(SQLAlchemyError)
@app.exception_handler(DuckDBError)
def unread(request: Request, error: Exception) -> Response:
    """Our own sentence; of a library's error the kind alone, for its words may hold a password."""
    sentence = str(error) if isinstance(error, WarehouseError) else f"it does not answer ({type(error).__name__}): see `samepicture health`"
    below = request.scope["path"].removeprefix(request.scope.get("root_path", "")).strip("/").count("/")
    return _page(rendering.message("The warehouse can't be read", f"{capital(sentence)}.", "../" * below), 503)


def _page(html: str, status: int = 200) -> Response:
    return HTMLResponse(html, status, HEADERS)


async def _ask_airflow(request: Request, path: str, body: dict[str, object]) -> httpx.Response:
    """Post to Airflow's API in this process, as who sent the request."""
    from airflow.api_fastapi.main import app as api  # the server's own: it is there by now

    headers = {name: request.headers[name] for name in ("authorization", "cookie") if name in request.headers}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=api), base_url=str(request.base_url)) as client:
        return await client.post(path, json=body, headers=headers)
