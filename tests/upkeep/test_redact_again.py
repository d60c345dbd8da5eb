"""A new version of redaction: what came under an earlier one goes through it too, wherever it is kept."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from samepicture.privacy.redaction import REDACTION_VERSION
from samepicture.process import Pipeline
from samepicture.upkeep import redact_again as again
from samepicture.upkeep.agreement import disagreements
from samepicture.upkeep.originals import WORDS_GONE, replace_originals
from samepicture.upkeep.redact_again import redact_again
from samepicture.warehouse import open_warehouse
from tests.upkeep.cases import export, loaded, others, places, rows

NAME = "Agnieszka"
LEFT = "select count(*) from raw.complaint where redaction_version is distinct from '{}'".format(REDACTION_VERSION)  # noqa: UP032


def as_before(pipeline: Pipeline) -> None:
    """Rows and copies as a version of redaction that found no names left them."""
    with open_warehouse(pipeline.settings).writer() as connection:
        for table in ("raw.complaint", "ops.quarantine"):
            connection.execute(text(f"update {table} set redaction_version = 'structured-2'"))
        connection.execute(
            text("update raw.complaint set narrative = replace(narrative, '[name]', :name), harm_codes = null"), {"name": NAME}
        )
        connection.execute(text("update ops.quarantine set record = replace(record, '[name]', :name)"), {"name": NAME})
        connection.execute(text("delete from ops.harm_review"))


@pytest.fixture
def kept(pipeline: Pipeline) -> Pipeline:
    """Three submissions of an earlier version, one of them a judged copy alone, one with a rejected record."""
    said = f"{NAME} was kind."
    first = loaded(
        pipeline, export({"ID": "A", "Description": said}, {"ID": "BAD", "Description": said, "Date received": "99/99/9999"}, *others(20))
    )
    second = loaded(pipeline, export({"ID": "B", "Description": f"{said} I want to die."}, *others(3, 40)))
    third = loaded(pipeline, export({"ID": "C", "Description": WORDS_GONE}, *others(3, 60)))
    pipeline.build_and_publish()
    as_before(pipeline)
    assert replace_originals(pipeline, [second.submission_id])[0] == [second.submission_id]
    assert first.rejected == 1
    assert third.loaded
    assert len(unsealed(pipeline)) >= 3
    return pipeline


def unsealed(pipeline: Pipeline) -> list[str]:
    """Where the name stands, sealed originals aside: they hold what was sent, and nobody but judging reads them."""
    return [name for name in places(pipeline, NAME) if not ("originals" in name or ("landing" in name and "judged" not in name))]


def test_everything_that_is_kept_goes_through_it(kept: Pipeline) -> None:
    done = redact_again(kept)
    assert (done.submissions, done.rows, done.quarantined, done.copies) == (3, 29, 1, 1)
    assert unsealed(kept) == []
    assert rows(kept.settings, LEFT) == [(0,)]
    assert rows(kept.settings, "select count(*) from raw.complaint where narrative like '[name] was kind.%'") == [(2,)]
    assert rows(kept.settings, f"select count(*) from raw.complaint where narrative = '{WORDS_GONE}'") == [(1,)]
    assert rows(kept.settings, "select harm_codes from ops.harm_review") == [('["wish_to_die"]',)]
    assert rows(kept.settings, "select count(*) from published.narrative where narrative like '[name] was kind.%'") == [(2,)]
    assert disagreements(kept) == []
    assert redact_again(kept).submissions == 0, "there is nothing left to do"


def test_one_that_was_killed_is_finished_by_the_next(kept: Pipeline, monkeypatch: pytest.MonkeyPatch) -> None:
    before = rows(kept.settings, "select count(*) from raw.complaint")
    with monkeypatch.context() as context:
        calls = iter([again._quarantine])

        def killed(*arguments):  # type: ignore[no-untyped-def]
            step = next(calls, None)
            if step is None:
                raise ConnectionError("killed")
            return step(*arguments)

        context.setattr(again, "_quarantine", killed)
        with pytest.raises(ConnectionError):
            redact_again(kept)
    assert rows(kept.settings, "select count(*) from raw.complaint") == before
    assert 0 < rows(kept.settings, LEFT)[0][0] < 29, "one submission is done, and none by halves"
    assert redact_again(kept).submissions == 2
    assert rows(kept.settings, LEFT) == [(0,)]
    assert unsealed(kept) == []
    assert disagreements(kept) == []
