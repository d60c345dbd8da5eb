"""The model: what it learns, what it leaves without a tag, how it is kept, and figures that others compute the same."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import precision_recall_fscore_support
from typer.testing import CliRunner

from samepicture.settings import Settings
from samepicture.text_labels import CannotLearn, CannotUseModel, learning
from samepicture.text_labels.card import EXPLORATION, card
from samepicture.text_labels.commands import app
from samepicture.text_labels.evaluation import evaluate, tagged_themes
from samepicture.text_labels.examples import SEVERITIES, read_examples
from samepicture.text_labels.figures import figures
from samepicture.text_labels.learning import LIKELIER, NEVER, TAGGED_MIN, threshold_for_f1, threshold_for_precision
from samepicture.text_labels.model import CARD, FILE, LABELS, TextModel, named_severities, read_model, severity_shares
from samepicture.text_labels.training import split, theme_task, train
from tests.text_comments import SAID, SECRET, THEMES, examples, files, trained, written

CLEAR = {
    "we waited for hours by the window": ["T01"],
    "the meals were cold and nowhere to park the car": ["T06", "T12"],
    "zzz qqq xxx": [],
}
SEVERE = {"everything was lovely thank you": "none", "chairs might be softer": "mild", "appalling neglect from start to end": "strong"}


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> TextModel:
    return train(examples(tmp_path_factory.mktemp("labelled")))


def test_it_finds_themes_and_severity_and_leaves_what_it_is_not_sure_of(model: TextModel) -> None:
    texts = [*CLEAR, *SEVERE]
    found = model.label(texts)
    assert found.schema == LABELS
    for place, (text, themes) in enumerate(CLEAR.items()):
        rows = found.filter(text_number=place)
        assert sorted(code for code in rows["theme_code"] if code) == themes, text
        assert rows.height == max(1, len(themes))
    for place, severity in enumerate(SEVERE.values(), len(CLEAR)):
        assert set(found.filter(text_number=place)["severity_code"]) == {severity}
    unsure = found.filter(text_number=2)
    assert unsure.row(0)[3:] == (None, None)
    named = found.drop_nulls("theme_code")
    assert named["theme_confidence"].is_between(LIKELIER, 1).all()
    assert (found["severity_code"].is_null() == found["severity_confidence"].is_null()).all()
    assert model.label([]).schema == LABELS
    assert model.label([""]).height == 1


def test_a_category_of_which_few_speak_is_not_learned(model: TextModel) -> None:
    assert set(model.themes.labels) == set(THEMES.values()), "of pain 3 comments speak, and T99 is no theme"


def test_the_version_is_that_of_the_comments_and_of_how_they_are_learned(
    tmp_path: Path, model: TextModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    again = examples(tmp_path / "again")
    assert train(again).version == model.version
    assert train(examples(tmp_path / "other", seed=9)).version != model.version
    monkeypatch.setattr(learning, "SETTINGS", (*learning.SETTINGS[:-1], 21))
    assert train(again).version != model.version


@pytest.mark.parametrize(
    ("header", "rows", "sentence"),
    [
        (
            ["comment", "T01", "criticality"],
            [[f"text {n}", "1" if n < 5 else "", "0"] for n in range(40)],
            "of no theme there are 10 comments",
        ),
        (["comment", "T01"], [[f"text {n}", str(n % 2)] for n in range(40)], "of each severity there must be 10 comments"),
    ],
)
def test_too_few_comments_say_so(tmp_path: Path, header: list[str], rows: list[list[str]], sentence: str) -> None:
    (tmp_path / "x.csv").write_bytes(written(header, rows))
    with pytest.raises(CannotLearn, match=sentence):
        train(read_examples([tmp_path / "x.csv"]))


# -- kept -----------------------------------------------------------------------------------


def test_it_is_kept_and_read_again(settings: Settings) -> None:
    assert read_model(settings) is None
    model = trained(settings)
    again = read_model(settings)
    assert again is not None
    assert (again.version, again.trained_at) == (model.version, model.trained_at)
    assert again.label([*CLEAR, *SEVERE]).equals(model.label([*CLEAR, *SEVERE]))
    assert {path.name: path.stat().st_mode & 0o777 for path in settings.text_model.iterdir()} == {FILE: 0o600, CARD: 0o600}
    assert settings.text_model.stat().st_mode & 0o777 == 0o700


def test_no_word_of_anybody_is_in_it(settings: Settings) -> None:
    trained(settings)
    with np.load(settings.text_model / FILE) as kept:
        content = b"".join(kept[name].tobytes() + str(kept[name]).encode() for name in kept).lower()
        texts = [name for name in kept if kept[name].dtype.kind in "US"]
    assert sorted(texts) == ["severity_labels", "themes_labels", "trained_at", "version"]
    for word in (SECRET, SECRET[:6], "receptionist", "sandwiches"):
        assert word.lower().encode() not in content
        assert word.lower().encode("utf-32-le") not in content, "as numpy keeps texts"


@pytest.mark.parametrize("place", [FILE, "."])
def test_one_that_others_may_write_to_is_refused(settings: Settings, place: str) -> None:
    trained(settings)
    (settings.text_model / place).chmod(0o720)
    with pytest.raises(CannotUseModel, match="others may write to it"):
        read_model(settings)


class Bomb:
    """What a pickle would run."""

    def __reduce__(self) -> tuple[type[AssertionError], tuple[str]]:
        return AssertionError, ("it ran",)


def test_a_file_that_would_run_something_is_refused_and_runs_nothing(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    trained(settings)
    with np.load(settings.text_model / FILE) as kept:
        arrays = dict(kept)
    ran: list[object] = []
    monkeypatch.setattr(sys.modules["pickle"], "load", lambda *given, **_: ran.append(given))
    for content in ({**arrays, "version": np.array([Bomb()], dtype=object)}, {}):
        np.savez_compressed(settings.text_model / FILE, **content)  # type: ignore[arg-type]
        (settings.text_model / FILE).chmod(0o600)
        with pytest.raises(CannotUseModel, match="run `samepicture train` again"):
            read_model(settings)
    assert not ran


@pytest.mark.parametrize("damage", [lambda content: content[: len(content) // 2], lambda _: b"", lambda _: b"no model"])
def test_a_damaged_one_is_refused(settings: Settings, damage: object) -> None:
    trained(settings)
    path = settings.text_model / FILE
    path.write_bytes(damage(path.read_bytes()))  # type: ignore[operator]
    with pytest.raises(CannotUseModel, match="damaged"):
        read_model(settings)


def test_one_of_another_format_is_refused(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    trained(settings)
    monkeypatch.setattr("samepicture.text_labels.model.FORMAT", 2)
    with pytest.raises(CannotUseModel):
        read_model(settings)


# -- thresholds and figures -----------------------------------------------------------------

JUDGED = st.lists(st.tuples(st.integers(0, 20).map(lambda n: n / 20), st.booleans()), min_size=1, max_size=120)


def parts(judged: list[tuple[float, bool]]) -> tuple[np.ndarray, np.ndarray]:
    return np.array([each[0] for each in judged]), np.array([each[1] for each in judged])


@given(JUDGED)
def test_a_threshold_is_the_lowest_that_is_precise_enough(judged: list[tuple[float, bool]]) -> None:
    confidence, truth = parts(judged)
    good = [
        least
        for least in set(confidence)
        if least >= LIKELIER and (confidence >= least).sum() >= TAGGED_MIN and truth[confidence >= least].mean() >= learning.PRECISION
    ]
    assert threshold_for_precision(confidence, truth) == min(good, default=NEVER)


@given(JUDGED)
def test_the_threshold_for_f1_is_the_best_that_there_is(judged: list[tuple[float, bool]]) -> None:
    confidence, truth = parts(judged)

    def f1(least: float) -> float:
        return 2 * (truth & (confidence >= least)).sum() / ((confidence >= least).sum() + truth.sum())

    assert f1(threshold_for_f1(confidence, truth)) == max(map(f1, confidence))


CONFIDENCES = st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=30)


@given(CONFIDENCES, st.tuples(*[st.floats(0, 1)] * 3))
def test_severities_are_shares_and_a_text_has_one_at_most(
    at_least: list[tuple[float, float]], thresholds: tuple[float, float, float]
) -> None:
    shares = severity_shares(np.array(at_least))
    assert (shares >= -1e-12).all()
    assert np.allclose(shares.sum(axis=1), 1)
    named = named_severities(np.array(at_least), np.array(thresholds))
    assert (named.sum(axis=1) <= 1).all()
    assert (shares >= np.array(thresholds))[named].all()
    assert named.shape[1] == len(SEVERITIES)


@given(st.lists(st.tuples(st.booleans(), st.booleans(), st.booleans(), st.booleans()), min_size=1, max_size=60))
def test_figures_are_those_of_the_library(rows: list[tuple[bool, bool, bool, bool]]) -> None:
    tagged, truth = np.array(rows)[:, :2], np.array(rows)[:, 2:]
    found = figures(tagged, truth)
    precision, recall, f1, _ = precision_recall_fscore_support(truth, tagged, average="micro", zero_division=np.nan)
    for ours, theirs in ((found.precision, precision), (found.recall, recall), (found.f1, f1)):
        if ours.value == ours.value:
            assert ours.value == pytest.approx(theirs)
            assert 0 <= ours.low <= ours.value + 1e-9
            assert ours.value <= ours.high + 1e-9 <= 1 + 2e-9
    assert (found.comments, found.labelled, found.tagged) == (len(rows), truth.sum(), tagged.sum())


def test_an_interval_is_narrow_where_there_are_many_comments() -> None:
    few, many = (figures(np.tile([True, False, True, True], n), np.tile([True, False, False, True], n)) for n in (5, 500))
    assert few.f1.value == many.f1.value == 0.8
    assert few.f1.high - few.f1.low > 5 * (many.f1.high - many.f1.low) > 0
    assert few.precision.low < many.precision.low < 2 / 3 < many.precision.high < few.precision.high


# -- the card -------------------------------------------------------------------------------


def test_the_card_says_how_well_it_does_beside_keywords_and_elsewhere_and_quotes_nobody(tmp_path: Path, model: TextModel) -> None:
    labelled = examples(tmp_path)
    steps: list[str] = []
    found = evaluate(labelled, model, steps.append)
    written_card = card(labelled, model, found, ["several.csv", "rated.csv"])
    assert len(steps) == 3
    held_out = split(theme_task(labelled))[1]
    assert [row.label for row in found.themes] == list(model.themes.labels)
    for row in found.themes:
        truth = held_out.truth[:, held_out.labels.index(row.label)]
        tagged = tagged_themes(model, held_out.texts)[:, model.themes.labels.index(row.label)]
        assert row.model == figures(tagged, truth), "of comments that were held out, and no others"
        assert row.model.f1.value > 0.8
        assert row.elsewhere is not None
        assert row.elsewhere.comments > row.model.comments
    assert found.themes_together.model.f1.value > found.themes_together.keywords.f1.value
    assert {group.name for group in found.places} == {"RXA", "RXB"}
    assert {row.category: row.ensemble_f1 for row in found.categories}["Parking"] == 0.94
    assert len(found.categories) == len(SAID)
    for part in (
        EXPLORATION,
        model.version,
        "Never tested by groups of people",
        "pxtextmining 1.0.1",
        "T12 Travel and transport",
        "## Limits",
    ):
        assert part in written_card
    for words in (SECRET, *(each for said in SAID.values() for each in said if len(each) > 4)):
        assert words not in written_card


def test_one_place_says_so(tmp_path: Path) -> None:
    paths = files(tmp_path)
    for path in paths:
        path.write_bytes(path.read_bytes().replace(b"RXB", b"RXA"))
    labelled = read_examples(paths)
    model = train(labelled)
    found = evaluate(labelled, model)
    assert found.places == []
    assert all(row.elsewhere is None for row in found.themes)
    assert "Only one place is in the files." in card(labelled, model, found, ["x.csv"])


# -- the command ----------------------------------------------------------------------------


def test_the_command_trains_and_says_where_the_card_is(settings: Settings, tmp_path: Path) -> None:
    paths = files(tmp_path)
    done = CliRunner().invoke(app, ["train", *map(str, paths)])
    assert done.exit_code == 0, done.output
    assert [each.stat().st_mode & 0o077 for each in (settings.home, settings.text_model)] == [0, 0]
    model = read_model(settings)
    assert model is not None
    assert model.version in done.output
    assert str(settings.text_model / CARD) in done.output
    assert model.version in (settings.text_model / CARD).read_text()
    assert SECRET not in done.output


def test_what_it_cannot_learn_from_is_one_sentence_and_the_earlier_model_stays(settings: Settings, tmp_path: Path) -> None:
    model = trained(settings)
    (tmp_path / "bad.csv").write_text("said\nnothing\n")
    done = subprocess.run(
        [sys.executable, "-c", "from samepicture.cli import main; main()", "train", str(tmp_path / "bad.csv")],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 1
    assert "give it one of the headers comment" in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr
    again = read_model(settings)
    assert again is not None
    assert again.version == model.version


# -- real comments --------------------------------------------------------------------------


@pytest.mark.slow
def test_on_real_comments_it_is_worth_having(published: Path) -> None:
    """Lower bounds alone: docs/text-model-card.md has the figures."""
    folder = published / "labelled_comments"
    if not folder.is_dir():
        pytest.skip("the labelled comments are not here (../shared/data/labelled_comments)")
    labelled = read_examples([folder / "v6framework_230831.csv", folder / "text_data.csv"])
    model = train(labelled)
    held_out = split(theme_task(labelled))[1]
    truth = held_out.truth[:, [held_out.labels.index(label) for label in model.themes.labels]]
    found = figures(tagged_themes(model, held_out.texts), truth)
    assert found.comments > 1000
    assert found.precision.value > learning.PRECISION
    assert found.recall.value > 0.5
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **model.themes.arrays("themes"))
    assert buffer.tell() < 20e6
