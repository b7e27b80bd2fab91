"""Small media files of many kinds, and ways in which they come to harm: cut, flipped, shuffled, with odd headers."""

import random
import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cache
from io import BytesIO

import av
import numpy as np

from benchmarks.damage.containers import Element, list_elements, replace_span
from benchmarks.priority import keep_priority

WIDTH, HEIGHT, N_FRAMES = 96, 64, 30


@dataclass(frozen=True)
class Kind:
    """How a whole file is made: the file's ending, the codec and its options, and what is special about it."""

    ending: str
    codec: str
    options: dict[str, str] = field(default_factory=dict)
    pixels: str = "yuv420p"
    rate: int | Fraction = 12
    rotation: int = 0
    aspect: Fraction | None = None
    sound: bool = False
    container: str | None = None
    container_options: dict[str, str] = field(default_factory=dict)
    uneven: bool = False


KINDS = (
    Kind("mp4", "libx264", {"g": "10", "bf": "2", "threads": "1"}),
    Kind("mp4", "libx264", {"g": "10", "threads": "1"}, sound=True, rate=Fraction(30000, 1001)),
    Kind("mp4", "libx264", {"x264-params": "keyint=8:open-gop=1:bframes=3:threads=1"}, uneven=True, rate=1000),
    Kind("mp4", "libx264", {"g": "8", "threads": "1"}, container_options={"movflags": "frag_keyframe+empty_moov"}),
    Kind("mov", "libx264", {"g": "10", "bf": "2", "threads": "1"}, rotation=90),
    Kind("mov", "mpeg4", {"g": "10"}, aspect=Fraction(4, 3)),
    Kind("mov", "mjpeg", pixels="yuvj420p"),
    Kind("mkv", "libx264", {"g": "10", "bf": "2", "threads": "1"}, sound=True),
    Kind("mkv", "ffv1"),
    Kind("webm", "libvpx-vp9", {"g": "10", "deadline": "realtime", "cpu-used": "8", "threads": "1"}),
    Kind("webm", "libvpx", {"g": "10", "deadline": "realtime", "threads": "1"}, uneven=True, rate=1000),
    Kind("avi", "mpeg4", {"g": "10"}),
    Kind("avi", "mjpeg", pixels="yuvj420p"),
    Kind("ts", "mpeg2video", {"g": "10", "bf": "2"}, rate=25, container="mpegts"),
    Kind("mpg", "mpeg2video", {"g": "10"}, rate=25, container="mpeg"),
    Kind("flv", "flv1", {"g": "10"}),
    Kind("gif", "gif", pixels="rgb8", rate=10),
)


def draw_frame(number: int) -> "np.ndarray":
    """uint8 [H,W,3] a frame that tells its number in eight cells, with a square that moves."""
    frame = np.full((HEIGHT, WIDTH, 3), (60, 110, 90), np.uint8)
    left = number * 2 % (WIDTH - 16)
    frame[8:24, left : left + 16] = (230, 220, 200)
    for bit in range(8):
        frame[44:60, 8 + 10 * bit : 18 + 10 * bit] = 225 if number >> bit & 1 else 25
    return frame


@cache
@keep_priority()
def make_media(index: int) -> bytes:
    """The whole file of a kind."""
    kind = KINDS[index]
    out = BytesIO()
    named = kind.container or {"mkv": "matroska"}.get(kind.ending, kind.ending)
    with av.open(out, "w", format=named, options={"fflags": "+bitexact"} | kind.container_options) as container:
        stream = container.add_stream(kind.codec, rate=kind.rate, options=kind.options)
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, kind.pixels
        if kind.aspect is not None:
            stream.codec_context.sample_aspect_ratio = kind.aspect
        if kind.rotation:
            stream.set_display_rotation(kind.rotation)
        voice = container.add_stream("aac", rate=44100, layout="mono") if kind.sound else None
        clock = 0
        for number in range(1, N_FRAMES + 1):
            frame = av.VideoFrame.from_ndarray(draw_frame(number), format="rgb24").reformat(format=kind.pixels)
            frame.pts, frame.time_base = (clock if kind.uneven else number - 1), 1 / Fraction(kind.rate)
            clock += (33, 40, 90, 33, 250)[number % 5]
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
        if voice is not None:
            for step in range(40):
                sound = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
                sound.sample_rate, sound.pts = 44100, 1024 * step
                container.mux(voice.encode(sound))
            container.mux(voice.encode())
    return out.getvalue()


def damage_media(seed: int) -> tuple[str, bytes, str]:
    """The ending, the content and in words what was done, for a seed; the same for the same seed."""
    draw = random.Random(seed)
    index = draw.randrange(len(KINDS))
    content, told = make_media(index), []
    for _ in range(draw.choice((1, 1, 1, 2, 3))):
        elements = list_elements(content)
        ways = WAYS + (ELEMENT_WAYS * 2 if elements else ())
        way = draw.choice(ways)
        content, words = way(content, elements, draw)
        told.append(words)
    return KINDS[index].ending, content, f"{KINDS[index].ending} {KINDS[index].codec}: {'; '.join(told)}"


Way = Callable[[bytes, list[Element], random.Random], tuple[bytes, str]]


def _cut(content: bytes, elements: list[Element], draw: random.Random) -> tuple[bytes, str]:
    keep = draw.randrange(len(content) + 1)
    return content[:keep], f"cut to {keep} bytes"


def _cut_front(content: bytes, elements: list[Element], draw: random.Random) -> tuple[bytes, str]:
    lost = draw.randrange(min(len(content), 4096) + 1)
    return content[lost:], f"the first {lost} bytes lost"


def _flip(content: bytes, elements: list[Element], draw: random.Random) -> tuple[bytes, str]:
    out, count = bytearray(content), draw.choice((1, 3, 20, 200))
    for _ in range(count if out else 0):
        out[draw.randrange(len(out))] ^= 1 << draw.randrange(8)
    return bytes(out), f"{count} bits flipped"


def _flip_in_head(content: bytes, elements: list[Element], draw: random.Random) -> tuple[bytes, str]:
    out, count = bytearray(content), draw.choice((1, 2, 8))
    for _ in range(count if out else 0):
        out[draw.randrange(min(len(out), 1024))] = draw.randrange(256)
    return bytes(out), f"{count} bytes of the first 1024 replaced"


def _lose_middle(content: bytes, elements: list[Element], draw: random.Random) -> tuple[bytes, str]:
    start = draw.randrange(len(content) + 1)
    end = min(len(content), start + draw.choice((1, 7, 188, 1000, 5000)))
    if draw.random() < 0.5:
        return content[:start] + content[end:], f"bytes {start} to {end} lost"
    return content[:start] + bytes(end - start) + content[end:], f"bytes {start} to {end} zeroed"


def _join(content: bytes, elements: list[Element], draw: random.Random) -> tuple[bytes, str]:
    if draw.random() < 0.5:
        return content + content, "joined with itself"
    return content + make_media(draw.randrange(len(KINDS))), "joined with a file of another kind"


def _drop(content: bytes, elements: list[Element], draw: random.Random) -> tuple[bytes, str]:
    chosen = draw.choice(elements)
    span = slice(chosen.start, chosen.end)
    return replace_span(content, chosen, span, b""), f"{_name(chosen)} at {chosen.start} removed"


def _blank(content: bytes, elements: list[Element], draw: random.Random) -> tuple[bytes, str]:
    chosen = draw.choice(elements)
    out = bytearray(content)
    out[chosen.body] = bytes(len(out[chosen.body]))
    return bytes(out), f"{_name(chosen)} at {chosen.start} zeroed"


def _double(content: bytes, elements: list[Element], draw: random.Random) -> tuple[bytes, str]:
    chosen = draw.choice(elements)
    copy = content[chosen.start : chosen.end]
    return replace_span(content, chosen, slice(chosen.end, chosen.end), copy), f"{_name(chosen)} twice"


def _swap(content: bytes, elements: list[Element], draw: random.Random) -> tuple[bytes, str]:
    first = draw.choice(elements)
    beside = [other for other in elements if other.inside == first.inside and other.start >= first.end]
    if not beside:
        return _blank(content, elements, draw)
    second = draw.choice(beside)
    one, other = content[first.start : first.end], content[second.start : second.end]
    between = content[first.end : second.start]
    return content[: first.start] + other + between + one + content[second.end :], (
        f"{_name(first)} at {first.start} and {_name(second)} at {second.start} swapped"
    )


def _resize(content: bytes, elements: list[Element], draw: random.Random) -> tuple[bytes, str]:
    chosen = draw.choice(elements)
    out = bytearray(content)
    for at in range(chosen.start, min(chosen.start + 4, len(out))):
        if draw.random() < 0.5:
            out[at] = draw.choice((0, 1, 0x7F, 0xFF, draw.randrange(256)))
    return bytes(out), f"header of {_name(chosen)} at {chosen.start} rewritten"


ODD_WORDS = (0, 1, 2, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0x10000, 1_000_000, 90_000, 0xFFFF0000)

HEADERS = frozenset(
    (
        *b"mvhd tkhd mdhd elst stts ctts stss stsz stsc stco co64 stsd trex tfhd tfdt trun mfhd sidx pasp".split(),
        *map(bytes.fromhex, "2ad7b1 4489 23e383 b0 ba 54b0 54ba 54b2 e7 a3 d7 86 83".split()),
        *b"avih strh strf idx1".split(),
    )
)
"""What says time scales, durations, rates, sizes, matrices, aspects, tables of samples."""


def _rewrite_field(content: bytes, elements: list[Element], draw: random.Random) -> tuple[bytes, str]:
    heads = [element for element in elements if element.name in HEADERS] or elements
    chosen = draw.choice(heads)
    out = bytearray(content)
    body = range(*chosen.body.indices(len(out)))
    if not body:
        return bytes(out), f"{_name(chosen)} at {chosen.start} is empty"
    width = draw.choice((1, 2, 4, 4, 4, 8))
    offset = draw.randrange(0, min(len(body), 120), min(4, width))
    word = draw.choice((*ODD_WORDS, draw.randrange(1 << 32)))
    order = "<" if content[:4] == b"RIFF" else ">"
    put = struct.pack(order + "Q", word if width == 8 or order == "<" else word << 32)[:width]
    at = body.start + offset
    out[at : at + width] = put[: len(out) - at]
    return bytes(out), f"{_name(chosen)} at {chosen.start}: {width} bytes at {offset} set to {word:#x}"


def _name(element: Element) -> str:
    return element.name.decode("ascii") if element.name.isalnum() else element.name.hex()


WAYS: tuple[Way, ...] = (_cut, _cut, _flip, _flip, _flip_in_head, _lose_middle, _join, _cut_front)
ELEMENT_WAYS: tuple[Way, ...] = (_drop, _blank, _double, _swap, _resize, _rewrite_field, _rewrite_field, _rewrite_field)
