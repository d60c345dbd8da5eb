"""Themes and severity of free text: learned from labelled comments that an installation is given. For exploration: read the comments."""


class CannotLearn(Exception):
    """The labelled comments can't be learned from; the message names the file, what is wrong and the fix."""


class CannotUseModel(Exception):
    """The trained model can't be used; the message names the file and the fix."""
