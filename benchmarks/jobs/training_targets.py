"""Row 1: from files on disk to the training targets of a hundred videos, in a fresh process."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.jobs.folders import Folders
from benchmarks.measuring import Clock, apart_in_turn
from benchmarks.report import Goal, Row, time_of

OURS, USUAL = "store", "unpickle, loop and filter"
Flat = tuple[list[str], NDArray[Any], NDArray[Any], NDArray[Any]]
"""Frame names; persons [F,4]; objects [N,6]: frame, class, x1, y1, x2, y2; relationship masks [N]."""


def with_the_store(clock: Clock, store: str, videos: list[str]) -> Flat:
    """Open the store and ask for the targets; what training does not use is left out."""
    from ag_core.annotations.store import AnnotationStore

    with clock:
        with AnnotationStore(store) as opened:
            targets = opened.targets_of(videos)
        n_frames = len(targets.frame_numbers)
        seen = np.bincount(targets.object_frame[targets.visible], minlength=n_frames) > 0
        kept = seen & ~np.isnan(targets.person_boxes_xyxy[:, 0])
        chosen = targets.visible & kept[targets.object_frame]
    row = np.cumsum(kept) - 1
    names = [
        f"{targets.video_ids[video]}.mp4/{number:06}.png"
        for video, number in zip(targets.frame_video[kept], targets.frame_numbers[kept])
    ]
    objects = np.column_stack(
        [row[targets.object_frame[chosen]], targets.object_classes[chosen], targets.object_boxes_xyxy[chosen]]
    )
    return _sorted(names, targets.person_boxes_xyxy[kept], objects, targets.relation_masks[chosen].astype(np.int64))


def with_pickles(clock: Clock, folder: str, videos: list[str]) -> Flat:
    """Make the usual data set and take the targets of the videos from it. Boxes are cut to the picture afterwards."""
    from benchmarks.jobs.usual import GROUPS, UsualDataSet, load_pickles

    with clock:
        made = UsualDataSet(Path(folder), "train")
        targets = {key: made.targets[key] for video in videos for key in made.videos[video]}
    persons, _ = load_pickles(Path(folder))
    objects, masks = [], []
    for row, (key, (_, *found)) in enumerate(targets.items()):
        width, height = persons[key]["bbox_size"]
        for entry in found:
            objects.append([row, entry["class"], *np.clip(entry["bbox"], 0, [width, height, width, height])])
            masks.append(sum(mask_bit(int(r)) for group in GROUPS for r in entry[group]))
    boxes = np.array([found[0]["person_bbox"][0] for found in targets.values()])
    sizes = np.array([persons[key]["bbox_size"] for key in targets])
    return _sorted(list(targets), np.clip(boxes, 0, np.tile(sizes, 2)), np.array(objects), np.array(masks))


def mask_bit(released: int) -> int:
    """The bit of the store for an index among the 26 of the release, where other_relationship is number 18."""
    return 1 << (25 if released == 18 else released - (released > 18))


def _sorted(names: list[str], persons: NDArray[Any], objects: NDArray[Any], masks: NDArray[Any]) -> Flat:
    order = np.lexsort((objects[:, 1], objects[:, 0]))
    return names, persons, objects[order], masks[order]


def same(ours: Flat, others: Flat) -> str:
    """Assert that two answers agree, boxes to a hundredth of a pixel; what was compared, in words."""
    assert ours[0] == others[0], "the frames differ"
    assert np.allclose(ours[1], others[1], atol=0.01), "the persons differ"
    assert np.allclose(ours[2], others[2], atol=0.01), "the objects differ"
    assert np.array_equal(ours[3], others[3]), "the relationships differ"
    return f"{len(ours[0]):,} frames, {len(ours[2]):,} objects with boxes and relationships"


def run(folders: Folders) -> list[Row]:
    """The row."""
    module = "benchmarks.jobs.training_targets"
    videos = folders.some_videos
    sides = apart_in_turn(
        {
            OURS: (f"{module}:with_the_store", {"store": str(folders.store), "videos": videos}),
            USUAL: (f"{module}:with_pickles", {"folder": str(folders.annotations), "videos": videos}),
        },
        folders.repeats,
    )
    ours, usual = sides.values()
    return [
        Row(
            "1",
            f"open the annotations, training targets of {len(videos)} videos",
            {n: f"{time_of(side.median_s)}, +{side.median_growth_mb:,.0f} MB" for n, side in sides.items()},
            [
                Goal("time", usual.median_s / ours.median_s, at_least=100),
                Goal("memory", usual.median_growth_mb / ours.median_growth_mb, at_least=20),
            ],
            same(ours.answer, usual.answer),
        )
    ]
