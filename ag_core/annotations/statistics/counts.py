"""Counts over the store for the screens: objects, relationships by group, the two together, actions, Table 1's row.

Only objects that count (`visible`) and the paper's 25 relationships that hold between them and the person are counted,
of a prediction as of an annotation; the released `other_relationship` has its own total. What is counted once when the
store is built (`relation_cube`) is read, not counted again.
"""

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ag_core.annotations.store_format import ANNOTATION
from ag_core.taxonomy import ACTIONS, GROUP_OF_RELATION, N_CLASSES, N_RELATIONS, OBJECT_CLASSES, OBJECTS, RELATIONS

if TYPE_CHECKING:
    from ag_core.annotations.store import AnnotationStore

_OF_SPLIT = "(? is null or video in (select video from videos where source = ? and split = ?))"


def _select_rows(source: str, split: str | None) -> tuple[str, list[Any]]:
    return f"source = ? and {_OF_SPLIT}", [source, split, source, split]


def count_rows(store: "AnnotationStore", source: str = ANNOTATION) -> dict[str, int]:
    """How many rows of each kind a source has.

    videos, action_intervals, frames, person_boxes, objects, visible_objects, relations, other_relationships, and
    issues (of the whole store).
    """
    query = """select * from
        (select count(*) as videos from videos where source = $1),
        (select count(*) as action_intervals from action_intervals where source = $1),
        (select count(*) as frames, count(person_x1) as person_boxes from frames where source = $1),
        (select count(*) as objects, count(*) filter (visible) as visible_objects from objects where source = $1),
        (select coalesce(sum(relations), 0) as relations from relation_cube where source = $1),
        (select count(*) as other_relationships from relations where source = $1 and relation is null),
        (select count(*) as issues from issues)"""
    return {name: int(value) for name, value in store.ask(query, [source]).iloc[0].items()}


def count_table_1_row(store: "AnnotationStore", source: str) -> dict[str, Any]:
    """What Table 1 of the paper says of a data set, counted in a source.

    video_hours (of the videos whose length is known), num_videos, num_action_categories, objects_annotated,
    objects_localized, object_categories, object_instances, relationships_annotated, relationships_localized,
    relationship_categories, relationship_instances; and, not in the paper's table, frames and action_instances.
    """
    query = """select * from
        (select sum(duration_s) / 3600 as video_hours, count(*) as num_videos from videos where source = $1),
        (select count(distinct action) as num_action_categories, count(*) as action_instances
         from action_intervals where source = $1),
        (select count(*) as frames from frames where source = $1),
        (select count(distinct class) as object_categories, count(*) as object_instances, count(x1) as boxes
         from objects where source = $1 and visible),
        (select count(distinct relation) as relationship_categories, sum(relations)::bigint as relationship_instances
         from relation_cube where source = $1)"""
    found = {name: 0 if pd.isna(value) else value for name, value in store.ask(query, [source]).iloc[0].items()}
    row: dict[str, Any] = {str(name): int(value) for name, value in found.items() if name != "video_hours"}
    boxes = row.pop("boxes")
    row["video_hours"] = float(found["video_hours"])
    row["objects_annotated"] = row["object_instances"] > 0
    row["relationships_annotated"] = row["relationship_instances"] > 0
    # A relationship lies where its object's box is.
    row["objects_localized"] = boxes > 0
    row["relationships_localized"] = boxes > 0 and row["relationships_annotated"]
    return row


def count_objects(store: "AnnotationStore", source: str = ANNOTATION, split: str | None = None) -> pd.DataFrame:
    """class, object, objects, videos for all 35 classes, in their order; zero where none is visible."""
    where, parameters = _select_rows(source, split)
    found = store.ask(
        f"""select class, count(*) as objects, count(distinct video) as videos
            from objects where {where} and visible group by class""",
        parameters,
    ).set_index("class")
    found = found.reindex(range(1, len(OBJECT_CLASSES)), fill_value=0).rename_axis("class").reset_index()
    found.insert(1, "object", list(OBJECTS))
    return found


def count_relations(store: "AnnotationStore", source: str = ANNOTATION, split: str | None = None) -> pd.DataFrame:
    """relation, name, group, relations, videos for all 25 relationships, in their order."""
    where, parameters = _select_rows(source, split)
    counted = store.ask(
        """select relation, sum(relations)::bigint as relations
           from relation_cube where source = ? and (? is null or split = ?) group by relation""",
        [source, split, split],
    ).set_index("relation")
    # A video may hold a relationship with several objects, so the cube's videos cannot be added up.
    seen = store.ask(
        f"""with held as (select video, bit_or(relation_mask) as mask from objects where {where} group by video)
            select bit::integer as relation, count(*) as videos
            from held, range({N_RELATIONS}) as bits(bit) where mask & (1 << bit) <> 0 group by bit""",
        parameters,
    ).set_index("relation")
    found = counted.join(seen, how="outer").reindex(range(N_RELATIONS)).fillna(0).astype("int64")
    found = found.rename_axis("relation").reset_index()
    found.insert(1, "name", list(RELATIONS))
    found.insert(2, "group", [GROUP_OF_RELATION[name].value for name in RELATIONS])
    return found


def count_object_relation_pairs(
    store: "AnnotationStore", source: str = ANNOTATION, split: str | None = None
) -> pd.DataFrame:
    """class, object, relation, name, group, relations, videos: one row for each pair that occurs."""
    found = store.ask(
        """select class::integer as class, relation::integer as relation, sum(relations)::bigint as relations,
                  sum(videos)::bigint as videos
           from relation_cube where source = ? and (? is null or split = ?)
           group by class, relation order by class, relation""",
        [source, split, split],
    )
    names = [RELATIONS[relation] for relation in found["relation"]]
    found.insert(1, "object", [OBJECT_CLASSES[one] for one in found["class"]])
    found.insert(3, "name", names)
    found.insert(4, "group", [GROUP_OF_RELATION[name].value for name in names])
    return found


def tabulate_object_relations(
    store: "AnnotationStore", source: str = ANNOTATION, split: str | None = None
) -> pd.DataFrame:
    """[35,25] relationships by object name (rows) and relationship name (columns), in the order of the taxonomy."""
    found = store.columns(
        """select class::integer as class, relation::integer as relation, sum(relations)::bigint as relations
           from relation_cube where source = ? and (? is null or split = ?) group by class, relation""",
        [source, split, split],
    )
    table = np.zeros((N_CLASSES - 1, N_RELATIONS), np.int64)
    table[found["class"] - 1, found["relation"]] = found["relations"]
    return pd.DataFrame(table, pd.Index(OBJECTS, name="object"), pd.Index(RELATIONS, name="relation"))


def count_co_occurrences(store: "AnnotationStore", source: str) -> pd.DataFrame:
    """[35,35] annotated frames in which both objects are visible; on the diagonal, in which the one is.

    Rows and columns are object names in the order of the taxonomy.
    """
    # One number a frame: bit c says that class c is visible. Few different ones occur.
    found = store.columns(
        """with seen as (
               select bit_or(1::bigint << class) as classes from objects where source = ? and visible group by frame_id
           )
           select classes, count(*) as frames from seen group by classes""",
        [source],
    )
    classes = found["classes"].astype(np.int64)
    shown = (classes[:, None] >> np.arange(1, N_CLASSES)) & 1  # [M,35]
    table = shown.T @ (shown * found["frames"].astype(np.int64)[:, None])
    return pd.DataFrame(table, pd.Index(OBJECTS, name="object"), pd.Index(OBJECTS, name="other"))


def count_actions(store: "AnnotationStore", source: str = ANNOTATION, split: str | None = None) -> pd.DataFrame:
    """action, id, label, intervals, videos, seconds for all 157 actions, in their order."""
    where, parameters = _select_rows(source, split)
    found = store.ask(
        f"""select action, count(*) as intervals, count(distinct video) as videos,
                   sum(end_ms - start_ms) / 1000 as seconds
            from action_intervals where {where} group by action""",
        parameters,
    ).set_index("action")
    found = found.reindex(range(len(ACTIONS)), fill_value=0).rename_axis("action").reset_index()
    found.insert(1, "id", [action.id for action in ACTIONS])
    found.insert(2, "label", [action.label for action in ACTIONS])
    return found


def count_verb_objects(actions: pd.DataFrame) -> pd.DataFrame:
    """verb, object, ids, labels, intervals: the table of `count_actions` by the verb and the object Charades names.

    Only actions on one of the 35 objects; `ids` and `labels` are tuples, most frequent action first.
    """
    order = actions[actions["intervals"] > 0].sort_values(["intervals", "action"], ascending=[False, True])
    of_action = [ACTIONS[index] for index in order["action"]]
    named = order.assign(
        verb=[one.verb for one in of_action],
        object=[None if one.object_class is None else OBJECT_CLASSES[one.object_class] for one in of_action],
    ).dropna(subset="object")
    return (
        named.groupby(["verb", "object"], sort=True)
        .agg(ids=("id", tuple), labels=("label", tuple), intervals=("intervals", "sum"))
        .reset_index()
    )


def count_actions_beside(store: "AnnotationStore", source: str, object_class: int) -> pd.DataFrame:
    """action, id, label, on_it, frames, videos: actions under way in annotated frames that show an object class.

    Most frames first; actions that are never under way then are absent. `on_it` says whether the action is on this
    object by Charades' own list. Frames without a time are left out.
    """
    found = store.ask(
        """with shown as (
               select distinct video, t_ms, frame_id from objects
               where source = $1 and class = $2 and visible and t_ms is not null
           ),
           during as (
               select distinct action, i.video, frame_id from shown join action_intervals i
               on i.source = $1 and i.video = shown.video and t_ms between start_ms and end_ms
           )
           select action::integer as action, count(*) as frames, count(distinct video) as videos
           from during group by action order by frames desc, action""",
        [source, object_class],
    )
    actions = [ACTIONS[index] for index in found["action"]]
    found.insert(1, "id", [action.id for action in actions])
    found.insert(2, "label", [action.label for action in actions])
    found.insert(3, "on_it", [action.object_class == object_class for action in actions])
    return found
