"""Makes the next items of an iterator in another thread while the ones before are used. Knows no video.

Decoders and networks let go of Python's lock while they work, so that both go on at once.
"""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from queue import Empty, Full, Queue
from threading import Event, Thread
from typing import TypeVar

Item = TypeVar("Item")

AHEAD = 32
"""Frames that wait at most: 12 MB of 480 x 270."""

PATIENCE_S = 0.05
"""How long the thread waits for room before it looks whether anybody still wants what it makes."""


def read_ahead(items: Iterable[Item], ahead: int = AHEAD) -> Iterator[Item]:
    """The same items in their order, up to `ahead` of them made before they are asked for.

    What the iterator raises is raised behind its last item. Whoever closes this ends the thread.
    """
    made: Queue[tuple[Item | None, BaseException | None]] = Queue(ahead)
    unwanted = Event()

    def put(item: Item | None, error: BaseException | None) -> bool:
        while not unwanted.is_set():
            try:
                made.put((item, error), timeout=PATIENCE_S)
            except Full:
                continue
            return True
        return False

    def make() -> None:
        try:
            for item in items:
                if not put(item, None):
                    return
            put(None, StopIteration())
        except BaseException as error:  # goes to who asks for items
            put(None, error)

    thread = Thread(target=make, name="reading ahead", daemon=True)
    thread.start()
    try:
        while True:
            item, error = made.get()
            if isinstance(error, StopIteration):
                return
            if error is not None:
                raise error
            yield item  # type: ignore[misc]  # there is an item where there is no error
    finally:
        unwanted.set()
        while thread.is_alive():
            with suppress(Empty):
                made.get(timeout=PATIENCE_S)
