"""What feed.yml names comes out of the environment, or out of Airflow's own secrets backends."""

from __future__ import annotations

from pathlib import Path

import pytest

from samepicture.airflow.secrets import Environment, named_by
from samepicture.feed import load_feed
from samepicture.settings import PROJECT


def test_the_environment_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_VAR_SAMEPICTURE_A_KEY", "of a backend")
    assert Environment()["SAMEPICTURE_A_KEY"] == "of a backend"
    monkeypatch.setenv("SAMEPICTURE_A_KEY", "of the environment")
    assert Environment()["SAMEPICTURE_A_KEY"] == "of the environment"


@pytest.mark.parametrize("name", ["SAMEPICTURE_NOWHERE_KEY", "", "None"])
def test_what_nobody_has_is_missing(name: str) -> None:
    assert name not in Environment()
    assert Environment().get(name, "") == ""


def test_a_watchers_names_are_looked_up_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "complaint_northmoor"
    folder.mkdir()
    (folder / "feed.yml").write_text((PROJECT / "dags/feeds/complaint_northmoor/feed.yml").read_text())
    feed = load_feed(folder)
    monkeypatch.setenv("AIRFLOW_VAR_SAMEPICTURE_NORTHMOOR_SFTP_HOST", "sftp.example")
    monkeypatch.setenv("SAMEPICTURE_NORTHMOOR_SFTP_USERNAME", "ics")
    assert named_by(feed) == {"SAMEPICTURE_NORTHMOOR_SFTP_HOST": "sftp.example", "SAMEPICTURE_NORTHMOOR_SFTP_USERNAME": "ics"}
