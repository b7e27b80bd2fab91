"""The whole path for one video: frames, scene graphs, feature banks, action scores.

    file -> pictures by number -> graph of each wanted picture -> [K,875] bank of graphs  --\\
                               -> clips around moments -> [K,C] bank of clip features ------ > scores of LFB and SGFB

The file is decoded once, in order, and every wanted picture once; a long video needs no more memory for its pictures
than a short one. `load_models` and `predict_video` are what worker, command and tests call.
"""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from ag_core.errors import UserError
from ag_core.files import hash_file_cached
from ag_core.models.checkpoints import load_checkpoint
from ag_core.models.coco import UNSEEN_BY_COCO, CocoDetector
from ag_core.models.detector import Detector, FasterRcnnDetector, load_faster_rcnn
from ag_core.models.feature_bank import bank_times, graph_bank, window
from ag_core.models.pixels import clip_tensors
from ag_core.models.region_features import RegionFeatureExtractor
from ag_core.models.relation import build_relation_head
from ag_core.models.scene_graph import SceneGraphPredictor
from ag_core.models.video import BankHead, build_bank_head, build_video_model
from ag_core.models.video.i3d import I3dNonLocal
from ag_core.models.yolox import OnnxDetector
from ag_core.presets import DEMO_DETECTOR, DEMO_RELATION, DEMO_VIDEO, VideoPreset
from ag_core.records import ActionScores, SceneGraph, Video, frame_to_time, time_to_frame
from ag_core.results.prediction import DEFAULT_RATE, ModelUse, Prediction
from ag_core.results.prediction_cache import COCO, HOME_WORLD, PredictionSettings, weights_files
from ag_core.settings import WEIGHTS, settings
from ag_core.taxonomy import ACTIONS, N_ACTIONS, N_OBJECTS, action_index
from ag_core.video.clips import clip_frames, letterboxed, view_times
from ag_core.video.frames import HOME_WORLD_MARK, container_comment, probe_video, read_frames

ACTION_MODELS = ("lfb", "sgfb")
HOME_WORLD_DATA = "home world"
WINDOWS_AT_ONCE = 256


class Cancelled(Exception):
    """The caller asked to stop; nothing was written."""


@dataclass(frozen=True)
class Models:
    """Everything that predicts, on one device.

    graphs: pictures to graphs; clip_net: clips to features; heads: an action head by model name
    trained_on: [157] per model name, whether it ever saw an example of each action
    uses: what a result says of the models; notes: what it must always say
    """

    graphs: SceneGraphPredictor
    clip_net: I3dNonLocal
    heads: dict[str, BankHead]
    trained_on: dict[str, NDArray[np.bool_]]
    uses: tuple[ModelUse, ...]
    notes: tuple[str, ...]
    preset: VideoPreset
    device: torch.device


@dataclass(frozen=True)
class Plan:
    """Which pictures of a video are needed.

    graph_frames  numbers of the pictures that get a graph, ascending
    bank_times_s  [K] moments of both feature banks; bank_frames: the picture of each
    centres_s     [K + views] centres of the clips: the bank's moments, then the test views
    clips         frame numbers of each clip
    """

    graph_frames: list[int]
    bank_times_s: NDArray[np.float64]
    bank_frames: list[int]
    centres_s: NDArray[np.float64]
    clips: list[list[int]]


def choose_device(name: str = "") -> torch.device:
    """The device called `name`, or for '' the GPU when there is one. UserError where it is not there."""
    if name.startswith("cuda") and not torch.cuda.is_available():
        raise UserError("there is no GPU that torch can use; choose the device cpu")
    try:
        return torch.device(name or ("cuda" if torch.cuda.is_available() else "cpu"))
    except RuntimeError:
        raise UserError(f"there is no device {name!r}; choose cpu or cuda") from None


def load_models(
    device: str = "", detector: str = HOME_WORLD, relation_head: str = "reldn", weights: Path = WEIGHTS
) -> Models:
    """All models for a detector (a name, or an .onnx file) and a relation head. UserError for what is missing."""
    files = weights_files(PredictionSettings(detector, relation_head), weights)
    where = choose_device(device)
    # No more threads than cores this process may use, and no more than OMP_NUM_THREADS, which torch follows itself.
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    torch.set_num_threads(min(cores, torch.get_num_threads()))
    own = load_faster_rcnn(files["regions"], DEMO_DETECTOR).to(where)
    found, found_use = _detector(detector, files, where, FasterRcnnDetector(own, where))
    head = build_relation_head(relation_head, DEMO_RELATION)
    load_checkpoint(files["relations"], head, DEMO_RELATION.name)
    video = build_video_model("i3d", DEMO_VIDEO)
    load_checkpoint(files["clip"], video, DEMO_VIDEO.name)
    heads, trained_on = {}, {}
    for name in ACTION_MODELS:
        heads[name] = build_bank_head(name, DEMO_VIDEO)
        trained_on[name] = _trained_on(load_checkpoint(files[name], heads[name], DEMO_VIDEO.name))
        heads[name].to(where).eval()
    uses = [
        found_use,
        _use("region-features", "regions", DEMO_DETECTOR.name, files["regions"]),
        _use(relation_head, "relations", DEMO_RELATION.name, files["relations"]),
        _use("i3d", "clip", DEMO_VIDEO.name, files["clip"]),
        *(_use(name, name, DEMO_VIDEO.name, files[name]) for name in ACTION_MODELS),
    ]
    return Models(
        graphs=SceneGraphPredictor(found, RegionFeatureExtractor(own), head, where),
        clip_net=video.clip_net.to(where).eval(),
        heads=heads,
        trained_on=trained_on,
        uses=tuple(uses),
        notes=() if detector == HOME_WORLD else (COCO_NOTE,),
        preset=DEMO_VIDEO,
        device=where,
    )


COCO_NOTE = (
    f"The detector was trained on COCO and knows {N_OBJECTS - len(UNSEEN_BY_COCO)} of the {N_OBJECTS} object classes; "
    f"it never finds {', '.join(UNSEEN_BY_COCO)}."
)


def _detector(
    name: str, files: dict[str, Path], device: torch.device, own: FasterRcnnDetector
) -> tuple[Detector, ModelUse]:
    if name == HOME_WORLD:
        return own, _use(own.name, "detector", DEMO_DETECTOR.name, files["detector"])
    if name == COCO:
        coco = CocoDetector(device=device)
        return coco, ModelUse(coco.name, "detector", "fasterrcnn_resnet50_fpn", NO_FILE_HASH, "COCO")
    yolox = OnnxDetector(files["detector"])
    return yolox, ModelUse(yolox.name, "detector", "onnx", hash_file_cached(files["detector"]), "COCO")


NO_FILE_HASH = "0" * 64
"""Stands for weights that torchvision fetched itself."""


def _use(name: str, role: str, preset: str, file: Path) -> ModelUse:
    return ModelUse(name, role, preset, hash_file_cached(file), HOME_WORLD_DATA)


def _trained_on(metadata: dict[str, str]) -> NDArray[np.bool_]:
    """[157] from the action ids in a checkpoint's `trained_on`; all where it names none."""
    ids = [text.strip() for text in metadata.get("trained_on", "").split(",") if text.strip()]
    known = np.zeros(N_ACTIONS, bool)
    known[[action_index(text) for text in ids or [action.id for action in ACTIONS]]] = True
    return known


def graph_times(duration_s: float, rate: float) -> NDArray[np.float64]:
    """Moments that get a graph: the bank's, and between and before them so many that there are `rate` a second.

    Every multiple of 1 / rate before or after the bank's first moment; at the bank's own rate, the bank's moments.
    """
    bank = bank_grid(duration_s)
    before = np.floor(bank[0] * rate + 1e-9)
    steps = np.arange(-before, np.ceil((duration_s - bank[0]) * rate) + 1)
    added = bank[0] + steps / rate
    # Rounded, for the same moment reached in two ways differs in its last bits.
    return np.union1d(bank.round(9), added[(added >= 0) & (added < duration_s)].round(9))


def bank_grid(duration_s: float) -> NDArray[np.float64]:
    """The bank's moments, or the middle alone of a video that ends before the first."""
    times = bank_times(duration_s)
    return times if len(times) else np.array([duration_s / 2])


def make_plan(video: Video, rate: float, preset: VideoPreset) -> Plan:
    """The pictures that a prediction of a probed video needs."""
    assert video.fps is not None and video.n_frames is not None
    fps, n_frames = video.fps, video.n_frames
    bank = bank_grid(video.duration_s)
    centres = np.concatenate([bank, view_times(video.duration_s)])
    return Plan(
        graph_frames=sorted({time_to_frame(t, fps, n_frames) for t in graph_times(video.duration_s, rate)}),
        bank_times_s=bank,
        bank_frames=[time_to_frame(t, fps, n_frames) for t in bank],
        centres_s=centres,
        clips=[clip_frames(t, fps, n_frames, preset.frames, preset.frame_step_s) for t in centres],
    )


@torch.inference_mode()
def predict_video(
    path: Path,
    models: Models,
    rate: float = DEFAULT_RATE,
    progress: Callable[[str, int, int], None] = lambda stage, done, total: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> Prediction:
    """Graphs (`rate` a second) and action scores of a video file.

    `progress` gets the stage and its counts; `cancelled` is asked before each picture and ends the work with
    `Cancelled`. Raises UserError for a file that is no video.
    """
    torch.set_flush_denormal(True)
    progress("reading the file", 0, 1)
    video = probe_video(path)
    plan = make_plan(video, rate, models.preset)
    watcher = _Watcher(plan, video, models, progress)
    wanted = sorted({*plan.graph_frames, *(frame for clip in plan.clips for frame in clip)})
    for number, picture in read_frames(path, wanted):
        if cancelled():
            raise Cancelled
        watcher.see(number, picture)
    graphs, features = watcher.finish()
    progress("scoring actions", 0, 1)
    actions = score_actions(plan, graphs, features, models)
    progress("scoring actions", 1, 1)
    return Prediction(
        video=video,
        file=path.name,
        sha256=hash_file_cached(path),
        models=models.uses,
        rate=rate,
        notes=(*models.notes, *domain_notes(path, models.uses)),
        frames=tuple(graphs[frame] for frame in plan.graph_frames),
        actions=actions,
    )


class _Watcher:
    """Takes the wanted pictures in order; makes graphs and clip features as soon as enough have come together."""

    def __init__(self, plan: Plan, video: Video, models: Models, progress: Callable[[str, int, int], None]) -> None:
        self.plan, self.models, self.progress = plan, models, progress
        self.fps = float(video.fps or 0)
        gpu = models.device.type != "cpu"
        self.pictures_at_once, self.clips_at_once = (16, 32) if gpu else (2, 4)
        self.graph_frames = set(plan.graph_frames)
        self.clip_frames = {frame for clip in plan.clips for frame in clip}
        self.due = sorted(range(len(plan.clips)), key=lambda clip: plan.clips[clip][-1])  # clips still to see
        self.small: dict[int, NDArray[np.uint8]] = {}  # pictures at the size of the clip network
        self.waiting: list[tuple[int, NDArray[np.uint8]]] = []  # pictures that want a graph
        self.graphs: dict[int, SceneGraph] = {}
        self.features = np.zeros((len(plan.clips), models.clip_net.feature_size), np.float32)
        self.done, self.total = 0, len(self.graph_frames) + len(plan.clips)
        self._advance(0)

    def see(self, number: int, picture: NDArray[np.uint8]) -> None:
        if number in self.graph_frames:
            self.waiting.append((number, picture))
        if number in self.clip_frames:
            self.small[number] = letterboxed(picture, self.models.preset.size_wh)
        if len(self.waiting) >= self.pictures_at_once:
            self._make_graphs()
        whole = sum(self.plan.clips[clip][-1] <= number for clip in self.due[: self.clips_at_once])
        if whole >= self.clips_at_once:
            self._make_features()

    def finish(self) -> tuple[dict[int, SceneGraph], NDArray[np.float32]]:
        """Graphs by frame number, and the features [clips, C]."""
        self._make_graphs()
        while self.due:
            self._make_features()
        return self.graphs, self.features

    def _advance(self, count: int) -> None:
        self.done += count
        self.progress("watching the video", self.done, self.total)

    def _make_graphs(self) -> None:
        if not self.waiting:
            return
        numbers, pictures = zip(*self.waiting)
        times = [frame_to_time(number, self.fps) for number in numbers]
        self.graphs |= zip(numbers, self.models.graphs.predict(pictures, numbers, times))
        self.waiting = []
        self._advance(len(numbers))

    def _make_features(self) -> None:
        chosen, self.due = self.due[: self.clips_at_once], self.due[self.clips_at_once :]
        pictures = np.stack([[self.small[frame] for frame in self.plan.clips[clip]] for clip in chosen])
        self.features[chosen] = self.models.clip_net(clip_tensors(pictures, self.models.device)).float().cpu().numpy()
        first = min((self.plan.clips[clip][0] for clip in self.due), default=0)
        self.small = {frame: picture for frame, picture in self.small.items() if self.due and frame >= first}
        self._advance(len(chosen))


def score_actions(
    plan: Plan, graphs: dict[int, SceneGraph], features: NDArray[np.float32], models: Models
) -> tuple[ActionScores, ...]:
    """Each model's scores: of the video the maximum over the test views, over time those of the bank's moments.

    graphs by frame number; features [K + views, C] of the plan's clips.
    """
    n_moments = len(plan.bank_times_s)
    banks = {
        "lfb": features[:n_moments],
        "sgfb": graph_bank([graphs[frame] for frame in plan.bank_frames]),
    }
    scores = []
    for name, head in models.heads.items():
        found = _head_scores(head, features, banks[name], plan, models.device)
        over_time, views = found[:n_moments], found[n_moments:]
        scores.append(
            ActionScores(
                name, views.max(axis=0), plan.bank_times_s.astype(np.float32), over_time, models.trained_on[name]
            )
        )
    return tuple(scores)


def _head_scores(
    head: BankHead, features: NDArray[np.float32], bank: NDArray[np.float32], plan: Plan, device: torch.device
) -> NDArray[np.float32]:
    """[clips,157] probabilities."""
    parts = []
    for start in range(0, len(features), WINDOWS_AT_ONCE):
        part = slice(start, start + WINDOWS_AT_ONCE)
        windows = np.stack([window(bank, plan.bank_times_s, centre) for centre in plan.centres_s[part]])
        logits = head(torch.from_numpy(features[part]).to(device), torch.from_numpy(windows).to(device))
        parts.append(logits.sigmoid().cpu().numpy())
    return np.concatenate(parts)


def domain_notes(path: Path, uses: Sequence[ModelUse]) -> tuple[str, ...]:
    """What must be said where models that know only the home world look at other footage."""
    strangers = [use.role for use in uses if use.trained_on_data == HOME_WORLD_DATA]
    if not strangers or is_home_world(path):
        return ()
    what = "Objects, relations and actions" if "detector" in strangers else "Relations and actions"
    return (
        f"{what} come from models trained only on the synthetic home world. This video is other footage, "
        "so treat them as guesses.",
    )


def is_home_world(path: Path) -> bool:
    """Whether a file is a film of the home world: it says so, lies in an exported world, or is one of the showcase."""
    if HOME_WORLD_MARK in container_comment(path) or (path.resolve().parent.parent / "world.json").is_file():
        return True
    size = path.stat().st_size
    alike = [shown for shown in (settings().showcase / "videos").glob("*.mp4") if shown.stat().st_size == size]
    return any(hash_file_cached(shown) == hash_file_cached(path) for shown in alike)
