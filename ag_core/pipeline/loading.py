"""Everything that predicts, loaded for one device, and what a result says of it."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from ag_core.catalog import (
    COCO_DATA,
    GEOMETRY,
    GRAPH_READERS,
    HABITS,
    HANDS,
    HOME_WORLD,
    HOME_WORLD_DATA,
    MOVENET,
    POSE_NETWORKS,
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
from ag_core.files import hash_file_cached
from ag_core.models.checkpoints import find_preset_of, load_checkpoint, read_metadata
from ag_core.models.coco import UNSEEN_BY_COCO
from ag_core.models.detector import Detector, FasterRcnnDetector, load_detector
from ag_core.models.devices import choose_device
from ag_core.models.folding import fold_batch_norms
from ag_core.models.graph_reader import GraphReader, load_graph_reader
from ag_core.models.movenet import PoseNetwork
from ag_core.models.onnx_detector import OnnxDetector
from ag_core.models.region_features import RegionFeatureExtractor
from ag_core.models.relation import RelationHead, geometry, hands, load_relation_head
from ag_core.models.relation.cell_evidence import load_evidence
from ag_core.models.relation.frequency import FrequencyHead
from ag_core.models.relation.habits import Habits, load_habits
from ag_core.models.relation.smoothing import Transitions
from ag_core.models.relation.transitions_file import load_transitions
from ag_core.models.scene_graph import SceneGraphPredictor
from ag_core.models.video import (
    BankHead,
    ClipNetwork,
    load_bank_head,
    load_clip_network,
    read_trained_actions,
)
from ag_core.presets import VideoPreset
from ag_core.results.own_weights import compose_folder
from ag_core.results.prediction import HABITS_ROLE, POSE_ROLE, SMOOTHING, ModelUse
from ag_core.results.prediction_cache import (
    GEOMETRY_ROLE,
    HANDS_ROLE,
    LEARNED_ROLE,
    PredictionSettings,
    find_weights_files,
)
from ag_core.results.prediction_notes import (
    list_habits_notes,
    list_small_notes,
)
from ag_core.settings import WEIGHTS
from ag_core.taxonomy import N_OBJECTS, Group


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
    pose: what finds hands, where they are looked for
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
    pose: PoseNetwork | None = None

    @property
    def clip_presets(self) -> dict[str, VideoPreset]:
        """What the clips of each clip network are."""
        return {name: loaded.preset for name, loaded in self.clip_networks.items()}


def load_models(device: str = "", chosen: PredictionSettings = PredictionSettings(), weights: Path = WEIGHTS) -> Models:
    """All models that a prediction with these settings needs. UserError for what is missing.

    Detector and relation head are of the size that their files say; the others are of demo size.
    """
    files, folder = find_weights_files(chosen, weights), compose_folder(chosen.own, weights)
    where = choose_device(device)
    # No more threads than cores this process may use, and no more than OMP_NUM_THREADS, which torch follows itself.
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    torch.set_num_threads(min(cores, torch.get_num_threads()))
    own = FasterRcnnDetector.from_checkpoint(files["regions"], where)
    found: Detector = own
    if chosen.detector != HOME_WORLD:
        found = load_detector(chosen.detector, folder, where)
    elif files["detector"] != files["regions"]:
        found = FasterRcnnDetector.from_checkpoint(files["detector"], where)
    trunk = RegionFeatureExtractor(own.model)
    head = _load_head(chosen.relation_head, files["relations"], trunk)
    clip_networks, action_models = {}, []
    for network in find_clip_networks(list_predicting_models()):
        clip_networks[network.id] = load_network_of_clips(network, folder, where)
    for model in list_predicting_models():
        action_models.append(load_action_model(model, folder, where))
    networks = Models(
        graphs=SceneGraphPredictor(found, trunk, head, where),
        clip_networks=clip_networks,
        action_models=tuple(action_models),
        uses=(),
        notes=(),
        device=where,
        graph_readers=tuple(_load_graph_reader(entry, folder) for entry in list_ready_readers(folder)),
    )
    return adapt_models(networks, chosen, weights)


def adapt_models(networks: Models, chosen: PredictionSettings, weights: Path = WEIGHTS) -> Models:
    """Loaded networks with what comes after them as settings with the same networks want it: habits and smoothing.

    UserError as `load_models`.
    """
    files = find_weights_files(chosen, weights)
    knows_coco = find_detector(chosen.detector).trained_on == COCO_DATA
    return replace(
        networks,
        graphs=networks.graphs.leave_out_small(chosen.min_side_px),
        uses=_describe_model_uses(chosen, files, networks.graphs.detector),
        notes=((COCO_NOTE,) if knows_coco else ())
        + list_small_notes(chosen.min_side_px)
        + (() if chosen.evidence is None else list_habits_notes(chosen.evidence)),
        transitions=load_transitions(files[SMOOTHING]) if chosen.smooth else None,
        habits=None if chosen.evidence is None else _load_habits(files, chosen.evidence),
        pose=PoseNetwork(files[POSE_ROLE]) if POSE_ROLE in files else None,
    )


def _load_habits(files: Mapping[str, Path], evidence: float) -> Habits:
    """The habits of real homes, in the place of those that the relation heads learned."""
    learned = FrequencyHead()
    path = files[LEARNED_ROLE]
    load_checkpoint(path, learned, find_preset_of(path, find_relation_head("frequency")).name, "frequency")
    of_places, of_hands = None, None
    if GEOMETRY_ROLE in files:
        of_places = load_evidence(files[GEOMETRY_ROLE], GEOMETRY, geometry.N_CELLS)
    if HANDS_ROLE in files:
        of_hands = load_evidence(files[HANDS_ROLE], HANDS, hands.N_CELLS)
    return load_habits(files[HABITS_ROLE], learned, evidence, of_places, of_hands)


def _load_graph_reader(entry: GraphReaderEntry, weights: Path) -> LoadedGraphReader:
    path = entry.weights_path(weights)
    reader, metadata = load_graph_reader(path)
    return LoadedGraphReader(entry, reader, read_trained_actions(path, metadata))


def load_network_of_clips(network: ClipNetworkEntry, weights: Path, device: torch.device) -> LoadedClipNetwork:
    """A clip network with its weights in a folder, folded. UserError as `load_clip_network`."""
    loaded, _ = load_clip_network(network.id, weights)
    return LoadedClipNetwork(fold_batch_norms(loaded.clip_net).to(device), network.preset())


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


def _describe_model_uses(
    chosen: PredictionSettings, files: dict[str, Path], found: Detector | None
) -> tuple[ModelUse, ...]:
    """What a result says of the models: one entry a weights file, in the order of the path."""
    detector, models = find_detector(chosen.detector), list_predicting_models()
    readers = [reader for reader in GRAPH_READERS.values() if reader.id in files]
    name = found.layout.name if isinstance(found, OnnxDetector) else detector.name_in_results
    entries: list[tuple[str, str, Entry]] = [
        ("detector", name, detector),
        ("regions", "region-features", find_detector(HOME_WORLD)),
        ("relations", chosen.relation_head, find_relation_head(chosen.relation_head)),
        *((network.role, network.id, network) for network in find_clip_networks(models)),
        *((model.id, model.id, model) for model in (*models, *readers)),
    ]
    uses = [_describe_model_use(role, name, entry, files[role]) for role, name, entry in entries]
    changed = {HABITS_ROLE: f"evidence {chosen.evidence:g}"} if chosen.evidence is not None else {}
    changed |= {SMOOTHING: TRANSITIONS} if chosen.smooth else {}
    for role, preset in reversed(changed.items()):
        name = HABITS if role == HABITS_ROLE else TRANSITIONS
        trained_on = read_metadata(files[role]).get("trained_on_data", HOME_WORLD_DATA)
        use = ModelUse(name, role, preset, hash_file_cached(files[role]), trained_on)
        uses.insert(1 + [role for role, _, _ in entries].index("relations"), use)
    if POSE_ROLE in files:
        entry = POSE_NETWORKS[MOVENET]
        use = ModelUse(entry.id, POSE_ROLE, entry.architecture, hash_file_cached(files[POSE_ROLE]), entry.trained_on)
        uses.insert(1 + [use.role for use in uses].index(HABITS_ROLE), use)
    return tuple(uses)


def _describe_model_use(role: str, name: str, entry: Entry, path: Path) -> ModelUse:
    """One entry; weights that do not say what they were trained on are the catalog's, trained on what it says."""
    trained_on = entry.trained_on
    preset = entry.architecture if isinstance(entry, DetectorEntry) and not entry.presets else entry.preset().name
    if path.suffix == ".safetensors":
        preset = find_preset_of(path, entry).name
        trained_on = read_metadata(path).get("trained_on_data", trained_on)
    return ModelUse(name, role, preset, hash_file_cached(path), trained_on)
