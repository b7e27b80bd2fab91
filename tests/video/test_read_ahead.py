"""Items made ahead are the same in their order, errors come behind them, and nobody is left at work."""

import threading
from collections.abc import Iterator

import pytest

from ag_core.video.read_ahead import read_ahead


def count_to(limit: int, made: list[int], error: Exception | None = None) -> Iterator[int]:
    for number in range(limit):
        made.append(number)
        yield number
    if error is not None:
        raise error


def count_readers() -> int:
    return sum(thread.name == "reading ahead" for thread in threading.enumerate())


def test_items_come_in_order_and_only_so_many_ahead() -> None:
    made: list[int] = []
    items = read_ahead(count_to(50, made), ahead=3)
    for number in range(20):
        assert next(items) == number
        assert len(made) <= number + 1 + 3 + 1, "those used, those that wait, the one for which there is no room"
    assert list(items) == list(range(20, 50))
    assert count_readers() == 0


def test_an_error_comes_behind_the_last_item() -> None:
    items = read_ahead(count_to(3, [], ValueError("cut short")))
    assert [next(items) for _ in range(3)] == [0, 1, 2]
    with pytest.raises(ValueError, match="cut short"):
        next(items)
    assert count_readers() == 0


def test_whoever_stops_early_leaves_nobody_at_work() -> None:
    made: list[int] = []
    items = read_ahead(count_to(1000, made), ahead=2)
    next(items)
    items.close()  # type: ignore[attr-defined]
    assert count_readers() == 0 and len(made) < 10
