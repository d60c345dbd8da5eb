"""`GET /samepicture/...` on Airflow's API server: the page, for those who may see the DAG `page`.

The files are those that anybody can put on an intranet; here Airflow's own log-in and
permissions stand before them.
"""

from __future__ import annotations

from airflow.api_fastapi.core_api.security import requires_access_dag
from fastapi import Depends, FastAPI, HTTPException, Request, Response
from fastapi.staticfiles import StaticFiles

from samepicture.airflow.factory import PAGE_DAG
from samepicture.page.edition import NOTE, current
from samepicture.settings import Settings

PREFIX = "/samepicture"
HEADERS = {
    "Cache-Control": "private, no-cache",  # no proxy keeps what needs a permission; a browser asks whether it is still the newest
    "Content-Security-Policy": "frame-ancestors 'self'",
    "X-Content-Type-Options": "nosniff",
}

app = FastAPI(title="Same Picture page", description=__doc__ or "", docs_url=None, redoc_url=None, openapi_url=None)


@app.get("/{path:path}", dependencies=[Depends(requires_access_dag("GET", param_dag_id=PAGE_DAG))])
async def page(path: str, request: Request) -> Response:
    """A file of the newest edition."""
    edition = current(Settings.from_environment())
    if edition is None:
        raise HTTPException(404, "There is no page yet: the DAG `page` makes it after the first publish, or `samepicture page` now.")
    if path == NOTE:
        raise HTTPException(404, "There is no such page.")
    answer = await StaticFiles(directory=edition).get_response(path, request.scope)
    answer.headers.update(HEADERS)
    return answer
