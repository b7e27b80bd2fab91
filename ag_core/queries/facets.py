"""The filters of Explore: which videos satisfy every condition, and how many one more condition would leave.

Text and numbers always travel as parameters.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ag_core.annotations.store import VIDEO_COLUMNS
from ag_core.annotations.store_format import ANNOTATION
from ag_core.queries.quality import QUALITY
from ag_core.queries.sequence.records import SPLITS
from ag_core.queries.similar import TripletKind
from ag_core.taxonomy import N_ACTIONS, N_CLASSES, N_RELATIONS, RELATIONS_OF_GROUP, Group, find_relation_index

if TYPE_CHECKING:
    import pandas as pd

    from ag_core.annotations.store import AnnotationStore


GROUP_MASKS = {group: sum(1 << find_relation_index(name) for name in RELATIONS_OF_GROUP[group]) for group in Group}
"""The relations of each group as bits."""


@dataclass(frozen=True)
class VideoFilter:
    """Conditions that must all hold; an empty one asks nothing. ValueError for an index that does not exist.

    actions, objects and relations are indices of the taxonomy; only visible objects count. Relations chosen together
    with objects must all hold on one row of one of these objects. `text` is sought in the script, the descriptions,
    the scene and the id, whatever the case. `quality` names conditions of `QUALITY`. `like` are kinds of triplets, of
    which a video must show one at least; those that show most of them come first. Of each of the `groups` a relation
    must hold, of one of the objects where these are chosen, too.
    """

    actions: tuple[int, ...] = ()
    objects: tuple[int, ...] = ()
    relations: tuple[int, ...] = ()
    split: str | None = None
    text: str = ""
    source: str = ANNOTATION
    quality: tuple[str, ...] = ()
    like: tuple[TripletKind, ...] = ()
    groups: tuple[Group, ...] = ()

    def __post_init__(self) -> None:
        for name, values, end in (
            ("action", self.actions, N_ACTIONS),
            ("object", self.objects, N_CLASSES),
            ("relation", self.relations, N_RELATIONS),
        ):
            if any(not 0 <= value < end for value in values):
                raise ValueError(f"{name} {values} does not exist; give indices from 0 to {end - 1}")
        if unknown := set(self.quality) - set(QUALITY):
            raise ValueError(f"quality {sorted(unknown)} does not exist; it is one of {', '.join(QUALITY)}")

    @property
    def relation_mask(self) -> int:
        """The chosen relations as bits."""
        return sum(1 << relation for relation in set(self.relations))

    def build_row_condition(self) -> tuple[str, list[Any]]:
        """What one row of `objects` must hold of the relations and the groups, and its parameters."""
        masks = [GROUP_MASKS[group] for group in sorted(set(self.groups))]
        condition = "relation_mask & ? = ?" + " and relation_mask & ? <> 0" * len(masks)
        return condition, [self.relation_mask, self.relation_mask, *masks]


def find_videos(
    store: "AnnotationStore", chosen: VideoFilter, limit: int | None = None, offset: int = 0
) -> "pd.DataFrame":
    """The videos for which every condition holds, with the columns of `AnnotationStore.videos`, by id.

    Where likeness is asked for, the most alike first, with how many of its kinds of triplets each `shared`.
    """
    matching, parameters = _matching_query(chosen)
    page = "" if limit is None else f" limit {int(limit)} offset {int(offset)}"
    if chosen.like:
        likeness, like_parameters = _likeness_query(chosen)
        return store.ask(
            f"""select {VIDEO_COLUMNS}, shared from videos v join ({likeness}) l on l.video = v.video
                where v.source = ? and v.video in ({matching}) order by shared desc, video_id{page}""",
            [*like_parameters, chosen.source, *parameters],
        )
    return store.ask(
        f"""select {VIDEO_COLUMNS} from videos v
            where v.source = ? and v.video in ({matching}) order by video_id{page}""",
        [chosen.source, *parameters],
    )


def count_videos(store: "AnnotationStore", chosen: VideoFilter) -> int:
    """How many videos `find_videos` finds without a limit."""
    matching, parameters = _matching_query(chosen)
    return int(store.rows(f"select count(*) from ({matching})", parameters)[0][0])


def count_facets(store: "AnnotationStore", chosen: VideoFilter) -> "pd.DataFrame":
    """How many videos would remain if one more value was chosen, in columns kind, index, name, videos.

    kind is 'action', 'object', 'relation', 'group' (of relations) or 'split'; index and name are the taxonomy's, a
    split's those of SPLITS.
    Values that would leave none are absent; the most frequent come first within their kind.
    """
    return store.ask(*_facet_query(chosen))


def count_quality(store: "AnnotationStore", chosen: VideoFilter) -> dict[str, int]:
    """By the name of a quality, how many videos would remain if it was chosen too; those that would leave none are
    absent."""
    matching, parameters = _matching_query(chosen)
    selects, of_all = [], list(parameters)
    for name, condition in QUALITY.items():
        selects.append(
            f"select '{name}', count(distinct video) from ({condition.query}) where video in (from matching)"
        )
        of_all += [chosen.source] * condition.n_sources
    rows = store.rows(f"with matching as materialized ({matching}) {' union all '.join(selects)}", of_all)
    return {str(name): int(videos) for name, videos in sorted(rows, key=lambda row: -row[1]) if videos}


def _likeness_query(chosen: VideoFilter) -> tuple[str, list[Any]]:
    """A query for video and shared: how many of the kinds of triplets each video shows, of those that show any."""
    query = """
        select o.video, count(distinct k.kind) as shared
        from objects o join (
            select unnest(?::integer[]) as class, unnest(?::bigint[]) as mask, unnest(?::integer[]) as kind
        ) k on o.class = k.class and o.relation_mask & k.mask <> 0
        where o.source = ? and o.visible group by o.video"""
    kinds = sorted(set(chosen.like))
    return query, [
        [thing for thing, _ in kinds],
        [1 << relation for _, relation in kinds],
        list(range(len(kinds))),
        chosen.source,
    ]


def _matching_query(chosen: VideoFilter) -> tuple[str, list[Any]]:
    """A query for the `video` numbers that pass the filter, and its parameters."""
    parts = ["select video from videos where source = ? and (? is null or split = ?)"]
    parameters: list[Any] = [chosen.source, chosen.split, chosen.split]
    if chosen.text.strip():
        parts[0] += " and contains(lower(concat_ws(' ', video_id, scene, script, descriptions)), lower(?))"
        parameters.append(chosen.text.strip())
    for action in sorted(set(chosen.actions)):
        parts.append("select video from action_intervals where source = ? and action = ?")
        parameters += [chosen.source, action]
    for object_class in sorted(set(chosen.objects)):
        parts.append("select video from objects where source = ? and visible and class = ?")
        parameters += [chosen.source, object_class]
    if chosen.objects and (chosen.relations or chosen.groups):
        condition, of_row = chosen.build_row_condition()
        parts.append(
            "select video from objects where source = ? and visible and list_contains(?, class::integer) "
            f"and {condition}"
        )
        parameters += [chosen.source, sorted(set(chosen.objects)), *of_row]
    else:
        of_groups = [GROUP_MASKS[group] for group in sorted(set(chosen.groups))]
        for mask in [*(1 << relation for relation in sorted(set(chosen.relations))), *of_groups]:
            parts.append("select video from objects where source = ? and visible and relation_mask & ? <> 0")
            parameters += [chosen.source, mask]
    for name in sorted(set(chosen.quality)):
        parts.append(QUALITY[name].query)
        parameters += [chosen.source] * QUALITY[name].n_sources
    if chosen.like:
        likeness, like_parameters = _likeness_query(chosen)
        parts.append(f"select video from ({likeness})")
        parameters += like_parameters
    return " intersect ".join(f"({part})" for part in parts), parameters


def _facet_query(chosen: VideoFilter) -> tuple[str, list[Any]]:
    """A query for kind, index, name and videos: how many videos stay if one more value is chosen."""
    matching, parameters = _matching_query(chosen)
    classes = sorted(set(chosen.objects))
    condition, of_row = chosen.build_row_condition()
    # A relation must hold on one of the chosen objects; an object, where none is chosen yet, must carry the relations.
    if classes:
        of_objects, object_parameters = "true", []
        of_relations, relation_parameters = f"list_contains(?, class::integer) and {condition}", [classes, *of_row]
    else:
        of_objects, object_parameters = condition, of_row
        of_relations, relation_parameters = "true", []
    groups = ", ".join(f"({place}, '{group}', {GROUP_MASKS[group]})" for place, group in enumerate(Group))
    splits = ", ".join(f"({place}, '{split}')" for place, split in enumerate(SPLITS))
    # One row a video: a bit for each class and each relation that one more condition could ask for.
    query = f"""
        with matching as materialized ({matching}),
        held as materialized (
            select video, bit_or(1::bigint << class) filter ({of_objects}) as classes,
                   bit_or(relation_mask) filter ({of_relations}) as relations
            from objects where source = ? and visible and video in (from matching) group by video
        ),
        groups(place, name, mask) as (values {groups}),
        splits(place, split) as (values {splits}),
        counted as (
            select 'action' as kind, 0 as rank, action::integer as index, count(distinct video) as videos
            from action_intervals where source = ? and video in (from matching) group by action
            union all
            select 'object', 1, bit::integer, count(*)
            from held, range({N_CLASSES}) as bits(bit) where classes & (1::bigint << bit) <> 0 group by bit
            union all
            select 'relation', 2, bit::integer, count(*)
            from held, range({N_RELATIONS}) as bits(bit) where relations & (1 << bit) <> 0 group by bit
            union all
            select 'group', 3, place::integer, count(*)
            from held, groups where relations & mask <> 0 group by place
            union all
            select 'split', 4, place::integer, count(*)
            from videos join splits using (split) where source = ? and video in (from matching) group by place
        ),
        names as (
            select 'action' as kind, action::integer as index, label as name from action_classes
            union all select 'object', class::integer, name from object_classes
            union all select 'relation', relation::integer, name from relation_classes where relation is not null
            union all select 'group', place::integer, name from groups
            union all select 'split', place::integer, split from splits
        )
        select kind, index, name, videos from counted join names using (kind, index)
        order by rank, videos desc, index"""
    return query, [*parameters, *object_parameters, *relation_parameters, *[chosen.source] * 3]
