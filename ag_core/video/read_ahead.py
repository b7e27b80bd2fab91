"""Makes the next items of an iterator in another thread while the ones before are used. Knows no video.

Decoders and networks let go of Python's lock while they work, so that both go on at once.
"""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from queue import Empty, Full, Queue
from threading import Event, Thread
from typing import TypeVar

Item = TypeVar("Item")

AHEAD = 32
"""Frames that wait at most: 12 MB of 480 x 270."""

PATIENCE_S = 0.05
"""How long the thread waits for room before it looks whether anybody still wants what it makes."""


@dataclass(frozen=True)
class _End:
    """What comes behind the last item: what the iterator raised, if it did."""

    error: BaseException | None


def read_ahead(items: Iterable[Item], ahead: int = AHEAD) -> Iterator[Item]:
    """The same items in their order, up to `ahead` of them made before they are asked for.

    What the iterator raises is raised behind its last item. Whoever closes this ends the thread.
    """
    made: Queue[Item | _End] = Queue(ahead)
    unwanted = Event()

    def put(item: Item | _End) -> bool:
        while not unwanted.is_set():
            try:
                made.put(item, timeout=PATIENCE_S)
            except Full:
                continue
            return True
        return False

    def make() -> None:
        try:
            for item in items:
                if not put(item):
                    return
            put(_End(None))
        except BaseException as error:  # goes to who asks for items
            put(_End(error))

    thread = Thread(target=make, name="reading ahead", daemon=True)
    thread.start()
    try:
        while True:
            item = made.get()
            if isinstance(item, _End):
                if item.error is not None:
                    raise item.error
                return
            yield item
    finally:
        unwanted.set()
        while thread.is_alive():
            with suppress(Empty):
                made.get(timeout=PATIENCE_S)
