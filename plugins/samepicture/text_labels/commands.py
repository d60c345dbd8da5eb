"""`samepicture train` and `samepicture label`: themes and severity of free text."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from samepicture.settings import Settings
from samepicture.terminal import notes, out

app = typer.Typer()
MANY = 1_000
"""Texts: of fewer, reading the model is what takes the time."""


@app.command(epilog="Example: `samepicture train labelled-comments.csv`")
def train(
    files: Annotated[
        list[Path], typer.Argument(exists=True, dir_okay=False, readable=True, help="Comments that people have labelled, as CSV.")
    ],
) -> None:
    """Learn themes and severity of free text from labelled comments, and write a card that says how well it does."""
    from samepicture.text_labels.card import card
    from samepicture.text_labels.evaluation import evaluate
    from samepicture.text_labels.examples import read_examples
    from samepicture.text_labels.model import CARD
    from samepicture.text_labels.training import train as learn

    settings = Settings.from_environment()
    with notes.status("reading") as status:
        examples = read_examples(files)
        status.update(f"learning from {examples.frame.height:,} texts")
        model = learn(examples)
        found = evaluate(examples, model, status.update)
        model.save(settings.text_model, card(examples, model, found, [path.name for path in files]))
    together = found.themes_together.model
    out.print(
        f"model {model.version}: on {together.comments:,} comments that it had not seen, {together.precision.value:.0%} of the themes that it "
        f"names are right, and it names {together.recall.value:.0%} of those that people named"
    )
    out.print(
        f"{settings.text_model / CARD} says how well it does theme by theme, and where it was never tried: read it first.", soft_wrap=True
    )
    notes.print("`samepicture label` reads all texts with it now; the DAG `label` does so each hour.")


@app.command(epilog="Example: `samepicture label`")
def label() -> None:
    """Read the texts that the trained model has not read, and show what it found in marts.text_theme."""
    from samepicture.process import Pipeline
    from samepicture.text_labels.labelling import label as label_texts

    settings = Settings.from_environment()
    with notes.status("reading") as status:
        done = label_texts(settings, lambda texts: status.update(f"{texts:,} texts read"))
        if done.model_version is None:
            notes.print(
                "No model was trained: `samepicture train FILE` makes one from labelled comments. Sources' own codes and tags work without."
            )
            return
        status.update("rebuilding what changed")
        Pipeline(settings).build_and_publish()
    speed = f", {done.texts / done.seconds:,.0f} a second" if done.texts >= MANY else ""
    out.print(f"{done.texts:,} texts read by model {done.model_version} in {done.seconds:.1f} s{speed}")
