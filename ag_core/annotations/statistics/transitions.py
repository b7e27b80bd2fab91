"""What follows what between neighbouring annotated frames, and how long relationships last. Knows the store's tables.

Neighbouring frames are two annotated frames of one video with no annotated frame between them; the annotation says
nothing of the frames between, so a duration runs from the first to the last frame that shows it: a lower bound.
Objects carry no identity: all objects of a class in a frame count as one that holds all their relationships.
"""

from typing import TYPE_CHECKING

import pandas as pd

from ag_core.taxonomy import GROUP_OF_RELATION, GROUP_SLICES, N_RELATIONS, RELATIONS, Group

if TYPE_CHECKING:
    from ag_core.annotations.store import AnnotationStore

APPEARS, ENDS = "appears", "ends"
"""Before the first, after the last: the object is not visible in the neighbouring frame."""

QUANTILES = (0.1, 0.25, 0.5, 0.75, 0.9)

_TRANSITIONS = f"""
with shown as materialized (
    select frame_id, any_value(video) as video, bit_or(relation_mask) & $3::uinteger as mask
    from objects where source = $1 and class = $2 and visible group by frame_id
),
ends_of as (
    select video, min(frame_id) as first, max(frame_id) as last from frames where source = $1 group by video
),
steps as (
    select a.mask as before, b.mask as after, count(*) as n
    from shown a join shown b on b.frame_id = a.frame_id + 1 and b.video = a.video group by all
    union all
    select null, mask, count(*) from shown b join ends_of using (video)
    where frame_id > first and not exists (from shown a where a.frame_id = b.frame_id - 1) group by mask
    union all
    select mask, null, count(*) from shown a join ends_of using (video)
    where frame_id < last and not exists (from shown b where b.frame_id = a.frame_id + 1) group by mask
),
bits as (select range::integer as bit from range({N_RELATIONS})),
left_side as (
    select before, after, n, bit as relation from steps left join bits on before & (1::uinteger << bit) <> 0
    where before is null or bit is not null
)
select l.relation as before, r.bit as after, sum(n)::bigint as n
from left_side l left join bits r on l.after & (1::uinteger << r.bit) <> 0
where l.after is null or r.bit is not null
group by all order by all"""


def count_transitions(store: "AnnotationStore", source: str, object_class: int, group: Group) -> pd.DataFrame:
    """before, after, n: how often one relationship of a group follows another on an object class.

    One row for every pair of neighbouring annotated frames and every pair of relationships that hold in them, counted;
    `before` is 'appears' where the object is not visible in the frame before, `after` is 'ends' where it is not in
    the frame after. The first and the last annotated frame of a video begin and end nothing.
    """
    bits = GROUP_SLICES[group]
    mask = sum(1 << bit for bit in range(bits.start, bits.stop))
    found = store.ask(_TRANSITIONS, [source, object_class, mask])
    names = {"before": APPEARS, "after": ENDS}
    for column, edge in names.items():
        found[column] = [edge if pd.isna(bit) else RELATIONS[int(bit)] for bit in found[column]]
    return found


# The rows lie class by class, relationship by relationship, video by video, in the order of time (schema.sql), and
# windows without an order read them as they lie. An interval begins where the packed position does not grow by one;
# where it stays, a class is twice in a frame. The row before the next beginning ends it.
_INTERVALS = """
with active as (
    select (((class::bigint << 5) | relation::bigint) << 50) | (video::bigint << 28) | frame_id::bigint as position,
           t_ms
    from relations_by_class
    where source = ? and t_ms is not null and (? is null or class = ?)
),
beside as (
    select position, t_ms, coalesce(position - lag(position) over () not in (0, 1), true) as begins,
           lag(t_ms) over () as t_before, lead(position) over () is null as is_last
    from active
),
edges as (select * from beside where begins or is_last),
intervals as (
    select (position >> 50) & 31 as relation, begins,
           coalesce(case when lead(begins) over () then lead(t_before) over () else lead(t_ms) over () end, t_ms) - t_ms
           as length_ms
    from edges
)
select relation::integer as relation, intervals, lasting, {quantiles}
from (select relation, count(*) as intervals, count(*) filter (length_ms > 0) as lasting,
             quantile_disc(length_ms, ?) filter (length_ms > 0) as of_lengths
      from intervals where begins group by relation)
order by relation"""


def measure_durations(store: "AnnotationStore", source: str, object_class: int | None = None) -> pd.DataFrame:
    """How long relationships last: relation, name, group, intervals, lasting, q10, q25, q50, q75, q90 (seconds).

    An interval is a run of neighbouring annotated frames in which the relationship holds with one class of object; it
    lasts from its first to its last frame. The quantiles are those of the `lasting` intervals, which have two frames
    or more; NaN where there are none. One row for each relationship that occurs, in the order of the taxonomy.
    """
    columns = ", ".join(
        f"of_lengths[{index}] / 1000 as q{100 * share:.0f}" for index, share in enumerate(QUANTILES, start=1)
    )
    found = store.ask(_INTERVALS.format(quantiles=columns), [source, object_class, object_class, list(QUANTILES)])
    names = [RELATIONS[relation] for relation in found["relation"]]
    found.insert(1, "name", names)
    found.insert(2, "group", [GROUP_OF_RELATION[name].value for name in names])
    return found
