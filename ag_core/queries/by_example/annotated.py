"""Where actions are annotated: moments that can be taken as examples, of videos that a source has graphs of."""

from collections.abc import Sequence

import pandas as pd

from ag_core.annotations.store import AnnotationStore
from ag_core.annotations.store_format import ANNOTATION
from ag_core.queries.by_example.records import Moment

_WITH_GRAPHS = """from action_intervals i join videos v using (source, video)
    where i.source = $1 and v.video_id in (select v.video_id from frames f join videos v using (source, video)
    where f.source = $2 and f.t_ms is not null)"""


def list_timed_sources(store: AnnotationStore, sources: Sequence[str]) -> list[str]:
    """Of some sources those that have graphs at known times."""
    rows = store.rows("select distinct source from frames where t_ms is not null")
    timed = {source for (source,) in rows}
    return [source for source in sources if source in timed]


def count_taught_videos(store: AnnotationStore, source: str) -> pd.DataFrame:
    """Annotated actions in videos that a source has graphs of: action, videos; most videos first."""
    return store.ask(
        f"""select action, count(distinct v.video_id) as videos {_WITH_GRAPHS}
            group by action order by videos desc, action""",
        [ANNOTATION, source],
    )


def list_annotated_moments(store: AnnotationStore, action: int, source: str, most: int = 500) -> list[Moment]:
    """Where an action is annotated in videos that a source has graphs of, at most so many, by video and time."""
    rows = store.rows(
        f"""select v.video_id, start_ms / 1000, end_ms / 1000 {_WITH_GRAPHS} and i.action = $3
            order by v.video_id, start_ms limit $4""",
        [ANNOTATION, source, action, most],
    )
    return [Moment(video_id, start_s, max(start_s, end_s)) for video_id, start_s, end_s in rows]
