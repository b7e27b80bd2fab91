"""What goes between a process and its child: one JSON object a line, and raw bytes where an object announces them."""

import json
import os
from dataclasses import dataclass
from typing import IO, Any, BinaryIO

BYTES = "bytes"
"""The field that announces so many bytes after the line."""


@dataclass(frozen=True)
class Message:
    """The fields of one JSON object, and the bytes that came after it."""

    fields: dict[str, Any]
    body: bytes = b""


def write_message(stream: IO[bytes], fields: dict[str, Any], body: bytes = b"") -> None:
    """Write one message. OSError or ValueError where nobody reads any more."""
    announced = {**fields, BYTES: len(body)} if body else fields
    stream.write(json.dumps(announced).encode() + b"\n" + body)
    stream.flush()


def read_message(stream: IO[bytes]) -> Message | None:
    """The next message; None where the other side ended, also in the middle of one. Lines that are none are skipped."""
    while (line := stream.readline()).endswith(b"\n"):
        try:
            fields = json.loads(line)
        except ValueError:
            continue
        if not isinstance(fields, dict):
            continue
        length = fields.get(BYTES, 0)
        body = stream.read(length) if length else b""
        return Message(fields, body) if len(body) == length else None
    return None


def take_stdout() -> BinaryIO:
    """This process's stdout for messages alone; what libraries print goes to stderr from now on."""
    messages = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return messages
