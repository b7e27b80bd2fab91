"""Reads a sample of real scene graphs without boxes: files with one annotated frame a line, as JSON.

A line has video, frame, time_s and objects; an object has its class and lists of relationships. It may also say which
actions are active then (`charades_actions_active`). Since the sample has no boxes, each object gets a stand-in box of
its own, which overlaps no other: enough where boxes are given.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ag_core.errors import UserError
from ag_core.records import SceneGraph
from ag_core.taxonomy import (
    N_RELATIONS,
    find_action_index,
    find_object_index,
    find_relation_index,
    is_other_relationship,
)


@dataclass(frozen=True)
class GraphSample:
    """Graphs by video in the order of the file.

    others   of each graph, [n] which objects carry the label `other_relationship`
    actions  of each graph, the indices into ACTIONS of what is done at that moment; None where the file does not say
    """

    graphs: dict[str, list[SceneGraph]]
    others: dict[str, list[NDArray[np.bool_]]]
    actions: dict[str, list[tuple[int, ...] | None]]

    @property
    def labels_left_out(self) -> int:
        """How many labels the 25 relationships leave out."""
        return sum(int(carries.sum()) for of_video in self.others.values() for carries in of_video)


def read_graph_sample(path: Path) -> GraphSample:
    """The graphs of a file; empty lines are passed over. UserError names the file, the line and what is wrong there."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise UserError(
            f"{path.name} is not in {path.parent}; give the folder of the real scene-graph sample"
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path} cannot be read ({error}); give a text file in UTF-8") from None
    graphs: dict[str, list[SceneGraph]] = {}
    others: dict[str, list[NDArray[np.bool_]]] = {}
    actions: dict[str, list[tuple[int, ...] | None]] = {}
    # Not splitlines: a text inside a line may hold separators that are no ends of lines in JSON.
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            frame = json.loads(line)
            video, graph, carries = _read_frame(frame)
            active = _read_actions(frame)
        except (ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
            raise UserError(f"{path}, line {number}: {_describe_error(error)}; correct that line") from None
        graphs.setdefault(video, []).append(graph)
        others.setdefault(video, []).append(carries)
        actions.setdefault(video, []).append(active)
    return GraphSample(graphs, others, actions)


def _read_frame(frame: dict[str, Any]) -> tuple[str, SceneGraph, NDArray[np.bool_]]:
    """Video, graph, and which objects carry the label that it leaves out."""
    if not isinstance(frame, dict):
        raise ValueError("a line holds one frame as a JSON object")
    missing = [name for name in ("video", "frame", "time_s", "objects") if frame.get(name) is None]
    if missing:
        raise ValueError(f"the frame has no {missing[0]}")
    things = frame["objects"]
    if not isinstance(things, list):
        raise ValueError("the frame's objects are no list")
    relations, carries = np.zeros((len(things), N_RELATIONS), np.float32), np.zeros(len(things), bool)
    for index, (row, thing) in enumerate(zip(relations, things)):
        for key, names in thing.items():
            if key.endswith("_relationship"):
                if not isinstance(names, list):
                    raise ValueError(f"{key} of {thing.get('class')} is no list")
                known = [name for name in names if not is_other_relationship(name)]
                row[[find_relation_index(name) for name in known]] = 1
                carries[index] |= len(known) < len(names)
    left = 100.0 * np.arange(1, len(things) + 1)
    graph = SceneGraph(
        frame=int(frame["frame"]),
        time_s=float(frame["time_s"]),
        person_box_xyxy=np.array([0, 0, 50, 50], np.float32),
        person_score=1.0,
        object_classes=np.array([find_object_index(thing["class"]) for thing in things], np.int64),
        object_boxes_xyxy=np.stack([left, 0 * left, left + 50, 0 * left + 50], axis=1).astype(np.float32),
        object_scores=np.ones(len(things), np.float32),
        relations=relations,
    )
    return str(frame["video"]), graph, carries


def _read_actions(frame: dict[str, Any]) -> tuple[int, ...] | None:
    """The actions of a frame, ascending and each once; None where the line does not name any list of them."""
    active = frame.get("charades_actions_active")
    if active is None:
        return None
    if not isinstance(active, list) or not all(isinstance(name, str) for name in active):
        raise ValueError("charades_actions_active is no list of ids such as c092")
    return tuple(sorted({find_action_index(name) for name in active}))


def _describe_error(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"no JSON ({error.msg} at character {error.pos + 1})"
    if isinstance(error, KeyError) and error.args and " " not in str(error.args[0]):
        return f"an object has no {error.args[0]}"
    return str(error.args[0]) if error.args else str(error)
