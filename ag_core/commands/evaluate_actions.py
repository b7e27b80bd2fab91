"""`evaluate actions`: every action model that has weights, and what explains its score, into one file."""

import argparse
import os
import sys
from pathlib import Path

from ag_core.catalog import ACTION_MODELS, DEFAULT_RELATION_HEAD
from ag_core.commands.evaluate_scene_graphs import ALL, choose
from ag_core.commands.training_data import add_relation_head, name_data, open_data, read_compute
from ag_core.progress import ProgressReporter
from ag_core.results.own_weights import resolve_weights


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add what is only this evaluation's."""
    parser.add_argument("--models", nargs="+", default=[ALL], metavar="MODEL", help="ids, or all (default)")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="the scores, as JSON")
    parser.add_argument(
        "--weights",
        type=resolve_weights,
        nargs="+",
        metavar="DIR|NAME",
        help="folders of weights, or your own ones by name, one a seed (default: the shipped ones)",
    )
    add_relation_head(parser)
    parser.add_argument("--few-shot", metavar="PROFILE", help="also score base and novel classes of a profile apart")


def run(options: argparse.Namespace) -> None:
    """Evaluate, write the file, and append to the log if asked; features that were kept are not made again."""
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    from ag_core.evaluation.results_log import append_log_row
    from ag_core.experiments.action_scores import ActionOptions, evaluate_actions
    from ag_core.experiments.training_inputs import Listeners
    from ag_core.outputs import check_target, find_message_stream, holds_json
    from ag_core.results.action_scores import holds_action_scores
    from ag_core.settings import WEIGHTS

    check_target(options.out, is_same_kind=holds_action_scores, kind="a file of action scores")
    if options.log is not None:
        check_target(options.log, is_same_kind=holds_json, kind="a log of results")
    chosen = ActionOptions(
        weights=tuple(options.weights or [WEIGHTS]),
        models=choose(options.models, list(ACTION_MODELS), "--models"),
        preset=options.preset,
        compute=read_compute(options),
        relation_head=options.relation_head,
        few_shot=options.few_shot,
        command=format_command(options),
    )
    data = open_data(options, options.split)
    with ProgressReporter() as report:
        listeners = Listeners(report, note=lambda sentence: print(sentence, file=sys.stderr))
        scores = evaluate_actions(data, chosen, listeners)
    scores.save(options.out)
    if options.log is not None:
        append_log_row(options.log, scores.to_row())
    missing = f"; without weights: {', '.join(scores.missing)}" if scores.missing else ""
    models = ", ".join(model.id for model in scores.models)
    print(f"{options.out}: {len(scores.metrics)} numbers of {models}{missing}", file=find_message_stream(options.out))


def format_command(options: argparse.Namespace) -> str:
    """The command without folders, for a reader to repeat elsewhere; what is as usual is left out."""
    words = [f"evaluate actions --data {name_data(options.data)}", f"--models {' '.join(options.models)}"]
    usual = {"source": None, "split": "test", "preset": "demo"}
    usual |= {"relation_head": DEFAULT_RELATION_HEAD, "few_shot": None}
    words += [
        f"--{name.replace('_', '-')} {getattr(options, name)}"
        for name, value in usual.items()
        if getattr(options, name) != value
    ]
    if options.weights:
        words.append(f"--weights {' '.join(folder.name for folder in options.weights)}")
    return " ".join(words)
