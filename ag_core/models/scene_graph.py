"""From images to scene graphs: detector, region features and a relation head put together.

The only module that knows the three evaluation modes: what is given and what is found before the head is asked.
Frames are judged apart from one another unless the head looks at whole videos; images and given graphs are never
changed. Looking at images (detector and region features) and judging pairs are two steps, so that the images of a
video need not be in memory together.
"""

from collections.abc import Iterator, Sequence
from copy import copy
from dataclasses import dataclass, replace
from itertools import islice

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn.functional import adaptive_avg_pool2d
from torchvision.ops import batched_nms, nms

from ag_core.boxes import take_upper_part, unite_boxes
from ag_core.models.checkpoints import check_answers
from ag_core.models.detector import Detector, find_sharing
from ag_core.models.encoded_images import EncodedImages
from ag_core.models.pairs import HEAD_CELLS, PairBatch, join_batches, make_one_hot_logits
from ag_core.models.region_features import RegionFeatureExtractor
from ag_core.models.relation.head import RelationHead, to_object_probabilities
from ag_core.models.subject import MAX_PEOPLE, MIN_PERSON_SCORE
from ag_core.records import Detections, SceneGraph
from ag_core.taxonomy import N_RELATIONS, OBJECT_CLASSES, PERSON, Mode

PERSON_CLASS = OBJECT_CLASSES.index(PERSON)
HEAD_SHARE = 0.4
"""The upper part of a person's box in which the head is looked for, as a part of its height."""


@dataclass(frozen=True)
class FrameBoxes:
    """One frame before the head is asked: person box [4] or None and its score; objects' classes, boxes, scores."""

    person_box_xyxy: NDArray[np.float32] | None
    person_score: float
    objects: Detections


@dataclass(frozen=True)
class ObservedFrames:
    """Frames of one video before the head is asked: numbers, times, boxes, and the batch of all their pairs."""

    frames: tuple[int, ...]
    times_s: tuple[float, ...]
    boxes: tuple[FrameBoxes, ...]
    batch: PairBatch
    mode: "Mode"

    def take_frames(self, order: Sequence[int]) -> "ObservedFrames":
        """Some of the frames by their places, each once, in this order."""
        return ObservedFrames(
            tuple(self.frames[place] for place in order),
            tuple(self.times_s[place] for place in order),
            tuple(self.boxes[place] for place in order),
            self.batch.take_frames(order),
            self.mode,
        )

    @staticmethod
    def join(parts: Sequence["ObservedFrames"]) -> "ObservedFrames":
        """Several parts of one video, at least one, in their order."""
        return ObservedFrames(
            tuple(frame for part in parts for frame in part.frames),
            tuple(time_s for part in parts for time_s in part.times_s),
            tuple(boxes for part in parts for boxes in part.boxes),
            join_batches([part.batch for part in parts], one_video=True),
            parts[0].mode,
        )


def boxes_from_graph(graph: SceneGraph) -> FrameBoxes:
    """The person and the visible objects of a graph; objects without a box are left out."""
    seen = graph.visible
    objects = Detections(graph.object_boxes_xyxy[seen], graph.object_classes[seen], graph.object_scores[seen])
    return FrameBoxes(graph.person_box_xyxy, graph.person_score, objects)


def boxes_from_detections(
    found: Detections, score_threshold: float = 0.05, overlap: float = 0.5, most: int = 20, min_side_px: float = 0
) -> FrameBoxes:
    """The best person, and the best objects above the threshold after suppression within each class.

    Objects whose box is less wide or less high than `min_side_px` are left out.
    """
    found = found[found.scores > score_threshold]
    people, objects = found[found.classes == PERSON_CLASS], found[found.classes != PERSON_CLASS]
    sides = objects.boxes_xyxy[:, 2:] - objects.boxes_xyxy[:, :2]
    objects = objects[(sides >= min_side_px).all(1)]
    best = int(people.scores.argmax()) if len(people) else None
    tensors = (torch.from_numpy(part) for part in (objects.boxes_xyxy, objects.scores, objects.classes))
    kept = objects[batched_nms(*tensors, overlap)[:most].numpy()]
    if best is None:
        return FrameBoxes(None, 0.0, kept)
    return FrameBoxes(people.boxes_xyxy[best], float(people.scores[best]), kept)


def list_people(found: Detections, overlap: float = 0.5) -> Detections:
    """The persons of a frame, best first: the best one, and at most so many others as are clear and apart from it."""
    people = found[found.classes == PERSON_CLASS]
    kept = people[nms(torch.from_numpy(people.boxes_xyxy), torch.from_numpy(people.scores), overlap).numpy()]
    return kept[(kept.scores >= MIN_PERSON_SCORE) | (np.arange(len(kept)) == 0)][:MAX_PEOPLE]


def build_pair_batch(
    trunk: RegionFeatureExtractor,
    images: Sequence[NDArray[np.uint8]],
    frames: Sequence[FrameBoxes],
    times_s: Sequence[float],
    classes_given: bool = True,
    encoded: Sequence[EncodedImages] | None = None,
) -> PairBatch:
    """One batch of all person-object pairs of a video's frames that have a person and objects, image after image.

    `classes_given` makes the boxes' classes certain; otherwise the trunk's classifier is asked. Frames without pairs
    add nothing, but keep their number in `frame_of_pair`. `encoded` are the images where they went through the trunk's
    backbone before.
    """
    boxes, unions, classes, pairs, frame_of_pair = [], [], [], [], []
    n_boxes = 0
    for index, frame in enumerate(frames):
        objects = frame.objects.boxes_xyxy
        if frame.person_box_xyxy is None or not len(objects):
            boxes.append(np.zeros((0, 4), np.float32))
            unions.append(np.zeros((0, 4), np.float32))
            continue
        person = frame.person_box_xyxy[None]
        boxes.append(np.concatenate([person, objects]))
        unions.append(unite_boxes(np.broadcast_to(person, objects.shape), objects))
        classes += [PERSON_CLASS, *frame.objects.classes.tolist()]
        pairs += [(n_boxes, n_boxes + 1 + row) for row in range(len(objects))]
        frame_of_pair += [index] * len(objects)
        n_boxes += 1 + len(objects)

    features, union_features, head_maps = _encode_regions(trunk, images, boxes, unions, encoded)
    device = trunk.device
    logits = make_one_hot_logits(torch.tensor(classes, dtype=torch.int64, device=device))
    if not classes_given:
        logits = trunk.class_logits(features)
    return PairBatch(
        boxes=torch.from_numpy(np.concatenate([*boxes, np.zeros((0, 4), np.float32)])).to(device),
        object_logits=logits,
        object_features=features,
        pairs=torch.tensor(pairs, dtype=torch.int64, device=device).reshape(-1, 2),
        union_features=union_features,
        frame_of_pair=torch.tensor(frame_of_pair, dtype=torch.int64, device=device),
        frame_sizes_wh=torch.tensor(
            [(image.shape[1], image.shape[0]) for image in images], dtype=torch.float32, device=device
        ).reshape(-1, 2),
        times_s=torch.tensor(list(times_s), dtype=torch.float32, device=device),
        video_of_frame=torch.zeros(len(images), dtype=torch.int64, device=device),
        head_maps=head_maps,
    )


def _encode_regions(
    trunk: RegionFeatureExtractor,
    images: Sequence[NDArray[np.uint8]],
    boxes: list[NDArray[np.float32]],
    unions: list[NDArray[np.float32]],
    encoded: Sequence[EncodedImages] | None,
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Features of boxes and unions, and head maps. The person is the first of an image's boxes."""
    of_boxes = [torch.zeros(0, trunk.feature_size, device=trunk.device)]
    of_unions = [torch.zeros(0, trunk.union_size, device=trunk.device)]
    head_maps = torch.zeros(len(images), trunk.map_channels, HEAD_CELLS, HEAD_CELLS, device=trunk.device)
    heads = [take_upper_part(image_boxes[:1], HEAD_SHARE) for image_boxes in boxes]
    regions = [np.concatenate(of_image) for of_image in zip(heads, boxes, unions)]
    for index, maps in enumerate(_pool_regions(trunk, images, regions, encoded)):
        if len(maps):
            head_maps[index] = adaptive_avg_pool2d(maps[0], HEAD_CELLS)
            described = trunk.describe_regions(maps[1:], len(boxes[index]))
            of_boxes.append(described[0])
            of_unions.append(described[1])
    return torch.cat(of_boxes), torch.cat(of_unions), head_maps


def _pool_regions(
    trunk: RegionFeatureExtractor,
    images: Sequence[NDArray[np.uint8]],
    regions: list[NDArray[np.float32]],
    encoded: Sequence[EncodedImages] | None,
) -> Iterator[torch.Tensor]:
    """Of each image the maps of its regions; those without any do not go through the backbone for it.

    Each goes alone, because images of other sizes in the batch would change the padding and with it the features.
    """
    if encoded is None:
        for image, of_image in zip(images, regions):
            yield trunk.maps_of(trunk.encode([image]), [of_image]) if len(of_image) else torch.zeros(0)
        return
    rest = iter(regions)
    for group in encoded:
        of_group = list(islice(rest, len(group)))
        yield from trunk.maps_of(group, of_group).split([len(of_image) for of_image in of_group])


class SceneGraphPredictor:
    """Detector (for sgdet only), trunk and head: from images to what is observed of them, and from that to graphs."""

    def __init__(
        self,
        detector: Detector | None,
        trunk: RegionFeatureExtractor,
        head: RelationHead,
        device: torch.device | str = "cpu",
    ) -> None:
        self.detector = detector
        self.trunk = trunk.to(device)
        self._sharing = find_sharing(detector, trunk.detector)
        self.head = head.to(device).eval()
        self.min_side_px = 0.0

    def leave_out_small(self, min_side_px: float) -> "SceneGraphPredictor":
        """The same networks; of what is detected they leave out objects less wide or less high than so many pixels."""
        other = copy(self)
        other.min_side_px = min_side_px
        return other

    def encode(self, images: Sequence[NDArray[np.uint8]]) -> list[EncodedImages] | None:
        """The images through the backbone that detector and region features share, to be observed in several modes.

        None where they share none.
        """
        return None if self._sharing is None else self._sharing.encode(images)

    @torch.no_grad()
    def observe(
        self,
        images: Sequence[NDArray[np.uint8]],
        frames: Sequence[int],
        times_s: Sequence[float],
        given: Sequence[SceneGraph] | None = None,
        mode: Mode = Mode.SGDET,
        encoded: list[EncodedImages] | None = None,
    ) -> ObservedFrames:
        """What is known of RGB images [H,W,3] of one video, each with its frame number and time, before judging.

        `given` (one graph per image) is needed for predcls and sgcls and read only there. `encoded` is what `encode`
        made of these images.
        """
        if not len(images) == len(frames) == len(times_s):
            raise ValueError(f"{len(images)} images, {len(frames)} frame numbers, {len(times_s)} times; give one each")
        if mode == Mode.SGDET:
            encoded = self.encode(images) if encoded is None else encoded
            found = self._choose_boxes(self._detect(images, encoded))
        else:
            found = self._read_boxes(images, given, mode)
        batch = build_pair_batch(self.trunk, images, found, times_s, mode != Mode.SGCLS, encoded)
        return ObservedFrames(tuple(frames), tuple(times_s), tuple(found), batch, mode)

    @torch.no_grad()
    def observe_people(
        self, images: Sequence[NDArray[np.uint8]], frames: Sequence[int], times_s: Sequence[float]
    ) -> list[ObservedFrames]:
        """What is known of images in sgdet, once for each person: the first with the best person of each image, as
        `observe`; every further one with the next person, and without boxes in images that do not show so many."""
        encoded = self.encode(images)
        detected = self._detect(images, encoded)
        found = self._choose_boxes(detected)
        people = [list_people(one) for one in detected]
        observed = []
        for rank in range(max(1, *map(len, people), 0)):
            boxes = [_put_person(one, persons, rank) for one, persons in zip(found, people)] if rank else found
            batch = build_pair_batch(self.trunk, images, boxes, times_s, encoded=encoded)
            observed.append(ObservedFrames(tuple(frames), tuple(times_s), tuple(boxes), batch, Mode.SGDET))
        return observed

    @torch.no_grad()
    def forget_classes(self, observed: ObservedFrames) -> ObservedFrames:
        """What sgcls knows of frames that were observed for predcls: the same boxes, features, and classes to find."""
        logits = self.trunk.class_logits(observed.batch.object_features)
        return replace(observed, batch=replace(observed.batch, object_logits=logits), mode=Mode.SGCLS)

    @torch.no_grad()
    def judge(self, observed: ObservedFrames) -> list[SceneGraph]:
        """One graph per observed frame; a head that looks at whole videos must get all frames of one.

        Objects of a frame without a person are kept with relationships 0. Relatedness is not multiplied in (methods
        C18).
        """
        batch, found = observed.batch, list(observed.boxes)
        logits = self.head(batch)
        relations = check_answers(logits.probabilities().cpu().numpy(), type(self.head).__name__)
        pair_frames = batch.frame_of_pair.cpu().numpy()
        if observed.mode == Mode.SGCLS:
            judged = to_object_probabilities(logits.objects)[batch.pairs[:, 1]].cpu().numpy()
            found = [_relabel(boxes, judged[pair_frames == index]) for index, boxes in enumerate(found)]
        return [
            _build_graph(frame, time_s, boxes, relations[pair_frames == index])
            for index, (frame, time_s, boxes) in enumerate(zip(observed.frames, observed.times_s, found))
        ]

    def judge_video(self, parts: Sequence[ObservedFrames]) -> list[SceneGraph]:
        """The graphs of a video that was observed in parts: a head that looks at whole videos gets all at once."""
        if self.head.whole_video and parts:
            parts = [ObservedFrames.join(parts)]
        return [graph for part in parts for graph in self.judge(part)]

    def _choose_boxes(self, detected: Sequence[Detections]) -> list[FrameBoxes]:
        return [boxes_from_detections(one, min_side_px=self.min_side_px) for one in detected]

    def _detect(self, images: Sequence[NDArray[np.uint8]], encoded: Sequence[EncodedImages] | None) -> list[Detections]:
        """What the detector finds; from the encoded images where one pass of the backbone gives boxes and features."""
        if self._sharing is not None and encoded is not None:
            return [one for group in encoded for one in self._sharing.detect_encoded(group)]
        if self.detector is None:
            raise ValueError("sgdet needs a detector; give one, or graphs and another mode")
        return self.detector.detect(images)

    def _read_boxes(
        self, images: Sequence[NDArray[np.uint8]], given: Sequence[SceneGraph] | None, mode: Mode
    ) -> list[FrameBoxes]:
        if given is None or len(given) != len(images):
            raise ValueError(f"{mode} needs one given graph per image")
        return [boxes_from_graph(graph) for graph in given]


def _put_person(found: FrameBoxes, people: Detections, rank: int) -> FrameBoxes:
    """The same objects beside another person of the frame; nothing where there are not so many."""
    if rank >= len(people):
        return FrameBoxes(None, 0.0, Detections.empty())
    return FrameBoxes(people.boxes_xyxy[rank], float(people.scores[rank]), found.objects)


def _relabel(boxes: FrameBoxes, probabilities: NDArray[np.float32]) -> FrameBoxes:
    """The same boxes with the likeliest class and its probability; unchanged where nothing was judged."""
    if not len(probabilities):
        return boxes
    objects = Detections(boxes.objects.boxes_xyxy, probabilities.argmax(axis=1), probabilities.max(axis=1))
    return FrameBoxes(boxes.person_box_xyxy, boxes.person_score, objects)


def _build_graph(frame: int, time_s: float, boxes: FrameBoxes, relations: NDArray[np.float32]) -> SceneGraph:
    n = len(boxes.objects)
    return SceneGraph(
        frame=frame,
        time_s=time_s,
        person_box_xyxy=None if boxes.person_box_xyxy is None else boxes.person_box_xyxy.copy(),
        person_score=boxes.person_score,
        object_classes=boxes.objects.classes.copy(),
        object_boxes_xyxy=boxes.objects.boxes_xyxy.copy(),
        object_scores=boxes.objects.scores.copy(),
        relations=relations if len(relations) else np.zeros((n, N_RELATIONS), np.float32),
    )
