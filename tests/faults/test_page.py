"""The page in Airflow's own UI, behind its log-in: a real API server, a real browser."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests
from playwright.sync_api import Browser, expect

from samepicture.page.edition import write
from tests.browser.conftest import browser
from tests.browser.material import busy
from tests.faults.installation import installation
from tests.stack import Stack, wait_for

pytestmark = pytest.mark.faults
__all__ = ["browser"]  # a fixture
PAGE = "/samepicture/organisations/RZN.html"


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    folder = tmp_path_factory.mktemp("page")
    settings, further = installation(folder)
    users = {"AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": "admin:admin,vera:viewer"}
    with Stack(settings, folder / "stack", further | users) as stack:
        stack.start("api-server", "dag-processor")
        wait_for(lambda: stack.api("dags", dag_id_pattern="page")["total_entries"], 120, "the DAG page")
        yield stack


def token(stack: Stack, login: str) -> str:
    passwords = json.loads((Path(stack.environment["AIRFLOW_HOME"]) / "simple_auth_manager_passwords.json.generated").read_text())
    answer = requests.post(f"{stack.url}/auth/token", json={"username": login, "password": passwords[login]}, timeout=30)
    answer.raise_for_status()
    return str(answer.json()["access_token"])


def test_no_page_yet_says_what_makes_one(stack: Stack) -> None:
    answer = requests.get(stack.url + "/samepicture/index.html", headers={"Authorization": f"Bearer {stack.token()}"}, timeout=30)
    assert (answer.status_code, "`samepicture page`" in answer.json()["detail"]) == (404, True)


def test_for_those_with_permission_alone(stack: Stack, browser: Browser) -> None:
    edition = stack.settings.page / "20260101T000000000000"
    write(busy(), edition)
    (edition / "edition.json").write_text("{}")
    (stack.settings.page / "current").symlink_to(edition.name)
    for path in ("/samepicture/index.html", PAGE, "/samepicture/assets/page.css", "/samepicture/../samepicture/index.html"):
        assert requests.get(stack.url + path, timeout=30).status_code == 401, path
    for login in ("vera", "admin"):
        found = requests.get(stack.url + PAGE, headers={"Authorization": f"Bearer {token(stack, login)}"}, timeout=30)
        assert (found.status_code, "Northmoor Hospitals" in found.text) == (200, True)
        assert "private" in found.headers["cache-control"]
        assert found.headers["content-security-policy"] == "frame-ancestors 'self'"
    for path in ("edition.json", "..%2f..%2fwarehouse.duckdb", "%2fetc%2fpasswd", "organisations", "nobody.html"):
        answer = requests.get(f"{stack.url}/samepicture/{path}", headers={"Authorization": f"Bearer {stack.token()}"}, timeout=30)
        assert answer.status_code == 404, path


def test_it_has_its_place_in_the_navigation_and_its_choices_work_there(stack: Stack, browser: Browser, tmp_path: Path) -> None:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    host = urlsplit(stack.url).hostname or ""
    context.add_cookies([{"name": "_token", "value": token(stack, "vera"), "domain": host, "path": "/"}])
    page = context.new_page()
    page.goto(stack.url, wait_until="networkidle")
    page.get_by_role("link", name="The page").click()
    frame = page.frame_locator("iframe")
    frame.get_by_role("heading", name="The whole system", exact=True).wait_for(timeout=30_000)
    frame.locator("#organisation").select_option(label="Eastvale Hospitals NHS Trust")
    frame.locator("#theme").select_option("T08")
    frame.get_by_role("button", name="Show").click()
    frame.get_by_role("heading", name="Eastvale Hospitals NHS Trust", exact=True).wait_for(timeout=30_000)
    expect(frame.locator("#theme")).to_have_value("T08")  # the script comes after the heading
    page.screenshot(path=tmp_path / "in-airflow.png")
    context.close()
