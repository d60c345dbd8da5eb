"""Cells of tables that were made in two ways, so that they can be compared."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any


def shown(cell: Any) -> Any:
    """A cell without what may differ: a sum of fractions ends differently with the order of the rows."""
    if isinstance(cell, float):
        return f"{cell:.9g}"
    return cell.astimezone(UTC).isoformat() if isinstance(cell, datetime) else cell
