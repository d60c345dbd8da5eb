"""Cells of tables that were made in two ways, so that they can be compared."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from samepicture.compiled import BY_RECORD


def shown(cell: Any) -> Any:
    """A cell without what may differ: a sum of fractions ends differently with the order of the rows."""
    if isinstance(cell, float):
        return f"{cell:.9g}"
    if isinstance(cell, str) and BY_RECORD + "," in cell:
        return sorted(cell.split(","))  # models that a build made: of two that do not depend on each other any may be the first
    return cell.astimezone(UTC).isoformat() if isinstance(cell, datetime) else cell
