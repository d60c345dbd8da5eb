"""Editions: readers see one whole, only what changed is drawn again, and nothing is made twice."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from samepicture import cli
from samepicture.page import edition, rendering
from samepicture.page.edition import current, make, write
from samepicture.page.reading import NothingPublished
from samepicture.process import Pipeline
from samepicture.settings import Settings
from samepicture.upkeep.scrub import show_and_scrub
from samepicture.warehouse import open_warehouse
from tests.page.material import everything, series


def test_there_is_nothing_to_make_a_page_of_before_the_first_build(pipeline: Pipeline) -> None:
    with pytest.raises(NothingPublished, match="submit a file"):
        make(pipeline.settings)
    assert current(pipeline.settings) is None


def test_the_command_makes_it_and_says_where_it_is(on_made_duckdb: Pipeline) -> None:
    done = CliRunner().invoke(cli.app, ["page"])
    path = on_made_duckdb.settings.page / "current" / "index.html"
    assert done.output.strip() == str(path)
    assert "<h1>The whole system</h1>" in path.read_text()


def test_the_same_build_is_not_made_twice_unless_somebody_asks(on_made_duckdb: Pipeline) -> None:
    settings = on_made_duckdb.settings
    assert make(settings, if_new=True) is not None
    first = current(settings)
    assert make(settings, if_new=True) is None
    assert current(settings) == first
    assert make(settings) is not None
    assert current(settings) != first


def test_another_version_of_the_software_makes_it_anew(on_made_duckdb: Pipeline, monkeypatch: pytest.MonkeyPatch) -> None:
    assert make(on_made_duckdb.settings, if_new=True) is not None
    monkeypatch.setattr(edition, "_code_sha256", lambda: "another")
    assert make(on_made_duckdb.settings, if_new=True) is not None


def test_a_page_that_fails_leaves_the_one_before(on_made_duckdb: Pipeline, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = on_made_duckdb.settings
    make(settings)
    before = current(settings)

    def broken(*_: object) -> None:
        raise OSError("no space left")

    with monkeypatch.context() as patch:
        patch.setattr(edition, "_show", broken)
        with pytest.raises(OSError, match="no space"):
            make(settings)
    assert current(settings) == before
    make(settings)
    folders = {path.name for path in settings.page.iterdir() if path.is_dir() and not path.is_symlink()}
    assert len(folders) == 1, "what was left half made is gone, and what readers saw before"


def test_no_moment_without_a_page(on_made_duckdb: Pipeline, monkeypatch: pytest.MonkeyPatch) -> None:
    """The link is replaced, not removed and made: at each step there is a whole page behind it."""
    settings = on_made_duckdb.settings
    make(settings)
    seen: list[bool] = []
    for name in ("replace", "unlink", "symlink_to"):
        real = getattr(Path, name)

        def watched(self: Path, *args: object, real: object = real, **more: object) -> object:
            seen.append((settings.page / "current" / rendering.INDEX).exists())
            found = real(self, *args, **more)  # type: ignore[operator]
            seen.append((settings.page / "current" / rendering.INDEX).exists())
            return found

        monkeypatch.setattr(Path, name, watched)
    make(settings)
    assert len(seen) >= 4
    assert all(seen)


def test_the_folder_is_that_of_the_setting(on_made_duckdb: Pipeline, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAMEPICTURE_PAGE", str(tmp_path / "intranet"))
    assert make(Settings.from_environment()) == tmp_path / "intranet" / "current" / "index.html"
    assert (tmp_path / "intranet" / "current").is_symlink()
    assert not (tmp_path / "intranet" / "current").readlink().is_absolute(), "the folder may be moved, or mounted elsewhere"


def test_what_is_erased_goes_from_the_page_too(on_made_duckdb: Pipeline) -> None:
    pipeline = on_made_duckdb
    story = "insert into published.consented_story (feedback_id, publisher_code, published_date, body, organisation_ods_codes) "
    action = "insert into published.loop_closure (action_key, organisation_ods_code, current_ods_code, status_code) "
    with open_warehouse(pipeline.settings).writer() as connection:
        connection.exec_driver_sql(story + """values ('story:nhsuk:1', 'nhsuk', date '2026-05-01', 'Words to forget.', '["RZN"]')""")
        connection.exec_driver_sql(action + "values ('a', 'RZN', 'RZN', 'done')")
    make(pipeline.settings)

    def holding() -> list[Path]:
        return [path for path in pipeline.settings.page.rglob("*") if path.is_file() and b"Words to forget." in path.read_bytes()]

    assert holding()
    with open_warehouse(pipeline.settings).writer() as connection:
        connection.exec_driver_sql("delete from published.consented_story")
    show_and_scrub(pipeline)
    assert holding() == []
    assert current(pipeline.settings) is not None


def test_only_charts_that_changed_are_drawn_again(tmp_path: Path) -> None:
    write(everything(), tmp_path / "a")
    changed = series(15) + series(15, setting_code="inpatient", value=0.5)
    write(everything(spc=changed), tmp_path / "b", tmp_path / "a")
    (old,) = (tmp_path / "a" / "charts").iterdir()
    assert len(list((tmp_path / "b" / "charts").iterdir())) == 2
    assert (tmp_path / "b" / "charts" / old.name).samefile(old)


def test_a_chart_draws_what_it_says() -> None:
    import vl_convert

    from samepicture.page.charts import specification
    from samepicture.page.content import content

    rows = series(15)
    rows[-1] |= {"value": 0.4, "variation_code": "concern", "special_cause_code": "outside_limits"}
    rows[4] |= {"value": None}
    (signal,) = content(everything(spc=rows)).of_organisations[0].signals or ()
    svg = vl_convert.vegalite_to_svg(specification(signal), vl_version="5.21")
    assert svg.count("#b34700") == 2  # the point, and its sign in the legend
    assert "Worse" in svg
    assert "Usual variation" in svg
    assert "Apr 25" in svg
    assert svg.count("; kind: ") == 14, "the month that is withheld is not drawn"
