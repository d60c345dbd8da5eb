"""What went wrong, told to whoever asked for it: errors that the command line and the pages show as they are."""

from __future__ import annotations

import traceback
from pathlib import Path

_FRAMES = 6


class Explained(Exception):
    """The message names the thing, the place and the fix, and holds no words of patients."""


def kind_and_place(error: Exception) -> str:
    """What is told of an error that nobody foresaw: its kind and where it happened, which is what a developer needs.

    Its own message may quote a record: a cell that is no number, the row of an insert.
    """
    kind = f"{type(error).__module__}.{type(error).__qualname__}".removeprefix("builtins.")
    reason = f" ({error.strerror})" if isinstance(error, OSError) and error.strerror else ""
    *frames, last = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames[1:] if "site-packages" not in frame.filename][-_FRAMES:]
    return f"{kind}{reason}, in {' > '.join(f'{Path(frame.filename).name}:{frame.lineno} {frame.name}' for frame in (*ours, last))}"
