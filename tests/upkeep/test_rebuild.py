"""The warehouse made again from the landing store alone: the same, or told; killed, it leaves the old one in place."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import insert, text

from samepicture import asked, ledger
from samepicture.process import Pipeline
from samepicture.settings import Settings
from samepicture.text_labels.labelling import label
from samepicture.upkeep.agreement import disagreements
from samepicture.upkeep.erase import erase, record_key
from samepicture.upkeep.rebuild import FOLDER, Difference, compare, rebuild
from samepicture.warehouse import open_warehouse
from tests.text_comments import trained
from tests.upkeep.cases import ORGANISATION, export, loaded, others, rows, tables


@pytest.fixture
def lived_in(pipeline: Pipeline) -> Pipeline:
    """An installation with versions, rejects, a refusal, an erased record, texts that a model has read, and files that came in another order than they are loaded."""
    asked.note(pipeline.settings, "survey_response_qualtrics")  # and nothing came
    waiting, _ = pipeline.land_file("complaint_return", next(iter(pipeline.feed("complaint_return").samples)))
    loaded(pipeline, export({"ID": "GONE"}, {"ID": "BAD", "Date received": "99/99/9999"}, *others(20)))
    loaded(pipeline, export({**others(1)[0], "Last updated": "01/11/2025 09:00"}))
    loaded(pipeline, export(*({**case, "Date received": "99/99/9999"} for case in others(5, 60))))
    pipeline.judge(waiting.submission_id)
    pipeline.load(waiting.submission_id)
    pipeline.build_and_publish()
    with open_warehouse(pipeline.settings).writer() as connection:
        row = {"directorate_code": "nursing", "week_start_date": date(2026, 11, 16), "sent_at": datetime(2026, 11, 23, tzinfo=UTC)}
        connection.execute(insert(ledger.digest), row)
    erase(pipeline, *record_key(pipeline.settings, "complaint", ORGANISATION, "GONE"))
    trained(pipeline.settings)
    label(pipeline.settings)
    pipeline.build_and_publish()
    return pipeline


@pytest.mark.quick_on("postgresql")
def test_it_is_the_same_and_takes_its_place(lived_in: Pipeline) -> None:
    before = tables(lived_in.settings)
    done = rebuild(lived_in)
    assert (done.differences, done.failed, done.in_place) == ((), {}, True)
    assert done.from_copies == 1
    assert done.tables > 60
    assert tables(lived_in.settings) == before
    assert rows(lived_in.settings, "select directorate_code from ops.digest") == [("nursing",)], "it would be sent again"
    assert disagreements(lived_in) == []
    assert not (lived_in.settings.home / FOLDER).exists()
    assert loaded(lived_in, export(*others(2, 90))).loaded
    assert lived_in.build_and_publish() is not None
    newest = "select model_names from ops.build order by load_number desc, finished_at desc limit 1"
    assert rows(lived_in.settings, newest) != [(None,)], "dbt need not make everything once more for a day's records"


VALUES = {"number": "-5", "share": "0.3", "at": "2026-11-23 09:00:00+00"}
SAID_OTHERWISE = {
    "same": {},
    "sum": {"share": "cast(0.1 as double precision) + cast(0.2 as double precision)"},
    "other_number": {"number": "-6"},
    "other_share": {"share": "0.30001"},
    "other_time": {"at": "2026-11-23 09:00:01+00"},
}


def test_a_value_is_the_same_however_an_engine_keeps_it(settings: Settings, postgres_url: str) -> None:
    shared, embedded = open_warehouse(replace(settings, warehouse=postgres_url)), open_warehouse(settings)
    for warehouse in (shared, embedded):
        warehouse.create()
        with warehouse.writer() as connection:
            connection.exec_driver_sql("create schema if not exists marts")
            for name, otherwise in SAID_OTHERWISE.items():
                said = VALUES | (otherwise if warehouse is embedded else {})
                connection.exec_driver_sql(
                    "create table marts.{name} as select cast({number} as integer) as n, cast({share} as double precision) as share, "
                    "cast('{at}' as timestamptz) as at".format(name=name, **said)
                )
    others = [Difference(f"marts.{name}", 1, 1) for name in ("other_number", "other_share", "other_time")]
    assert compare(shared, embedded)[1] == others
    assert compare(embedded, shared)[1] == others


@pytest.mark.faults
def test_differences_are_told_and_only_accepted_when_asked(lived_in: Pipeline) -> None:
    with open_warehouse(lived_in.settings).writer() as connection:
        connection.execute(
            text("""update raw.complaint set service_code = 'other' where case_pseudonym = (
                select min(case_pseudonym)
                from (select case_pseudonym from raw.complaint group by case_pseudonym having count(*) = 1) as of_one_version
            )""")
        )
    told = rebuild(lived_in)
    assert not told.in_place
    assert Difference("raw.complaint", 1, 1) in told.differences
    assert rows(lived_in.settings, "select count(*) from raw.complaint where service_code = 'other'") == [(1,)]
    done = rebuild(lived_in, accept_differences=True)
    assert done.in_place
    assert rows(lived_in.settings, "select count(*) from raw.complaint where service_code = 'other'") == [(0,)]
    assert rebuild(lived_in).differences == ()


@pytest.mark.faults
def test_a_killed_rebuild_leaves_the_old_one_in_place(lived_in: Pipeline) -> None:
    before = tables(lived_in.settings)
    program = (
        "import sys, time\nfrom samepicture.process import Pipeline\nfrom samepicture.settings import Settings\n"
        "from samepicture.upkeep.rebuild import rebuild\n"
        "def progress(what):\n    print(what, flush=True)\n    if what == 'building all models': time.sleep(60)\n"
        "rebuild(Pipeline(Settings.from_environment()), progress=progress)"
    )
    settings = lived_in.settings
    environment = {**os.environ, "SAMEPICTURE_WAREHOUSE": settings.warehouse}
    running = subprocess.Popen([sys.executable, "-c", program], env=environment, stdout=subprocess.PIPE, text=True)
    assert running.stdout is not None
    while "building all models" not in running.stdout.readline():
        assert running.poll() is None
    running.send_signal(signal.SIGKILL)
    running.wait()
    assert tables(settings) == before
    assert rebuild(lived_in).in_place
