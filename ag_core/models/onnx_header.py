"""What an ONNX file says of its input, read from the file itself: OpenCV runs a network without telling its size.

An ONNX file is a protocol-buffer message; the few fields that lead to the size of the image are followed by their
numbers in onnx.proto, and everything else is skipped, so that weights of any size cost nothing.
"""

import mmap
from collections.abc import Iterator
from pathlib import Path

GRAPH = 7
INITIALIZER, INPUT = 5, 11
INITIALIZER_NAME = 8
VALUE_NAME, VALUE_TYPE = 1, 2
TENSOR_TYPE, SHAPE, DIMENSION, DIMENSION_VALUE = 1, 2, 1, 1
VARINT, FIXED_64, LENGTH_DELIMITED, FIXED_32 = 0, 1, 2, 5

Buffer = mmap.mmap | memoryview | bytes


def read_image_size(path: Path) -> tuple[int, int] | None:
    """(height, width) of the images [B,3,H,W] that a network takes.

    None where the file leaves them open, or is no ONNX file, which running it will tell.
    """
    try:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            return _find_image_size(content)
    except (OSError, ValueError):  # an empty file cannot be mapped
        return None


def _find_image_size(content: Buffer) -> tuple[int, int] | None:
    graph = next(_select(content, 0, len(content), GRAPH), None)
    if graph is None:
        return None
    # Older files list their weights among the inputs.
    names = {
        content[slice(*name)] for weights in _select(content, *graph, INITIALIZER)
        for name in _select(content, *weights, INITIALIZER_NAME)
    }  # fmt: skip
    for value in _select(content, *graph, INPUT):
        if any(content[slice(*name)] in names for name in _select(content, *value, VALUE_NAME)):
            continue
        sizes = [
            _read_size(content, *part) for part in _follow(content, value, VALUE_TYPE, TENSOR_TYPE, SHAPE, DIMENSION)
        ]
        if len(sizes) == 4:
            return (sizes[2], sizes[3]) if sizes[2] and sizes[3] else None
    return None


def _follow(content: Buffer, where: tuple[int, int], *fields: int) -> list[tuple[int, int]]:
    """The messages that a path of fields leads to."""
    found = [where]
    for field in fields:
        found = [inner for outer in found for inner in _select(content, *outer, field)]
    return found


def _read_size(content: Buffer, start: int, end: int) -> int:
    """The size of one dimension; 0 where it has a name instead of a size."""
    return next((value for field, value, _ in _read_fields(content, start, end) if field == DIMENSION_VALUE), 0)


def _select(content: Buffer, start: int, end: int, wanted: int) -> Iterator[tuple[int, int]]:
    """Where the inner messages and texts of a field lie."""
    for field, begin, length in _read_fields(content, start, end):
        if field == wanted and length is not None:
            yield begin, begin + length


def _read_fields(content: Buffer, start: int, end: int) -> Iterator[tuple[int, int, int | None]]:
    """The fields of a message: number, then value and None, or where its content lies and its length.

    ValueError where it is no message.
    """
    position = start
    while position < end:
        key, position = _read_varint(content, position, end)
        field, kind = key >> 3, key & 7
        if kind == VARINT:
            value, position = _read_varint(content, position, end)
            yield field, value, None
            continue
        if kind == LENGTH_DELIMITED:
            length, position = _read_varint(content, position, end)
        elif kind in (FIXED_32, FIXED_64):
            length = 4 if kind == FIXED_32 else 8
        else:
            raise ValueError(f"field {field} is of no known kind")
        if position + length > end:
            raise ValueError(f"field {field} ends behind its message")
        if kind == LENGTH_DELIMITED:
            yield field, position, length
        position += length


def _read_varint(content: Buffer, position: int, end: int) -> tuple[int, int]:
    """A number of seven bits a byte, and the position behind it."""
    value = shift = 0
    while position < end and shift < 70:
        byte = content[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if not byte & 0x80:
            return value, position
        shift += 7
    raise ValueError("a number has no end")
