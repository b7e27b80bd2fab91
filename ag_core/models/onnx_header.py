"""What an ONNX file says of its inputs and outputs, read from the file itself, and what a file is that is none.

An ONNX file is a protocol-buffer message; the few fields that lead to the names and sizes are followed by their
numbers in onnx.proto, and everything else is skipped, so that weights of any size cost nothing.
"""

import mmap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ag_core.errors import UserError

GRAPH = 7
INITIALIZER, INPUT, OUTPUT = 5, 11, 12
INITIALIZER_NAME = 8
VALUE_NAME, VALUE_TYPE = 1, 2
TENSOR_TYPE, SHAPE, DIMENSION, DIMENSION_VALUE = 1, 2, 1, 1
ELEMENT_TYPE = 1
VARINT, FIXED_64, LENGTH_DELIMITED, FIXED_32 = 0, 1, 2, 5

ELEMENT_TYPES = {1: "float32", 2: "uint8", 3: "int8", 6: "int32", 7: "int64", 10: "float16", 11: "float64"}

MAX_BYTES = 2**31 - 1
"""No protocol-buffer message is larger; what is larger cannot be an ONNX file in one piece."""

SNIFFED_BYTES = 512
"""So much of the beginning of a file that is no ONNX file tells what it is."""

NEEDED = "give a detector of COCO's 80 classes exported to ONNX, YOLOX or NanoDet"

Buffer = mmap.mmap | memoryview | bytes
Span = tuple[int, int]


@dataclass(frozen=True)
class OnnxValue:
    """An input or output: its name, the type of its elements ('' where the file has none), and its sizes.

    sizes  0 where the file leaves one open; empty where it says nothing of them
    """

    name: str
    element_type: str
    sizes: tuple[int, ...]


@dataclass(frozen=True)
class OnnxHeader:
    """The inputs of a network, without its weights, and its outputs."""

    inputs: tuple[OnnxValue, ...]
    outputs: tuple[OnnxValue, ...]


def read_onnx_header(path: Path) -> OnnxHeader:
    """Inputs and outputs of an ONNX file. UserError says what another file is: text, cut short, too large."""
    if not path.is_file():
        raise UserError(f"there is no ONNX file {path}; {NEEDED}")
    if (n_bytes := path.stat().st_size) > MAX_BYTES:
        raise UserError(
            f"{path} has {n_bytes / 1e9:.1f} GB, and an ONNX file ends below {MAX_BYTES / 1e9:.1f} GB; {NEEDED}, "
            "which are files of 1 to 400 MB"
        )
    if not n_bytes:
        raise UserError(f"{path} is empty; fetch it again")
    try:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            return _read_header(path, content)
    except OSError as error:
        raise UserError(f"{path} cannot be read ({error.strerror}); give the path of a file that can") from None


def _read_header(path: Path, content: Buffer) -> OnnxHeader:
    try:
        graph = next(_select(content, 0, len(content), GRAPH), None)
        if graph is None:
            raise ValueError("no graph")
        # Older files list their weights among the inputs.
        weights = {
            content[slice(*name)] for tensor in _select(content, *graph, INITIALIZER)
            for name in _select(content, *tensor, INITIALIZER_NAME)
        }  # fmt: skip
        inputs = [
            value for value in _select(content, *graph, INPUT)
            if not any(content[slice(*name)] in weights for name in _select(content, *value, VALUE_NAME))
        ]  # fmt: skip
        outputs = list(_select(content, *graph, OUTPUT))
        if not inputs or not outputs:
            raise ValueError("no inputs or outputs")
        return OnnxHeader(
            tuple(_read_value(content, value) for value in inputs),
            tuple(_read_value(content, value) for value in outputs),
        )
    except ValueError:
        raise UserError(_explain_other_file(path, content)) from None


def _read_value(content: Buffer, value: Span) -> OnnxValue:
    names = [bytes(content[slice(*name)]) for name in _select(content, *value, VALUE_NAME)]
    kinds = [
        number
        for tensor in _follow(content, value, VALUE_TYPE, TENSOR_TYPE)
        for field, number, length in _read_fields(content, *tensor)
        if field == ELEMENT_TYPE and length is None
    ]
    sizes = tuple(
        _read_size(content, *part) for part in _follow(content, value, VALUE_TYPE, TENSOR_TYPE, SHAPE, DIMENSION)
    )
    kind = ELEMENT_TYPES.get(kinds[0], f"type {kinds[0]}") if kinds else ""
    return OnnxValue(names[0].decode("utf-8", "replace") if names else "", kind, sizes)


def _explain_other_file(path: Path, content: Buffer) -> str:
    """A sentence on a file that could not be read as ONNX."""
    start = bytes(content[:SNIFFED_BYTES])
    if start.startswith(b"version https://git-lfs"):
        return f"{path} is a pointer of Git LFS and not the file that it stands for; fetch that with `git lfs pull`"
    if start.lstrip().lower().startswith((b"<!doctype html", b"<html")):
        return f"{path} is a web page that was saved under the name of a model; download the file itself"
    if start.startswith(b"PK\x03\x04"):
        return f"{path} is a zip archive, as torch's weights are, and not an ONNX file; {NEEDED}"
    if _is_text(start):
        return f"{path} is a text file and not an ONNX file; {NEEDED}"
    if _is_cut(content):
        return f"{path} is cut short: it has {len(content):,} bytes and its network goes on; fetch it again"
    return f"{path} is not an ONNX file: it has no network with inputs and outputs; {NEEDED}"


def _is_text(start: bytes) -> bool:
    text = start.decode("utf-8", "ignore")
    cut = 3 if len(start) == SNIFFED_BYTES else 0  # of the last letter
    return len(text.encode()) >= len(start) - cut and all(one.isprintable() or one.isspace() for one in text)


def _is_cut(content: Buffer) -> bool:
    """Whether a file begins as ONNX files do, with the version of the format, and a part of it ends behind it."""
    if content[0] != 8 or len(content) < 2 or content[1] > 30:
        return False
    try:
        for _ in _read_fields(content, 0, len(content)):
            pass
    except ValueError:
        return True
    return False


def _follow(content: Buffer, where: Span, *fields: int) -> list[Span]:
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
