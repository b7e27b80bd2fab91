"""Harm to values and texts: what a careless script, a spreadsheet or a broken disk makes of records that were right."""

import copy
import random
from collections.abc import Callable
from typing import Any

import numpy as np

NUMBERS: tuple[Any, ...] = (
    *(0, -1, 1, 0.5, -0.0, 1e-320, 1e308, -1e308, float("nan"), float("inf"), -float("inf")),
    *(2**31, 2**63, 2**100, -(2**40), 100_000_000),
)
WORDS: tuple[str, ...] = (
    *("", " ", "x", "nan", "NaN", "inf", "1e999", "None", "null", "-1", "True", "Train", "c999"),
    *("ümläut", "c01²", "人", "٣", "a\u202eb", "a\x00b", "a\nb", "a\tb", "x" * 5000),
    *("'; drop table videos; --", "../../etc/x", "$(x)", "<b>"),
)
PLAIN: tuple[Any, ...] = (None, True, False, [], {}, [[]], [None], {"x": 1}, *NUMBERS, *WORDS)
"""What JSON can hold."""

PYTHON: tuple[Any, ...] = (
    *PLAIN,
    *(b"bytes", (), (1, 2), {1, 2}, frozenset(), 1j, "\ud800", {1: 2, None: 3}, {(1, 2): 3}),
    *(np.float32("nan"), np.int64(7), np.float64(2.5), np.True_, np.array([]), np.array(3.0), np.arange(3)),
    *(np.zeros((2, 4)), np.full((1, 4), np.nan), np.array(["a"]), np.zeros((0, 4))),
)
"""What a pickle can hold besides."""


def damage_value(root: Any, odd: tuple[Any, ...], draw: random.Random) -> tuple[Any, list[Any], str]:
    """A copy of a value with one harm somewhere inside; the way to it (keys and indices) and the harm in words."""
    root = copy.deepcopy(root)
    holder = root
    way: list[Any] = []
    while True:
        keys = _list_keys(holder)
        if not keys:
            return root, way, "nothing to harm"
        key = draw.choice(keys)
        way.append(key)
        if not _list_keys(holder[key]) or draw.random() < 0.2:
            break
        holder = holder[key]
    return root, way, draw.choice(VALUE_WAYS)(holder, key, odd, draw)


def _list_keys(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return list(value)
    return list(range(len(value))) if isinstance(value, list) else []


def _replace(holder: Any, key: Any, odd: tuple[Any, ...], draw: random.Random) -> str:
    holder[key] = copy.deepcopy(draw.choice(odd))
    return f"{str(key)[:30]!r} set to {_short(holder[key])}"


def _remove(holder: Any, key: Any, odd: tuple[Any, ...], draw: random.Random) -> str:
    del holder[key]
    return f"{str(key)[:30]!r} removed"


def _add(holder: Any, key: Any, odd: tuple[Any, ...], draw: random.Random) -> str:
    value = copy.deepcopy(draw.choice(odd))
    if isinstance(holder, dict):
        name = draw.choice((*WORDS, str(key).upper(), f"{key} "))
        holder[name] = value
        return f"{name[:30]!r} added as {_short(value)}"
    holder.insert(key, value)
    return f"{_short(value)} put before {key}"


def _rename(holder: Any, key: Any, odd: tuple[Any, ...], draw: random.Random) -> str:
    if not isinstance(holder, dict):
        return _replace(holder, key, odd, draw)
    name = draw.choice((*WORDS, str(key).upper(), f"{key} ", str(key)[:-1], str(key)[1:]))
    holder[name] = holder.pop(key)
    return f"{str(key)[:30]!r} renamed {name[:30]!r}"


def _wrap(holder: Any, key: Any, odd: tuple[Any, ...], draw: random.Random) -> str:
    holder[key] = draw.choice(
        ([holder[key]], [holder[key], holder[key]], {"value": holder[key]}, str(holder[key])[:500])
    )
    return f"{str(key)[:30]!r} wrapped as {type(holder[key]).__name__}"


def _bury(holder: Any, key: Any, odd: tuple[Any, ...], draw: random.Random) -> str:
    value: Any = holder[key]
    for _ in range(depth := draw.choice((50, 400))):
        value = [value]
    holder[key] = value
    return f"{str(key)[:30]!r} {depth} lists deep"


def _scale(holder: Any, key: Any, odd: tuple[Any, ...], draw: random.Random) -> str:
    if isinstance(holder[key], bool) or not isinstance(holder[key], (int, float)):
        return _replace(holder, key, odd, draw)
    holder[key] = holder[key] * draw.choice((-1, 1000, 1e6, 1e-6)) + draw.choice((0, 0.25))
    return f"{str(key)[:30]!r} set to {holder[key]!r}"


def _short(value: Any) -> str:
    text = repr(value)
    return text.encode("ascii", "backslashreplace").decode() if len(text) <= 40 else text[:30] + "..."


ValueWay = Callable[[Any, Any, tuple[Any, ...], random.Random], str]
VALUE_WAYS: tuple[ValueWay, ...] = (_replace, _replace, _replace, _remove, _add, _rename, _wrap, _scale, _scale, _bury)


def damage_bytes(content: bytes, draw: random.Random) -> tuple[bytes, str]:
    """Bytes cut, flipped, lost, doubled or joined."""
    way = draw.randrange(7)
    start = draw.randrange(len(content) + 1)
    end = min(len(content), start + draw.choice((1, 8, 64, 4096)))
    if way == 0:
        return content[:start], f"cut to {start} bytes"
    if way == 1:
        return content[:start] + content[end:], f"bytes {start} to {end} lost"
    if way == 2:
        return content[:start] + bytes(end - start) + content[end:], f"bytes {start} to {end} zeroed"
    if way == 3:
        return content[:end] + content[start:], f"bytes {start} to {end} twice"
    if way == 4:
        return content + content, "joined with itself"
    out, count = bytearray(content), draw.choice((1, 1, 4, 40))
    for _ in range(count if out else 0):
        out[draw.randrange(len(out))] = draw.randrange(256)
    return bytes(out), f"{count} bytes replaced"


def damage_table(text: str, draw: random.Random) -> tuple[str, str]:
    """A csv text harmed line by line or cell by cell."""
    lines = text.splitlines()
    at = draw.randrange(len(lines))
    cells = lines[at].split(",")
    cell = draw.randrange(len(cells))
    way = draw.randrange(12)
    if way <= 3:
        cells[cell] = draw.choice((*WORDS, *map(str, NUMBERS))).replace("\n", " ")
        lines[at] = ",".join(cells)
        words = f"line {at + 1}, cell {cell + 1} set to {_short(cells[cell])}"
    elif way == 4:
        mark = draw.choice(('"', "'", '""', '"a'))
        cells[cell] = mark + cells[cell]
        lines[at] = ",".join(cells)
        words = f"line {at + 1}, cell {cell + 1} begins with {mark}"
    elif way == 5:
        place = draw.randrange(len(lines[at]) + 1)
        lines[at] = (
            lines[at][:place] + draw.choice(('"', ",", ";", "\t", "\r", "\x00", "\ufeff", "\u2028")) + lines[at][place:]
        )
        words = f"line {at + 1}, a sign put in at {place}"
    elif way == 6:
        lines.insert(at, lines[draw.randrange(len(lines))])
        words = f"a line repeated at {at + 1}"
    elif way == 7:
        del lines[at]
        words = f"line {at + 1} removed"
    elif way == 8:
        del cells[cell]
        lines[at] = ",".join(cells)
        words = f"line {at + 1}, cell {cell + 1} removed"
    elif way == 9:
        sign = draw.choice((";", "\t", "|"))
        return text.replace(",", sign), f"separated by {sign!r}"
    elif way == 10:
        return "\ufeff" + text.replace("\n", draw.choice(("\r\n", "\r", "\n\n"))), "other ends of lines"
    else:
        lines.insert(at, draw.choice(("", ",,,,,,,,,,", "#", '"', "x" * 200_000, "\x1a")))
        words = f"an odd line at {at + 1}"
    return "\n".join(lines) + "\n", words
