"""Where the command speaks: results on standard output, everything else on standard error."""

from __future__ import annotations

import sys

from rich.console import Console

# No markup: what is shown has brackets of its own, [NHS number] in a text or [2] in the name of a file.
out = Console(width=None if sys.stdout.isatty() else 250, markup=False)
notes = Console(stderr=True, markup=False)
