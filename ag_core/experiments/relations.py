"""Training relation heads on region features that are computed once with the frozen trunk and kept on disk.

Every frame gives up to two examples: its annotated boxes (all pairs related, as in predcls) and the detector's own
boxes (as in sgdet), where a pair is related if person and object overlap annotated ones of the same class by one half.
Of the unrelated pairs at most three for each related one are kept (methods C0). A head that refines classes learns from
half of the examples as it meets boxes in sgcls: with the classes that the detector sees in them.
"""

import pickle
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from functools import partial
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ag_core.boxes import compute_iou
from ag_core.errors import UserError
from ag_core.experiments.compute import Compute
from ag_core.experiments.datasets import LabelledVideo, TrainingData, open_counted_frames
from ag_core.experiments.kept_arrays import name_kept_file, remove_older
from ag_core.experiments.training_loop import Losses, StepLosses
from ag_core.files import stage_file
from ag_core.models.detector import Detector, find_sharing
from ag_core.models.encoded_images import EncodedImages
from ag_core.models.pairs import PairBatch, join_batches
from ag_core.models.region_features import RegionFeatureExtractor
from ag_core.models.relation import PairLosses, RelationHead
from ag_core.models.relation.losses import PairTargets
from ag_core.models.scene_graph import FrameBoxes, boxes_from_detections, boxes_from_graph, build_pair_batch
from ag_core.records import Detections, SceneGraph
from ag_core.taxonomy import N_RELATIONS

OVERLAP = 0.5
NEGATIVES_PER_POSITIVE = 3
_BATCH_FIELDS = [field.name for field in fields(PairBatch)]
_TARGET_FIELDS = [field.name for field in fields(PairTargets)]


@dataclass(frozen=True)
class PairExample:
    """The pairs of a frame, or of all frames of a video, with certain classes, and their truth.

    seen_logits  [N,36] the class logits that the detector gives the boxes
    """

    batch: PairBatch
    targets: PairTargets
    seen_logits: Tensor

    def with_seen_classes(self) -> "PairExample":
        """The same pairs, of boxes whose classes are not given."""
        return replace(self, batch=replace(self.batch, object_logits=self.seen_logits))

    def to_state(self) -> dict[str, Tensor]:
        """As tensors by name; features in half precision, half the size on disk."""
        tensors = {name: getattr(self.batch, name).cpu() for name in _BATCH_FIELDS}
        halves = {name: tensors[name].half() for name in ("object_features", "union_features", "head_maps")}
        return tensors | halves | vars(self.targets) | {"seen_logits": self.seen_logits.cpu()}

    @staticmethod
    def from_state(state: dict[str, Tensor]) -> "PairExample":
        """What `to_state` gave."""
        whole = {
            name: state[name].float() if state[name].is_floating_point() else state[name] for name in _BATCH_FIELDS
        }
        targets = PairTargets(**{name: state[name] for name in _TARGET_FIELDS})
        return PairExample(PairBatch(**whole), targets, state["seen_logits"])


def collate_pairs(examples: Sequence[PairExample]) -> tuple[PairBatch, PairTargets]:
    """Several examples, at least one, as one batch, each as a video of its own."""
    return join_batches([example.batch for example in examples]), _join_targets(examples)


def join_video(examples: Sequence[PairExample]) -> list[PairExample]:
    """The examples of one video's frames for a head that looks at whole videos: one of all frames with their annotated
    boxes, and one of all frames with detected boxes, where there are such.

    Every frame gives its annotated boxes first; an example at the time of the one before it has detected boxes.
    """
    given: list[PairExample] = []
    found: list[PairExample] = []
    for example in examples:
        again = bool(given) and torch.equal(example.batch.times_s, given[-1].batch.times_s)
        (found if again else given).append(example)
    return [
        PairExample(
            join_batches([example.batch for example in part], one_video=True),
            _join_targets(part),
            torch.cat([example.seen_logits for example in part]),
        )
        for part in (given, found)
        if part
    ]


def _join_targets(examples: Sequence[PairExample]) -> PairTargets:
    targets = [example.targets for example in examples]
    return PairTargets(**{name: torch.cat([getattr(one, name) for one in targets]) for name in _TARGET_FIELDS})


def build_video_examples(
    video: LabelledVideo,
    frames: NDArray[np.uint8],
    trunk: RegionFeatureExtractor,
    detector: Detector | None,
    every: int = 1,
) -> list[PairExample]:
    """The examples of every `every`-th frame of a video; without a detector only those of annotated boxes.

    A frame goes through the backbone once, also for the boxes of a detector that shares it with the trunk.
    """
    examples, sharing = [], find_sharing(detector, trunk.detector)
    for graph, frame in list(zip(video.counted_graphs, frames))[::every]:
        if graph.person_box_xyxy is None or not graph.visible.any():
            continue
        image = np.asarray(frame)
        encoded = trunk.encode([image])
        look = partial(_build_example, trunk, image, encoded, graph.time_s)
        examples.append(look(boxes_from_graph(graph), graph.relations[graph.visible] > 0))
        if detector is not None:
            [detected] = detector.detect([image]) if sharing is None else sharing.detect_encoded(encoded)
            found, predicates = match_boxes(boxes_from_detections(detected), graph)
            if len(found.objects):
                examples.append(look(found, predicates))
    return examples


def build_frame_example(graph: SceneGraph, frame: NDArray[np.uint8], trunk: RegionFeatureExtractor) -> PairExample:
    """The example of a frame's annotated boxes; the graph has a person and an object with a box."""
    predicates = graph.relations[graph.visible] > 0
    return _build_example(trunk, frame, trunk.encode([frame]), graph.time_s, boxes_from_graph(graph), predicates)


def match_boxes(found: FrameBoxes, graph: SceneGraph) -> tuple[FrameBoxes, NDArray[np.bool_]]:
    """Detected boxes with the predicates [n,25] of the annotated pairs they lie on; surplus unrelated boxes left out.

    Nothing is returned where the person was not found: every pair would be unrelated for the person's sake.
    """
    nobody = FrameBoxes(None, 0.0, Detections.empty()), np.zeros((0, N_RELATIONS), bool)
    if found.person_box_xyxy is None or graph.person_box_xyxy is None or not len(found.objects):
        return nobody
    if compute_iou(found.person_box_xyxy[None], graph.person_box_xyxy[None])[0, 0] < OVERLAP:
        return nobody
    truth, objects = boxes_from_graph(graph).objects, found.objects
    overlaps = compute_iou(objects.boxes_xyxy, truth.boxes_xyxy)
    overlaps[objects.classes[:, None] != truth.classes[None]] = 0
    hit = overlaps.max(axis=1, initial=0) >= OVERLAP
    predicates = np.zeros((len(objects), N_RELATIONS), bool)
    if hit.any():
        predicates[hit] = graph.relations[graph.visible][overlaps[hit].argmax(axis=1)] > 0
    surplus = np.flatnonzero(~hit)[NEGATIVES_PER_POSITIVE * max(1, int(hit.sum())) :]
    kept = np.setdiff1d(np.arange(len(objects)), surplus)
    return FrameBoxes(found.person_box_xyxy, found.person_score, objects[kept]), predicates[kept]


def _build_example(
    trunk: RegionFeatureExtractor,
    image: NDArray[np.uint8],
    encoded: EncodedImages,
    time_s: float,
    boxes: FrameBoxes,
    predicates: NDArray[np.bool_],
) -> PairExample:
    batch = build_pair_batch(trunk, [image], [boxes], [time_s], encoded=[encoded])
    truth, classes = torch.from_numpy(predicates), torch.from_numpy(boxes.objects.classes)
    targets = PairTargets(truth, truth.any(dim=1), classes)
    return PairExample(batch, targets, trunk.class_logits(batch.object_features))


def load_examples(
    data: TrainingData,
    videos: Sequence[LabelledVideo],
    trunk: RegionFeatureExtractor,
    detector: Detector | None,
    key: str,
    every: int = 1,
) -> Iterator[list[PairExample]]:
    """The examples of each video, from the disk where they were made before with the same weights (`key`)."""
    folder = data.cache / f"pairs-with-heads-{key}-{every}-{data.fingerprint[:12]}"
    folder.mkdir(parents=True, exist_ok=True)
    cache = open_counted_frames(data.cache)
    for video in videos:
        path = name_kept_file(
            folder, video, [graph.frame for graph in video.counted_graphs], "video", "models", ending=".pt"
        )
        states = _read_states(path)
        if states is None:
            examples = build_video_examples(video, cache.read(video), trunk, detector, every)
            states = [example.to_state() for example in examples]
            _write(path, states)
            remove_older(path)
        yield [PairExample.from_state(state) for state in states]


def _read_states(path: Path) -> list[dict[str, Tensor]] | None:
    """What was kept; None where nothing whole is."""
    try:
        states: list[dict[str, Tensor]] = torch.load(path, weights_only=True)
    except (OSError, RuntimeError, EOFError, ValueError, pickle.UnpicklingError):
        return None
    return states


def _write(path: Path, states: list[dict[str, Tensor]]) -> None:
    with stage_file(path) as staged:
        torch.save(states, staged)


def collect_labelled_objects(videos: Sequence[LabelledVideo]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Classes [n] and relations [n,25] of all visible objects beside a person: what the frequency prior counts."""
    graphs = [g for video in videos for g in video.counted_graphs if g.person_box_xyxy is not None]
    classes = [np.zeros(0, np.int64), *(graph.object_classes[graph.visible] for graph in graphs)]
    relations = [np.zeros((0, N_RELATIONS), bool), *(graph.relations[graph.visible] > 0 for graph in graphs)]
    return np.concatenate(classes), np.concatenate(relations)


def _move(batch: PairBatch, targets: PairTargets, compute: Compute) -> tuple[PairBatch, PairTargets]:
    moved = {name: compute.move(getattr(batch, name)) for name in _BATCH_FIELDS}
    truth = {name: compute.move(getattr(targets, name)) for name in _TARGET_FIELDS}
    return PairBatch(**moved), PairTargets(**truth)


def make_relation_losses(
    head: RelationHead,
    loss: PairLosses,
    examples: Sequence[PairExample],
    batch_size: int,
    compute: Compute = Compute(),
) -> StepLosses:
    """The losses of some random examples, for `fit`, by the head's own loss (from `find_relation_loss`).

    UserError where there are more processes than examples.
    """
    processes = compute.processes
    if len(examples) < processes.count:
        raise UserError(f"{len(examples)} examples are too few for {processes.count} processes; start fewer")
    head.train()

    def losses(random: np.random.Generator) -> Losses:
        chosen = random.choice(len(examples), size=min(batch_size, len(examples)), replace=False)
        seen = random.random(len(chosen)) < 0.5 if head.refines_objects else np.zeros(len(chosen), bool)
        drawn = [
            examples[index].with_seen_classes() if unsure else examples[index]
            for index, unsure in zip(processes.shard(chosen), processes.shard(seen))
        ]
        batch, targets = _move(*collate_pairs(drawn), compute)
        return loss(batch, head(batch), targets, processes.mean)

    return losses
