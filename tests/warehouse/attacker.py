"""Somebody who works out what is withheld: all that is published, and that parts add up to totals, as one system of integers."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp

MOST = 100_000


class Attacker:
    """Knows the shown cells, which cells are flagged as withheld (so at least 1), and what adds up to what."""

    def __init__(self) -> None:
        self.shown: dict[str, int] = {}
        self.least: dict[str, int] = {}
        """Of each cell that is not shown, the smallest count that it can be."""
        self._totals: list[tuple[str, list[str]]] = []

    def sees(self, cell: str, count: int | None) -> None:
        """A published cell: its count, or None where it is withheld."""
        if count is None:
            self.least[cell] = 1
        else:
            self.shown[cell] = count

    def knows_of(self, cell: str) -> None:
        """A cell that is not published at all."""
        self.least[cell] = 0

    def has(self, cell: str) -> bool:
        """Whether he has seen or heard of the cell."""
        return cell in self.shown or cell in self.least

    def adds_up(self, total: str, parts: Iterable[str]) -> None:
        """The parts are all of the total."""
        self._totals.append((total, list(parts)))

    def worked_out(self, cells: Iterable[str] | None = None) -> dict[str, int]:
        """Cells, of those that are not shown or of these, that can be one count only; and that."""
        places = {cell: place for place, cell in enumerate(self.least)}
        rows, sums = [], []
        for total, parts in self._totals:
            row, known = np.zeros(len(places)), 0
            for sign, cell in ((-1, total), *((1, part) for part in parts)):
                if cell in places:
                    row[places[cell]] += sign
                else:
                    known -= sign * self.shown[cell]
            if row.any():
                rows.append(row)
                sums.append(known)
        constraints = [LinearConstraint(np.array(rows), sums, sums)] if rows else []
        bounds = Bounds(list(self.least.values()), MOST)
        found = {}
        for cell in self.least if cells is None else cells:
            ends = []
            for sign in (1, -1):
                goal = np.zeros(len(places))
                goal[places[cell]] = sign
                solved = milp(goal, constraints=constraints, bounds=bounds, integrality=np.ones(len(places)))
                assert solved.success, f"what is published does not add up: {solved.message}"
                ends.append(round(sign * solved.fun))
            if ends[0] == ends[1]:
                found[cell] = ends[0]
        return found
