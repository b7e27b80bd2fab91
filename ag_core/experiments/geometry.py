"""Counting what the places of a person's and an object's box alone say of their relationships."""

from pathlib import Path

import numpy as np

from ag_core.catalog import GEOMETRY
from ag_core.experiments.datasets import TrainingData
from ag_core.models.relation.cell_evidence import save_evidence
from ag_core.models.relation.geometry import count_geometry, find_cells
from ag_core.taxonomy import N_RELATIONS


def count_geometry_of(data: TrainingData, out: Path) -> int:
    """Count the visible objects beside a person in the frames that count, write the table, and return how many."""
    loaded = data.load()
    videos = loaded.annotated()
    graphs = [g for video in videos for g in video.counted_graphs if g.person_box_xyxy is not None]
    cells, classes, relations = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)], [np.zeros((0, N_RELATIONS), bool)]
    for graph in graphs:
        boxes = graph.object_boxes_xyxy[graph.visible]
        cells.append(find_cells(np.broadcast_to(np.asarray(graph.person_box_xyxy), boxes.shape), boxes))
        classes.append(graph.object_classes[graph.visible])
        relations.append(graph.relations[graph.visible] > 0)
    counted = count_geometry(np.concatenate(cells), np.concatenate(classes), np.concatenate(relations))
    facts = {"data": data.name, "trained_on_data": loaded.name_origin(), "command": "train geometry"}
    n_objects = sum(map(len, classes))
    facts |= {"videos": str(len(videos)), "objects": str(n_objects)}
    save_evidence(out, GEOMETRY, counted, facts)
    return n_objects
