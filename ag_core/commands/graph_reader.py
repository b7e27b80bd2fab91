"""`train graph-reader` and `evaluate graph-reader`: actions read from scene graphs alone, on annotated graphs."""

import argparse
import json
from pathlib import Path

from ag_core.annotations.store_format import ANNOTATION
from ag_core.commands.number_options import add_seed, add_threads, add_whole_number
from ag_core.commands.training_data import add_graph_data_options, name_data
from ag_core.progress import ProgressReporter

MAX_EPOCHS = 10_000


def add_training(parser: argparse.ArgumentParser) -> None:
    """Add the options of the training."""
    add_graph_data_options(parser)
    add_threads(parser, help="processor threads (default: one a core)")
    parser.add_argument("--out", type=Path, required=True, help="weights file")
    add_whole_number(parser, "--epochs", least=1, most=MAX_EPOCHS, default=30, metavar="N", help="default %(default)s")
    add_seed(parser, default=0, help="decides all that is drawn by chance (default %(default)s)")
    parser.set_defaults(run=train)


def add_evaluation(parser: argparse.ArgumentParser) -> None:
    """Add the options of the evaluation."""
    add_graph_data_options(parser)
    add_threads(parser, help="processor threads (default: one a core)")
    parser.add_argument("--weights", type=Path, metavar="FILE", help="weights file (default: the shipped one)")
    parser.add_argument("--log", type=Path, metavar="FILE", help="append the result to this file, one JSON a line")
    parser.set_defaults(run=evaluate)


def train(options: argparse.Namespace) -> None:
    """Train and write the weights."""
    from functools import partial

    import torch

    from ag_core.catalog import GRAPH_READER
    from ag_core.experiments.graph_reader import GraphReaderOptions, train_graph_reader
    from ag_core.experiments.labelled_graphs import read_graph_splits
    from ag_core.models.checkpoints import holds_weights_of
    from ag_core.outputs import check_target

    is_same_kind = partial(holds_weights_of, model=GRAPH_READER)
    check_target(options.out, is_same_kind=is_same_kind, kind=f"a weights file of {GRAPH_READER}", seekable=True)
    if options.threads is not None:
        torch.set_num_threads(options.threads)
    splits = read_graph_splits(options.data, options.source)
    with ProgressReporter() as report:
        train_graph_reader(splits, GraphReaderOptions(options.out, options.epochs, options.seed), report)
    print(f"{options.out}: {options.epochs} rounds over {len(splits.train)} frames")


def evaluate(options: argparse.Namespace) -> None:
    """Evaluate, print the row, and append it to the log if asked."""
    import torch

    from ag_core.catalog import GRAPH_READER, GRAPH_READERS
    from ag_core.evaluation.results_log import append_log_row
    from ag_core.experiments.graph_reader import evaluate_graph_reader
    from ag_core.experiments.labelled_graphs import read_graph_splits
    from ag_core.outputs import check_target, holds_json
    from ag_core.settings import WEIGHTS

    if options.log is not None:
        check_target(options.log, is_same_kind=holds_json, kind="a log of results")
    if options.threads is not None:
        torch.set_num_threads(options.threads)
    weights = options.weights or GRAPH_READERS[GRAPH_READER].weights_path(WEIGHTS)
    command = f"evaluate graph-reader --data {name_data(options.data)}"
    command += f" --source {options.source}" if options.source != ANNOTATION else ""
    command += f" --weights {options.weights.name}" if options.weights else ""
    row = evaluate_graph_reader(read_graph_splits(options.data, options.source), weights, command=command).to_row()
    print(json.dumps(row, indent=1, ensure_ascii=False))
    if options.log is not None:
        append_log_row(options.log, row)
