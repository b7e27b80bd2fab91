"""Training targets of many videos in one go, as flat columns: what trainers and evaluations read instead of files.

Five queries for any number of videos, NumPy only; a graph object is made when one is asked for. Boxes and relationships
come from one source; actions are the annotated ones, whatever the source.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ag_core.annotations.clock import build_clock
from ag_core.annotations.store_format import ANNOTATION
from ag_core.records import Detections, FrameClock, SceneGraph
from ag_core.taxonomy import N_RELATIONS

if TYPE_CHECKING:
    from ag_core.annotations.store import AnnotationStore


@dataclass(frozen=True)
class Targets:
    """V videos; F annotated frames, sorted by video and number; their N objects and M faint
    objects in frame order; A action intervals.

    video_ids         [V] the videos asked for that the source has, by id
    paths             [V] the video's file when the store was built, None where there was none
    splits, parts     [V] 'train' or 'test'; 'iid' or 'comp' where the split has parts; None where unknown
    fps               [V] float64 frames a second, NaN where unknown
    frame_counts      [V] int64 frames of the file, 0 where unknown
    clocks            [V] when the frames of each video are shown, None where the rate is unknown
    sizes_wh          [V,2] int64 pixels, 0 where unknown
    frame_video       [F] int32 index into video_ids
    frame_numbers     [F] int32, 1-based at the video's own rate
    times_ms          [F] float32, NaN where the rate is unknown
    person_boxes_xyxy [F,4] float32 pixels, NaN where nobody is
    person_scores     [F] float32, NaN where nobody is
    object_frame      [N] int32 index into the frames
    object_classes    [N] uint8
    object_boxes_xyxy [N,4] float32 pixels, NaN where not visible
    object_scores     [N] float32, 1 where annotated
    visible           [N] bool
    relation_masks    [N] uint32: bit r says that relationship r holds, bit 25 that `other_relationship` was annotated
    faint_frame       [M] int32 index into the frames: of objects in sight, but too small or too hidden to be annotated
    faint_classes     [M] uint8
    faint_boxes_xyxy  [M,4] float32 pixels
    interval_video    [A] int32 index into video_ids; intervals are sorted by video, start and end
    interval_actions  [A] uint8 index into ACTIONS
    intervals_s       [A,2] float64 start and end in seconds
    """

    video_ids: tuple[str, ...]
    paths: tuple[Path | None, ...]
    splits: tuple[str | None, ...]
    parts: tuple[str | None, ...]
    fps: NDArray[np.float64]
    frame_counts: NDArray[np.int64]
    clocks: tuple[FrameClock | None, ...]
    sizes_wh: NDArray[np.int64]
    frame_video: NDArray[np.int32]
    frame_numbers: NDArray[np.int32]
    times_ms: NDArray[np.float32]
    person_boxes_xyxy: NDArray[np.float32]
    person_scores: NDArray[np.float32]
    object_frame: NDArray[np.int32]
    object_classes: NDArray[np.uint8]
    object_boxes_xyxy: NDArray[np.float32]
    object_scores: NDArray[np.float32]
    visible: NDArray[np.bool_]
    relation_masks: NDArray[np.uint32]
    faint_frame: NDArray[np.int32]
    faint_classes: NDArray[np.uint8]
    faint_boxes_xyxy: NDArray[np.float32]
    interval_video: NDArray[np.int32]
    interval_actions: NDArray[np.uint8]
    intervals_s: NDArray[np.float64]

    def relations(self, objects: slice = slice(None)) -> NDArray[np.float32]:
        """[N,25] 0 or 1 in the order of RELATIONS, of all objects or of some."""
        bits = self.relation_masks[objects, None] >> np.arange(N_RELATIONS, dtype=np.uint32)
        return (bits & np.uint32(1)).astype(np.float32)

    def other_relationships(self, objects: slice = slice(None)) -> NDArray[np.bool_]:
        """[N] whether `other_relationship` was annotated, of all objects or of some."""
        return (self.relation_masks[objects] >> np.uint32(N_RELATIONS) & np.uint32(1)).astype(bool)

    def objects_of(self, frame: int) -> slice:
        """Where the objects of one frame (an index, 0 to F-1) lie among the N."""
        first, last = np.searchsorted(self.object_frame, np.array([frame, frame + 1], np.int32))
        return slice(int(first), int(last))

    def faint_objects_of(self, frame: int) -> Detections:
        """What is in sight in one frame (an index, 0 to F-1), but too small or too hidden to be annotated; score 1."""
        first, last = np.searchsorted(self.faint_frame, np.array([frame, frame + 1], np.int32))
        classes = self.faint_classes[first:last].astype(np.int64)
        return Detections(self.faint_boxes_xyxy[first:last], classes, np.ones(len(classes), np.float32))

    def frames_of(self, video: int) -> range:
        """The indices of the frames of one video (an index, 0 to V-1)."""
        first, last = np.searchsorted(self.frame_video, np.array([video, video + 1], np.int32))
        return range(int(first), int(last))

    def actions_of(self, video: int) -> list[tuple[int, float, float]]:
        """Action, start and end in seconds of the intervals of one video (an index, 0 to V-1)."""
        first, last = np.searchsorted(self.interval_video, np.array([video, video + 1], np.int32))
        chosen = slice(int(first), int(last))
        spans = zip(self.interval_actions[chosen].tolist(), self.intervals_s[chosen].tolist())
        return [(action, start, end) for action, (start, end) in spans]

    def graph(self, frame: int) -> SceneGraph:
        """The scene graph of one frame (an index, 0 to F-1); its time is NaN where the video's rate is unknown."""
        person, clock = self.person_boxes_xyxy[frame], self.clocks[self.frame_video[frame]]
        found = not np.isnan(person).any()
        number, objects = int(self.frame_numbers[frame]), self.objects_of(frame)
        return SceneGraph(
            number,
            float(self.times_ms[frame]) / 1000 if clock is None else clock.time_of(number),
            person if found else None,
            float(np.nan_to_num(self.person_scores[frame])) if found else 0.0,
            self.object_classes[objects].astype(np.int64),
            self.object_boxes_xyxy[objects],
            self.object_scores[objects],
            self.relations(objects),
        )


def load_targets(store: "AnnotationStore", video_ids: Sequence[str], source: str) -> Targets:
    """The targets of some videos in one source; a video that the source does not have is left out."""
    videos = store.rows(
        """select video, video_id, path, split, part, fps, n_frames, width, height, frame_times_s
           from videos where source = ? and video_id = any(?::varchar[]) order by video""",
        [source, list(video_ids)],
    )
    numbers = np.array([video for video, *_ in videos], np.int32)
    key = [source, numbers.tolist()]
    frames = store.columns(
        """select frame_id, video, frame, t_ms::float as t_ms, person_x1, person_y1, person_x2, person_y2, person_score
           from frames where source = ? and video = any(?::integer[]) order by video, frame""",
        key,
    )
    objects = store.columns(
        """select frame_id, class, x1, y1, x2, y2, score, visible, relation_mask
           from objects where source = ? and video = any(?::integer[]) order by object_id""",
        key,
    )
    faint = store.columns(
        """select frame_id, class, x1, y1, x2, y2 from faint_objects
           where source = ? and video = any(?::integer[]) order by frame_id, class, x1, y1, x2, y2""",
        key,
    )
    intervals = store.columns(
        """select video, action, start_ms::double / 1000 as start_s, end_ms::double / 1000 as end_s
           from action_intervals where source = ? and video = any(?::integer[])
           order by video, start_ms, end_ms, action""",
        [ANNOTATION, numbers.tolist()],
    )
    return Targets(
        video_ids=tuple(row[1] for row in videos),
        paths=tuple(None if row[2] is None else Path(row[2]) for row in videos),
        splits=tuple(row[3] for row in videos),
        parts=tuple(row[4] for row in videos),
        fps=np.array([np.nan if row[5] is None else row[5] for row in videos], np.float64),
        frame_counts=np.array([row[6] or 0 for row in videos], np.int64),
        clocks=tuple(build_clock(row[5], row[6], row[9]) for row in videos),
        sizes_wh=np.array([(row[7] or 0, row[8] or 0) for row in videos], np.int64).reshape(-1, 2),
        frame_video=np.searchsorted(numbers, frames["video"]).astype(np.int32),
        frame_numbers=frames["frame"],
        times_ms=frames["t_ms"],
        person_boxes_xyxy=np.stack([frames[f"person_{side}"] for side in ("x1", "y1", "x2", "y2")], axis=1),
        person_scores=frames["person_score"],
        object_frame=np.searchsorted(frames["frame_id"], objects["frame_id"]).astype(np.int32),
        object_classes=objects["class"],
        object_boxes_xyxy=np.stack([objects[side] for side in ("x1", "y1", "x2", "y2")], axis=1),
        object_scores=objects["score"],
        visible=objects["visible"],
        relation_masks=objects["relation_mask"],
        faint_frame=np.searchsorted(frames["frame_id"], faint["frame_id"]).astype(np.int32),
        faint_classes=faint["class"],
        faint_boxes_xyxy=np.stack([faint[side] for side in ("x1", "y1", "x2", "y2")], axis=1),
        interval_video=np.searchsorted(numbers, intervals["video"]).astype(np.int32),
        interval_actions=intervals["action"],
        intervals_s=np.stack([intervals["start_s"], intervals["end_s"]], axis=1),
    )
