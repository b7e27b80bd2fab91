"""Which annotated frames count: the filters that lead from the release to the published numbers (methods A4).

A frame is kept when an object is visible and a person was found; a video when more than two of its frames are kept.
"""

from typing import TYPE_CHECKING

import pandas as pd

from ag_core.annotations.store_format import ANNOTATION
from ag_core.taxonomy import N_RELATIONS

if TYPE_CHECKING:
    from ag_core.annotations.store import AnnotationStore

MORE_THAN_FRAMES = 2
SMALL_SIDE = 16.0
"""SGCls and SGDet leave out objects whose shorter side is at most this many pixels."""

PAPER = (1 << N_RELATIONS) - 1
"""The bits of `relation_mask` that are the paper's relationships."""

_COUNTED = f"""
    select f.video, f.frame, f.person_x1 is not null as person, coalesce(o.objects, 0) as objects,
           coalesce(o.relations, 0) as relations
    from frames f left join (
        select frame_id, count(*) as objects, sum(bit_count((relation_mask & {PAPER})::bigint)) as relations
        from objects where source = $1 and visible and ($2 = 0 or least(x2 - x1, y2 - y1) > $2) group by frame_id
    ) o using (frame_id) where f.source = $1"""

_KEPT = f"""
    with usable as (select * from ({_COUNTED}) where objects > 0 and person)
    select *, count(*) over (partition by video) as kept_of_video from usable"""


def select_kept_frames(store: "AnnotationStore", small_side: float = 0.0, source: str = ANNOTATION) -> pd.DataFrame:
    """video_id, split, frame, objects of the frames that count, by video and frame.

    small_side: objects whose shorter side is at most this many pixels do not count; SMALL_SIDE for SGCls and SGDet.
    """
    return store.ask(
        f"""select v.video_id, v.split, frame, objects
            from ({_KEPT}) k join videos v on v.source = $1 and v.video = k.video
            where kept_of_video > {MORE_THAN_FRAMES} order by video_id, frame""",
        [source, small_side],
    )


def count_funnel(store: "AnnotationStore", small_side: float = 0.0, source: str = ANNOTATION) -> pd.DataFrame:
    """How many of each split remain after each rule, one row a split (null where a video has none).

    Columns: split, charades_videos (rows of the Charades files), videos (with annotated frames), frames,
    frames_with_object, frames_without_object, frames_without_person (of those with an object), frames_kept, boxes_kept,
    relations_kept (of the 25; all three before the rule for videos), videos_kept,
    videos_with_one (exactly one kept frame), videos_with_none_or_two (of those with a visible object anywhere: the
    published 144 and 41 are these), videos_without_object (in no annotated frame is an object visible), frames_counted
    (kept frames of kept videos). Every video with annotated frames is in exactly one of videos_kept, videos_with_one,
    videos_with_none_or_two and videos_without_object.
    """
    return store.ask(
        f"""with of_video as (
                select video, count(*) as frames, count(*) filter (objects > 0) as with_object,
                       count(*) filter (objects > 0 and not person) as without_person,
                       count(*) filter (objects > 0 and person) as kept,
                       sum(objects) filter (objects > 0 and person) as boxes,
                       sum(relations) filter (objects > 0 and person) as relations
                from ({_COUNTED}) group by video
            )
            select v.split, count(*) filter (subject is not null or scene is not null or script is not null)
                       as charades_videos,
                   count(o.video) as videos, coalesce(sum(frames), 0)::bigint as frames,
                   coalesce(sum(with_object), 0)::bigint as frames_with_object,
                   coalesce(sum(frames - with_object), 0)::bigint as frames_without_object,
                   coalesce(sum(without_person), 0)::bigint as frames_without_person,
                   coalesce(sum(kept), 0)::bigint as frames_kept,
                   coalesce(sum(boxes), 0)::bigint as boxes_kept,
                   coalesce(sum(relations), 0)::bigint as relations_kept,
                   count(*) filter (kept > {MORE_THAN_FRAMES}) as videos_kept,
                   count(*) filter (kept = 1) as videos_with_one,
                   count(*) filter (with_object > 0 and (kept = 0 or kept = 2)) as videos_with_none_or_two,
                   count(*) filter (with_object = 0) as videos_without_object,
                   coalesce(sum(kept) filter (kept > {MORE_THAN_FRAMES}), 0)::bigint as frames_counted
            from videos v left join of_video o using (video)
            where v.source = $1 group by v.split order by v.split""",
        [source, small_side],
    )
