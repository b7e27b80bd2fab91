"""Options that take a number: the one place that says which numbers an option of a command takes.

A number is checked when the command is read, before any work: a word that is no number, a number that is not finite, or
one outside its bounds ends the command with one sentence that names the option, the value and the bounds.
"""

import argparse
import math
import re
from collections.abc import Callable
from typing import Any, Protocol

from ag_core.errors import UserError

MAX_SEED = 2**32 - 1
MAX_THREADS = 1024
MAX_STEPS = 1_000_000_000
MAX_BATCH = 100_000
MAX_FRAME = 100_000_000
"""More than any video has: 38 days at 30 frames a second."""
MAX_MINUTES = 525_600.0
"""A year."""
MAX_TIME_S = 3_000_000.0
MAX_LEARNING_RATE = 10.0


class TakesOptions(Protocol):
    """A parser, or a group of one."""

    def add_argument(self, *names: str, **options: Any) -> argparse.Action: ...


def add_whole_number(parser: TakesOptions, name: str, *, least: int, most: int, **options: Any) -> None:
    """Add an option that takes a whole number from `least` to `most`; the other options are argparse's."""
    bounds = f"a whole number from {least} to {most}"
    parser.add_argument(name, type=_make_reader(name, bounds, int, _WHOLE, least, most), **options)


def add_number(
    parser: TakesOptions, name: str, *, most: float, least: float = 0.0, open_below: bool = False, **options: Any
) -> None:
    """Add an option that takes a number from `least` (or above it, `open_below`) to `most`; never nan."""
    bounds = f"a number above {least:g}, at most {most:g}" if open_below else f"a number from {least:g} to {most:g}"
    lowest = math.nextafter(least, math.inf) if open_below else least
    parser.add_argument(name, type=_make_reader(name, bounds, float, _DECIMAL, lowest, most), **options)


def add_threads(parser: TakesOptions, **options: Any) -> None:
    """Add --threads."""
    add_whole_number(parser, "--threads", least=1, most=MAX_THREADS, **options)


def add_seed(parser: TakesOptions, *, most: int = MAX_SEED, **options: Any) -> None:
    """Add --seed."""
    add_whole_number(parser, "--seed", least=0, most=most, **options)


# What counts as a number: not nan or inf, and nothing that only Python reads as one, such as 1_000.
_WHOLE = re.compile(r"[+-]?[0-9]{1,30}")
_DECIMAL = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,4})?")


def _make_reader(
    name: str, bounds: str, kind: type[int] | type[float], written: re.Pattern[str], least: float, most: float
) -> Callable[[str], int | float]:
    def read(text: str) -> int | float:
        if written.fullmatch(text.strip()) and least <= (number := kind(text)) <= most:
            return number
        raise UserError(f"{name} {text} is not possible; give {bounds}")

    return read
