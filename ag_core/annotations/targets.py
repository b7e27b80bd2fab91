"""Training targets of many videos in one go, as flat columns: what data sets and trainers read instead of the pickles.

Three queries for any number of videos, NumPy only; no graph object is made.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ag_core.taxonomy import N_RELATIONS

if TYPE_CHECKING:
    from ag_core.annotations.store import AnnotationStore


@dataclass(frozen=True)
class Targets:
    """F annotated frames, sorted by video and number, and their N visible or invisible objects, in frame order.

    video_ids         [V] the videos asked for that the source has, by id
    frame_video       [F] int32 index into video_ids
    frame_numbers     [F] int32, 1-based at the video's own rate
    times_ms          [F] float32, NaN where the rate is unknown
    person_boxes_xyxy [F,4] float32 pixels, NaN where nobody is
    object_frame      [N] int32 index into the frames
    object_classes    [N] uint8
    object_boxes_xyxy [N,4] float32 pixels, NaN where not visible
    visible           [N] bool
    relation_masks    [N] uint32: bit r says that relationship r holds, bit 25 that `other_relationship` was annotated
    """

    video_ids: tuple[str, ...]
    frame_video: NDArray[np.int32]
    frame_numbers: NDArray[np.int32]
    times_ms: NDArray[np.float32]
    person_boxes_xyxy: NDArray[np.float32]
    object_frame: NDArray[np.int32]
    object_classes: NDArray[np.uint8]
    object_boxes_xyxy: NDArray[np.float32]
    visible: NDArray[np.bool_]
    relation_masks: NDArray[np.uint32]

    def relations(self) -> NDArray[np.float32]:
        """[N,25] 0 or 1 in the order of RELATIONS."""
        bits = self.relation_masks[:, None] >> np.arange(N_RELATIONS, dtype=np.uint32)
        return (bits & np.uint32(1)).astype(np.float32)

    def objects_of(self, frame: int) -> slice:
        """Where the objects of one frame (an index, 0 to F-1) lie among the N."""
        first, last = np.searchsorted(self.object_frame, np.array([frame, frame + 1], np.int32))
        return slice(int(first), int(last))


def targets_of(store: "AnnotationStore", video_ids: Sequence[str], source: str) -> Targets:
    """The targets of some videos in one source; a video that the source does not have is left out."""
    videos = store.columns(
        "select video, video_id from videos where source = ? and video_id = any(?::varchar[]) order by video",
        [source, list(video_ids)],
    )
    key = [source, videos["video"].tolist()]
    frames = store.columns(
        """select frame_id, video, frame, t_ms::float as t_ms, person_x1, person_y1, person_x2, person_y2
           from frames where source = ? and video = any(?::integer[]) order by video, frame""",
        key,
    )
    objects = store.columns(
        """select frame_id, class, x1, y1, x2, y2, visible, relation_mask
           from objects where source = ? and video = any(?::integer[]) order by object_id""",
        key,
    )
    return Targets(
        tuple(videos["video_id"].tolist()),
        np.searchsorted(videos["video"], frames["video"]).astype(np.int32),
        frames["frame"],
        frames["t_ms"],
        np.stack([frames[f"person_{side}"] for side in ("x1", "y1", "x2", "y2")], axis=1),
        np.searchsorted(frames["frame_id"], objects["frame_id"]).astype(np.int32),
        objects["class"],
        np.stack([objects[side] for side in ("x1", "y1", "x2", "y2")], axis=1),
        objects["visible"],
        objects["relation_mask"],
    )
