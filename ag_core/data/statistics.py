"""Counts over the store for the screens: objects, relationships by group, the two together, actions.

Only visible objects and the paper's 25 relationships count; the released `other_relationship` has its own total.
"""

from typing import TYPE_CHECKING, Any

import pandas as pd

from ag_core.taxonomy import ACTIONS, GROUP_OF_RELATION, OBJECT_CLASSES, OBJECTS, RELATIONS

if TYPE_CHECKING:
    from ag_core.data.store import AnnotationStore

_OF_SPLIT = "(? is null or video in (select video from videos where source = ? and split = ?))"


def _where(source: str, split: str | None) -> tuple[str, list[Any]]:
    return f"source = ? and {_OF_SPLIT}", [source, split, source, split]


def totals(store: "AnnotationStore", source: str) -> dict[str, int]:
    """Rows of each kind in a source; `issues` are those of the whole file."""
    query = """select
        (select count(*) from videos where source = $1) as videos,
        (select count(*) from action_intervals where source = $1) as action_intervals,
        (select count(*) from frames where source = $1) as frames,
        (select count(*) from frames where source = $1 and person_x1 is not null) as person_boxes,
        (select count(*) from objects where source = $1) as objects,
        (select count(*) from objects where source = $1 and visible) as visible_objects,
        (select count(*) from relations where source = $1 and relation is not null) as relations,
        (select count(*) from relations where source = $1 and relation is null) as other_relationships,
        (select count(*) from issues) as issues"""
    return {name: int(value) for name, value in store.ask(query, [source]).iloc[0].items()}


def object_counts(store: "AnnotationStore", source: str, split: str | None = None) -> pd.DataFrame:
    """class, object, objects, videos for all 35 classes, in their order; zero where none is visible."""
    where, parameters = _where(source, split)
    found = store.ask(
        f"""select class, count(*) as objects, count(distinct video) as videos
            from objects where {where} and visible group by class""",
        parameters,
    ).set_index("class")
    found = found.reindex(range(1, len(OBJECT_CLASSES)), fill_value=0).rename_axis("class").reset_index()
    found.insert(1, "object", list(OBJECTS))
    return found


def relation_counts(store: "AnnotationStore", source: str, split: str | None = None) -> pd.DataFrame:
    """relation, name, group, relations, videos for all 25 relationships, in their order."""
    where, parameters = _where(source, split)
    found = store.ask(
        f"""select relation, count(*) as relations, count(distinct video) as videos
            from relations where {where} and relation is not null and score >= 0.5 group by relation""",
        parameters,
    ).set_index("relation")
    found = found.reindex(range(len(RELATIONS)), fill_value=0).rename_axis("relation").reset_index()
    found.insert(1, "name", list(RELATIONS))
    found.insert(2, "group", [GROUP_OF_RELATION[name].value for name in RELATIONS])
    return found


def object_relation_counts(store: "AnnotationStore", source: str, split: str | None = None) -> pd.DataFrame:
    """[35,25] relationships by object name (rows) and relationship name (columns), in the order of the taxonomy."""
    where, parameters = _where(source, split)
    found = store.ask(
        f"""select class, relation, count(*) as n
            from relations where {where} and relation is not null and score >= 0.5 group by class, relation""",
        parameters,
    )
    table = found.pivot(index="class", columns="relation", values="n")
    table = table.reindex(index=range(1, len(OBJECT_CLASSES)), columns=range(len(RELATIONS))).fillna(0).astype("int64")
    table.index = pd.Index(OBJECTS, name="object")
    table.columns = pd.Index(RELATIONS, name="relation")
    return table


def action_counts(store: "AnnotationStore", source: str, split: str | None = None) -> pd.DataFrame:
    """action, id, label, intervals, videos, seconds for all 157 actions, in their order."""
    where, parameters = _where(source, split)
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
