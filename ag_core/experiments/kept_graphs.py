"""Predicted graphs of a video on disk, as columns: to the bit, and there whole or not at all."""

import zlib
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from ag_core.experiments.kept_arrays import remove_older
from ag_core.files import stage_file
from ag_core.records import SceneGraph

_FRAME_FIELDS = ("frames", "times_s", "persons", "person_scores", "counts")
_OBJECT_FIELDS = ("object_classes", "object_boxes_xyxy", "object_scores", "relations")


def save_graphs(path: Path, graphs: Sequence[SceneGraph]) -> None:
    """Keep the graphs of a video as columns."""
    nobody = np.full(4, np.nan, np.float32)
    columns: dict[str, NDArray[Any]] = {
        "frames": np.array([graph.frame for graph in graphs], np.int64),
        "times_s": np.array([graph.time_s for graph in graphs], np.float64),
        "persons": np.array(
            [nobody if graph.person_box_xyxy is None else graph.person_box_xyxy for graph in graphs], np.float32
        ).reshape(-1, 4),
        "person_scores": np.array([graph.person_score for graph in graphs], np.float64),
        "counts": np.array([len(graph) for graph in graphs], np.int64),
    }
    empty = SceneGraph(1, 0.0, None, 0.0, [], [], [], [])
    for name in _OBJECT_FIELDS:
        columns[name] = np.concatenate([getattr(graph, name) for graph in (empty, *graphs)])
    with stage_file(path) as staged, staged.open("wb") as file:
        np.savez_compressed(file, allow_pickle=False, **columns)
    remove_older(path)


def load_graphs(path: Path) -> list[SceneGraph] | None:
    """What `save_graphs` kept; None where it is not there whole."""
    damages = (OSError, ValueError, EOFError, KeyError, BadZipFile, zlib.error)
    with suppress(*damages), path.open("rb") as opened, np.load(opened) as file:
        columns = {name: file[name] for name in (*_FRAME_FIELDS, *_OBJECT_FIELDS)}
        return SceneGraph.from_columns(*(columns[name] for name in (*_FRAME_FIELDS, *_OBJECT_FIELDS)))
    return None
