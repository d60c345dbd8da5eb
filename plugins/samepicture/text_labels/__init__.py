"""Themes and severity of free text: learned from labelled comments that an installation is given. For exploration: read the comments."""

from __future__ import annotations

from samepicture.errors import Explained


class CannotLearn(Explained):
    """The labelled comments can't be learned from; the message names the file, what is wrong and the fix."""


class CannotUseModel(Explained):
    """The trained model can't be used; the message names the file and the fix."""
