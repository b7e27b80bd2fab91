"""Row 14: what travels to the browser for the graphs of every frame of thirty seconds, in bytes.

Ours is the player's whole message as Streamlit sends it. The others carry the same boxes, classes and relationships:
the annotated records of every frame as JSON, the same records rounded to whole pixels by a careful hand, and a Plotly
animation of the boxes with their names.
"""

import json
from typing import Any

import numpy as np

from benchmarks.jobs.folders import Folders
from benchmarks.measuring import Clock, apart
from benchmarks.report import Goal, Row, size_of

OURS, JSON, ROUNDED, PLOTLY = (
    "player",
    "JSON list of dictionaries",
    "the same in whole pixels",
    "Plotly animation",
)
SECONDS, RATE = 30, 30


def graphs_of_every_frame(store: str, video: str) -> list[Any]:
    """The video's annotated graphs, each shown until the next, its boxes moving a little from frame to frame."""
    from dataclasses import replace

    from ag_core.annotations.store import AnnotationStore

    with AnnotationStore(store) as opened:
        annotated = [graph for graph in opened.graphs_of(video) if graph.visible.any()]
    wanted = np.arange(1, SECONDS * RATE + 1)
    shown = (wanted - 1) * len(annotated) // len(wanted)
    graphs = []
    for frame, index in zip(wanted.tolist(), shown.tolist()):
        graph = annotated[index]
        moved = np.float32(3 * np.sin(frame / 7 + np.arange(4)))
        person = graph.person_box_xyxy
        graphs.append(
            replace(
                graph,
                frame=frame,
                time_s=(frame - 1) / RATE,
                person_box_xyxy=None if person is None else person + moved,
                object_boxes_xyxy=graph.object_boxes_xyxy + moved,
            )
        )
    return graphs


def as_dictionaries(graphs: list[Any], rounded: bool) -> list[dict[str, Any]]:
    """One dictionary a frame, with names, boxes (`rounded` to whole pixels) and the names of relationships."""
    from ag_core.taxonomy import OBJECT_CLASSES, RELATIONS

    def plain(box: Any) -> list[float]:
        sides: list[float] = (np.rint(box).astype(int) if rounded else box).tolist()
        return sides

    found = []
    for graph in graphs:
        rows = zip(graph.object_classes.tolist(), graph.object_boxes_xyxy, graph.relations, graph.visible)
        person = graph.person_box_xyxy
        found.append(
            {
                "frame": graph.frame,
                "time": round(graph.time_s, 3),
                "person": None if person is None else plain(person),
                "objects": [
                    {
                        "class": OBJECT_CLASSES[object_class],
                        "box": plain(box) if visible else None,
                        "relations": [RELATIONS[r] for r in np.flatnonzero(relations > 0.5)],
                    }
                    for object_class, box, relations, visible in rows
                ],
            }
        )
    return found


def from_message(data: dict[str, Any]) -> list[dict[str, Any]]:
    """The same dictionaries, read back from the player's message: what it carries."""
    from ag_core.taxonomy import RELATIONS
    from ag_core.ui.player.graph_tables import NO_BOX

    tracks = [track["class"] for track in data["tracks"]]
    found = {
        frame: {"frame": frame, "time": round((frame - 1) / data["fps"], 3), "person": None, "objects": {}}
        for frame in range(1, data["n_frames"] + 1)
    }
    for row in data["graphs:annotation"].to_pylist():
        box = None if row["mask"] & NO_BOX else [row[side] for side in ("x1", "y1", "x2", "y2")]
        if row["track"] == 0:
            found[row["frame"] + 1]["person"] = box
        else:
            held = [name for relation, name in enumerate(RELATIONS) if row["mask"] & 1 << relation]
            entry = {"class": tracks[row["track"]], "box": box, "relations": held}
            found[row["frame"] + 1]["objects"][row["track"]] = entry
    return [one | {"objects": list(one["objects"].values())} for one in found.values()]


def animation(graphs: list[dict[str, Any]]) -> int:
    """Bytes of a Plotly figure with one animation frame a picture: outlines of the boxes, and their labels."""
    import plotly.graph_objects as go

    frames = []
    for graph in graphs:
        boxes: list[tuple[str, Any, list[str]]] = [("person", graph["person"], [])]
        boxes += [(entry["class"], entry["box"], entry["relations"]) for entry in graph["objects"]]
        traces = [
            go.Scatter(
                x=[box[0], box[2], box[2], box[0], box[0]],
                y=[box[1], box[1], box[3], box[3], box[1]],
                mode="lines",
                name=name,
                text=", ".join(relations),
            )
            for name, box, relations in boxes
            if box is not None
        ]
        frames.append(go.Frame(data=traces, name=str(graph["frame"])))
    return len(go.Figure(data=frames[0].data, frames=frames).to_json().encode())


def measure(clock: Clock, store: str, video: str) -> dict[str, int]:
    """Bytes of each way; asserts that what they carry is the same."""
    from streamlit.components.v2.bidi_component.serialization import serialize_mixed_data
    from streamlit.proto.BidiComponent_pb2 import BidiComponent

    from ag_core.records import Video
    from ag_core.ui.player.payload import build_player_data

    with clock:
        graphs = graphs_of_every_frame(store, video)
        data = build_player_data(Video(video, SECONDS, RATE, 640, 480, SECONDS * RATE), None, {"annotation": graphs})
    message = BidiComponent()
    serialize_mixed_data(data, message)
    records, rounded = as_dictionaries(graphs, False), as_dictionaries(graphs, True)
    assert from_message(data) == rounded, "the player's message says something else"
    return {
        OURS: message.ByteSize(),
        JSON: len(json.dumps(records).encode()),
        ROUNDED: len(json.dumps(rounded).encode()),
        PLOTLY: animation(records),
    }


def run(folders: Folders) -> list[Row]:
    """The row; bytes do not vary, so it is done once."""
    video = folders.some_videos[len(folders.some_videos) // 2]
    arguments = {"store": str(folders.store), "video": video}
    sizes: dict[str, int] = apart("benchmarks.jobs.browser:measure", arguments).answer
    return [
        Row(
            "14",
            f"graphs of every frame of {SECONDS} s to the browser",
            {name: size_of(size) for name, size in sizes.items()},
            [
                *(Goal(f"against {name}", sizes[name] / sizes[OURS], at_least=7) for name in (JSON, PLOTLY)),
                Goal(f"against {ROUNDED}", sizes[ROUNDED] / sizes[OURS]),
            ],
            f"{SECONDS * RATE} graphs read back from the player's message",
        )
    ]
