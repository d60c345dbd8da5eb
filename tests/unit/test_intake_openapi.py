"""schemathesis attacks the webhook by its own OpenAPI: every answer is one that it declares, none is a crash."""

from __future__ import annotations

from pathlib import Path

import pytest
import schemathesis
import yaml
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance, status_code_conformance

from samepicture.airflow import intake
from samepicture.settings import PROJECT
from tests.stack import SECRET, SECRET_VARIABLE, signed

schema = schemathesis.openapi.from_asgi("/openapi.json", intake.app)


@pytest.fixture(autouse=True)
def installation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = yaml.safe_load((PROJECT / "dags/feeds/complaint_northmoor/feed.yml").read_text())
    folder = tmp_path / "feeds" / "complaint_pushed"
    folder.mkdir(parents=True)
    document = {**model, "id": "complaint_pushed", "connector": {"webhook": {"secret_from": SECRET_VARIABLE}}}
    (folder / "feed.yml").write_text(yaml.safe_dump(document))
    monkeypatch.setenv("SAMEPICTURE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("SAMEPICTURE_FEEDS", str(tmp_path / "feeds"))
    monkeypatch.setenv(SECRET_VARIABLE, SECRET)
    monkeypatch.setattr(intake, "_announce", lambda *_: None)  # what follows has Airflow's database and tests of its own


@schema.parametrize()
@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
def test_every_answer_is_declared(case: schemathesis.Case) -> None:
    if case.path_parameters["feed_id"] < "n":  # half of them reach a feed that there is
        case.path_parameters["feed_id"] = "complaint_pushed"
        case.headers.update(signed(case.body if isinstance(case.body, bytes) else b""))
    response = case.call()
    case.validate_response(
        response, checks=[not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
    )
