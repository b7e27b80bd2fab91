"""How many of the actions that models score highest for a video are annotated in it.

Only annotated videos with an annotated action count; of equal scores the action with the lower index comes first.
"""

from typing import TYPE_CHECKING

from ag_core.annotations.store_format import ANNOTATION

if TYPE_CHECKING:
    import pandas as pd

    from ag_core.annotations.store import AnnotationStore


def count_action_hits(store: "AnnotationStore", source: str, top: int) -> "pd.DataFrame":
    """video_id, model, hits (of the model's `top` actions of the video) and annotated (how many actions the video has).

    One row a video and model of a model run, in this order; empty where nothing is both scored and annotated.
    """
    query = """
        with scored as (
            select v.video_id, s.model, s.action,
                   row_number() over (partition by s.video, s.model order by s.score desc, s.action) as rank
            from action_scores s join videos v using (source, video) where s.source = $1
        ), truth as (
            select distinct v.video_id, i.action
            from action_intervals i join videos v using (source, video) where i.source = $2
        ), judged as (select video_id, count(*) as annotated from truth group by video_id)
        select s.video_id, s.model, count(t.action) as hits, any_value(j.annotated) as annotated
        from scored s join judged j using (video_id) left join truth t using (video_id, action)
        where s.rank <= $3 group by s.video_id, s.model order by s.video_id, s.model"""
    return store.ask(query, [source, ANNOTATION, top])
