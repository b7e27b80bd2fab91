"""Clips as files: codec, size, times, colours where boxes should be, and what is refused."""

import re
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageColor, ImageSequence

from ag_core.drawn_clips.clip import CLIP_FORMATS, check_part, list_frames, write_clip
from ag_core.drawn_clips.look import ATTENTION, CONTACT, NEUTRAL
from ag_core.errors import Cancelled, UserError
from ag_core.graphs.palette import GROUP_STYLES
from ag_core.records import FrameClock, SceneGraph, Video
from ag_core.settings import ASSETS
from ag_core.taxonomy import N_RELATIONS, Group, find_object_index, find_relation_index
from ag_core.video.frames import probe_video
from tests.conftest import FPS, LENGTH, SIZE_WH
from tests.conftest import write_clip as write_video

BOXES = {"person": (10, 8, 60, 90), "table": (80, 20, 150, 80)}


@pytest.fixture(autouse=True)
def own_home(empty_home: Path) -> Path:
    return empty_home


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Video:
    path = tmp_path_factory.mktemp("videos") / "AB1CD.mp4"
    write_video(path)
    return Video("AB1CD", LENGTH / FPS, FPS, *SIZE_WH, LENGTH, path=path)


def say(frame: int, *relations: str) -> SceneGraph:
    row = np.zeros((1, N_RELATIONS))
    row[0, [find_relation_index(name) for name in relations]] = 1
    thing = [find_object_index("table")]
    return SceneGraph(frame, (frame - 1) / FPS, BOXES["person"], 1.0, thing, [BOXES["table"]], [1.0], row)


GRAPHS = [say(1, "looking_at", "in_front_of"), say(13, "touching", "in_front_of"), say(25, "unsure")]


def read_mp4(path: Path) -> list[NDArray[np.uint8]]:
    with av.open(str(path)) as container:
        return [np.asarray(frame.to_ndarray(format="rgb24"), np.uint8) for frame in container.decode(video=0)]


def find_edge(pixels: NDArray[np.uint8], name: str, scale: float) -> NDArray[np.uint8]:
    """[H,5,3] the middle of a box's left edge, with two pixels beside it on both sides."""
    x1, y1, _, y2 = (round(scale * at) for at in BOXES[name])
    return pixels[y1 + (y2 - y1) // 3 : y2 - (y2 - y1) // 3, x1 - 2 : x1 + 3]


def measure_line(edge: NDArray[np.uint8], colour: str, tolerance: int = 60) -> float:
    """The share of an upright line that has a colour, in its best column."""
    distance = np.abs(edge.astype(int) - ImageColor.getrgb(colour)).max(axis=2)
    return float((distance < tolerance).mean(axis=0).max())


def test_an_mp4_is_what_browsers_play(video: Video, tmp_path: Path) -> None:
    out = tmp_path / "deep" / "clip.mp4"
    assert write_clip(out, "mp4", video, GRAPHS, start_s=1.0, end_s=2.5) == 18
    assert [path.name for path in out.parent.iterdir()] == ["clip.mp4"]
    with av.open(str(out)) as container:
        stream = container.streams.video[0]
        assert (stream.codec_context.name, stream.codec_context.pix_fmt, stream.width) == ("h264", "yuv420p", 640)
        assert stream.duration is not None and stream.time_base is not None
        assert float(stream.duration * stream.time_base) == pytest.approx(1.5) and not container.streams.audio
        assert [frame.time for frame in container.decode(video=0)] == pytest.approx(np.arange(18) / FPS, abs=1e-3)
    content = out.read_bytes()
    assert content.index(b"moov") < content.index(b"mdat")
    assert probe_video(out).n_frames == 18


def test_boxes_have_their_colours_where_they_are(video: Video, tmp_path: Path) -> None:
    write_clip(tmp_path / "clip.mp4", "mp4", video, GRAPHS)
    frames, scale = read_mp4(tmp_path / "clip.mp4"), 640 / SIZE_WH[0]
    assert len(frames) == LENGTH
    for number, colour in ((1, ATTENTION), (13, CONTACT), (25, NEUTRAL)):
        pixels = frames[number - 1]
        assert measure_line(find_edge(pixels, "person", scale), NEUTRAL) > 0.9, number
        assert measure_line(find_edge(pixels, "table", scale), colour) > 0.9, number
    bare = tmp_path / "bare.mp4"
    write_clip(bare, "mp4", video, [], end_s=0.2)
    assert measure_line(find_edge(read_mp4(bare)[0], "person", scale), NEUTRAL) == 0


def test_lines_have_gaps_between_graphs_alone(video: Video, tmp_path: Path) -> None:
    write_clip(tmp_path / "clip.mp4", "mp4", video, GRAPHS)
    frames, scale = read_mp4(tmp_path / "clip.mp4"), 640 / SIZE_WH[0]

    shares = [measure_line(find_edge(frames[number - 1], "person", scale), NEUTRAL) for number in (13, 19, 36)]
    assert shares[0] > 0.95 and 0.4 < shares[1] < 0.8 and 0.4 < shares[2] < 0.8


def test_the_strip_says_what_holds(video: Video, tmp_path: Path) -> None:
    write_clip(tmp_path / "clip.mp4", "mp4", video, GRAPHS)
    frames = read_mp4(tmp_path / "clip.mp4")
    picture = round(640 * SIZE_WH[1] / SIZE_WH[0])
    strips = [frame[picture:, 80:560].astype(int) for frame in frames]  # without letters and time
    first, second, third = (strips[number - 1] for number in (1, 13, 25))
    assert np.abs(strips[10] - first).max() < 100 < np.abs(second - first).max()
    assert np.abs(third - second).max() > 100
    letters = frames[0][picture:, :80].reshape(-1, 3).astype(int)
    for group in Group:
        colour = ImageColor.getrgb(GROUP_STYLES[group].light)
        assert (np.abs(letters - colour).max(axis=1) < 40).sum() > 50, group
    write_clip(tmp_path / "dark.mp4", "mp4", video, GRAPHS, end_s=0.2, dark=True)
    assert read_mp4(tmp_path / "dark.mp4")[0][picture:].mean() < 60 < 200 < frames[0][picture:].mean()


def test_a_gif_has_ten_frames_a_second_and_one_palette(video: Video, tmp_path: Path) -> None:
    out = tmp_path / "clip.gif"
    assert write_clip(out, "gif", video, GRAPHS, start_s=0.5, end_s=2.5) == 20
    with Image.open(out) as gif:
        assert (gif.width, getattr(gif, "n_frames", 0), gif.info["loop"]) == (480, 20, 0)
        seen = [(frame.info["duration"], np.asarray(frame.convert("RGB"))) for frame in ImageSequence.Iterator(gif)]
    assert {duration for duration, _ in seen} == {100}
    shown = [pixels for _, pixels in seen]
    assert measure_line(find_edge(shown[0], "person", 3.0), NEUTRAL, 20) > 0.4  # frame 7, between two graphs
    assert measure_line(find_edge(shown[5], "table", 3.0), CONTACT, 20) > 0.9  # frame 13
    content = out.read_bytes()
    assert content[10] & 0x80, "a palette for the whole file"
    # After the descriptor of an image: size at the corner, and whether it has a palette of its own.
    assert not [1 for found in re.finditer(rb"\x21\xf9\x04.{4}\x00\x2c.{8}(.)", content, re.S) if found[1][0] & 0x80]


def test_frames_are_shown_at_the_videos_own_times(video: Video, tmp_path: Path) -> None:
    even, uneven = FrameClock(10, 40), FrameClock(10, 4, np.array([0, 0.1, 0.5, 0.6]))
    mp4, gif = CLIP_FORMATS["mp4"], CLIP_FORMATS["gif"]
    assert list_frames(mp4, even, 1.0, 1.3) == [11, 12, 13] and list_frames(mp4, even, 1.05, 1.06) == [11]
    assert list_frames(mp4, uneven, 0.1, 0.6) == [2, 3] and list_frames(mp4, uneven, 0, 0.7) == [1, 2, 3, 4]
    assert list_frames(gif, uneven, 0, 0.7) == [1, 2, 2, 2, 2, 3, 4]


@pytest.mark.parametrize(
    ("name", "start_s", "end_s", "says"),
    [
        ("mp4", 2.0, 1.0, "begins at 2 s and ends at 1 s; give an end after"),
        ("mp4", 1.0, 1.0, "give an end after"),
        ("mp4", 1.0, 99.0, "runs from 0 to 60.000 s, and the part from 1 s to 99 s reaches beyond it"),
        ("gif", 1.0, 42.0, "may last 30 s, and this part lasts 41.0 s; choose a shorter part, or MP4"),
    ],
)
def test_unfit_parts_are_refused(name: str, start_s: float, end_s: float, says: str) -> None:
    with pytest.raises(UserError, match=re.escape(says)):
        check_part(CLIP_FORMATS[name], "AB1CD", start_s, end_s, 60.0)
    check_part(CLIP_FORMATS["mp4"], "AB1CD", 1.0, 42.0, 60.0)
    check_part(CLIP_FORMATS["gif"], "AB1CD", 1.0, 31.0, 60.0)


def test_a_video_without_a_file_is_refused(video: Video, tmp_path: Path) -> None:
    for path in (None, tmp_path / "gone.mp4"):
        with pytest.raises(UserError, match="the file of video AB1CD is not there"):
            write_clip(tmp_path / "clip.mp4", "mp4", replace(video, path=path), GRAPHS)
    with pytest.raises(UserError, match="known are mp4, gif"):
        write_clip(tmp_path / "clip.avi", "avi", video, GRAPHS)
    assert video.path is not None
    with pytest.raises(UserError, match="would be replaced"):
        write_clip(video.path, "mp4", video, GRAPHS)


def test_progress_is_told_and_whoever_stops_leaves_nothing(video: Video, tmp_path: Path) -> None:
    told: list[tuple[str, int, int]] = []

    def stop(stage: str, done: int, total: int) -> None:
        told.append((stage, done, total))
        if done == 5:
            raise Cancelled

    out = tmp_path / "clip.mp4"
    out.write_bytes(b"before")
    with pytest.raises(Cancelled):
        write_clip(out, "mp4", video, GRAPHS, report=stop)
    assert out.read_bytes() == b"before" and [path.name for path in tmp_path.iterdir()] == ["clip.mp4"]
    assert told == [("drawing", done, LENGTH) for done in range(6)]


def test_colours_over_the_picture_are_the_players() -> None:
    line = re.search(r"const OVERLAY = {(.*?)}", (ASSETS / "player" / "overlay.js").read_text())
    assert line is not None
    colours = dict(re.findall(r'(\w+): "(#\w+)"', line[1]))
    assert [colours[name] for name in ("neutral", "attention", "contact")] == [NEUTRAL, ATTENTION, CONTACT]
