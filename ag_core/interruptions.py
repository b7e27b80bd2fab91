"""Ctrl-C and the signal to end, held back where they must not come in the middle of something."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def hold_interruptions() -> Iterator[Callable[[], bool]]:
    """Gives a function that says whether an interruption came since the block began.

    Until it is asked an interruption waits: a step of a training is done whole or not at all, and a compiler is not
    disturbed. A second one is raised as KeyboardInterrupt at once. Signals reach the main thread alone; in another one
    there is nothing to hold.
    """
    came: list[int] = []

    def remember(number: int, frame: object) -> None:
        if came:
            raise KeyboardInterrupt
        came.append(number)

    of_main = threading.current_thread() is threading.main_thread()
    numbers = [number for number in (signal.SIGINT, signal.SIGTERM) if of_main and _interrupts(number)]
    for number in numbers:
        signal.signal(number, remember)
    try:
        yield lambda: bool(came)
    finally:
        for number in numbers:
            signal.signal(number, signal.default_int_handler)


def _interrupts(number: int) -> bool:
    """Whether a signal raises KeyboardInterrupt."""
    return signal.getsignal(number) is signal.default_int_handler
