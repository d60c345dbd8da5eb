"""Every route that our plugin adds to Airflow's API server asks who is there: a permission, or a signature."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from airflow.api_fastapi.app import create_auth_manager
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute, Mount
from starlette.testclient import TestClient

from samepicture.airflow.plugin import SamePicturePlugin
from samepicture.settings import PROJECT
from tests.stack import SECRET, SECRET_VARIABLE

DESCRIBING = ("/openapi.json", "/docs", "/docs/oauth2-redirect", "/redoc")
"""FastAPI's own pages: they tell of the route, and of no feed."""
OPEN = {("HEAD", "/{feed_id}"), *((method, path) for path in DESCRIBING for method in ("GET", "HEAD"))}
"""Routes that ask nobody: survey platforms ask HEAD before they take the address of a webhook."""
CREDENTIALS = ({}, {"Authorization": "Bearer nonsense"}, {"Authorization": "Basic YWRtaW46YWRtaW4="}, {"Cookie": "_token=nonsense"})
FEEDS = {
    "complaint_signed": {"secret_from": SECRET_VARIABLE},
    "survey_response_news": {"secret_from": SECRET_VARIABLE, "signed": "surveymonkey"},
    "complaint_unsigned": None,
}


@pytest.fixture
def feeds(tmp_path: Path, settings: object, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    document = yaml.safe_load((PROJECT / "dags/feeds/complaint_northmoor/feed.yml").read_text())
    for feed_id, webhook in FEEDS.items():
        folder = tmp_path / "feeds" / feed_id
        folder.mkdir(parents=True)
        connector = {"webhook": webhook} if webhook else {}
        if feed_id == "survey_response_news":
            options = {
                "surveys": {"1": {}},
                "base_url": "http://127.0.0.1:9",
                "base_url_from": "X",
                "key_from": "Y",
                "requests_per_second": 1,
            }
            connector |= {"kind": "surveymonkey", "schedule": "0 * * * *", "options": options}
        (folder / "feed.yml").write_text(yaml.safe_dump({**document, "id": feed_id, "connector": connector}))
    monkeypatch.setenv("SAMEPICTURE_FEEDS", str(tmp_path / "feeds"))
    monkeypatch.setenv(SECRET_VARIABLE, SECRET)
    monkeypatch.setenv("AIRFLOW__API_AUTH__JWT_SECRET", secrets.token_hex(32))
    create_auth_manager()  # as the API server does when it starts
    return list(FEEDS)


def routes(found: list[BaseRoute], prefix: str = "") -> Iterator[tuple[str, str]]:
    for route in found:
        if isinstance(route, Mount):
            yield from routes(list(route.routes), prefix + route.path)
        else:
            for method in sorted(getattr(route, "methods", None) or ["GET"]):
                yield method, prefix + getattr(route, "path", "")


def test_no_route_answers_a_stranger(feeds: list[str]) -> None:
    apps = SamePicturePlugin.fastapi_apps
    assert apps
    tried = 0
    for entry in apps:
        client = TestClient(entry["app"], raise_server_exceptions=False)
        for method, path in routes(entry["app"].routes):
            if (method, path) in OPEN:
                continue
            for feed_id in feeds:
                for headers in CREDENTIALS:
                    answer = client.request(method, path.replace("{feed_id}", feed_id), headers=headers, content=b"ID\n1\n")
                    if method == "HEAD" and answer.status_code == 405:
                        continue
                    assert answer.status_code in (401, 403), (
                        f"{method} {entry['url_prefix']}{path} of {feed_id} answers {answer.status_code} to {headers}"
                    )
                    tried += 1
    assert tried >= len(feeds) * len(CREDENTIALS), "no route was tried"


def test_what_is_open_tells_nothing_of_feeds(feeds: list[str]) -> None:
    for entry in SamePicturePlugin.fastapi_apps:
        client = TestClient(entry["app"])
        for method, path in routes(entry["app"].routes):
            if (method, path) in OPEN:
                answer = client.request(method, path.replace("{feed_id}", feeds[0]))
                other = client.request(method, path.replace("{feed_id}", "there_is_no_such_feed"))
                assert (answer.status_code, answer.content) == (other.status_code, other.content)
                assert not [feed_id for feed_id in feeds if feed_id.encode() in answer.content]


def test_nothing_is_added_to_airflow_beside_fastapi_apps() -> None:
    """A page, a middleware or a blueprint would be another door: it needs a test like these."""
    for name in ("flask_blueprints", "appbuilder_views", "fastapi_root_middlewares", "react_apps"):
        assert not getattr(SamePicturePlugin, name, []), name
    prefixes = {entry["url_prefix"].lstrip("/") for entry in SamePicturePlugin.fastapi_apps}
    for view in SamePicturePlugin.external_views:
        assert view["href"].split("/")[0] in prefixes, "the navigation leads to a route of ours, which asks who is there"
    for entry in SamePicturePlugin.fastapi_apps:
        assert all(isinstance(route, APIRoute) or getattr(route, "path", "") in DESCRIBING for route in entry["app"].routes)
