"""Takes the frames of a video in their order; makes graphs and clip features as soon as enough have come together."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from ag_core.errors import Cancelled
from ag_core.models.checkpoints import check_answers
from ag_core.models.detector import Detector
from ag_core.models.devices import run_dense_part
from ag_core.models.movenet import PersonPoints
from ag_core.models.scene_graph import ObservedFrames
from ag_core.models.subject import PersonSeen, describe_colours, follow_people
from ag_core.models.video import make_clip_input
from ag_core.pipeline.loading import LoadedClipNetwork, Models
from ag_core.pipeline.plan import Plan
from ag_core.records import FrameClock, SceneGraph
from ag_core.video.clips import letterbox
from ag_core.video.frames import read_frames
from ag_core.video.read_ahead import read_ahead

Frames = Iterable[tuple[int, NDArray[np.uint8]]]


def read_beside(frames: Frames, device: torch.device) -> Frames:
    """Frames as they come; where a GPU computes, the next ones are decoded meanwhile."""
    return frames if device.type == "cpu" else read_ahead(frames)


@torch.inference_mode()
def compute_clip_features(
    path: Path,
    clips: list[list[int]],
    loaded: LoadedClipNetwork,
    device: torch.device,
    progress: Callable[[str, int, int], None] = lambda stage, done, total: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> NDArray[np.float32]:
    """Features [clips, C] of the clips of a plan alone, as a prediction has them; progress and errors as there."""
    watcher, done = ClipWatcher(clips, loaded, device, None), 0
    for number, pixels in read_beside(read_frames(path, sorted(watcher.frames)), device):
        if cancelled():
            raise Cancelled
        done += watcher.see(number, pixels)
        progress("watching the video", done, len(clips))
    done += watcher.finish()
    progress("watching the video", done, len(clips))
    return watcher.features


class ClipWatcher:
    """Takes the frames of one network's clips in order; makes features as soon as enough clips are whole."""

    def __init__(
        self, clips: list[list[int]], loaded: LoadedClipNetwork, device: torch.device, detector: Detector | None
    ) -> None:
        self.clips, self.loaded, self.device, self.detector = clips, loaded, device, detector
        self.frames = {frame for clip in clips for frame in clip}
        self.due = sorted(range(len(clips)), key=lambda clip: clips[clip][-1])  # clips still to see
        self.small: dict[int, NDArray[np.uint8]] = {}  # frames at the size of the clip network
        self.features = np.zeros((len(clips), loaded.preset.feature_size), np.float32)  # filled at the end
        self.found: list[tuple[list[int], torch.Tensor]] = []  # on the device, which nothing waits for until the end
        self.at_once = 32 if device.type != "cpu" else 4

    def see(self, number: int, pixels: NDArray[np.uint8]) -> int:
        """How many clips got their features now."""
        if number in self.frames:
            self.small[number] = letterbox(pixels, self.loaded.preset.size_wh)
        whole = sum(self.clips[clip][-1] <= number for clip in self.due[: self.at_once])
        return self._make_features() if whole >= self.at_once else 0

    def finish(self) -> int:
        """How many clips were left."""
        done = sum(self._make_features() for _ in range(0, len(self.due), self.at_once))
        for chosen, found in self.found:
            self.features[chosen] = check_answers(found.float().cpu().numpy(), type(self.loaded.network).__name__)
        return done

    def _make_features(self) -> int:
        chosen, self.due = self.due[: self.at_once], self.due[self.at_once :]
        pixels = np.stack([[self.small[frame] for frame in self.clips[clip]] for clip in chosen])
        clips = make_clip_input(pixels, self.loaded.preset, self.device, self.detector)
        with run_dense_part(self.device):
            self.found.append((chosen, self.loaded.network(clips)))
        first = min((self.clips[clip][0] for clip in self.due), default=0)
        self.small = {frame: pixels for frame, pixels in self.small.items() if self.due and frame >= first}
        return len(chosen)


class Watcher:
    """Takes the wanted frames in order; makes graphs and clip features as soon as enough have come together.

    person  1 for the person who is there most, 2 for the next, and so on; None for the clearest of every frame
    points  by frame, of the person who is followed, where a pose network is there; complete after `finish`
    """

    def __init__(
        self,
        plan: Plan,
        clock: FrameClock,
        models: Models,
        progress: Callable[[str, int, int], None],
        person: int | None = None,
    ) -> None:
        self.person = person
        self.clock, self.models, self.progress = clock, models, progress
        self.frames_at_once = 16 if models.device.type != "cpu" else 2
        self.graph_frames = set(plan.graph_frames)
        self.clips = {
            network: ClipWatcher(clips, models.clip_networks[network], models.device, models.graphs.detector)
            for network, clips in plan.clips.items()
        }
        self.waiting: list[tuple[int, NDArray[np.uint8]]] = []  # frames that want a graph
        self.observed: list[tuple[int, ObservedFrames]] = []  # what waits for the end of the video, by rank of person
        self.judged: dict[tuple[int, int], SceneGraph] = {}  # by frame and rank of the person in it
        self.persons: dict[int, list[PersonSeen]] = {}  # of each frame, by rank
        self.people: list[list[int | None]] = []
        self.points: dict[int, PersonPoints] = {}
        self.seen_points: dict[tuple[int, int], PersonPoints] = {}  # by frame and rank of the person in it
        self.done, self.total = 0, len(self.graph_frames) + sum(map(len, plan.clips.values()))
        self._advance(0)

    def see(self, number: int, pixels: NDArray[np.uint8]) -> None:
        if number in self.graph_frames:
            self.waiting.append((number, pixels))
        if len(self.waiting) >= self.frames_at_once:
            self._observe()
        for clips in self.clips.values():
            self._advance(clips.see(number, pixels))

    def finish(self) -> tuple[dict[int, SceneGraph], dict[str, NDArray[np.float32]]]:
        """Graphs by frame number, and by clip network the features [clips, C]."""
        self._observe()
        ranks = self._choose_persons()
        if self.observed:
            self._judge_video(ranks)
        chosen = ((frame, (frame, rank or 0)) for frame, rank in ranks.items() if rank is not None)
        self.points = {frame: self.seen_points[key] for frame, key in chosen if key in self.seen_points}
        for clips in self.clips.values():
            self._advance(clips.finish())
        graphs = {
            frame: self.judged[frame, rank] if rank is not None else leave_out_person(self.judged[frame, 0])
            for frame, rank in ranks.items()
        }
        return graphs, {network: clips.features for network, clips in self.clips.items()}

    def _choose_persons(self) -> dict[int, int | None]:
        """Of each frame the rank of the person who is followed; None where that one is not seen."""
        frames = sorted(self.persons)
        if self.person is None:
            return dict.fromkeys(frames, 0)
        times = [self.clock.time_of(frame) for frame in frames]
        self.people = follow_people([self.persons[frame] for frame in frames], times)
        if self.person > len(self.people):
            return dict.fromkeys(frames, None)
        return dict(zip(frames, self.people[self.person - 1]))

    def _advance(self, count: int) -> None:
        self.done += count
        if count or not self.done:
            self.progress("watching the video", self.done, self.total)

    def _observe(self) -> None:
        if not self.waiting:
            return
        numbers, pixels = zip(*self.waiting)
        self.waiting = []
        times = [self.clock.time_of(number) for number in numbers]
        if self.person is None:
            parts = [self.models.graphs.observe(pixels, numbers, times)]
        else:
            parts = self.models.graphs.observe_people(pixels, numbers, times)
        for place, number in enumerate(numbers):
            boxes = [part.boxes[place] for part in parts]
            self.persons[number] = [
                PersonSeen(one.person_box_xyxy, one.person_score, describe_colours(pixels[place], one.person_box_xyxy))
                for one in boxes
                if one.person_box_xyxy is not None
            ]
            if self.models.pose is not None:
                for rank, person in enumerate(self.persons[number]):
                    self.seen_points[number, rank] = self.models.pose.find_points(pixels[place], person.box_xyxy)
        for rank, part in enumerate(parts):
            if self.models.graphs.head.whole_video:
                self.observed.append((rank, part))
            else:
                self.judged |= {(frame, rank): graph for frame, graph in zip(numbers, self.models.graphs.judge(part))}
        self._advance(len(numbers))

    def _judge_video(self, ranks: dict[int, int | None]) -> None:
        """For a head that relates frames: the frames with the chosen person each, by time."""
        joined = ObservedFrames.join([part for _, part in self.observed])
        place_of: dict[tuple[int, int], int] = {}
        for rank, part in self.observed:
            place_of |= {(frame, rank): len(place_of) + at for at, frame in enumerate(part.frames)}
        chosen = [(frame, rank or 0) for frame, rank in sorted(ranks.items())]
        graphs = self.models.graphs.judge(joined.take_frames([place_of[one] for one in chosen]))
        self.judged |= zip(chosen, graphs)


def leave_out_person(graph: SceneGraph) -> SceneGraph:
    """The objects of a graph alone, where the person who is followed is not seen."""
    return replace(graph, person_box_xyxy=None, person_score=0.0, relations=np.zeros_like(graph.relations))
