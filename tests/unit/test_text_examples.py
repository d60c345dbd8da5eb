"""Labelled comments: both known layouts, each text once, categories by our crosswalk; what can't be learned from says why."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samepicture.text_labels import CannotLearn
from samepicture.text_labels.examples import SEVERAL_PLACES, Examples, read_examples
from samepicture.text_labels.training import severities, severity_task, split, theme_task
from tests.text_comments import examples, written


def read(folder: Path, header: list[str], *rows: list[str], name: str = "comments.csv") -> Examples:
    (folder / name).write_bytes(written(header, list(rows)))
    return read_examples([folder / name])


def themes(found: Examples) -> dict[str, list[str]]:
    return dict(found.frame.select("text", "themes").iter_rows())


WHOLE = ["Comment ID", "Trust", "FFT answer", "Timeliness of care", "Care plans", "Labelling not possible", "Not known to anybody"]


def test_a_column_a_category(tmp_path: Path) -> None:
    found = read(
        tmp_path, WHOLE,
        ["1", "RXA", "Long wait", "1", "", "", "1"],
        ["2", "RXA", "My plan came late", "1", "1", "", ""],
        ["3", "RXB", "No answer given", "", "", "1", ""],
        ["4", "RXB", " - ", "1", "", "", ""],
    )  # fmt: skip
    assert themes(found) == {"Long wait": ["T01"], "My plan came late": ["T01", "T03", "T08"], "No answer given": []}
    assert (found.rows, found.wordless) == (4, 1)
    assert found.frame.get_column("severity").to_list() == [None] * 3


def test_one_category_and_a_criticality_a_comment(tmp_path: Path) -> None:
    header = ["label", "subcategory", "feedback", "criticality", "organization"]
    found = read(
        tmp_path, header,
        ["Staff", " Attitude Of Staff", "They were kind", "4", "Trust A"],
        ["Care received", "Medication ", "No tablets", "-2", "Trust A"],
        ["Staff", "Staffing levels", "Nobody there", "-3", "Trust B"],
        ["Staff", "", "Nothing said", "0", "Trust B"],
        ["Staff", "Food", "Cold soup", "-o", "Trust B"],
        ["Staff", "Food", "Cold tea", "-9", "Trust B"],
        ["Staff", "Food", "Cold pie", "", "Trust B"],
    )  # fmt: skip
    assert themes(found) == {
        "They were kind": ["T04"], "No tablets": ["T07"], "Nobody there": ["T13"], "Nothing said": None, "Cold soup": ["T06"], "Cold tea": ["T06"],
        "Cold pie": ["T06"],
    }  # fmt: skip
    assert found.frame.get_column("severity").to_list() == [0, 1, 2, 0, None, None, None]
    assert found.unreadable_criticality == 2
    task = severity_task(found)
    assert severities(task.truth).tolist() == [[True, False, False], [False, True, False], [False, False, True], [True, False, False]]


def test_our_own_theme_codes_and_headers(tmp_path: Path) -> None:
    assert themes(read(tmp_path, ["Comment", "T01", "t09"], ["Long wait in the cold", "1", "1"])) == {
        "Long wait in the cold": ["T01", "T09"]
    }
    assert themes(read(tmp_path, ["comment", "category"], ["Cold", "T09"])) == {"Cold": ["T09"]}


def test_who_names_one_category_does_not_say_that_no_other_applies(tmp_path: Path) -> None:
    """Beside comments with all their categories, those with one teach how critical they are, and no theme."""
    (tmp_path / "a").write_bytes(written(["comment", "Timeliness of care"], [["Long wait", "1"]]))
    (tmp_path / "b").write_bytes(written(["comment", "category", "criticality"], [["Long delay", "Food", "-3"]]))
    both = read_examples([tmp_path / "a", tmp_path / "b"])
    assert themes(both) == {"Long wait": ["T01"], "Long delay": None}
    assert both.frame.get_column("severity").to_list() == [None, 2]
    assert themes(read_examples([tmp_path / "b"])) == {"Long delay": ["T06"]}


def test_each_text_is_there_once_with_what_half_of_its_copies_say(tmp_path: Path) -> None:
    found = read(
        tmp_path, ["comment", "organisation", "category", "criticality"],
        ["Very good.", "RXA", "Food", "3"], ["very  GOOD!", "RXA", "Food", "3"], ["Very good", "RXA", "Communication", "-3"],
        ["Fine", "RXA", "Food", "0"], ["Fine", "RXB", "Communication", "0"],
    )  # fmt: skip
    assert themes(found) == {"Very good.": ["T06"], "Fine": ["T02", "T06"]}
    assert found.frame.get_column("place").to_list() == ["RXA", SEVERAL_PLACES]
    assert found.frame.get_column("severity").to_list() == [0, 0]


@given(st.lists(st.text(alphabet="aAbB .!", max_size=4), max_size=40))
def test_no_text_is_both_learned_from_and_held_out(texts: list[str]) -> None:
    """However a comment is written, all its copies are on one side."""
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        found = read(Path(folder), ["comment", "T01"], ["first one", "1"], ["second one", "1"], *([text, "1"] for text in texts))
    learned, held_out = split(theme_task(found))
    sides = [{"".join(filter(str.isalnum, text.lower())) for text in part.texts} for part in (learned, held_out)]
    words = [tuple(text.lower().replace(".", " ").replace("!", " ").split()) for part in (learned, held_out) for text in part.texts]
    assert len(words) == len(set(words))
    assert all(sides)


def test_the_same_comments_are_held_out_each_time(tmp_path: Path) -> None:
    one, other = (split(theme_task(examples(tmp_path / name, 40)))[1].texts for name in ("one", "other"))
    assert one == other


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "can't be read as CSV"),
        (b"comment,T01\nx,1,2\n", "no row may have more cells"),
        (b"comment,T01\n", "no labelled comment"),
        (b"said,T01\nx,1\n", "no column with comments: give it one of the headers comment"),
        (b"comment,colour\nx,red\n", "says nothing of its comments"),
        (b"comment,category\nx,Food\ny,Colour of the door\n", "1 categories that nobody matched to a theme, the first 'colour of the door': add them to dbt/seeds"),
    ],
)  # fmt: skip
def test_what_cannot_be_learned_from_says_why(tmp_path: Path, content: bytes, sentence: str) -> None:
    (tmp_path / "x.csv").write_bytes(content)
    with pytest.raises(CannotLearn, match=sentence):
        read_examples([tmp_path / "x.csv"])


def test_a_comment_in_another_encoding_is_read_as_far_as_it_can_be(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_bytes("comment,T01\nCafé was cold,1\n".encode("latin-1"))
    assert list(themes(read_examples([tmp_path / "x.csv"])).values()) == [["T01"]]
