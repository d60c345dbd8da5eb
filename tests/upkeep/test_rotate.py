"""A new key of the pseudonyms: other pseudonyms, the same links, and the next delivery meets them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from samepicture.landing import Landing
from samepicture.process import Pipeline
from samepicture.sealing import fresh_pseudonym_key
from samepicture.settings import SettingError
from samepicture.upkeep.agreement import disagreements
from samepicture.upkeep.erase import erase, record_key
from samepicture.upkeep.originals import replace_originals
from samepicture.upkeep.rebuild import rebuild
from samepicture.upkeep.rotate import rotate_key
from tests.upkeep.cases import ORGANISATION, export, loaded, others, places, pseudonym, rows, tables

LINKED = {"ID": "NAMER", "PALS reference": "OTHER1"}
LINKS = (
    "select count(distinct c.case_pseudonym) from raw.complaint as c join raw.complaint as p on c.pals_origin_pseudonym = p.case_pseudonym"
)


def with_key(pipeline: Pipeline, key: str) -> Pipeline:
    return Pipeline(replace(pipeline.settings, pseudonym_key=key))


def published(pipeline: Pipeline) -> dict[str, list[str]]:
    """What is published; narratives without the pseudonym that is in the name of their feedback."""
    found = tables(pipeline.settings, ["published"])
    assert found.pop("published.narrative")
    return {
        **found,
        "narratives": sorted(map(str, rows(pipeline.settings, "select part_name, record_type, narrative from published.narrative"))),
    }


@pytest.mark.quick_on("postgresql")
def test_rotating_keeps_links_and_versions_without_any_original(pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch) -> None:
    first = loaded(pipeline, export(LINKED, {"ID": "BAD", "Date received": "99/99/9999"}, {"ID": "GONE"}, *others(20)))
    second = loaded(pipeline, export(*others(3, 40)))
    pipeline.build_and_publish()
    erase(pipeline, *record_key(pipeline.settings, "complaint", ORGANISATION, "GONE"))
    assert replace_originals(pipeline, [second.submission_id])[0] == [second.submission_id]
    old = [pseudonym(pipeline.settings, each) for each in ("OTHER1", "NAMER", "BAD", "OTHER41")]
    links, before = rows(pipeline.settings, LINKS), published(pipeline)
    assert links == [(1,)]

    rotated = with_key(pipeline, f"{pipeline.settings.pseudonym_key},{fresh_pseudonym_key()}")
    with monkeypatch.context() as context:
        context.setattr(Landing, "open", _no_original)
        done = rotate_key(rotated)
    assert (done.links, done.copies) == (1, 2)
    assert places(rotated, *old) == []
    assert rows(rotated.settings, LINKS) == links
    new = pseudonym(rotated.settings, "OTHER1")
    assert rows(rotated.settings, f"select count(*) from raw.complaint where case_pseudonym = '{new}'") == [(1,)]
    assert pseudonym(rotated.settings, "BAD") in str(rows(rotated.settings, "select record from ops.quarantine"))
    assert published(rotated) == before
    assert disagreements(rotated) == []

    again = loaded(rotated, export({**others(1)[0], "Last updated": "01/11/2025 09:00"}, {"ID": "GONE"}))
    assert (again.accepted, again.rejected) == (1, 1), "a mark that was made under the first key holds"
    rotated.build_and_publish()
    assert rows(rotated.settings, f"select count(*) from raw.complaint where case_pseudonym = '{new}'") == [(2,)], "a second version of it"
    for each in (first, second):
        assert rotated.judge(each.submission_id).is_copy
        assert rotated.load(each.submission_id).loaded
    assert rows(rotated.settings, LINKS) == links
    assert rotate_key(rotated).links == 0, "a second time there is nothing to rotate"
    assert rebuild(rotated).differences == ()


def test_one_that_was_killed_is_finished_by_the_next(pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch) -> None:
    outcome = loaded(pipeline, export(*others(5)))
    pipeline.build_and_publish()
    replace_originals(pipeline, [outcome.submission_id])
    rotated = with_key(pipeline, f"{pipeline.settings.pseudonym_key},{fresh_pseudonym_key()},{fresh_pseudonym_key()}")
    with monkeypatch.context() as context:
        context.setattr("samepicture.upkeep.originals.refresh_copies", _power_cut)
        with pytest.raises(ConnectionError):
            rotate_key(rotated)
    assert rows(rotated.settings, "select count(*) from raw.complaint") == [(5,)]
    with pytest.raises(SettingError, match="rotate-key"):
        rotated.judge(outcome.submission_id)
    done = rotate_key(rotated)
    assert (done.links, done.copies) == (0, 1)
    assert rotated.judge(outcome.submission_id).is_copy
    assert places(rotated, pseudonym(pipeline.settings, "OTHER1")) == []


def test_another_key_is_refused_before_it_splits_a_case_in_two(pipeline: Pipeline) -> None:
    loaded(pipeline, export(*others(5)))
    other = with_key(pipeline, fresh_pseudonym_key())
    receipt, _ = other.land("complaint_northmoor", "x.csv", _stream(export(*others(6))))
    other.judge(receipt.submission_id)
    with pytest.raises(SettingError, match="not the key that this warehouse was made with"):
        other.load(receipt.submission_id)
    with pytest.raises(SettingError, match="not the key that this warehouse was made with"):
        rotate_key(other)
    assert rows(pipeline.settings, "select count(*) from raw.complaint") == [(5,)]


def _no_original(*_: object) -> None:
    raise AssertionError("a rotation may need no original")


def _power_cut(*_: object) -> None:
    raise ConnectionError("killed")


def _stream(content: bytes):  # type: ignore[no-untyped-def]
    import io

    return io.BytesIO(content)
