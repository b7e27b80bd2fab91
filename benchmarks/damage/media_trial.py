"""What is tried with a damaged media file, and what must hold of whatever the program says of it.

The judge is a reading of its own: every frame that PyAV gives in order, nothing else of the project.
"""

import json
import math
import random
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any, cast

import av
import numpy as np
from numpy.typing import NDArray

from ag_core.__main__ import main
from ag_core.catalog import HOME_WORLD
from ag_core.models.detector import Detector
from ag_core.pipeline import Models, load_models, make_plan, predict_video
from ag_core.records import Detections
from ag_core.results.prediction import Prediction
from ag_core.video.frames import probe_video, read_frames, read_poster
from ag_core.video.index import read_frame_index
from ag_core.video.opening import OPEN_OPTIONS
from ag_core.video.transcode import make_playable
from benchmarks.damage.isolation import Wrong, captured_output

MAX_FRAMES = 2000
"""The seeds have 30 frames; no damage makes a file of more."""


class OneOfEach:
    """Finds a person and a cup in every frame, so that everything after the detector has something to do."""

    name = "stand-in"

    def detect(self, images: Sequence[NDArray[np.uint8]]) -> list[Detections]:
        """The same two boxes in each image."""
        boxes = np.array([[4, 4, 30, 44], [20, 20, 40, 40]], np.float32)
        return [Detections(boxes, np.array([0, 10]), np.array([0.9, 0.8], np.float32)) for _ in images]


def load_cheap_models() -> Models:
    """The shipped models with a detector that costs nothing."""
    models = load_models("cpu")
    models.graphs.detector = cast(Detector, OneOfEach())
    return models


@dataclass(frozen=True)
class Track:
    """What PyAV gives of one video track in order: size as stored and a checksum of each frame's pixels."""

    sums: tuple[int, ...]


def decode_in_order(path: Path) -> list[Track]:
    """Every video track of a file, decoded packet by packet as a player does; none where nothing can be opened."""
    tracks: list[Track] = []
    try:
        with av.open(str(path), options=OPEN_OPTIONS, metadata_errors="replace") as container:
            count = len(container.streams.video)
    except (av.FFmpegError, ValueError):
        return tracks
    for number in range(count):
        with av.open(str(path), options=OPEN_OPTIONS, metadata_errors="replace") as container:
            stream = container.streams.video[number]
            stream.thread_type = "NONE"
            sums: list[int] = []
            try:
                # A packet without content would end the decoding; the true end comes after all others.
                for packet in chain((packet for packet in _list_packets(container, stream) if packet.size), [None]):
                    try:
                        frames = stream.codec_context.decode(packet)
                    except av.FFmpegError:
                        frames = []
                    sums += [sum_frame(frame) for frame in frames]
                    if len(sums) > MAX_FRAMES:
                        break
            except av.FFmpegError:
                pass
            tracks.append(Track(tuple(sums)))
    return tracks


def _list_packets(container: Any, stream: Any) -> "Iterator[av.Packet[Any]]":
    """Packets as PyAV gives them; it stumbles over those of a track that was not there at first, and goes on."""
    while True:
        try:
            yield from container.demux(stream)
            return
        except IndexError:
            continue
        except av.FFmpegError:  # cut short here; what the decoder still holds comes out at the end
            return


def sum_frame(frame: av.VideoFrame) -> int:
    """A checksum of what a frame shows, at the size it was decoded in."""
    return sum_pixels(frame.to_ndarray(format="rgb24"))


def sum_pixels(pixels: NDArray[Any]) -> int:
    """A checksum of pixels."""
    return zlib.crc32(np.ascontiguousarray(pixels).data)


def try_media(path: Path, models: Models, draw: random.Random, depth: int, scratch: Path) -> str:
    """Everything that reads a video, with a damaged one; what was found, in words. Raises UserError or Wrong.

    depth 0: reading and planning; 1: also a prediction and the browser's copy; 2: also the commands.
    """
    index = read_frame_index(path)
    video = probe_video(path)
    _check_facts(video.fps, video.duration_s, video.n_frames, video.width, video.height)
    count = index.n_frames
    replaced: set[int] = set()  # frames that cannot be decoded, which the program says of itself
    shown = {number: sum_pixels(pixels) for number, pixels in read_frames(path, range(1, count + 1), replaced)}
    if sorted(shown) != list(range(1, count + 1)):
        raise Wrong(f"reading all of {count} frames gives the numbers {_shorten(sorted(shown))}")
    tracks = decode_in_order(path)
    lengths = [len(track.sums) for track in tracks]
    if count - len(replaced) not in lengths:
        raise Wrong(f"{count} frames by the index, {len(replaced)} of them replaced; {lengths} decoded in order")
    for number in draw.sample(range(1, count + 1), min(count, 5)):
        [(_, pixels)] = read_frames(path, [number])
        if sum_pixels(pixels) != shown[number]:
            raise Wrong(f"frame {number} alone is another frame than in order (of {count})")
    plan = make_plan(video, 2.0, models.clip_presets)
    wanted = {*plan.graph_frames, *(n for clips in plan.clips.values() for clip in clips for n in clip)}
    if not wanted <= set(range(1, count + 1)) or plan.graph_frames != sorted(set(plan.graph_frames)):
        raise Wrong(f"the plan asks for frames {_shorten(sorted(wanted))} of {count}")
    n_clips = sum(map(len, plan.clips.values()))
    if n_clips > 40 * (count + 20):
        raise Wrong(f"{n_clips} clips for {count} frames")
    read_poster(path, count)
    if depth >= 1:
        _try_prediction(path, models, count)
        copy = scratch / "copy.mp4"
        make_playable(path, copy)
        copied = decode_in_order(copy)[0]
        if len(copied.sums) != count:
            raise Wrong(f"the browser's copy has {len(copied.sums)} frames of {count}")
    if depth >= 2:
        _try_commands(path, scratch)
    return f"{count} frames"


def _try_prediction(path: Path, models: Models, count: int) -> None:
    prediction = predict_video(path, models)
    check_prediction(prediction, count)
    again = Prediction.from_json(json.loads(prediction.to_text()))
    if again.to_text() != prediction.to_text():
        raise Wrong("a prediction read again is another one")


def check_prediction(prediction: Prediction, count: int | None = None) -> None:
    """Wrong where a number of a prediction is none that can be."""
    video = prediction.video
    _check_facts(video.fps, video.duration_s, video.n_frames, video.width, video.height)
    count = count or video.n_frames or 0
    times = [graph.time_s for graph in prediction.frames]
    if any(not math.isfinite(time) or time < 0 for time in times) or times != sorted(times):
        raise Wrong(f"the times of the graphs are {_shorten(times)}")
    for graph in prediction.frames:
        if not 1 <= graph.frame <= count:
            raise Wrong(f"a graph of frame {graph.frame} of {count}")
        boxes = graph.object_boxes_xyxy[graph.visible]
        if graph.person_box_xyxy is not None:
            boxes = np.concatenate([boxes, [graph.person_box_xyxy]])
        limits = np.array([video.width, video.height] * 2) + 0.06
        if not (np.isfinite(boxes).all() and (boxes >= -0.06).all() and (boxes <= limits).all()):
            raise Wrong(f"a box of frame {graph.frame} lies outside: {boxes.tolist()} in {limits.tolist()}")
        _check_probabilities(f"frame {graph.frame}", graph.person_score, graph.object_scores, graph.relations)
    for scores in prediction.actions:
        _check_probabilities(scores.model, scores.scores, scores.over_time)
        if not np.isfinite(scores.times_s).all() or (np.diff(scores.times_s) < 0).any():
            raise Wrong(f"the times of {scores.model} are {_shorten(scores.times_s.tolist())}")


def _check_probabilities(whose: str, *values: object) -> None:
    for value in values:
        if value is not None and not ((np.asarray(value) >= 0) & (np.asarray(value) <= 1)).all():
            raise Wrong(f"{whose} has a probability outside 0 to 1")


def _check_facts(fps: float | None, duration_s: float, *counts: int | None) -> None:
    if not (fps is not None and 0 < fps < 10_000 and 0 < duration_s < 1e7):
        raise Wrong(f"{fps} frames a second, {duration_s} s")
    if any(count is None or count < 1 for count in counts):
        raise Wrong(f"frames, width and height are {counts}")


def _try_commands(path: Path, scratch: Path) -> None:
    """`predict` and `build-store` as a user calls them: exit code 0 with a whole file, or 1 with a sentence."""
    out, store = scratch / "prediction.json", scratch / "store.duckdb"
    if call("predict", path, "--out", out, "--no-cache", "--detector", HOME_WORLD, log=scratch / "log") == 0:
        check_prediction(Prediction.load(out))
    elif out.exists():
        raise Wrong("predict said that it failed, and left a result")
    if call("build-store", "--videos", path.parent, "--out", store, log=scratch / "log") == 0:
        call("doctor", store, log=scratch / "log")


def call(*arguments: object, log: Path) -> int:
    """The exit code of a command of the program; Wrong for any but 0 and 1, and for a failure without a sentence."""
    before = log.stat().st_size if log.exists() else 0
    with captured_output(log):
        code = main([str(argument) for argument in arguments])
    said = log.read_bytes()[before:].decode(errors="replace")
    if code not in (0, 1):
        raise Wrong(f"{arguments[0]} ended with exit code {code}")
    if code == 1 and "error: " not in said:
        raise Wrong(f"{arguments[0]} failed without a word")
    return code


def _shorten(values: "list[object] | list[int] | list[float]") -> str:
    return str(values) if len(values) <= 8 else f"{values[:4]} ... {values[-4:]}"
