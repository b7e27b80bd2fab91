"""The elements of media containers, found in bytes: boxes of mp4 and mov, elements of mkv and webm, chunks of avi.

Enough of each format to move, drop, double and rewrite elements so that a file stays nearly whole, as a careless tool
leaves it. Sizes of what holds a changed element are mended where that keeps the rest of the file readable.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

BOXES_WITH_BOXES = frozenset(b"moov trak mdia minf stbl edts dinf udta mvex moof traf".split())

EBML_WITH_ELEMENTS = frozenset(
    bytes.fromhex(name)
    for name in ("18538067", "1549a966", "1654ae6b", "ae", "e0", "1f43b675", "a0", "1c53bb6b", "bb", "b7", "114d9b74")
)
"""Segment, Info, Tracks, TrackEntry, Video, Cluster, BlockGroup, Cues, CuePoint, CueTrackPositions, SeekHead."""

RIFF_WITH_CHUNKS = frozenset((b"RIFF", b"LIST"))


@dataclass(frozen=True)
class Element:
    """One element: its name, where it starts, how long its header and the whole of it are, and what it lies in."""

    name: bytes
    start: int
    header: int
    size: int
    inside: tuple["Element", ...]

    @property
    def end(self) -> int:
        """Where the next one begins."""
        return self.start + self.size

    @property
    def body(self) -> slice:
        """What comes after the header."""
        return slice(self.start + self.header, self.end)


def list_elements(content: bytes) -> list[Element]:
    """Every element of a file that is whole, outer ones first; none for a container that is not known here."""
    if content[4:8] == b"ftyp":
        return list(_walk_boxes(content, 0, len(content), ()))
    if content[:4] == bytes.fromhex("1a45dfa3"):
        return list(_walk_ebml(content, 0, len(content), ()))
    if content[:4] == b"RIFF":
        return list(_walk_riff(content, 0, len(content), ()))
    return []


def _walk_boxes(content: bytes, start: int, end: int, inside: tuple[Element, ...]) -> Iterator[Element]:
    while start + 8 <= end:
        size, name = struct.unpack(">I4s", content[start : start + 8])
        header = 8
        if size == 1 and start + 16 <= end:
            (size,), header = struct.unpack(">Q", content[start + 8 : start + 16]), 16
        size = size or end - start
        if size < header or start + size > end:
            return
        box = Element(name, start, header, size, inside)
        yield box
        if name in BOXES_WITH_BOXES:
            yield from _walk_boxes(content, start + header, start + size, (*inside, box))
        start += size


def _walk_ebml(content: bytes, start: int, end: int, inside: tuple[Element, ...]) -> Iterator[Element]:
    while start + 2 <= end:
        name_length = _count_vint_bytes(content[start])
        if name_length > 4 or start + name_length >= end:
            return
        name = content[start : start + name_length]
        at = start + name_length
        length = _count_vint_bytes(content[at])
        if length > 8 or at + length > end:
            return
        body = int.from_bytes(content[at : at + length]) & (1 << 7 * length) - 1
        header = name_length + length
        if body == (1 << 7 * length) - 1:  # of unknown length: to the end of what it lies in
            body = end - start - header
        size = header + body
        if start + size > end:
            return
        element = Element(name, start, header, size, inside)
        yield element
        if name in EBML_WITH_ELEMENTS:
            yield from _walk_ebml(content, start + header, start + size, (*inside, element))
        start += size


def _count_vint_bytes(first: int) -> int:
    return 9 - first.bit_length()


def _walk_riff(content: bytes, start: int, end: int, inside: tuple[Element, ...]) -> Iterator[Element]:
    while start + 8 <= end:
        name, body = struct.unpack("<4sI", content[start : start + 8])
        size = 8 + body + body % 2
        if start + size > end:
            return
        header = 12 if name in RIFF_WITH_CHUNKS else 8
        chunk = Element(name, start, header, size, inside)
        yield chunk
        if name in RIFF_WITH_CHUNKS:
            yield from _walk_riff(content, start + header, start + size, (*inside, chunk))
        start += size


def replace_span(content: bytes, element: Element, span: slice, put: bytes) -> bytes:
    """The content with a span replaced, which lies in `element`'s holders, whose sizes are mended."""
    changed = content[: span.start] + put + content[span.stop :]
    by = len(put) - (span.stop - span.start)
    for holder in element.inside:
        changed = _resize(changed, holder, holder.size + by)
    return changed


def _resize(content: bytes, holder: Element, size: int) -> bytes:
    """The content with another size in the header of an element; as it is where the size does not fit there."""
    out = bytearray(content)
    if holder.name in RIFF_WITH_CHUNKS:
        out[holder.start + 4 : holder.start + 8] = struct.pack("<I", max(0, size - 8))
    elif holder.name in BOXES_WITH_BOXES and holder.header == 8:
        out[holder.start : holder.start + 4] = struct.pack(">I", max(0, size))
    elif holder.name in EBML_WITH_ELEMENTS:
        length = holder.header - len(holder.name)
        body = size - holder.header
        if 0 <= body < (1 << 7 * length) - 1:
            at = holder.start + len(holder.name)
            out[at : at + length] = (body | 1 << 7 * length).to_bytes(length)
    return bytes(out)
