"""Which annotated frames count: the filters that lead from the release to the published numbers (methods, A4).

A frame is kept when an object is visible and a person was found; a video when more than two of its frames are kept.
"""

from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    from ag_core.data.store import AnnotationStore

ANNOTATION = "annotation"
MORE_THAN_FRAMES = 2
SMALL_SIDE = 16.0
"""SGCls and SGDet leave out objects whose shorter side is at most this many pixels."""

_COUNTED = """
    select v.video_id, v.split, f.frame, f.person_x1 is not null as person,
           count(o.object_id) filter (o.visible and least(o.x2 - o.x1, o.y2 - o.y1) > $2) as objects
    from frames f join videos v using (source, video) left join objects o using (source, frame_id)
    where f.source = $1 group by all"""

_KEPT = f"""
    with counted as ({_COUNTED}), usable as (select * from counted where objects > 0 and person)
    select *, count(*) over (partition by video_id) as kept_of_video from usable"""


def kept_frames(store: "AnnotationStore", small_side: float = 0.0, source: str = ANNOTATION) -> pd.DataFrame:
    """video_id, split, frame, objects of the frames that count, by video and frame.

    small_side: objects whose shorter side is at most this many pixels do not count; SMALL_SIDE for SGCls and SGDet.
    """
    return store.ask(
        f"""select video_id, split, frame, objects from ({_KEPT})
            where kept_of_video > {MORE_THAN_FRAMES} order by video_id, frame""",
        [source, small_side],
    )


def funnel(store: "AnnotationStore", small_side: float = 0.0, source: str = ANNOTATION) -> pd.DataFrame:
    """How many of each split remain after each rule.

    Columns: split, videos, frames, frames_with_object, frames_without_person (of these), frames_kept (before the rule
    for videos), videos_kept.
    """
    return store.ask(
        f"""with counted as ({_COUNTED}),
            of_video as (
                select split, video_id, count(*) as frames, count(*) filter (objects > 0) as frames_with_object,
                       count(*) filter (objects > 0 and not person) as frames_without_person,
                       count(*) filter (objects > 0 and person) as frames_kept
                from counted group by all
            )
            select split, count(*) as videos, sum(frames)::bigint as frames,
                   sum(frames_with_object)::bigint as frames_with_object,
                   sum(frames_without_person)::bigint as frames_without_person,
                   sum(frames_kept)::bigint as frames_kept,
                   count(*) filter (frames_kept > {MORE_THAN_FRAMES}) as videos_kept
            from of_video group by split order by split""",
        [source, small_side],
    )
