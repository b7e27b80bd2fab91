"""Frame k is the k-th that a decoder gives in order, whatever the file, and however it is asked for."""

from collections.abc import Callable
from contextlib import suppress
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from ag_core.errors import UserError
from ag_core.settings import settings
from ag_core.video import index as index_module
from ag_core.video import whole_decoding
from ag_core.video.frames import probe_video, read_frames
from ag_core.video.index import read_frame_index
from ag_core.video.transcode import is_playable, to_browser_playable
from tests.video.test_frames import HEIGHT, WIDTH, damage_frames, number_in, pattern, red_corner, write_video


def decode_in_order(path: Path) -> list[NDArray[Any]]:
    """What PyAV gives, nothing else."""
    frames: list[NDArray[Any]] = []
    with av.open(str(path)) as container:
        stream = container.streams.best("video")
        assert isinstance(stream, av.VideoStream)
        stream.thread_type, stream.codec_context.thread_count = "NONE", 1  # what is made of damage differs with threads
        for packet in container.demux(stream):
            with suppress(av.FFmpegError):
                frames += [frame.to_ndarray(format="rgb24") for frame in packet.decode()]
    return frames


def check_every_way(path: Path) -> list[int]:
    """The numbers in the frames, after every single read was compared with reading in order."""
    n_frames = read_frame_index(path).n_frames
    in_order = dict(read_frames(path, range(1, n_frames + 1)))
    assert list(in_order) == list(range(1, n_frames + 1))
    for number in range(n_frames, 0, -1):
        [(answered, frame)] = read_frames(path, [number])
        assert answered == number
        np.testing.assert_array_equal(frame, in_order[number])
    return [number_in(frame) for frame in in_order.values()]


def copy_packets(source: Path, target: Path, keep: Callable[[int], bool], twice: bool = False) -> Path:
    """The packets of a file whose positions are kept, in another file; `twice` one after the other, times anew."""
    with av.open(str(target), "w") as container:
        stream = None
        for _ in range(1 + twice):
            with av.open(str(source)) as given:
                stream = stream or container.add_stream_from_template(given.streams.video[0])
                packets = [packet for packet in given.demux(video=0) if packet.size]
                for packet in (packet for position, packet in enumerate(packets) if keep(position)):
                    packet.stream = stream
                    container.mux(packet)
    return target


def join_bytes(source: Path, target: Path) -> Path:
    target.write_bytes(source.read_bytes() * 2)
    return target


def test_frames_cut_off_from_what_they_refer_to_are_not_counted(tmp_path: Path) -> None:
    options = {"g": "12", "bf": "2", "qscale": "2"}
    whole = write_video(tmp_path / "whole.ts", codec="mpeg2video", rate=25, options=options)
    with av.open(str(whole)) as container:
        keys = [position for position, p in enumerate(container.demux(video=0)) if p.size and p.is_keyframe]
    cut = copy_packets(whole, tmp_path / "cut.ts", lambda position: position >= keys[1])
    shown = [number_in(frame) for frame in decode_in_order(cut)]
    assert shown[0] > 10 and shown[-1] == 40
    assert check_every_way(cut) == shown
    assert any("begins with 2 frames" in note for note in read_frame_index(cut).list_notes())


def test_leading_frames_of_hevc_are_not_counted(tmp_path: Path) -> None:
    parameters = "keyint=10:min-keyint=10:open-gop=1:bframes=3:b-adapt=0:scenecut=0:log-level=none"
    whole = write_video(tmp_path / "whole.mkv", codec="libx265", rate=25, options={"x265-params": parameters})
    assert read_frame_index(whole).whole is None  # the packets tell all
    assert check_every_way(whole) == list(range(1, 41))
    with av.open(str(whole)) as container:
        keys = [position for position, p in enumerate(container.demux(video=0)) if p.size and p.is_keyframe]
    cut = copy_packets(whole, tmp_path / "cut.mkv", lambda position: position >= keys[1])
    index = read_frame_index(cut)
    assert index.whole is not None and index.whole.n_early >= 1
    assert check_every_way(cut) == list(range(40 - index.n_frames + 1, 41))


@pytest.mark.parametrize(
    ("parameters", "itself"),
    [
        ("keyint=10:min-keyint=10:bframes=3:scenecut=0", True),
        ("keyint=10:min-keyint=10:open-gop=1:bframes=3:b-adapt=0:scenecut=0", False),
    ],
)
def test_open_groups_are_not_served_as_they_are(tmp_path: Path, parameters: str, itself: bool) -> None:
    path = write_video(tmp_path / "groups.mp4", options={"x264-params": parameters})
    index = read_frame_index(path)
    assert index.whole is None and len(index.keys) == 4
    assert is_playable(path) == index.closed == itself


def test_what_a_browser_would_misunderstand_is_not_served_as_it_is(tmp_path: Path) -> None:
    plain = write_video(tmp_path / "plain.webm", codec="libvpx-vp9", rate=25)
    joined = join_bytes(plain, tmp_path / "joined.webm")  # the clock starts anew in the middle
    assert is_playable(plain) and not is_playable(joined)
    assert check_every_way(joined) == [*range(1, 41), *range(1, 41)]

    marked = tmp_path / "marked.mp4"
    with av.open(str(write_video(tmp_path / "few.mp4", rate=25))) as source, av.open(str(marked), "w") as container:
        stream = container.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.size:
                packet.stream, packet.is_keyframe = stream, True  # a table that calls every frame a key frame
                container.mux(packet)
    assert not is_playable(marked)
    assert check_every_way(marked) == list(range(1, 41))


def test_hidden_frames_of_vp8_are_not_counted(tmp_path: Path) -> None:
    plain = write_video(tmp_path / "plain.webm", codec="libvpx", rate=30, options={"cpu-used": "5"})
    hidden = tmp_path / "hidden.webm"
    with av.open(str(plain)) as source, av.open(str(hidden), "w") as container:
        stream = container.add_stream_from_template(source.streams.video[0])
        for position, packet in enumerate(packet for packet in source.demux(video=0) if packet.size):
            content = bytearray(bytes(packet))
            content[0] &= 0b11101111 if position in (9, 25) else 0xFF  # the bit that says: show this frame
            changed = av.Packet(bytes(content))
            changed.pts, changed.dts, changed.time_base = packet.pts, packet.dts, packet.time_base
            changed.stream, changed.is_keyframe = stream, packet.is_keyframe
            container.mux(changed)
    assert check_every_way(hidden) == [number for number in range(1, 41) if number not in (10, 26)]


CODECS = {
    "av1.mp4": {"codec": "libsvtav1", "options": {"g": "12", "preset": "12", "svtav1-params": "log-level=0"}},
    "av1.webm": {"codec": "libsvtav1", "options": {"g": "12", "preset": "12"}},
    "mpeg2.mpg": {"codec": "mpeg2video", "rate": 25, "options": {"g": "12", "bf": "2", "qscale": "2"}},
    "mpeg2.ts": {"codec": "mpeg2video", "rate": 25, "options": {"g": "12", "bf": "2", "qscale": "2"}},
    "refresh.mp4": {"options": {"x264-params": "intra-refresh=1:keyint=10:bframes=0:scenecut=0"}},
    "refresh.ts": {"options": {"x264-params": "intra-refresh=1:keyint=10:bframes=0:scenecut=0"}},
    "open groups.mkv": {"options": {"x264-params": "keyint=10:open-gop=1:bframes=3"}},
    "mpeg4.avi": {"codec": "mpeg4", "options": {"bf": "2", "g": "10", "qscale": "2"}},
    "sorenson.flv": {"codec": "flv", "options": {"g": "10", "qscale": "2"}},
    "wmv.wmv": {"codec": "wmv2", "options": {"g": "10", "qscale": "2"}},
    "vp9.webm": {"codec": "libvpx-vp9", "options": {"auto-alt-ref": "1", "lag-in-frames": "16", "cpu-used": "6"}},
}


@pytest.mark.parametrize("name", CODECS)
def test_a_single_frame_is_the_one_in_order(tmp_path: Path, name: str) -> None:
    path = write_video(tmp_path / name, **CODECS[name])  # type: ignore[arg-type]
    assert check_every_way(path) == [number_in(frame) for frame in decode_in_order(path)] == list(range(1, 41))


@pytest.mark.parametrize("name", ["joined.ts", "joined.mpg"])
def test_joined_files_lose_and_mix_nothing(tmp_path: Path, name: str) -> None:
    codec = {"joined.ts": "libx264", "joined.mpg": "mpeg2video"}[name]
    one = write_video(tmp_path / f"one {name}", codec=codec, rate=25, options={"g": "10", "bf": "0"}, n_frames=20)
    path = join_bytes(one, tmp_path / name)
    shown = [number_in(frame) for frame in decode_in_order(path)]
    assert len(shown) >= 39
    assert check_every_way(path) == shown


def test_a_track_that_begins_on_the_way_does_not_end_the_film(tmp_path: Path) -> None:
    options: Any = {"codec": "mpeg2video", "rate": 25, "options": {"g": "10", "bf": "0", "qscale": "2"}}
    silent = write_video(tmp_path / "silent.ts", **options).read_bytes()
    loud = write_video(tmp_path / "loud.ts", sound=True, **options).read_bytes()
    path = tmp_path / "joined.ts"
    padding = (b"\x47\x1f\xff\x10" + bytes(184)) * 60_000  # more than is looked at when a file is opened
    path.write_bytes(silent + padding + loud)
    numbers = [number_in(frame) for _, frame in read_frames(path, range(1, read_frame_index(path).n_frames + 1))]
    assert len(numbers) >= 79 and numbers[-1] == 40
    [(_, alone)] = read_frames(path, [len(numbers) - 3])
    assert number_in(alone) == numbers[-4]


GROUPS = {"x264-params": "keyint=12:min-keyint=12:bframes=3:b-adapt=0:scenecut=0"}


@pytest.mark.parametrize("limit", [index_module.MAX_TRIED_PIXELS, 0])
def test_what_stands_in_for_a_lost_frame_is_the_same_in_every_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: int
) -> None:
    monkeypatch.setattr(index_module, "MAX_TRIED_PIXELS", limit)
    whole = write_video(tmp_path / "whole.mp4", rate=25, options=GROUPS)
    lost = copy_packets(whole, tmp_path / "lost.mp4", lambda position: position != 5)  # others refer to it
    assert check_every_way(lost) == [number_in(frame) for frame in decode_in_order(lost)]


@pytest.mark.parametrize("flags", ["+faststart", "+frag_keyframe+empty_moov"])
def test_of_a_file_cut_short_all_is_read_that_a_decoder_gives(tmp_path: Path, flags: str) -> None:
    options: Any = {"container_options": {"movflags": flags}, "options": GROUPS}
    content = write_video(tmp_path / "whole.mp4", rate=25, **options).read_bytes()
    start = content.index(b"mdat")
    for share in (0.5, 0.7, 0.9):
        path = tmp_path / f"cut {share}.mp4"
        path.write_bytes(content[: start + int((len(content) - start) * share)])
        shown = [number_in(frame) for frame in decode_in_order(path)]
        assert 0 < len(shown) < 40 and check_every_way(path) == shown


def test_a_damaged_file_gives_the_same_frame_in_every_way_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_video(tmp_path / "damaged.mp4", options={"g": "10", "bf": "0"})
    damage_frames(path, [14, 20])  # the second is a key frame
    shown = [number_in(frame) for frame in decode_in_order(path)]
    assert len(shown) < 40 and check_every_way(path) == shown  # so short that it is decoded when opened
    assert any("damaged in" in note for note in read_frame_index(path).list_notes())
    assert not is_playable(path)

    monkeypatch.setattr(index_module, "MAX_TRIED_PIXELS", 0)  # as in a long one
    index_module._read_frame_index.cache_clear()
    numbers = check_every_way(path)
    assert numbers[:14] == list(range(1, 15)) and numbers[30:] == list(range(31, 41))
    replaced: set[int] = set()
    list(read_frames(path, range(1, 41), replaced))
    assert {15, 21} <= replaced and not replaced & {1, 14, 31, 40}


def test_a_file_of_which_hardly_anything_decodes_is_refused(tmp_path: Path) -> None:
    path = write_video(tmp_path / "noise.mp4", options={"g": "10", "bf": "0"})
    damage_frames(path, [0, *range(3, 40)])
    with pytest.raises(UserError, match="can be decoded"):
        probe_video(path)


@pytest.mark.parametrize("codec", ["libx264", "libx265"])
def test_an_encrypted_file_is_called_so(tmp_path: Path, codec: str) -> None:
    key = {"encryption_key": "76a6c65c5ea762046bd749a2e632ccbb", "encryption_kid": "a7e61c373e219033c21091fa607bf3b8"}
    options = {"x265-params": "log-level=none"} if codec == "libx265" else {}
    path = write_video(
        tmp_path / "shut.mp4",
        codec=codec,
        options=options,
        container_options={"encryption_scheme": "cenc-aes-ctr", **key},
    )
    with pytest.raises(UserError, match=r"shut\.mp4 is encrypted, so that its frames cannot be seen"):
        probe_video(path)


def test_decoding_a_whole_file_is_done_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_video(tmp_path / "clip.avi", codec="mpeg4", n_frames=5)
    first = whole_decoding.decode_whole(path)
    assert list((settings().home / "frames").glob("*.npz"))

    def refuse(*_: object) -> None:
        raise AssertionError("decoded again")

    monkeypatch.setattr(whole_decoding, "_decode", refuse)
    np.testing.assert_array_equal(whole_decoding.decode_whole(path).check_sums, first.check_sums)


def set_matrix(path: Path, a: int, b: int, c: int, d: int) -> Path:
    """Write a display matrix into the track header of an mp4."""
    content = bytearray(path.read_bytes())
    start = content.index(b"tkhd") + 4 + 4 + 20 + 16
    numbers = [a << 16, b << 16, 0, c << 16, d << 16, 0, 0, 0, 1 << 30]
    content[start : start + 36] = b"".join(number.to_bytes(4, "big", signed=True) for number in numbers)
    path.write_bytes(content)
    return path


# Where x' = a x + c y and y' = b x + d y bring the corner that is stored at the top left: (bottom?, right?).
MATRICES = {
    (-1, 0, 0, 1): (0, 1),
    (1, 0, 0, -1): (1, 0),
    (-1, 0, 0, -1): (1, 1),
    (0, 1, 1, 0): (0, 0),
    (0, -1, -1, 0): (1, 1),
    (0, 1, -1, 0): (0, 1),
    (0, -1, 1, 0): (1, 0),
}


@pytest.mark.parametrize("matrix", MATRICES)
def test_a_mirrored_or_turned_recording_is_shown_as_the_file_says(
    tmp_path: Path, matrix: tuple[int, int, int, int]
) -> None:
    path = set_matrix(write_video(tmp_path / "phone.mp4", n_frames=3), *matrix)
    video = probe_video(path)
    [(_, frame)] = read_frames(path, [2])
    assert (video.width, video.height) == ((WIDTH, HEIGHT) if matrix[0] else (HEIGHT, WIDTH))
    assert frame.shape == (video.height, video.width, 3)
    assert red_corner(frame) == MATRICES[matrix]
    is_mirrored = matrix[0] * matrix[3] - matrix[1] * matrix[2] < 0
    assert is_playable(path) == (not is_mirrored)
    shown, _ = to_browser_playable(path, tmp_path)
    [(_, copied)] = read_frames(shown, [2])
    assert red_corner(copied) == MATRICES[matrix]


def test_a_recording_turned_by_half_a_quarter_keeps_its_size(tmp_path: Path) -> None:
    path = write_video(tmp_path / "tilted.mp4", n_frames=2, rotation=45)
    assert (probe_video(path).width, probe_video(path).height) == (WIDTH, HEIGHT)
    [(_, frame)] = read_frames(path, [1])
    assert frame[0, 0].max() < 20 and not is_playable(path)  # a corner that the tilted frame leaves empty


def write_pixels(path: Path, ratio: Fraction, pix_fmt: str = "yuv420p", codec: str = "libx264") -> Path:
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=12)
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, pix_fmt
        stream.codec_context.sample_aspect_ratio = ratio
        for number in range(1, 6):
            frame = av.VideoFrame.from_ndarray(pattern(number), format="rgb24")
            frame.pts, frame.time_base = number - 1, Fraction(1, 12)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


@pytest.mark.parametrize(("ratio", "size"), [((16, 11), (93, 48)), ((2, 1), (128, 48)), ((8, 9), (64, 54))])
@pytest.mark.parametrize("ending", ["mp4", "mkv"])
def test_pixels_that_are_not_square(tmp_path: Path, ratio: tuple[int, int], size: tuple[int, int], ending: str) -> None:
    path = write_pixels(tmp_path / f"wide.{ending}", Fraction(*ratio))
    video = probe_video(path)
    assert (video.width, video.height) == size
    [(_, frame)] = read_frames(path, [2])
    assert frame.shape == (size[1], size[0], 3)
    shown, is_copy = to_browser_playable(path, tmp_path)
    copied = read_frame_index(shown).size_wh
    assert is_copy and all(0 <= a - b <= 1 for a, b in zip(copied, size))


FORMATS = {
    "ten bits.mp4": ("libx265", "yuv420p10le"),
    "alpha.mov": ("prores_ks", "yuva444p10le"),
    "palette.mov": ("qtrle", "rgb24"),
    "grey.mkv": ("ffv1", "gray"),
    "sixteen.mkv": ("ffv1", "gray16le"),
    "packed.avi": ("rawvideo", "yuyv422"),
    "alpha.png.mov": ("png", "rgba"),
    "black and white.mov": ("png", "monob"),
}


@pytest.mark.parametrize("name", FORMATS)
def test_kinds_of_pixels(tmp_path: Path, name: str) -> None:
    codec, pix_fmt = FORMATS[name]
    path = write_pixels(tmp_path / name, Fraction(1), pix_fmt, codec)
    n_frames = read_frame_index(path).n_frames
    frames = [frame for _, frame in read_frames(path, range(1, n_frames + 1))]
    assert n_frames == 5 and all(frame.shape == (HEIGHT, WIDTH, 3) for frame in frames)
    for number in (4, 2):
        [(_, frame)] = read_frames(path, [number])
        np.testing.assert_array_equal(frame, frames[number - 1])


def test_of_several_tracks_the_film_is_read(tmp_path: Path) -> None:
    path = tmp_path / "preview first.mp4"
    with av.open(str(path), "w") as container:
        still = container.add_stream("mjpeg", rate=12)
        film = container.add_stream("libx264", rate=12, options={"bf": "0"})
        for stream, kind in ((still, "yuvj420p"), (film, "yuv420p")):
            assert isinstance(stream, av.VideoStream)
            stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, kind
        for number in range(1, 21):
            frame = av.VideoFrame.from_ndarray(pattern(number), format="rgb24")
            frame.pts, frame.time_base = number - 1, Fraction(1, 12)
            if number == 1:
                container.mux(still.encode(frame))
            container.mux(film.encode(frame))
        container.mux(film.encode())
        container.mux(still.encode())
    assert check_every_way(path) == list(range(1, 21))
    assert any("2 video tracks" in note for note in read_frame_index(path).list_notes())
    assert not is_playable(path)
