"""The operators' page on Airflow's own API server: who may see it, who may replay, and what a replay is."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from samepicture.settings import PROJECT
from tests.keys import KEYS
from tests.made import Made, fresh
from tests.told import Mails, mail_server

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def mails() -> Iterator[Mails]:
    with mail_server() as server:
        yield server


@pytest.fixture(scope="module")
def seen(made_embedded: Made, mails: Mails, tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("operating")
    home = folder / "home"
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("SAMEPICTURE_", "AIRFLOW_"))},
        **KEYS,
        "SAMEPICTURE_HOME": str(home),
        "SAMEPICTURE_SMTP_URL": f"smtp://127.0.0.1:{mails.port}",
        "SAMEPICTURE_MAIL_FROM": "samepicture@ics.example",
        "SAMEPICTURE_DIGEST_NURSING_TO": "chief.nurse@ics.example, deputy@ics.example",
    }
    made_embedded.embedded(fresh(home))
    outcome = folder / "seen.json"
    done = subprocess.run(
        [sys.executable, "-m", "tests.operating.airflow_driver", str(outcome)],
        cwd=PROJECT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert outcome.exists(), done.stderr[-3000:]
    return json.loads(outcome.read_text())


def test_who_may_see_feeds_sees_the_page_and_nobody_else(seen: Any) -> None:
    assert seen["pages"] == {"None": [401] * 5, "viewer": [200] * 5, "user": [200] * 5}
    assert (seen["unknown"], seen["nonsense"]) == (404, 404)
    assert seen["headers"]["cache-control"] == "private, no-store"
    assert "script" not in seen["headers"]["content-security-policy"], "default-src 'none' is for scripts too"


def test_the_page_shows_what_came(seen: Any) -> None:
    feeds, submissions, one = seen["html"].values()
    assert "KO41" in feeds
    assert seen["submission"] in submissions
    assert "too_many_rejected" in one
    assert "sample_ko41b_practice" not in feeds + submissions + one, "a sender may name a person in the name of a file"


def test_only_who_may_trigger_is_offered_a_replay(seen: Any) -> None:
    assert 'method="post"' in seen["of_user"]
    assert 'method="post"' not in list(seen["html"].values())[-1]


def test_a_replay_is_refused_without_the_right_and_from_elsewhere(seen: Any) -> None:
    assert seen["refused"] == {
        "nobody": 401,
        "viewer": 403,
        "another site": 403,
        "another site, an old browser": 403,
        "who does not say": 403,
        "by GET": 405,
        "another run's name": 422,
    }
    assert seen["runs_after_refusals"] == []


def test_a_double_click_is_one_run_of_airflows_own(seen: Any) -> None:
    run_id = f"{seen['submission']}_20261125T120000"
    assert seen["twice"] == [[303, f"../{seen['submission']}?asked={run_id}"]] * 2
    assert seen["runs"] == [[run_id, "queued", {"submission_id": seen["submission"]}]]
    assert "Replay asked for" in seen["asked"]
    assert run_id in seen["asked"]
    assert seen["runs_in_the_end"] == [[run_id, "success", {"submission_id": seen["submission"]}]]
    assert seen["failed"] == []
    assert "too_many_rejected" in seen["replayed"], "it was judged again, and is as bad as before"


def test_the_digests_own_dag_sends_it_once(seen: Any, mails: Mails) -> None:
    assert seen["failed"] == []
    (mail,) = mails.received
    assert mail["To"] == "chief.nurse@ics.example, deputy@ics.example"
    assert mail["Subject"].startswith("Same Picture: ")
