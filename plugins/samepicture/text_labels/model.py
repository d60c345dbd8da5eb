"""The trained model: kept in the home of the installation, as numbers alone, and read from nowhere that others can write to."""

from __future__ import annotations

import io
import os
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
import polars as pl

from samepicture.settings import Settings
from samepicture.text_labels import CannotUseModel
from samepicture.text_labels.examples import SEVERITIES
from samepicture.text_labels.recogniser import Numbers, Recogniser, counted

FORMAT = 1
"""Of the file; one of another format is learned again."""
FILE, CARD = "model.npz", "card.md"
LABELS = {
    "text_number": pl.Int64,
    "severity_code": pl.String,
    "severity_confidence": pl.Float64,
    "theme_code": pl.String,
    "theme_confidence": pl.Float64,
}


@dataclass(frozen=True)
class TextModel:
    """What recognises themes, and how critical a text is; and from which confidence on it may speak."""

    version: str
    """Hash of what it was learned from and how."""
    trained_at: datetime
    themes: Recogniser
    theme_thresholds: Numbers
    severity: Recogniser
    """At least mild, at least strong."""
    severity_thresholds: Numbers
    """Of each of SEVERITIES."""

    def label(self, texts: Sequence[str]) -> pl.DataFrame:
        """A row a text and theme that it is sure of, one with an empty theme where it is sure of none.

        `text_number` is the place of the text, from 0; `severity_code` is empty where it is not sure.
        Confidences are probabilities, rounded to 4 digits; that of an empty theme is empty.
        """
        if not texts:
            return pl.DataFrame(schema=LABELS)
        counts = counted(texts)
        confidence = self.themes.probabilities(counts)
        number, theme = np.nonzero(confidence >= self.theme_thresholds)
        tagged = pl.DataFrame(
            {
                "text_number": number.astype(np.int64),
                "theme_code": pl.Series([self.themes.labels[place] for place in theme], dtype=pl.String),
                "theme_confidence": confidence[number, theme].round(4),
            }
        )
        return self._severities(self.severity.probabilities(counts)).join(tagged, on="text_number", how="left", maintain_order="left")

    def _severities(self, at_least: Numbers) -> pl.DataFrame:
        is_named = named_severities(at_least, self.severity_thresholds)
        number, severity = np.nonzero(is_named)
        named = pl.DataFrame(
            {
                "text_number": number.astype(np.int64),
                "severity_code": pl.Series([SEVERITIES[place] for place in severity], dtype=pl.String),
                "severity_confidence": severity_shares(at_least)[is_named].round(4),
            }
        )
        return pl.DataFrame({"text_number": np.arange(len(at_least))}).join(named, on="text_number", how="left", maintain_order="left")

    def save(self, folder: Path, card: str) -> None:
        """Keep the model and its card; whoever reads it meanwhile has the old one or the new one."""
        for each in (folder.parent, folder):  # what is made for the sake of a folder within has other rights
            each.mkdir(parents=True, exist_ok=True, mode=0o700)
        content = io.BytesIO()
        kept = {
            "format": np.array(FORMAT),
            "version": np.array(self.version),
            "trained_at": np.array(self.trained_at.isoformat()),
            "theme_thresholds": self.theme_thresholds,
            "severity_thresholds": self.severity_thresholds,
            **self.themes.arrays("themes"),
            **self.severity.arrays("severity"),
        }
        np.savez_compressed(content, allow_pickle=False, **kept)
        for name, written in ((CARD, card.encode()), (FILE, content.getvalue())):
            fresh = folder / f"{name}.new"
            fresh.write_bytes(written)
            fresh.chmod(0o600)
            fresh.replace(folder / name)


def severity_shares(at_least: Numbers) -> Numbers:
    """Probabilities of each of SEVERITIES, from those of at least mild and at least strong."""
    mild, strong = at_least[:, 0], np.minimum(at_least[:, 0], at_least[:, 1])
    return np.stack([1 - mild, mild - strong, strong], axis=1)


def named_severities(at_least: Numbers, thresholds: Numbers) -> Numbers:
    """Which text (row) is given which of SEVERITIES, at most one; none where the likeliest is not sure enough."""
    shares = severity_shares(at_least)
    likeliest = shares.argmax(axis=1)
    return np.asarray((np.arange(len(SEVERITIES)) == likeliest[:, None]) & (shares >= thresholds))


def read_model(settings: Settings) -> TextModel | None:
    """The installation's model; None where none was trained. Raises CannotUseModel."""
    path = settings.text_model / FILE
    if not path.exists():
        return None
    for each in (path, path.parent):
        state = each.stat()
        if state.st_uid not in (os.getuid(), 0) or state.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
            raise CannotUseModel(
                f"{each} belongs to another user, or others may write to it, so nobody knows what it would say of people's words: "
                "`samepicture train` makes a new one; then let the service's user alone write to it."
            )
    try:
        with np.load(path, allow_pickle=False) as kept:
            arrays = dict(kept)
        if int(arrays["format"]) != FORMAT:
            raise KeyError("format")
        return TextModel(
            str(arrays["version"]),
            datetime.fromisoformat(str(arrays["trained_at"])).astimezone(UTC),
            Recogniser.of(arrays, "themes"),
            arrays["theme_thresholds"],
            Recogniser.of(arrays, "severity"),
            arrays["severity_thresholds"],
        )
    except (KeyError, ValueError, OSError, EOFError, BadZipFile):
        raise CannotUseModel(f"{path} is damaged, or of another version of the software: run `samepicture train` again.") from None
