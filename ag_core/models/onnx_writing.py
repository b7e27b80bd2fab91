"""Writes a network as an ONNX file: the few fields of onnx.proto that make one, each with its number there.

A protocol-buffer message is a row of fields: a whole number, or a length and bytes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ag_core.files import write_atomically

OPSET = 11
"""The version of the operators: the first with resizing by halves of pixels, and OpenCV knows it."""

FORMAT_VERSION = 7
FLOAT, INT64 = 1, 7
FLOAT_ATTRIBUTE, INTEGER, TEXT, INTEGERS = 1, 2, 3, 7

Attribute = int | float | str | Sequence[int]


@dataclass
class OnnxGraph:
    """A network that grows: its nodes in the order of computing, and its weights by name.

    inputs, outputs  names with their sizes; a text stands for a size that is left open
    """

    inputs: dict[str, Sequence[int | str]] = field(default_factory=dict)
    outputs: dict[str, Sequence[int | str]] = field(default_factory=dict)
    weights: dict[str, NDArray[np.float32] | NDArray[np.int64]] = field(default_factory=dict)
    nodes: list["OnnxNode"] = field(default_factory=list)


@dataclass(frozen=True)
class OnnxNode:
    """One operator: its name in ONNX, the names of what it reads and makes, and its attributes."""

    kind: str
    inputs: Sequence[str]
    outputs: Sequence[str]
    attributes: Mapping[str, Attribute] = field(default_factory=dict)


def write_onnx(path: Path, graph: OnnxGraph) -> None:
    """Write a network, whole or not at all."""
    content = b"".join(_inner(1, _encode_node(node)) for node in graph.nodes) + _text(2, "network")
    content += b"".join(_inner(5, _encode_tensor(name, values)) for name, values in graph.weights.items())
    content += b"".join(_inner(11, _encode_value(name, sizes)) for name, sizes in graph.inputs.items())
    content += b"".join(_inner(12, _encode_value(name, sizes)) for name, sizes in graph.outputs.items())
    opset = _text(1, "") + _whole(2, OPSET)
    write_atomically(path, _whole(1, FORMAT_VERSION) + _inner(7, content) + _inner(8, opset))


def _encode_node(node: OnnxNode) -> bytes:
    named = [*(_text(1, name) for name in node.inputs), *(_text(2, name) for name in node.outputs), _text(4, node.kind)]
    return b"".join([*named, *(_inner(5, _encode_attribute(*one)) for one in node.attributes.items())])


def _encode_attribute(name: str, value: Attribute) -> bytes:
    if isinstance(value, str):
        return _text(1, name) + _text(4, value) + _whole(20, TEXT)
    if isinstance(value, float):
        return _text(1, name) + _varint(2 << 3 | 5) + np.array(value, "<f4").tobytes() + _whole(20, FLOAT_ATTRIBUTE)
    if isinstance(value, int):
        return _text(1, name) + _whole(3, value) + _whole(20, INTEGER)
    return _text(1, name) + b"".join(_whole(8, one) for one in value) + _whole(20, INTEGERS)


def _encode_tensor(name: str, values: NDArray[np.float32] | NDArray[np.int64]) -> bytes:
    kind, stored = (FLOAT, "<f4") if values.dtype == np.float32 else (INT64, "<i8")
    sizes = b"".join(_whole(1, size) for size in values.shape)
    return sizes + _whole(2, kind) + _text(8, name) + _inner(9, values.astype(stored).tobytes())


def _encode_value(name: str, sizes: Sequence[int | str]) -> bytes:
    dimensions = [_text(2, size) if isinstance(size, str) else _whole(1, size) for size in sizes]
    shape = b"".join(_inner(1, dimension) for dimension in dimensions)
    return _text(1, name) + _inner(2, _inner(1, _whole(1, FLOAT) + _inner(2, shape)))


def _varint(value: int) -> bytes:
    value &= 2**64 - 1  # negative numbers are written as large ones
    found = bytearray()
    while value > 0x7F:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*found, value])


def _whole(number: int, value: int) -> bytes:
    return _varint(number << 3) + _varint(value)


def _inner(number: int, content: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(content)) + content


def _text(number: int, text: str) -> bytes:
    return _inner(number, text.encode())
