"""Which combinations train never shows: the `comp` part of val has them, `iid` and train do not.

Two kinds: triples of a verb (a template of the repertoire), an item in one of its shapes, and what carries it; and one
sector of camera positions. Both follow from hashes of names, so nothing has to be stored and no order of calls matters.
"""

from zlib import crc32

SLOTS = 6
"""About one triple in so many is held out."""
SALT = "14511"
"""With it the shapes of each item fall into different slots (a few of food aside), so they are never out together."""
ACCOMPANYING = ("hold", "grasp")
"""Templates that come with nearly every other: to hold one of them out would hold out the item itself."""

SIDES, HEIGHTS = ("left", "middle", "right"), ("low", "high")
SECTORS = tuple(f"{side} {height}" for side in SIDES for height in HEIGHTS)
"""Where the camera stands, seen from the room's middle: side and height."""
HELD_OUT_SECTOR = "left high"


def is_held_out(template: str, key: str, variant: str = "", support: str = "") -> bool:
    """Whether train and iid films leave out this verb with this item's shape and support.

    template: of TEMPLATES; key: of ITEMS, or a placed object's class; variant: the item's shape family; support: the
    object class that carries it or takes part. '' where there is none. An item without shape families and without a
    support is never held out: that would be its whole verb. For one verb, item and support only the shapes of one slot
    in six are held out, and for one shape only the supports of one slot, so others of the item remain in train.
    """
    if template in ACCOMPANYING or not (variant or support):
        return False
    return (_slot(template, key) + _slot(key, variant) + _slot("on", support)) % SLOTS == 0


def is_held_out_sector(sector: str) -> bool:
    """Whether train and iid films leave out this sector of camera positions; ValueError for an unknown one."""
    if sector not in SECTORS:
        raise ValueError(f"sector {sector!r} does not exist; give one of {', '.join(SECTORS)}")
    return sector == HELD_OUT_SECTOR


def _slot(*names: str) -> int:
    """A fixed number from 0 to SLOTS - 1 for some names."""
    return crc32("\n".join((SALT, *names)).encode()) % SLOTS
