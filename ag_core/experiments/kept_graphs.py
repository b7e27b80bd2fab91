"""Predicted graphs of a video on disk, as columns: to the bit, and there whole or not at all."""

import zlib
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from ag_core.experiments.kept_arrays import remove_older
from ag_core.files import stage_file
from ag_core.graph_sequence import GraphSequence
from ag_core.records import SceneGraph

_FIELDS = {
    "frames": "frames",
    "times_s": "times_s",
    "persons": "person_boxes_xyxy",
    "person_scores": "person_scores",
    "counts": "counts",
    "object_classes": "object_classes",
    "object_boxes_xyxy": "object_boxes_xyxy",
    "object_scores": "object_scores",
    "relations": "relations",
}
"""In the order in which a `GraphSequence` takes them: names in the file, and of its columns."""


def save_graphs(path: Path, graphs: Sequence[SceneGraph]) -> None:
    """Keep the graphs of a video as columns."""
    gathered = GraphSequence.gather(graphs)
    columns = {name: getattr(gathered, field) for name, field in _FIELDS.items()}
    with stage_file(path) as staged, staged.open("wb") as file:
        np.savez_compressed(file, allow_pickle=False, **columns)
    remove_older(path)


def load_graphs(path: Path) -> GraphSequence | None:
    """What `save_graphs` kept; None where it is not there whole."""
    damages = (OSError, ValueError, EOFError, KeyError, BadZipFile, zlib.error)
    with suppress(*damages), path.open("rb") as opened, np.load(opened) as file:
        return GraphSequence(*(file[name] for name in _FIELDS))
    return None
