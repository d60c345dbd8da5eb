"""What went wrong, told to whoever asked for it: errors that the command line and the pages show as they are."""

from __future__ import annotations


class Explained(Exception):
    """The message names the thing, the place and the fix, and holds no words of patients."""
