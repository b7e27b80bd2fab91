"""`train habits`: how often relationships are annotated for each object, on annotated graphs."""

import argparse
from functools import partial
from pathlib import Path

from ag_core.commands.training_data import add_graph_data_options


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of the counting."""
    add_graph_data_options(parser)
    parser.add_argument("--out", type=Path, required=True, help="file of the table")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Count and write the table."""
    from ag_core.catalog import HABITS
    from ag_core.experiments.habits import count_habits
    from ag_core.experiments.labelled_graphs import read_graph_splits
    from ag_core.models.checkpoints import holds_weights_of
    from ag_core.outputs import check_target

    is_same_kind = partial(holds_weights_of, model=HABITS)
    check_target(options.out, is_same_kind=is_same_kind, kind=f"a weights file of {HABITS}", seekable=True)
    n_objects = count_habits(read_graph_splits(options.data, options.source), options.out)
    print(f"{options.out}: relationships of {n_objects} annotated objects")
