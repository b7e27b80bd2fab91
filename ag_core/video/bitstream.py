"""What a packet tells without being decoded: whether it is shown, and whether decoding may start with it.

A container's own mark of a key frame is a promise that files break (every sample marked, recordings that refresh
their frames bit by bit). What is looked for here is proof: a frame that forgets all before it.
Knows bytes; no file and no decoder.
"""

from collections.abc import Iterator

Bytes = bytes | memoryview


def is_clean_start(codec: str, extradata: Bytes | None, payload: Bytes) -> bool:
    """Whether every frame shown at or after this one decodes as if all before had been decoded too.

    codec: 'h264', 'hevc', 'vp8', 'vp9' or 'av1'; of any other nothing is proven. extradata: the track's header.
    """
    if codec == "h264":
        return _is_clean_h264(payload, _read_length_size(extradata, 4))
    if codec == "hevc":
        kinds = ((unit[0] >> 1) & 63 for unit in _split_units(payload, _read_length_size(extradata, 21)))
        return 16 <= next((kind for kind in kinds if kind < 32), 0) <= 21  # intra random access points
    if codec == "vp8":
        return bool(payload) and not payload[0] & 1
    if codec == "vp9":
        return next(_read_vp9_frames(payload), (False, False))[0]
    if codec == "av1":
        return next(_read_av1_frames(payload), (False, False))[0]
    return False


def count_shown(codec: str, payload: Bytes) -> int:
    """How many frames a packet shows: VP8, VP9 and AV1 hide some that only others refer to."""
    if codec == "vp8":
        return payload[0] >> 4 & 1 if payload else 0
    if codec == "vp9":
        return sum(shown for _, shown in _read_vp9_frames(payload))
    if codec == "av1":
        return sum(shown for _, shown in _read_av1_frames(payload))
    return 1


def _read_length_size(extradata: Bytes | None, position: int) -> int:
    """Bytes of the length before each unit as the header of mp4 and mkv says; 0 where start codes part them."""
    is_header = extradata is not None and len(extradata) > position and extradata[0] == 1
    return (extradata[position] & 3) + 1 if is_header and extradata is not None else 0


def _split_units(payload: Bytes, length_size: int) -> Iterator[Bytes]:
    """The NAL units of a packet that are not empty."""
    if length_size:
        start = 0
        while start + length_size < len(payload):
            length = int.from_bytes(payload[start : start + length_size], "big")
            start += length_size
            if unit := payload[start : start + length]:
                yield unit
            start += length
        return
    content = bytes(payload)
    start = content.find(b"\0\0\1") + 3
    while start >= 3:
        end = content.find(b"\0\0\1", start)
        if unit := content[start : end if end >= 0 else None]:
            yield unit
        start = end + 3


def _is_clean_h264(payload: Bytes, length_size: int) -> bool:
    recovers = False
    for unit in _split_units(payload, length_size):
        kind = unit[0] & 31
        if kind == 6:
            recovers |= _recovers_at_once(bytes(unit[1:]))
        elif 1 <= kind <= 5:
            return kind == 5 or recovers
    return False


def _recovers_at_once(unit: bytes) -> bool:
    """Whether the messages beside a frame promise that all frames shown from here on are exact."""
    messages = unit.replace(b"\0\0\3", b"\0\0")
    position = 0
    while position + 2 < len(messages):
        kind, position = _read_sum(messages, position)
        size, position = _read_sum(messages, position)
        if kind == 6 and position < len(messages):
            return messages[position] >> 6 == 0b11  # recovery after no frame, exactly
        position += size
    return False


def _read_sum(messages: bytes, position: int) -> tuple[int, int]:
    """A number written as bytes to add up, the last of them below 255; and where it ends."""
    total = 0
    while position < len(messages):
        total, position = total + messages[position], position + 1
        if messages[position - 1] != 255:
            break
    return total, position


def _read_vp9_frames(payload: Bytes) -> Iterator[tuple[bool, bool]]:
    """(key frame?, shown?) of each frame in a packet: one, or several with an index at the end."""
    sizes = [len(payload)]
    if payload and payload[-1] >> 5 == 0b110:
        width, count = (payload[-1] >> 3 & 3) + 1, (payload[-1] & 7) + 1
        first = len(payload) - 2 - width * count
        if first >= 0 and payload[first] == payload[-1]:
            at = range(first + 1, len(payload) - 1, width)
            sizes = [int.from_bytes(payload[start : start + width], "little") for start in at]
    start = 0
    for size in sizes:
        if size and start < len(payload):
            yield _read_vp9_header(payload[start])
        start += size


def _read_vp9_header(first: int) -> tuple[bool, bool]:
    """(key frame?, shown?) by the first byte: marker 2, profile 2 (reserved 1 in profile 3), repeat, kind, shown."""
    bits = first << 1 if first >> 4 & 3 == 3 else first
    repeats, is_key, shown = bits >> 3 & 1, not bits >> 2 & 1, bits >> 1 & 1
    return (False, True) if repeats else (is_key, bool(shown))


def _read_av1_frames(payload: Bytes) -> Iterator[tuple[bool, bool]]:
    """(key frame that is shown at once?, shown?) of each frame in a packet of AV1 units."""
    position = 0
    while position < len(payload):
        kind, extended, sized = payload[position] >> 3 & 15, payload[position] >> 2 & 1, payload[position] >> 1 & 1
        position += 1 + extended
        size = shift = 0
        while sized and position < len(payload):
            size |= (payload[position] & 127) << shift
            shift, position = shift + 7, position + 1
            if not payload[position - 1] & 128:
                break
        if kind in (3, 6) and position < len(payload):  # a frame's header: repeat 1, kind 2, shown 1
            header = payload[position] >> 4
            yield header == 0b0001, bool(header & 0b1001)
        if not sized:
            return
        position += size
