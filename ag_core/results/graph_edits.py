"""Edits of predicted graphs as values and as the text of a link: what if this relationship, or this object, were not?

An edit gives a relationship between the person and the objects of a class, or the class's objects, another score over
a range of times: 0 switches it off, 1 on. Texts look like `-phone/camera.holding@2-5.5,bed=0.4`: a minus switches off,
`=` gives a score, nothing else switches on; without a range it holds for the whole video. Knows no model.
"""

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ag_core.errors import UserError
from ag_core.records import HALF_MILLISECOND_S, SceneGraph
from ag_core.taxonomy import (
    N_RELATIONS,
    OBJECT_CLASSES,
    RELATIONS,
    find_object_index,
    find_relation_index,
    format_name,
    format_triplet,
)

MAX_EDITS = 20
"""So many edits a link may hold."""

EXAMPLE = "-phone/camera.holding@2-5.5"

_NUMBER = r"\d{1,6}(?:\.\d{1,6})?"
_EDIT = re.compile(
    r"(?P<sign>[-+]?)(?P<object>[^.,@=+-]+)(?:\.(?P<relation>[^.,@=+-]+))?"
    rf"(?:=(?P<score>{_NUMBER}))?(?:@(?P<start>{_NUMBER})-(?P<end>{_NUMBER}))?"
)


@dataclass(frozen=True)
class GraphEdit:
    """One edit of all graphs from `start_s` to `end_s`, both included.

    object_class  index into OBJECT_CLASSES, never the person
    relation      index into RELATIONS, whose triplet gets the confidence `score`; None: the score of the objects
    score         0 to 1
    """

    object_class: int
    relation: int | None
    score: float
    start_s: float = 0.0
    end_s: float = math.inf

    def __post_init__(self) -> None:
        if not 0 < self.object_class < len(OBJECT_CLASSES):
            raise UserError("an edit needs an object, and the person is none; name one of the other classes")
        if not 0 <= self.score <= 1:
            raise UserError(f"an edit's score of {self.score:g} is impossible; give one from 0 to 1")
        if not 0 <= self.start_s <= self.end_s:
            raise UserError(
                f"an edit cannot last from {self.start_s:g} s to {self.end_s:g} s; give the earlier time first"
            )

    def holds_at(self, time_s: float) -> bool:
        """Whether the edit changes a graph of that time."""
        return self.start_s - HALF_MILLISECOND_S <= time_s <= self.end_s + HALF_MILLISECOND_S

    def describe(self) -> str:
        """The edit in words: 'person holding phone/camera: off, 2 s to 5.5 s'."""
        thing = format_name(OBJECT_CLASSES[self.object_class])
        what = thing if self.relation is None else format_triplet(RELATIONS[self.relation], thing)
        state = {0.0: "off", 1.0: "on"}.get(self.score, f"{self.score:.0%}")
        when = "whole video"
        if math.isfinite(self.end_s):
            when = f"{self.start_s:g} s to {self.end_s:g} s"
        elif self.start_s:
            when = f"from {self.start_s:g} s"
        return f"{what}: {state}, {when}"


def parse_edits(text: str) -> tuple[GraphEdit, ...]:
    """The edits in a link's text; none for an empty one. UserError names what is no edit."""
    parts = [part.strip() for part in text.split(",") if part.strip()]
    if len(parts) > MAX_EDITS:
        raise UserError(f"{len(parts)} edits are too many; give at most {MAX_EDITS}")
    return tuple(map(_parse_edit, parts))


def _parse_edit(text: str) -> GraphEdit:
    found = _EDIT.fullmatch(text)
    if found is None or (found["sign"] and found["score"]):
        raise UserError(f"{text!r} is no edit of a graph; write it as {EXAMPLE}")
    try:
        thing = find_object_index(found["object"])
        relation = None if found["relation"] is None else find_relation_index(found["relation"])
    except KeyError as error:
        raise UserError(f"{error.args[0].partition(';')[0]}; write an edit as {EXAMPLE}") from None
    score = float(found["score"]) if found["score"] else float(found["sign"] != "-")
    if found["start"] is None:
        return GraphEdit(thing, relation, score)
    return GraphEdit(thing, relation, score, float(found["start"]), float(found["end"]))


def format_edits(edits: Iterable[GraphEdit]) -> str:
    """The text of a link that holds the edits, which `parse_edits` reads."""
    return ",".join(map(_format_edit, edits))


def _format_edit(edit: GraphEdit) -> str:
    what = OBJECT_CLASSES[edit.object_class] + ("" if edit.relation is None else f".{RELATIONS[edit.relation]}")
    score = "" if edit.score in (0, 1) else f"={_format_number(edit.score)}"
    lasts = edit.start_s or math.isfinite(edit.end_s)
    when = f"@{_format_number(edit.start_s)}-{_format_number(min(edit.end_s, 999_999))}" if lasts else ""
    return f"{'-' if edit.score == 0 else ''}{what}{score}{when}"


def _format_number(value: float) -> str:
    """A number to four decimals, never with an exponent: a tenth of a millisecond is beyond any video."""
    return f"{value:.4f}".rstrip("0").rstrip(".")


def edit_graphs(graphs: Sequence[SceneGraph], edits: Sequence[GraphEdit]) -> list[SceneGraph]:
    """The graphs after all edits, in order; those that none concerns are the same objects.

    Nothing relates to a person who was not found, so graphs without one stay as they are.
    """
    result = []
    for graph in graphs:
        for edit in edits:
            if graph.person_box_xyxy is not None and edit.holds_at(graph.time_s):
                graph = _edit_graph(graph, edit)
        result.append(graph)
    return result


def _edit_graph(graph: SceneGraph, edit: GraphEdit) -> SceneGraph:
    """A triplet switched on is an object of its own, sure and with this relationship alone: so the others of its class
    keep what they were, and the confidence of the triplet is the edit's score exactly."""
    of_class = graph.object_classes == edit.object_class
    if edit.relation is None:
        return replace(graph, object_scores=np.where(of_class, np.float32(edit.score), graph.object_scores))
    relations = graph.relations.copy()
    relations[of_class, edit.relation] = 0
    graph = replace(graph, relations=relations)
    if edit.score == 0:
        return graph
    alone = np.zeros((1, N_RELATIONS), np.float32)
    alone[0, edit.relation] = edit.score
    assert graph.person_box_xyxy is not None
    return replace(
        graph,
        object_classes=np.append(graph.object_classes, edit.object_class),
        object_boxes_xyxy=np.concatenate([graph.object_boxes_xyxy, graph.person_box_xyxy[None]]),
        object_scores=np.append(graph.object_scores, np.float32(1)),
        relations=np.concatenate([graph.relations, alone]),
    )
