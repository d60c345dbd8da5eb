"""The command, as a person and a script use it: real files, a real warehouse, real exit codes."""

from __future__ import annotations

import csv
import io
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from samepicture.settings import PROJECT
from tests.keys import KEYS
from tests.made import Made, fresh

RETURNS = PROJECT / "dags" / "feeds" / "complaint_return"
BAD = RETURNS / "sample_ko41a_organisation.csv"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, made_embedded: Made) -> Path:
    return made_embedded.embedded(fresh(tmp_path_factory.mktemp("cli"))).home


def samepicture(home: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    variables = {name: value for name, value in os.environ.items() if not name.startswith("SAMEPICTURE_")}
    variables |= {"SAMEPICTURE_HOME": str(home), **KEYS} | environment
    command = [str(Path(sys.executable).with_name("samepicture")), *arguments]
    return subprocess.run(command, env=variables, capture_output=True, text=True, timeout=200, check=False)


@pytest.fixture(scope="module")
def submitted(home: Path) -> subprocess.CompletedProcess[str]:
    good = home / "practices.csv"
    good.write_text("".join((RETURNS / "sample_ko41b_practice.csv").read_text().splitlines(keepends=True)[:9]))
    return samepicture(home, "submit", "complaint_return", str(good), str(BAD), "--now")


def test_a_saved_question_is_asked_as_the_page_says(home: Path, submitted: subprocess.CompletedProcess[str]) -> None:
    """It begins with a comment, which the command would take for an option."""
    assert 'samepicture query -- "$(cat dbt/analyses/' in (PROJECT / "docs" / "analyst.md").read_text()
    done = samepicture(home, "query", "--", (PROJECT / "dbt" / "analyses" / "20_feed_health.sql").read_text())
    assert done.returncode == 0, done.stderr
    assert "Written complaints" in done.stdout


def test_submit_now_tells_what_became_of_each_file(submitted: subprocess.CompletedProcess[str]) -> None:
    assert "loaded: 8 of 8 records accepted, 0 rejected" in submitted.stdout
    assert "rejected (too_many_rejected): 7 of 11 records" in submitted.stdout
    assert "rebuilt" in submitted.stdout
    assert submitted.returncode == 1, "a refused submission must be seen by scripts"


@pytest.mark.usefixtures("submitted")
def test_status_lists_both(home: Path) -> None:
    shown = samepicture(home, "status", "--feed", "complaint_return")
    assert shown.returncode == 0
    assert [line for line in shown.stdout.splitlines() if "practices.csv" in line and "loaded" in line]
    assert [line for line in shown.stdout.splitlines() if BAD.name in line and "rejected" in line]


@pytest.mark.usefixtures("submitted")
def test_status_tells_where_the_time_of_each_went(home: Path) -> None:
    shown = samepicture(home, "status", "--timings", "--feed", "complaint_return")
    assert shown.returncode == 0, shown.stderr
    heading, *rows = shown.stdout.splitlines()
    assert re.split(r"  +", heading.strip())[3:] == [
        "waited to be judged", "judged", "waited to be loaded", "loaded", "waited for a build", "built", "published", "in all",
    ]  # fmt: skip
    loaded, refused = (next(row for row in rows if f" {outcome} " in row).split("  ") for outcome in ("loaded", "rejected"))
    assert not [cell for cell in loaded if cell.strip() == "-"]
    assert len([cell for cell in refused if cell.strip() == "-"]) == 3, "a refused one is neither built nor published"
    assert samepicture(home, "status", "--timings", "--feed", "nobody").returncode == 1


@pytest.mark.usefixtures("submitted")
def test_a_digest_is_shown_and_nobody_is_told(home: Path) -> None:
    shown = samepicture(home, "digest", "--show", "comms")
    assert shown.returncode == 0, shown.stderr
    assert "WHAT IS SPECIAL CAUSE" in shown.stdout
    unset = samepicture(home, "digest")
    assert unset.returncode == 1
    assert "SAMEPICTURE_DIGEST_NURSING_TO" in unset.stderr


def test_rejects_as_csv_can_be_sent_back(home: Path, submitted: subprocess.CompletedProcess[str]) -> None:
    refused = next(line.split()[0] for line in submitted.stdout.splitlines() if "too_many_rejected" in line)
    rows = list(csv.reader(io.StringIO(samepicture(home, "rejects", refused, "--csv").stdout)))
    assert rows[0] == ["part", "line", "code", "column", "what to do"]
    assert [row[1] for row in rows[2:]] == ["5", "6", "7", "8", "9", "10", "11"]


@pytest.mark.usefixtures("submitted")
def test_query_reads_the_published_copy_and_changes_nothing(home: Path) -> None:
    asked = samepicture(
        home,
        "query",
        "select sum(complaints_count) as new from conformed.fct_complaint_return where measure_code = 'complaints_total_new'",
        "--csv",
    )
    assert asked.stdout.splitlines() == ["new", "292"]
    refused = samepicture(home, "query", "drop table ops.submission")
    assert refused.returncode == 1
    assert "read-only" in refused.stderr


@pytest.mark.usefixtures("submitted")
def test_replay_gives_the_same(home: Path) -> None:
    before = samepicture(
        home, "query", "select * exclude (load_number, replaced_row_count) from ops.submission order by all", "--csv"
    ).stdout
    loaded = next(line.split(",")[0] for line in before.splitlines() if ",loaded," in line)
    assert samepicture(home, "replay", loaded).returncode == 0
    assert (
        samepicture(home, "query", "select * exclude (load_number, replaced_row_count) from ops.submission order by all", "--csv").stdout
        == before
    )


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["submit", "no_such_feed", str(BAD)], "there is no feed 'no_such_feed': use one of"),
        (["rejects", "no.such.submission"], "no submission 'no.such.submission' was landed here"),
        (["query", "select * from nowhere"], "the query could not run"),
        (["new-feed", "x", "--record-type", "nothing"], "use one of complaint"),
    ],
)
@pytest.mark.usefixtures("submitted")
def test_a_mistake_is_one_sentence(home: Path, arguments: list[str], sentence: str) -> None:
    done = samepicture(home, *arguments)
    assert done.returncode == 1
    assert sentence in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr


def test_fresh_keys_are_lines_for_a_shell(home: Path) -> None:
    lines = samepicture(home, "keys").stdout.splitlines()
    assert [line.partition("=")[0] for line in lines] == ["export SAMEPICTURE_PSEUDONYM_KEY", "export SAMEPICTURE_LANDING_KEY"]
    assert lines != samepicture(home, "keys").stdout.splitlines()


def test_nothing_is_landed_without_a_key(home: Path) -> None:
    done = samepicture(home, "submit", "complaint_return", str(BAD), SAMEPICTURE_LANDING_KEY="")
    assert done.returncode == 1
    assert "samepicture keys" in done.stderr


def test_a_missing_key_is_named(home: Path) -> None:
    done = samepicture(home, "submit", "complaint_return", str(BAD), "--now", SAMEPICTURE_PSEUDONYM_KEY="short")
    assert done.returncode == 1
    assert "SAMEPICTURE_PSEUDONYM_KEY" in done.stderr


@pytest.mark.parametrize(
    "command",
    [
        "submit",
        "collect",
        "status",
        "rejects",
        "feedback",
        "notices",
        "digest",
        "replay",
        "query",
        "feeds",
        "new-feed",
        "docs",
        "demo",
        "airflow",
        "keys",
        "encrypt-landing",
        "erase",
        "retention",
        "rotate-key",
        "backup",
        "restore",
        "rebuild",
        "redact-again",
        "harm-reviews",
        "harm-review",
    ],
)
def test_help_shows_an_example(home: Path, command: str) -> None:
    assert f"Example: samepicture {command}" in " ".join(samepicture(home, command, "--help").stdout.replace("`", "").split())
