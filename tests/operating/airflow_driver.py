"""Runs in a process of its own: Airflow's API server and scheduler on one installation, asked as several people; then the digest, twice. Writes what it saw as JSON."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

from samepicture.airflow.environment import airflow_environment, apply
from samepicture.load import register_feeds
from samepicture.process import Pipeline
from samepicture.settings import PROJECT, Settings
from samepicture.warehouse import open_warehouse

SAMPLE = PROJECT / "dags" / "feeds" / "complaint_return" / "sample_ko41b_practice.csv"
OURS = {"origin": "http://testserver", "sec-fetch-site": "same-origin"}

settings = Settings.from_environment()
apply(
    {
        **airflow_environment(settings),
        "AIRFLOW__CORE__EXECUTOR": "samepicture.airflow.embedded.EmbeddedExecutor",
        "AIRFLOW__LOGGING__LOGGING_LEVEL": "ERROR",
    }
)
from airflow.api_fastapi.app import get_auth_manager  # noqa: E402
from airflow.api_fastapi.auth.managers.simple.user import SimpleAuthManagerUser  # noqa: E402
from airflow.models.dagrun import DagRun  # noqa: E402
from airflow.utils.session import create_session  # noqa: E402
from sqlalchemy import select  # noqa: E402
from starlette.testclient import TestClient  # noqa: E402

from samepicture.airflow import embedded  # noqa: E402


def runs() -> list[tuple[str, str, Any]]:
    with create_session() as session:
        found = session.execute(select(DagRun.run_id, DagRun.state, DagRun.conf).where(DagRun.dag_id == "replay")).all()
        return [(row.run_id, str(row.state), row.conf) for row in found]


pipeline = Pipeline(settings)
receipt, _ = pipeline.land_file("complaint_return", SAMPLE)
pipeline.judge(receipt.submission_id)
pipeline.load(receipt.submission_id)
with open_warehouse(settings).writer() as connection:
    register_feeds(connection, [pipeline.feed("complaint_return")])  # as each build does
embedded.set_up()

from airflow.api_fastapi.main import app  # noqa: E402

page = f"/operating/submissions/{receipt.submission_id}"
seen: dict[str, Any] = {"submission": receipt.submission_id}
with TestClient(app) as server:

    def person(role: str | None) -> TestClient:
        client = TestClient(app)
        if role is not None:
            client.cookies.set("_token", get_auth_manager().generate_jwt(SimpleAuthManagerUser(username=role, role=role)))
        return client

    pages = ("/operating/", "/operating/index.html", "/operating/submissions", page, "/operating/assets/operating.css")
    seen["pages"] = {str(role): [person(role).get(path).status_code for path in pages] for role in (None, "viewer", "user")}
    seen["html"] = {path: person("viewer").get(path).text for path in pages[1:4]}
    seen["of_user"] = person("user").get(page).text
    seen["headers"] = dict(person("viewer").get(page).headers)
    seen["unknown"] = person("viewer").get("/operating/submissions/complaint_return.0000000000000000").status_code
    seen["nonsense"] = person("viewer").get("/operating/submissions/..%2F..%2Fetc").status_code
    form = {"key": "20261125T120000"}
    seen["refused"] = {
        "nobody": person(None).post(f"{page}/replay", data=form, headers=OURS).status_code,
        "viewer": person("viewer").post(f"{page}/replay", data=form, headers=OURS).status_code,
        "another site": person("user").post(f"{page}/replay", data=form, headers={**OURS, "sec-fetch-site": "cross-site"}).status_code,
        "another site, an old browser": person("user")
        .post(f"{page}/replay", data=form, headers={"origin": "https://evil.example"})
        .status_code,
        "who does not say": person("user").post(f"{page}/replay", data=form).status_code,
        "by GET": person("user").get(f"{page}/replay", headers=OURS).status_code,
        "another run's name": person("user").post(f"{page}/replay", data={"key": "../x"}, headers=OURS).status_code,
    }
    seen["runs_after_refusals"] = runs()
    twice = [person("user").post(f"{page}/replay", data=form, headers=OURS, follow_redirects=False) for _ in range(2)]
    seen["twice"] = [(answer.status_code, answer.headers.get("location")) for answer in twice]
    seen["asked"] = person("user").get(urljoin(f"{page}/replay", twice[0].headers["location"])).text
    seen["runs"] = runs()
    embedded.run_until_idle([], lambda *_: None)
    seen["runs_in_the_end"] = runs()
    seen["replayed"] = person("user").get(page).text
for _ in range(2):
    embedded.run_until_idle(["digest"], lambda *_: None)
seen["failed"] = embedded.failed_runs()
Path(sys.argv[1]).write_text(json.dumps(seen))
