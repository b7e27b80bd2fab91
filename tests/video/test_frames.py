"""Video files: what they are, their frames by number, bad files, and copies for the browser."""

from collections.abc import Iterable, Sequence
from fractions import Fraction
from io import BytesIO
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from ag_core.errors import UserError
from ag_core.video.frames import probe_video, read_comment, read_frames, read_poster
from ag_core.video.index import read_frame_index
from ag_core.video.transcode import is_playable, to_browser_playable
from benchmarks.priority import keep_priority

DATA = Path(__file__).parents[3] / "shared" / "data"
WIDTH, HEIGHT = 64, 48


def pattern(number: int) -> NDArray[np.uint8]:
    """A frame that tells its number: six blocks of bits, and a bright corner at the top left."""
    frame = np.full((HEIGHT, WIDTH, 3), 40, np.uint8)
    for bit in range(7):
        if number >> bit & 1:
            frame[24:40, 4 + 8 * bit : 12 + 8 * bit] = 220
    frame[:12, :24] = (230, 40, 40)
    return frame


def number_in(frame: NDArray[np.uint8]) -> int:
    return sum(1 << bit for bit in range(7) if frame[28:36, 6 + 8 * bit : 10 + 8 * bit].mean() > 128)


@keep_priority()
def write_video(
    path: Path,
    n_frames: int = 40,
    rate: Fraction | int = 12,
    codec: str = "libx264",
    options: dict[str, str] | None = None,
    sound: bool = False,
    rotation: int = 0,
    first_pts: int = 0,
    shown_at: Sequence[int] | None = None,
    comment: str = "",
    container_options: dict[str, str] | None = None,
) -> Path:
    with av.open(str(path), "w", options=container_options or {}) as container:
        stream = container.add_stream(codec, rate=rate, options=options or {})
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        if rotation:
            stream.set_display_rotation(rotation)
        if comment:
            container.metadata["comment"] = comment
        voice = container.add_stream("aac", rate=44100, layout="mono") if sound else None
        for number in range(1, n_frames + 1):
            frame = av.VideoFrame.from_ndarray(pattern(number), format="rgb24")
            shown = number - 1 if shown_at is None else shown_at[number - 1]
            frame.pts, frame.time_base = shown + first_pts, 1 / Fraction(rate)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
        if voice is not None:
            write_sound(container, voice)
    return path


def write_sound(container: av.container.OutputContainer, voice: av.AudioStream) -> None:
    for k in range(30):
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
        frame.sample_rate, frame.pts = 44100, 1024 * k
        container.mux(voice.encode(frame))
    container.mux(voice.encode())


def damage_frames(path: Path, positions: Iterable[int]) -> None:
    """Overwrite the packets at these positions (from 0) with bytes that no decoder understands."""
    with av.open(str(path)) as container:
        packets = [(packet.pos or 0, packet.size) for packet in container.demux(video=0) if packet.size]
    content = bytearray(path.read_bytes())
    for start, size in (packets[position] for position in positions):
        content[start : start + size] = b"\xff" * size
    path.write_bytes(content)


KINDS: dict[str, dict[str, Any]] = {
    "b pictures.mp4": {"options": {"g": "12", "bf": "3"}},
    "open groups.mp4": {"options": {"x264-params": "keyint=10:open-gop=1:bframes=3"}, "rate": Fraction(30000, 1001)},
    "with sound.mp4": {"sound": True, "options": {"g": "12"}},
    "later start.mp4": {"first_pts": 7},
    "milliseconds.mkv": {"options": {"g": "10", "bf": "2"}, "rate": 30},
    "no clock.avi": {"codec": "mpeg4", "options": {"bf": "2"}},
    "stream.ts": {"options": {"g": "10", "bf": "2"}},
    "vp9.webm": {"codec": "libvpx-vp9"},
    "one frame.mp4": {"n_frames": 1},
}


@pytest.mark.parametrize("name", KINDS)
def test_every_kind_of_file_gives_the_pictures_asked_for(tmp_path: Path, name: str) -> None:
    path = write_video(tmp_path / name, **KINDS[name])
    video = probe_video(path)
    n_frames = KINDS[name].get("n_frames", 40)
    assert (video.n_frames, video.width, video.height) == (n_frames, WIDTH, HEIGHT)
    assert video.fps == pytest.approx(float(KINDS[name].get("rate", 12)), rel=1e-4)
    assert video.duration_s == pytest.approx(n_frames / video.fps)
    for wanted in ([1], [n_frames], range(1, n_frames + 1), [n for n in (38, 3, 17, 4, 31, 3) if n <= n_frames]):
        got = list(read_frames(path, list(wanted)))
        assert [number for number, _ in got] == sorted(set(wanted))
        assert [number_in(frame) for _, frame in got] == sorted(set(wanted))


def test_pictures_equal_plain_decoding(tmp_path: Path) -> None:
    path = write_video(tmp_path / "clip.mp4", options={"g": "10", "bf": "3"})
    with av.open(str(path)) as container:
        plain = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    for number, frame in read_frames(path, [2, 3, 15, 27, 40]):
        np.testing.assert_array_equal(frame, plain[number - 1])


# Where Chromium shows the corner that is stored at the top left: (bottom?, right?).
@pytest.mark.parametrize(("rotation", "corner"), [(90, (1, 0)), (-90, (0, 1)), (180, (1, 1))])
def test_a_rotated_recording_is_turned_upright(tmp_path: Path, rotation: int, corner: tuple[int, int]) -> None:
    path = write_video(tmp_path / "phone.mp4", rotation=rotation, n_frames=3)
    video = probe_video(path)
    assert (video.width, video.height) == ((WIDTH, HEIGHT) if rotation == 180 else (HEIGHT, WIDTH))
    [(_, frame)] = read_frames(path, [2])
    assert frame.shape == (video.height, video.width, 3)
    assert red_corner(frame) == corner


def red_corner(frame: NDArray[np.uint8]) -> tuple[int, int]:
    red = np.argwhere((frame[..., 0] > 180) & (frame[..., 1] < 100)).mean(axis=0)
    return int(red[0] > frame.shape[0] / 2), int(red[1] > frame.shape[1] / 2)


def bad_file(folder: Path, kind: str) -> Path:
    path = folder / f"{kind}.mp4"
    if kind == "text":
        path.write_text("this is no video\n" * 200)
    elif kind == "empty":
        path.write_bytes(b"")
    elif kind == "playlist":
        path.write_text("#EXTM3U\n#EXT-X-VERSION:3\n#EXTINF:1,\nother.mp4\n")
    elif kind == "script":
        path.write_text("ffconcat version 1.0\nfile other.mp4\n")
    elif kind == "cut":
        whole = write_video(folder / "whole.mp4").read_bytes()
        path.write_bytes(whole[: len(whole) // 2])
    elif kind == "sound":
        with av.open(str(path), "w") as container:
            write_sound(container, container.add_stream("aac", rate=44100, layout="mono"))
    elif kind == "folder":
        path.mkdir()
    return path


BAD = {
    "text": "cannot be read as a video",
    "empty": "is empty",
    "playlist": "cannot be read as a video",
    "script": "cannot be read as a video",
    "cut": "cannot be read as a video",
    "sound": "no video track",
    "folder": "is a folder",
    "missing": "does not exist",
}


@pytest.mark.parametrize("kind", BAD)
def test_bad_files_are_refused_with_one_sentence(tmp_path: Path, kind: str) -> None:
    path = bad_file(tmp_path, kind)
    with pytest.raises(UserError, match=BAD[kind]) as refusal:
        probe_video(path)
    assert str(tmp_path) not in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_video_of_an_unknown_kind_is_refused_with_one_sentence(tmp_path: Path) -> None:
    path = write_video(tmp_path / "clip.mp4", n_frames=3)
    path.write_bytes(path.read_bytes().replace(b"avc1", b"zzzz").replace(b"avcC", b"zzzC"))
    with pytest.raises(UserError, match="holds video of a kind that is not known"):
        probe_video(path)


@pytest.mark.parametrize("name", ["front.mp4", "clip.mkv"])
def test_of_a_file_cut_short_the_readable_part_is_read(tmp_path: Path, name: str) -> None:
    options = {"movflags": "+faststart"} if name.endswith("mp4") else {}
    whole = write_video(tmp_path / f"whole {name}", container_options=options, options={"bf": "0"})
    cut = tmp_path / name
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size * 3 // 4])
    n_frames = probe_video(cut).n_frames
    assert n_frames is not None and 10 <= n_frames < 40
    assert [number_in(frame) for _, frame in read_frames(cut, [1, 5, n_frames])] == [1, 5, n_frames]


def test_frames_outside_the_file_are_refused(tmp_path: Path) -> None:
    path = write_video(tmp_path / "clip.mp4", n_frames=3)
    assert list(read_frames(path, [])) == []
    for number in (0, 4):
        with pytest.raises(UserError, match=f"no frame {number}; its frames run from 1 to 3"):
            list(read_frames(path, [number]))


def test_a_changed_file_is_probed_anew(tmp_path: Path) -> None:
    path = write_video(tmp_path / "clip.mp4", n_frames=3)
    assert probe_video(path).n_frames == 3
    write_video(path, n_frames=5)
    assert probe_video(path).n_frames == 5


def test_poster_and_comment(tmp_path: Path) -> None:
    path = write_video(tmp_path / "clip.mp4", comment="action-genome-explorer home world")
    with Image.open(BytesIO(read_poster(path, 3, width=32))) as image:
        assert (image.format, image.size) == ("JPEG", (32, 24))
    assert read_comment(path) == "action-genome-explorer home world"


@pytest.mark.parametrize("name", ["b pictures.mp4", "vp9.webm", "milliseconds.mkv", "no clock.avi", "later start.mp4"])
def test_the_browser_gets_the_same_numbers(tmp_path: Path, name: str) -> None:
    path = write_video(tmp_path / name, **KINDS[name])
    shown, copied = to_browser_playable(path, tmp_path / "copies")
    assert copied == (not is_playable(path))
    assert is_playable(shown)
    before, after = probe_video(path), probe_video(shown)
    assert after.n_frames == before.n_frames and after.fps == pytest.approx(before.fps, rel=1e-4)
    assert [number_in(frame) for _, frame in read_frames(shown, [1, 19, 40])] == [1, 19, 40]
    if copied:
        assert len(read_frame_index(shown).keys) >= int(after.duration_s)
        assert to_browser_playable(path, tmp_path / "copies") == (shown, True)
        assert len(list((tmp_path / "copies").iterdir())) == 1


@pytest.mark.parametrize("damage", ["cut", "gone", "emptied"])
def test_a_copy_that_is_not_whole_is_made_again(tmp_path: Path, damage: str) -> None:
    path = write_video(tmp_path / "milliseconds.mkv", **KINDS["milliseconds.mkv"])
    copy, _ = to_browser_playable(path, tmp_path / "copies")
    whole = copy.read_bytes()
    copy.unlink()
    if damage != "gone":
        copy.write_bytes(whole[: 0 if damage == "emptied" else len(whole) * 2 // 3])
    assert to_browser_playable(path, tmp_path / "copies") == (copy, True)
    assert [number_in(frame) for _, frame in read_frames(copy, [1, 40])] == [1, 40]
    made = copy.stat().st_mtime_ns
    assert to_browser_playable(path, tmp_path / "copies")[0].stat().st_mtime_ns == made


def test_a_clock_that_changes_keeps_its_numbers(tmp_path: Path) -> None:
    path = tmp_path / "phone.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=30, options={"bf": "2"})
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        for number in range(1, 41):
            frame = av.VideoFrame.from_ndarray(pattern(number), format="rgb24")
            frame.pts, frame.time_base = number + 3 * max(0, number - 20), Fraction(1, 30)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    clock = probe_video(path).clock
    assert clock is not None and not clock.even
    assert [clock.time_of(frame) for frame in (1, 20, 40)] == pytest.approx([0, 19 / 30, 99 / 30])
    assert not is_playable(path)
    copy, _ = to_browser_playable(path, tmp_path)
    copied = probe_video(copy).clock
    assert copied is not None
    np.testing.assert_allclose(copied.times_s, clock.times_s, atol=1e-4)
    for shown in (path, copy):
        assert [number_in(frame) for _, frame in read_frames(shown, [1, 25, 40])] == [1, 25, 40]


@pytest.mark.parametrize("step_s", [60, 3600, 172_800])
def test_a_lapse_gets_a_copy_with_its_own_times(tmp_path: Path, step_s: int) -> None:
    path = tmp_path / "lapse.mkv"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        for number in range(1, 7):
            frame = av.VideoFrame.from_ndarray(pattern(number), format="rgb24")
            frame.pts, frame.time_base = 25 * step_s * (number - 1), Fraction(1, 25)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    video = probe_video(path)
    assert (video.fps, video.n_frames, video.duration_s) == pytest.approx((1 / step_s, 6, 6 * step_s))
    copy, _ = to_browser_playable(path, tmp_path)
    assert probe_video(copy).fps == pytest.approx(1 / step_s)
    assert [number_in(frame) for _, frame in read_frames(copy, [1, 4, 6])] == [1, 4, 6]


def test_what_an_edit_list_cuts_off_is_not_counted(tmp_path: Path) -> None:
    whole, cut = write_video(tmp_path / "whole.mp4", options={"g": "10", "bf": "0"}), tmp_path / "cut.mp4"
    with av.open(str(whole)) as source, av.open(str(cut), "w", options={"avoid_negative_ts": "disabled"}) as container:
        stream = container.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.pts is not None and packet.dts is not None:
                five = round(5 / 12 / packet.time_base)
                packet.pts, packet.dts, packet.stream = packet.pts - five, packet.dts - five, stream
                container.mux(packet)
    assert probe_video(cut).n_frames == 35
    assert [number_in(frame) for _, frame in read_frames(cut, [1, 4, 20, 35])] == [6, 9, 25, 40]


def test_mkv_needs_a_copy_and_mp4_does_not(tmp_path: Path) -> None:
    assert not is_playable(write_video(tmp_path / "clip.mkv", n_frames=3))
    assert is_playable(write_video(tmp_path / "clip.mp4", n_frames=3))


REAL = {
    "videos-intel-iot/asl_book.mkv": (30, 640, 480, 109),
    "videos-intel-iot/bottle-detection.mp4": (179 / 6, 640, 360, 1189),
    "videos-intel-iot/one-by-one-person-detection.mp4": (10, 768, 432, 1394),
    "videos-kinetics-demo/arm_wrestling_demo.mp4": (
        28,
        427,
        256,
        280,
    ),  # stored 340 wide, with pixels that are not square
    "videos-kinetics-demo/flipping_a_pancake.mkv": (30, 426, 240, 310),
}


@pytest.mark.skipif(not DATA.is_dir(), reason="the real videos of shared/data are not here")
@pytest.mark.parametrize("name", REAL)
def test_real_videos(name: str) -> None:
    fps, width, height, n_frames = REAL[name]
    video = probe_video(DATA / name)
    assert (video.width, video.height, video.n_frames) == (width, height, n_frames)
    assert video.fps == pytest.approx(fps)
    got = list(read_frames(DATA / name, [n_frames, 1]))
    assert [number for number, _ in got] == [1, n_frames]
    assert all(frame.shape == (height, width, 3) for _, frame in got)
