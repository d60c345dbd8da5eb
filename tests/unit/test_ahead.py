"""What is made ahead comes in order, and stops with whoever asked for it."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from samepicture.ahead import ahead


def test_items_come_in_order_and_all() -> None:
    with ahead(range(100)) as items:
        assert list(items) == list(range(100))
    with ahead([]) as none:
        assert list(none) == []


def test_an_item_is_made_while_the_one_before_is_worked_on() -> None:
    second_is_under_way = threading.Event()

    def source() -> Iterator[int]:
        yield 1
        second_is_under_way.set()
        yield 2

    with ahead(source()) as items:
        assert next(items) == 1
        assert second_is_under_way.wait(10), "nobody has asked for the second, and it is made"


def test_an_error_comes_where_its_item_would() -> None:
    def source() -> Iterator[int]:
        yield 1
        yield 2
        raise ValueError("the third can't be read")

    with ahead(source()) as items:
        assert [next(items), next(items)] == [1, 2]
        with pytest.raises(ValueError, match="the third"):
            next(items)


def test_no_more_than_one_is_made_ahead() -> None:
    made = []

    def source() -> Iterator[int]:
        for number in range(10):
            made.append(number)
            yield number

    with ahead(source()) as items:
        next(items)
    assert made == [0, 1], "the block has ended: nothing more is made"


def test_nothing_is_being_made_after_an_error_in_the_block() -> None:
    """Whoever closes the file afterwards takes it from under nobody."""
    going_on, under_way, is_open = threading.Event(), threading.Event(), True

    def source() -> Iterator[bool]:
        yield True
        under_way.set()
        going_on.wait(0.2)
        made_with.append(is_open)
        yield True

    made_with: list[bool] = []

    def stop_midway() -> None:
        with ahead(source()) as items:
            next(items)
            assert under_way.wait(10)
            raise KeyError

    with pytest.raises(KeyError):
        stop_midway()
    is_open = False
    going_on.set()
    assert made_with == [True]
