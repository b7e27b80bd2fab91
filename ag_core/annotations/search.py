"""The query behind search and its facets: which videos satisfy every condition, and what one more would leave.

Text and numbers always travel as parameters. Knows the tables, not the connection.
"""

from dataclasses import dataclass
from typing import Any

from ag_core.taxonomy import N_ACTIONS, N_CLASSES, N_RELATIONS


@dataclass(frozen=True)
class Search:
    """Conditions that must all hold; an empty one asks nothing. ValueError for an index that does not exist.

    actions, objects and relations are indices of the taxonomy; only visible objects count. Relations chosen together
    with objects must all hold on one row of one of these objects. `text` is sought in the script, the descriptions,
    the scene and the id, whatever the case.
    """

    actions: tuple[int, ...] = ()
    objects: tuple[int, ...] = ()
    relations: tuple[int, ...] = ()
    split: str | None = None
    text: str = ""
    source: str = "annotation"

    def __post_init__(self) -> None:
        for name, values, end in (
            ("action", self.actions, N_ACTIONS),
            ("object", self.objects, N_CLASSES),
            ("relation", self.relations, N_RELATIONS),
        ):
            if any(not 0 <= value < end for value in values):
                raise ValueError(f"{name} {values} does not exist; give indices from 0 to {end - 1}")

    @property
    def relation_mask(self) -> int:
        """The chosen relations as bits."""
        return sum(1 << relation for relation in set(self.relations))


def matching_query(search: Search) -> tuple[str, list[Any]]:
    """A query for the `video` numbers that satisfy the search, and its parameters."""
    parts = ["select video from videos where source = ? and (? is null or split = ?)"]
    parameters: list[Any] = [search.source, search.split, search.split]
    if search.text.strip():
        parts[0] += " and contains(lower(concat_ws(' ', video_id, scene, script, descriptions)), lower(?))"
        parameters.append(search.text.strip())
    for action in sorted(set(search.actions)):
        parts.append("select video from action_intervals where source = ? and action = ?")
        parameters += [search.source, action]
    for object_class in sorted(set(search.objects)):
        parts.append("select video from objects where source = ? and visible and class = ?")
        parameters += [search.source, object_class]
    if search.objects and search.relations:
        parts.append(
            "select video from objects where source = ? and visible and list_contains(?, class::integer) "
            "and relation_mask & ? = ?"
        )
        mask = search.relation_mask
        parameters += [search.source, sorted(set(search.objects)), mask, mask]
    elif search.relations:
        for relation in sorted(set(search.relations)):
            parts.append("select video from objects where source = ? and visible and relation_mask & ? <> 0")
            parameters += [search.source, 1 << relation]
    return " intersect ".join(f"({part})" for part in parts), parameters


def facet_query(search: Search) -> tuple[str, list[Any]]:
    """A query for kind, index, name and videos: how many videos stay if one more value is chosen."""
    matching, parameters = matching_query(search)
    mask, chosen = search.relation_mask, sorted(set(search.objects))
    # A relation must hold on one of the chosen objects; an object, where none is chosen yet, must carry the relations.
    if chosen:
        of_objects, object_parameters = "true", []
        of_relations, relation_parameters = (
            "list_contains(?, class::integer) and relation_mask & ? = ?",
            [chosen, mask, mask],
        )
    else:
        of_objects, object_parameters = "relation_mask & ? = ?", [mask, mask]
        of_relations, relation_parameters = "true", []
    # One row a video: a bit for each class and each relation that one more condition could ask for.
    query = f"""
        with matching as materialized ({matching}),
        held as materialized (
            select video, bit_or(1::bigint << class) filter ({of_objects}) as classes,
                   bit_or(relation_mask) filter ({of_relations}) as relations
            from objects where source = ? and visible and video in (from matching) group by video
        ),
        counted as (
            select 'action' as kind, 0 as place, action::integer as index, count(distinct video) as videos
            from action_intervals where source = ? and video in (from matching) group by action
            union all
            select 'object', 1, bit::integer, count(*)
            from held, range({N_CLASSES}) as bits(bit) where classes & (1::bigint << bit) <> 0 group by bit
            union all
            select 'relation', 2, bit::integer, count(*)
            from held, range({N_RELATIONS}) as bits(bit) where relations & (1 << bit) <> 0 group by bit
        ),
        names as (
            select 'action' as kind, action::integer as index, label as name from action_classes
            union all select 'object', class::integer, name from object_classes
            union all select 'relation', relation::integer, name from relation_classes where relation is not null
        )
        select kind, index, name, videos from counted join names using (kind, index)
        order by place, videos desc, index"""
    return query, [*parameters, *object_parameters, *relation_parameters, search.source, search.source]
