"""`evaluate graph-actions`: from annotated graphs to the actions of the moment, several models, into one file."""

import argparse
from pathlib import Path

from ag_core.annotations.store_format import ANNOTATION
from ag_core.commands.evaluate_scene_graphs import ALL, choose
from ag_core.commands.number_options import add_threads, add_whole_number
from ag_core.commands.training_data import add_graph_data_options, name_data
from ag_core.progress import ProgressReporter

DEFAULT_SEEDS, MAX_SEEDS = 3, 1000


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add what is only this evaluation's."""
    add_graph_data_options(parser)
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="the scores, as JSON")
    parser.add_argument("--models", nargs="+", default=[ALL], metavar="MODEL", help="ids, or all (default)")
    seeds = "trainings and draws of examples, with the seeds from 0 on (default %(default)s)"
    add_whole_number(parser, "--seeds", least=1, most=MAX_SEEDS, default=DEFAULT_SEEDS, metavar="N", help=seeds)
    parser.add_argument("--log", type=Path, metavar="FILE", help="append the result to this file, one JSON a line")
    add_threads(parser, help="processor threads (default: one a core)")


def run(options: argparse.Namespace) -> None:
    """Evaluate, write the file, and append to the log if asked."""
    import torch

    from ag_core.evaluation.results_log import append_log_row
    from ag_core.experiments.graph_actions import GraphActionOptions, evaluate_graph_actions
    from ag_core.experiments.graph_models import GRAPH_MODELS
    from ag_core.experiments.labelled_graphs import read_graph_splits
    from ag_core.outputs import check_target, find_message_stream, holds_json
    from ag_core.results.graph_action_scores import holds_graph_action_scores

    check_target(options.out, is_same_kind=holds_graph_action_scores, kind="a file of graph-action scores")
    if options.log is not None:
        check_target(options.log, is_same_kind=holds_json, kind="a log of results")
    if options.threads is not None:
        torch.set_num_threads(options.threads)
    chosen = GraphActionOptions(
        models=choose(options.models, list(GRAPH_MODELS), "--models"),
        seeds=tuple(range(options.seeds)),
        command=format_command(options),
    )
    splits = read_graph_splits(options.data, options.source)
    with ProgressReporter() as report:
        scores = evaluate_graph_actions(splits, chosen, report)
    scores.save(options.out)
    if options.log is not None:
        append_log_row(options.log, scores.to_row())
    print(f"{options.out}: {len(scores.metrics)} numbers", file=find_message_stream(options.out))


def format_command(options: argparse.Namespace) -> str:
    """The command without folders, for a reader to repeat elsewhere; what is as usual is left out."""
    words = [f"evaluate graph-actions --data {name_data(options.data)}"]
    if options.models != [ALL]:
        words.append(f"--models {' '.join(options.models)}")
    if options.seeds != DEFAULT_SEEDS:
        words.append(f"--seeds {options.seeds}")
    if options.source != ANNOTATION:
        words.append(f"--source {options.source}")
    return " ".join(words)
