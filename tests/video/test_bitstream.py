"""What packets tell without being decoded, on bytes written by hand and on files of each codec."""

from pathlib import Path
from typing import Any

import av
import pytest

from ag_core.video.bitstream import count_shown, is_clean_start
from tests.video.test_frames import write_video

KEY, INTER, HIDDEN, REPEAT = 0b10000010, 0b10000110, 0b10000100, 0b10001000  # first bytes of VP9 frames


def join_vp9(*frames: bytes) -> bytes:
    """Several frames in one packet, with the index of their sizes at the end."""
    mark = bytes([0b11000000 | len(frames) - 1])  # sizes of one byte
    return b"".join(frames) + mark + bytes(map(len, frames)) + mark


@pytest.mark.parametrize(
    ("payload", "shown", "clean"),
    [
        (bytes([KEY, 1, 2]), 1, True),
        (bytes([INTER, 1, 2]), 1, False),
        (bytes([HIDDEN, 1, 2]), 0, False),
        (bytes([REPEAT]), 1, False),
        (bytes([0b10110001, 1]), 1, True),  # profile 3 has one bit more before
        (join_vp9(bytes([HIDDEN, 1, 2]), bytes([INTER, 1])), 1, False),
        (join_vp9(bytes([KEY, 1, 2]), bytes([REPEAT])), 2, True),
        (b"", 0, False),
    ],
)
def test_vp9(payload: bytes, shown: int, clean: bool) -> None:
    assert count_shown("vp9", payload) == shown
    assert is_clean_start("vp9", None, payload) == clean


DELIMITER, FRAME, TILES = b"\x12\x00", b"\x32\x02", b"\x22\x01\x00"  # units of AV1 that say their size


@pytest.mark.parametrize(
    ("payload", "shown", "clean"),
    [
        (DELIMITER + FRAME + b"\x10\x00", 1, True),
        (DELIMITER + FRAME + b"\x30\x00", 1, False),
        (DELIMITER + FRAME + b"\x20\x00", 0, False),  # for others to refer to
        (DELIMITER + FRAME + b"\x20\x00" + FRAME + b"\x30\x00" + TILES, 1, False),
        (DELIMITER + b"\x1a\x01\x80", 1, False),  # one that was hidden is shown
        (b"\x30\x10\x00", 1, True),  # the last unit need not say its size
        (DELIMITER, 0, False),
        (b"", 0, False),
    ],
)
def test_av1(payload: bytes, shown: int, clean: bool) -> None:
    assert count_shown("av1", payload) == shown
    assert is_clean_start("av1", None, payload) == clean


@pytest.mark.parametrize(("first", "shown", "clean"), [(0x10, 1, True), (0x11, 1, False), (0x01, 0, False)])
def test_vp8(first: int, shown: int, clean: bool) -> None:
    assert count_shown("vp8", bytes([first])) == shown
    assert is_clean_start("vp8", None, bytes([first])) == clean


def cut_units(*units: bytes) -> bytes:
    return b"".join(b"\0\0\0\1" + unit for unit in units)


PICTURE, KEY_PICTURE, SOUND_LESS = b"\x41\x9a", b"\x65\x88", b"\x09\xf0"
AT_ONCE, LATER, INEXACT = b"\x06\x06\x01\xc0\x80", b"\x06\x06\x01\x40\x80", b"\x06\x06\x01\x80\x80"
OTHER = b"\x06\x05\x03abc" + AT_ONCE[1:]  # another message before it


@pytest.mark.parametrize(
    ("units", "clean"),
    [
        ((SOUND_LESS, KEY_PICTURE), True),
        ((SOUND_LESS, PICTURE), False),
        ((AT_ONCE, PICTURE), True),
        ((OTHER, PICTURE), True),
        ((LATER, PICTURE), False),
        ((INEXACT, PICTURE), False),
        ((), False),
    ],
)
def test_h264(units: tuple[bytes, ...], clean: bool) -> None:
    assert is_clean_start("h264", None, cut_units(*units)) == clean
    header = b"\1\x64\0\x1e\xff"  # lengths of four bytes before each unit
    lengths = b"".join(len(unit).to_bytes(4, "big") + unit for unit in units)
    assert is_clean_start("h264", header, lengths) == clean
    for cut in range(len(lengths)):  # whatever the bytes, an answer
        is_clean_start("h264", header, lengths[:cut])
        is_clean_start("h264", None, lengths[:cut])


FILES: dict[str, dict[str, Any]] = {
    "closed.mp4": {"options": {"g": "10", "bf": "2"}},
    "open.mkv": {"options": {"x264-params": "keyint=10:min-keyint=10:open-gop=1:bframes=3"}},
    "hevc.mp4": {"codec": "libx265", "options": {"x265-params": "keyint=10:min-keyint=10:log-level=none"}},
    "vp8.webm": {"codec": "libvpx", "options": {"g": "10"}},
    "vp9.webm": {"codec": "libvpx-vp9", "options": {"g": "10"}},
    "av1.mp4": {"codec": "libsvtav1", "options": {"g": "10", "preset": "12"}},
}


@pytest.mark.parametrize("name", FILES)
def test_the_key_frames_of_a_file(tmp_path: Path, name: str) -> None:
    with av.open(str(write_video(tmp_path / name, **FILES[name]))) as container:
        context = container.streams.video[0].codec_context
        codec, header = context.codec.canonical_name, context.extradata
        packets = [packet for packet in container.demux(video=0) if packet.size]
        clean = [is_clean_start(codec, header, memoryview(packet)) for packet in packets]
        assert clean == [packet.is_keyframe for packet in packets] and sum(clean) >= 2
        assert all(count_shown(codec, memoryview(packet)) == 1 for packet in packets)


def test_a_refresh_is_no_clean_start(tmp_path: Path) -> None:
    options = {"x264-params": "intra-refresh=1:keyint=10:bframes=0:scenecut=0"}
    with av.open(str(write_video(tmp_path / "refresh.ts", options=options))) as container:
        packets = [packet for packet in container.demux(video=0) if packet.size]
        assert sum(packet.is_keyframe for packet in packets) > 1
        assert sum(is_clean_start("h264", None, memoryview(packet)) for packet in packets) == 1
