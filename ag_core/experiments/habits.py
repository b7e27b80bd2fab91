"""Counting how often relationships are annotated for each object class."""

from pathlib import Path

import numpy as np

from ag_core.catalog import REAL_ANNOTATIONS
from ag_core.experiments.labelled_graphs import GraphSplits
from ag_core.models.relation.habits import save_habits


def count_habits(splits: GraphSplits, out: Path) -> int:
    """Count the objects of the train frames, each class once a frame, write the table, and return how many."""
    frames, rows = np.nonzero(splits.train.presence)  # rows leave out the person, the first of the classes
    facts = {"data": splits.name, "trained_on_data": REAL_ANNOTATIONS, "command": "train habits"}
    facts["frames"] = str(len(splits.train))
    save_habits(out, rows + 1, splits.train.matrices[frames, rows] > 0, facts)
    return len(rows)
