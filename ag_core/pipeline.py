"""The whole path for one video: frames, scene graphs, feature banks, action scores.

    file -> frames by number -> graph of each wanted frame -> [K,875] bank of graphs  --\\
                               -> clips around times   -> [K,C] bank of clip features ------ > scores of LFB and SGFB

The file is decoded once, in order, and every wanted frame once; a long video needs no more memory for its frames
than a short one. `load_models` and `predict_video` are what worker, command and tests call.
"""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from ag_core.catalog import (
    COCO_DATA,
    GRAPH_READERS,
    HABITS,
    HOME_WORLD,
    HOME_WORLD_DATA,
    TRANSITIONS,
    ActionModelEntry,
    ClipNetworkEntry,
    DetectorEntry,
    Entry,
    GraphReaderEntry,
    find_clip_networks,
    find_detector,
    find_relation_head,
    list_predicting_models,
    list_ready_readers,
)
from ag_core.errors import Cancelled, UserError
from ag_core.files import hash_file_cached
from ag_core.graphs.edges import has_clear_person
from ag_core.models.checkpoints import check_answers, find_preset_of, load_checkpoint, read_metadata
from ag_core.models.coco import UNSEEN_BY_COCO
from ag_core.models.detector import Detector, FasterRcnnDetector, load_detector
from ag_core.models.devices import choose_device
from ag_core.models.feature_bank import (
    BankMaterial,
    build_bank,
    build_graph_bank,
    is_lapse,
    list_bank_times,
    list_first_times,
)
from ag_core.models.graph_reader import GraphReader, load_graph_reader, read_graphs
from ag_core.models.region_features import RegionFeatureExtractor
from ag_core.models.relation import RelationHead, load_relation_head
from ag_core.models.relation.frequency import FrequencyHead
from ag_core.models.relation.habits import Habits, correct_graphs, load_habits
from ag_core.models.relation.smoothing import Transitions, smooth_graphs
from ag_core.models.relation.transitions_file import load_transitions
from ag_core.models.scene_graph import ObservedFrames, SceneGraphPredictor
from ag_core.models.video import (
    BankHead,
    ClipNetwork,
    load_bank_head,
    load_clip_network,
    make_clip_input,
    read_trained_actions,
)
from ag_core.models.video.scoring import score_clips, score_videos, to_probabilities
from ag_core.presets import VideoPreset
from ag_core.records import ActionScores, FrameClock, SceneGraph, Video
from ag_core.results.prediction import DEFAULT_RATE, HABITS_ROLE, SMOOTHING, ModelUse, Prediction
from ag_core.results.prediction_cache import LEARNED_ROLE, PredictionSettings, find_weights_files
from ag_core.results.prediction_notes import (
    list_domain_notes,
    list_habits_notes,
    list_nobody_notes,
    list_replaced_notes,
)
from ag_core.settings import WEIGHTS
from ag_core.taxonomy import N_OBJECTS, Group
from ag_core.video.clips import letterbox, list_clip_centre_times, list_clip_frame_numbers
from ag_core.video.frames import probe_video, read_frames
from ag_core.video.ids import replace_forbidden
from ag_core.video.index import read_frame_index


@dataclass(frozen=True)
class LoadedClipNetwork:
    """A clip network on its device, and the preset that says what its clips are."""

    network: ClipNetwork
    preset: VideoPreset


@dataclass(frozen=True)
class LoadedActionModel:
    """An action model's head on its device; trained_on [157]: whether it ever saw an example of each action."""

    entry: ActionModelEntry
    head: BankHead
    trained_on: NDArray[np.bool_]


@dataclass(frozen=True)
class LoadedGraphReader:
    """A reader of actions in graphs alone, and what it saw examples of, as of an action model."""

    entry: GraphReaderEntry
    reader: GraphReader
    trained_on: NDArray[np.bool_]


@dataclass(frozen=True)
class Models:
    """Everything that predicts, on one device.

    graphs: frames to graphs; clip_networks by id: clips to features; action_models: features and banks to scores
    graph_readers: graphs alone to scores; habits: how relationships are put right for real homes, where they are
    transitions: how relationships are made steady, where they are
    uses: what a result says of the models; notes: what it must always say
    """

    graphs: SceneGraphPredictor
    clip_networks: dict[str, LoadedClipNetwork]
    action_models: tuple[LoadedActionModel, ...]
    uses: tuple[ModelUse, ...]
    notes: tuple[str, ...]
    device: torch.device
    transitions: Mapping[Group, Transitions] | None = None
    habits: Habits | None = None
    graph_readers: tuple[LoadedGraphReader, ...] = ()

    @property
    def clip_presets(self) -> dict[str, VideoPreset]:
        """What the clips of each clip network are."""
        return {name: loaded.preset for name, loaded in self.clip_networks.items()}


@dataclass(frozen=True)
class Plan:
    """Which frames of a video are needed.

    graph_frames  numbers of the frames that get a graph, ascending
    bank_times_s  [K] times of all feature banks; bank_frames: the frame at each
    centres_s     [K + views] centres of the clips: the bank's times, then the test views
    clips         by clip network, frame numbers of each different clip
    clip_of       by clip network, [K + views] the index of the clip around each centre
    """

    graph_frames: list[int]
    bank_times_s: NDArray[np.float64]
    bank_frames: list[int]
    centres_s: NDArray[np.float64]
    clips: dict[str, list[list[int]]]
    clip_of: dict[str, NDArray[np.int64]]


def load_models(device: str = "", chosen: PredictionSettings = PredictionSettings(), weights: Path = WEIGHTS) -> Models:
    """All models that a prediction with these settings needs. UserError for what is missing.

    Detector and relation head are of the size that their files say; the others are of demo size.
    """
    files = find_weights_files(chosen, weights)
    where = choose_device(device)
    # No more threads than cores this process may use, and no more than OMP_NUM_THREADS, which torch follows itself.
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    torch.set_num_threads(min(cores, torch.get_num_threads()))
    own = FasterRcnnDetector.from_checkpoint(files["regions"], where)
    found: Detector = own if chosen.detector == HOME_WORLD else load_detector(chosen.detector, weights, where)
    trunk = RegionFeatureExtractor(own.model)
    head = _load_head(chosen.relation_head, files["relations"], trunk)
    clip_networks, action_models = {}, []
    for network in find_clip_networks(list_predicting_models()):
        clip_networks[network.id] = load_network_of_clips(network, weights, where)
    for model in list_predicting_models():
        action_models.append(load_action_model(model, weights, where))
    knows_coco = find_detector(chosen.detector).trained_on == COCO_DATA
    return Models(
        graphs=SceneGraphPredictor(found, trunk, head, where),
        clip_networks=clip_networks,
        action_models=tuple(action_models),
        uses=_describe_model_uses(chosen, files),
        notes=((COCO_NOTE,) if knows_coco else ())
        + (() if chosen.evidence is None else list_habits_notes(chosen.evidence)),
        device=where,
        transitions=load_transitions(files[SMOOTHING]) if chosen.smooth else None,
        habits=None if chosen.evidence is None else _load_habits(files, chosen.evidence),
        graph_readers=tuple(_load_graph_reader(entry, weights) for entry in list_ready_readers(weights)),
    )


def _load_habits(files: Mapping[str, Path], evidence: float) -> Habits:
    """The habits of real homes, in the place of those that the relation heads learned."""
    learned = FrequencyHead()
    path = files[LEARNED_ROLE]
    load_checkpoint(path, learned, find_preset_of(path, find_relation_head("frequency")).name, "frequency")
    return load_habits(files[HABITS_ROLE], learned, evidence)


def _load_graph_reader(entry: GraphReaderEntry, weights: Path) -> LoadedGraphReader:
    path = entry.weights_path(weights)
    reader, metadata = load_graph_reader(path)
    return LoadedGraphReader(entry, reader, read_trained_actions(path, metadata))


def load_network_of_clips(network: ClipNetworkEntry, weights: Path, device: torch.device) -> LoadedClipNetwork:
    """A clip network with its weights in a folder. UserError as `load_clip_network`."""
    loaded, _ = load_clip_network(network.id, weights)
    return LoadedClipNetwork(loaded.clip_net.to(device), network.preset())


def load_action_model(model: ActionModelEntry, weights: Path, device: torch.device) -> LoadedActionModel:
    """An action model's head with its weights in a folder. UserError as `load_bank_head`."""
    head, metadata = load_bank_head(model.id, weights)
    trained_on = read_trained_actions(model.weights_path(weights), metadata)
    return LoadedActionModel(model, head.to(device), trained_on)


def _load_head(relation_head: str, path: Path, trunk: RegionFeatureExtractor) -> RelationHead:
    """The head in `path`. UserError where it reads other region features than the trunk's."""
    preset = find_preset_of(path, find_relation_head(relation_head))
    head, _ = load_relation_head(relation_head, path.parent, preset)
    trunk.check_size(preset, str(path))
    return head


COCO_NOTE = (
    f"The detector was trained on COCO and knows {N_OBJECTS - len(UNSEEN_BY_COCO)} of the {N_OBJECTS} object classes; "
    f"it never finds {', '.join(UNSEEN_BY_COCO)}."
)

MAX_REPLACED = 0.5
"""Of the frames looked at: where more cannot be decoded, there is nothing to predict from."""

NO_FILE_HASH = "0" * 64
"""Stands for weights that torchvision fetched itself."""


def _describe_model_uses(chosen: PredictionSettings, files: dict[str, Path]) -> tuple[ModelUse, ...]:
    """What a result says of the models: one entry a weights file, in the order of the path."""
    detector, models = find_detector(chosen.detector), list_predicting_models()
    readers = [reader for reader in GRAPH_READERS.values() if reader.id in files]
    entries: list[tuple[str, str, Entry]] = [
        ("detector", detector.name_in_results, detector),
        ("regions", "region-features", find_detector(HOME_WORLD)),
        ("relations", chosen.relation_head, find_relation_head(chosen.relation_head)),
        *((network.role, network.id, network) for network in find_clip_networks(models)),
        *((model.id, model.id, model) for model in (*models, *readers)),
    ]
    uses = [_describe_model_use(role, name, entry, files.get(role)) for role, name, entry in entries]
    changed = {HABITS_ROLE: f"evidence {chosen.evidence:g}"} if chosen.evidence is not None else {}
    changed |= {SMOOTHING: TRANSITIONS} if chosen.smooth else {}
    for role, preset in reversed(changed.items()):
        name = HABITS if role == HABITS_ROLE else TRANSITIONS
        trained_on = read_metadata(files[role]).get("trained_on_data", HOME_WORLD_DATA)
        use = ModelUse(name, role, preset, hash_file_cached(files[role]), trained_on)
        uses.insert(1 + [role for role, _, _ in entries].index("relations"), use)
    return tuple(uses)


def _describe_model_use(role: str, name: str, entry: Entry, path: Path | None) -> ModelUse:
    """One entry; weights that do not say what they were trained on are the catalog's, trained on what it says."""
    trained_on, sha256 = entry.trained_on, NO_FILE_HASH
    preset = entry.architecture if isinstance(entry, DetectorEntry) and not entry.presets else entry.preset().name
    if path is not None:
        sha256 = hash_file_cached(path)
        if path.name == entry.weights_file:
            preset = find_preset_of(path, entry).name
            trained_on = read_metadata(path).get("trained_on_data", trained_on)
    return ModelUse(name, role, preset, sha256, trained_on)


def choose_graph_times(clock: FrameClock, rate: float) -> NDArray[np.float64]:
    """Seconds that get a graph: the bank's, and between and before them so many that there are `rate` a second.

    Every multiple of 1 / rate before or after the bank's first time; at the bank's own rate, the bank's times. Of these
    a lapse takes the first one in each frame.
    """
    bank, duration_s = choose_bank_times(clock), clock.duration_s
    before = np.floor(bank[0] * rate + 1e-9)
    if is_lapse(clock, rate):
        added = list_first_times(clock, bank[0] - before / rate, rate)
    else:
        added = bank[0] + np.arange(-before, np.ceil((duration_s - bank[0]) * rate) + 1) / rate
    # Rounded, for the same time reached in two ways differs in its last bits.
    return np.union1d(bank.round(9), added[(added >= 0) & (added < duration_s)].round(9))


def choose_bank_times(clock: FrameClock) -> NDArray[np.float64]:
    """The times of the bank in seconds, or the middle alone of a video that ends before the first."""
    times = list_bank_times(clock)
    return times if len(times) else np.array([clock.duration_s / 2])


def make_plan(video: Video, rate: float, clip_presets: dict[str, VideoPreset]) -> Plan:
    """The frames that a prediction of a probed video needs, with clips for each clip network."""
    clock = video.clock
    assert clock is not None
    bank = choose_bank_times(clock)
    centres = np.concatenate([bank, list_clip_centre_times(clock.duration_s)])
    clips, clip_of = {}, {}
    for network, preset in clip_presets.items():
        around = [tuple(list_clip_frame_numbers(t, clock, preset.frames, preset.frame_step_s)) for t in centres]
        index_of = {clip: index for index, clip in enumerate(dict.fromkeys(around))}
        clips[network] = [list(clip) for clip in index_of]
        clip_of[network] = np.array([index_of[clip] for clip in around])
    return Plan(
        graph_frames=sorted({clock.frame_at(t) for t in choose_graph_times(clock, rate)}),
        bank_times_s=bank,
        bank_frames=[clock.frame_at(t) for t in bank],
        centres_s=centres,
        clips=clips,
        clip_of=clip_of,
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

    Where relationships are put right for real homes, so are the graphs and what reads them alone; where they are made
    steady, the graphs. The models with a clip are scored from what the head judged. Where nobody is seen, no action is.
    `progress` gets the stage and its counts; `cancelled` is asked before each frame and ends the work with
    `Cancelled`. Raises UserError for a file that is no video, or that became another one meanwhile.
    """
    torch.set_flush_denormal(True)
    progress("reading the file", 0, 1)
    sha256 = hash_file_cached(path)
    video, index = probe_video(path), read_frame_index(path)
    plan = make_plan(video, rate, models.clip_presets)
    watcher = _Watcher(plan, index.clock, models, progress)
    wanted = sorted({*plan.graph_frames, *(n for clips in plan.clips.values() for clip in clips for n in clip)})
    replaced: set[int] = set()
    for number, pixels in read_frames(path, wanted, replaced):
        if cancelled():
            raise Cancelled
        watcher.see(number, pixels)
    if len(replaced) > MAX_REPLACED * len(wanted):
        raise UserError(
            f"of {len(wanted)} frames of {path.name} that were looked at, {len(replaced)} cannot be decoded: "
            "it is badly damaged or encrypted; give a complete file"
        )
    graphs, features = watcher.finish()
    progress("scoring actions", 0, 1)
    actions, nobody = score_actions(plan, graphs, features, models), ()
    if not any(map(has_clear_person, graphs.values())):
        actions, nobody = (), list_nobody_notes(len(graphs))
    progress("scoring actions", 1, 1)
    found = put_right([graphs[frame] for frame in plan.graph_frames], models)
    if models.transitions is not None:
        found = smooth_graphs(found, models.transitions)
    odd = (*index.list_notes(), *list_replaced_notes(len(replaced), len(wanted)))
    notes = (*nobody, *models.notes, *odd, *list_domain_notes(path, models.uses))
    if hash_file_cached(path) != sha256:
        raise UserError(f"{path.name} became another file while it was watched; predict it again")
    return Prediction(
        video=video,
        file=replace_forbidden(path.name),
        sha256=sha256,
        models=models.uses,
        rate=rate,
        notes=notes,
        frames=tuple(found),
        actions=actions,
    )


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
    watcher, done = _ClipWatcher(clips, loaded, device, None), 0
    for number, pixels in read_frames(path, sorted(watcher.frames)):
        if cancelled():
            raise Cancelled
        done += watcher.see(number, pixels)
        progress("watching the video", done, len(clips))
    done += watcher.finish()
    progress("watching the video", done, len(clips))
    return watcher.features


class _ClipWatcher:
    """Takes the frames of one network's clips in order; makes features as soon as enough clips are whole."""

    def __init__(
        self, clips: list[list[int]], loaded: LoadedClipNetwork, device: torch.device, detector: Detector | None
    ) -> None:
        self.clips, self.loaded, self.device, self.detector = clips, loaded, device, detector
        self.frames = {frame for clip in clips for frame in clip}
        self.due = sorted(range(len(clips)), key=lambda clip: clips[clip][-1])  # clips still to see
        self.small: dict[int, NDArray[np.uint8]] = {}  # frames at the size of the clip network
        self.features = np.zeros((len(clips), loaded.preset.feature_size), np.float32)
        self.at_once = 32 if device.type != "cpu" else 4

    def see(self, number: int, pixels: NDArray[np.uint8]) -> int:
        """How many clips got their features now."""
        if number in self.frames:
            self.small[number] = letterbox(pixels, self.loaded.preset.size_wh)
        whole = sum(self.clips[clip][-1] <= number for clip in self.due[: self.at_once])
        return self._make_features() if whole >= self.at_once else 0

    def finish(self) -> int:
        """How many clips were left."""
        return sum(self._make_features() for _ in range(0, len(self.due), self.at_once))

    def _make_features(self) -> int:
        chosen, self.due = self.due[: self.at_once], self.due[self.at_once :]
        pixels = np.stack([[self.small[frame] for frame in self.clips[clip]] for clip in chosen])
        clips = make_clip_input(pixels, self.loaded.preset, self.device, self.detector)
        found = self.loaded.network(clips).float().cpu().numpy()
        self.features[chosen] = check_answers(found, type(self.loaded.network).__name__)
        first = min((self.clips[clip][0] for clip in self.due), default=0)
        self.small = {frame: pixels for frame, pixels in self.small.items() if self.due and frame >= first}
        return len(chosen)


class _Watcher:
    """Takes the wanted frames in order; makes graphs and clip features as soon as enough have come together."""

    def __init__(
        self, plan: Plan, clock: FrameClock, models: Models, progress: Callable[[str, int, int], None]
    ) -> None:
        self.clock, self.models, self.progress = clock, models, progress
        self.frames_at_once = 16 if models.device.type != "cpu" else 2
        self.graph_frames = set(plan.graph_frames)
        self.clips = {
            network: _ClipWatcher(clips, models.clip_networks[network], models.device, models.graphs.detector)
            for network, clips in plan.clips.items()
        }
        self.waiting: list[tuple[int, NDArray[np.uint8]]] = []  # frames that want a graph
        self.observed: list[ObservedFrames] = []  # what waits for the end of the video
        self.graphs: dict[int, SceneGraph] = {}
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
        if self.observed:
            self._judge(ObservedFrames.join(self.observed))
        for clips in self.clips.values():
            self._advance(clips.finish())
        return self.graphs, {network: clips.features for network, clips in self.clips.items()}

    def _advance(self, count: int) -> None:
        self.done += count
        if count or not self.done:
            self.progress("watching the video", self.done, self.total)

    def _observe(self) -> None:
        if not self.waiting:
            return
        numbers, pixels = zip(*self.waiting)
        self.waiting = []
        found = self.models.graphs.observe(pixels, numbers, [self.clock.time_of(number) for number in numbers])
        if self.models.graphs.head.whole_video:
            self.observed.append(found)
        else:
            self._judge(found)
        self._advance(len(numbers))

    def _judge(self, found: ObservedFrames) -> None:
        self.graphs |= zip(found.frames, self.models.graphs.judge(found))


def score_actions(
    plan: Plan, graphs: dict[int, SceneGraph], features: dict[str, NDArray[np.float32]], models: Models
) -> tuple[ActionScores, ...]:
    """Each model's scores: of the video the maximum over the test views, over time those at the bank's times.

    Those of graph readers are of the graphs at the bank's times, and of the video their maximum.

    graphs by frame number; features by clip network, [clips, C] of the plan's clips.
    """
    bank = [graphs[frame] for frame in plan.bank_frames]
    rows = build_graph_bank(bank)
    of_clips = [
        score_model(model, plan, features[model.entry.clip_network], rows, models.device)
        for model in models.action_models
    ]
    right = put_right(bank, models)
    return (*of_clips, *(score_graphs(one, plan.bank_times_s, right) for one in models.graph_readers))


def put_right(graphs: Sequence[SceneGraph], models: Models) -> list[SceneGraph]:
    """Graphs with the habits of real homes, where these are asked for."""
    return list(graphs) if models.habits is None else correct_graphs(graphs, models.habits)


def score_graphs(reader: LoadedGraphReader, times_s: NDArray[np.float64], graphs: Sequence[SceneGraph]) -> ActionScores:
    """A reader's scores at the times [K] of graphs; of the video their maximum."""
    found = read_graphs(reader.reader, graphs)
    return ActionScores(reader.entry.id, found.max(axis=0), times_s.astype(np.float32), found, reader.trained_on)


def score_model(
    model: LoadedActionModel,
    plan: Plan,
    features: NDArray[np.float32],
    rows: NDArray[np.float32],
    device: torch.device,
) -> ActionScores:
    """One model's scores, from features [clips, C] of its clip network and graphs as rows [K,875] of a bank."""
    n_times = len(plan.bank_times_s)
    found = score_centres(model, plan, features, rows, device)
    [of_video] = score_videos(found[n_times:], [0] * (len(found) - n_times))
    times = plan.bank_times_s.astype(np.float32)
    return ActionScores(model.entry.id, of_video, times, found[:n_times], model.trained_on)


def score_centres(
    model: LoadedActionModel,
    plan: Plan,
    features: NDArray[np.float32],
    rows: NDArray[np.float32],
    device: torch.device,
) -> NDArray[np.float32]:
    """[K + views,157] scores of the clips around all centres of a plan; arguments as of `score_model`."""
    of_clips, windows = features[plan.clip_of[model.entry.clip_network]], None
    if model.entry.bank is not None:
        material = BankMaterial(plan.bank_times_s, of_clips[: len(plan.bank_times_s)], rows)
        windows = build_bank(model.entry.bank, material).cut_windows(plan.centres_s)
    return to_probabilities(score_clips(model.head, of_clips, windows, device))
