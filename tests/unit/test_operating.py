"""The operator's page has a section for whatever can raise an alarm, and names commands that there are."""

from __future__ import annotations

import ast
import re

import pytest
import typer

from samepicture.airflow.environment import ONE_MACHINE, QUICK, SEVERAL_MACHINES
from samepicture.cli import app
from samepicture.health import PARTS
from samepicture.metrics import METRICS
from samepicture.notices import KINDS
from samepicture.settings import PROJECT

PAGE = (PROJECT / "docs" / "operating.md").read_text()
SECTIONS = {match[1]: match[2] for match in re.finditer(r"(?ms)^#### (\S[^\n]*)\n(.*?)(?=^#{1,4} |\Z)", PAGE)}


@pytest.mark.parametrize("name", [*KINDS, *PARTS, *METRICS])
def test_every_alert_has_a_section_that_says_what_to_do(name: str) -> None:
    assert name in SECTIONS, f"docs/operating.md has no section '#### {name}'"
    assert "`" in SECTIONS[name], "no command"
    assert len(SECTIONS[name].split()) >= 8


def test_every_kind_of_notice_is_listed() -> None:
    """What notices.py makes, and KINDS, are the same."""
    tree = ast.parse((PROJECT / "plugins" / "samepicture" / "notices.py").read_text())
    made = {
        node.args[0].value
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "Problem"
        and isinstance(node.args[0], ast.Constant)
    }
    assert made == set(KINDS)


def test_the_commands_are_there() -> None:
    known = set(typer.main.get_command(app).commands)  # type: ignore[attr-defined]
    named = set(re.findall(r"(?m)(?:`|^)samepicture ([a-z-]+)", PAGE))
    assert len(named) >= 7
    assert named - known == set()


@pytest.mark.parametrize("name", [*QUICK, *ONE_MACHINE, *SEVERAL_MACHINES])
def test_every_setting_for_speed_is_explained(name: str) -> None:
    option = name.rsplit("__", 1)[1].lower()
    assert option in PAGE or option in ("executor", "task_queued_timeout_check_interval")


def test_its_links_lead_somewhere() -> None:
    for target in re.findall(r"\]\(#([a-z-]+)\)", PAGE):
        titles = {re.sub(r"[^\w -]", "", title.lower()).strip().replace(" ", "-") for title in re.findall(r"(?m)^#+ (.+)$", PAGE)}
        assert target in titles
