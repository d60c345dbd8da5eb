"""How far long work is, as a terminal and a DAG's log tell it."""

from __future__ import annotations

import pytest

from samepicture import progress
from samepicture.progress import Pace, Seldom


class Clock:
    """Time that a test moves."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 100.0
        monkeypatch.setattr(progress.time, "monotonic", lambda: self.now)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


@pytest.mark.parametrize(
    ("seconds", "share", "told"),
    [
        (10, 0.25, "judging, 50,000 records, 5,000 a second, about 30 s left"),
        (100, 0.25, "judging, 50,000 records, 500 a second, about 5 min left"),
        (3600, 0.25, "judging, 50,000 records, 14 a second, about 3.0 h left"),
        (10, 0.01, "judging, 50,000 records, 5,000 a second"),
        (10, 1, "judging, 50,000 records, 5,000 a second"),
        (0, 0.5, "judging, 50,000 records, about 0 s left"),
    ],
)
def test_a_pace_tells_rows_rate_and_time_left(clock: Clock, seconds: float, share: float, told: str) -> None:
    said: list[str] = []
    pace = Pace("judging", said.append)
    clock.now += seconds
    pace(50_000, share)
    assert said == [told]


def test_a_log_is_told_seldom(clock: Clock) -> None:
    said: list[str] = []
    seldom = Seldom(said.append, 30)
    for moment in range(0, 70, 10):
        clock.now = 100 + moment
        seldom(str(moment))
    assert said == ["30", "60"]
