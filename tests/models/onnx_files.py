"""Small ONNX files of the right shape for YOLOX, written by hand: every cell answers the same 85 numbers.

A protocol-buffer message is a row of fields, each with its number in onnx.proto: a whole number, or a length and bytes.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

FLOAT, INT64 = 1, 7
STRIDES = (8, 16, 32)


def write_constant_detector(
    path: Path,
    answers: Mapping[int, float],
    *,
    columns: int = 85,
    size_hw: tuple[int, int] | None = (416, 416),
    transposed: bool = True,
) -> Path:
    """Write a network that answers `answers` (by column, 0 elsewhere) for every cell of strides 8, 16 and 32.

    size_hw  of the images that the file says it takes; None leaves it open
    """
    bias = np.zeros(columns, np.float32)
    bias[list(answers)] = list(answers.values())
    nodes, tensors = [], []
    for stride in STRIDES:
        zeros = np.zeros((columns, 3, stride, stride), np.float32)
        tensors += [_tensor(f"w{stride}", zeros), _tensor(f"b{stride}", bias)]
        tensors.append(_tensor(f"s{stride}", np.array([1, columns, -1], np.int64)))
        sides = [_integers("kernel_shape", [stride, stride]), _integers("strides", [stride, stride])]
        nodes.append(_node("Conv", ["images", f"w{stride}", f"b{stride}"], [f"c{stride}"], sides))
        nodes.append(_node("Reshape", [f"c{stride}", f"s{stride}"], [f"r{stride}"]))
    last = "joined" if transposed else "output"
    nodes.append(_node("Concat", [f"r{stride}" for stride in STRIDES], [last], [_integer("axis", 2)]))
    if transposed:
        nodes.append(_node("Transpose", [last], ["output"], [_integers("perm", [0, 2, 1])]))
    size = ["h", "w"] if size_hw is None else list(size_hw)
    graph = b"".join(_inner(1, node) for node in nodes) + _inner(2, b"constant")
    graph += b"".join(_inner(5, tensor) for tensor in tensors)
    graph += _inner(11, _value("images", [1, 3, *size])) + _inner(12, _value("output", [1, "cells", columns]))
    path.write_bytes(_whole(1, 7) + _inner(7, graph) + _inner(8, _inner(1, b"") + _whole(2, 11)))
    return path


def _varint(value: int) -> bytes:
    value &= 2**64 - 1  # negative numbers are written as large ones
    found = bytearray()
    while value > 0x7F:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*found, value])


def _whole(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _inner(field: int, content: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(content)) + content


def _text(field: int, text: str) -> bytes:
    return _inner(field, text.encode())


def _tensor(name: str, values: NDArray[np.float32] | NDArray[np.int64]) -> bytes:
    kind = FLOAT if values.dtype == np.float32 else INT64
    return (
        b"".join(_whole(1, size) for size in values.shape)
        + _whole(2, kind)
        + _text(8, name)
        + _inner(9, values.tobytes())
    )


def _integer(name: str, value: int) -> bytes:
    return _text(1, name) + _whole(3, value) + _whole(20, 2)


def _integers(name: str, values: Sequence[int]) -> bytes:
    return _text(1, name) + b"".join(_whole(8, value) for value in values) + _whole(20, 7)


def _node(kind: str, inputs: Sequence[str], outputs: Sequence[str], attributes: Sequence[bytes] = ()) -> bytes:
    named = [*(_text(1, name) for name in inputs), *(_text(2, name) for name in outputs), _text(4, kind)]
    return b"".join([*named, *(_inner(5, attribute) for attribute in attributes)])


def _value(name: str, sizes: Sequence[int | str]) -> bytes:
    dimensions = [_text(2, size) if isinstance(size, str) else _whole(1, size) for size in sizes]
    shape = b"".join(_inner(1, dimension) for dimension in dimensions)
    return _text(1, name) + _inner(2, _inner(1, _whole(1, FLOAT) + _inner(2, shape)))
