"""`evaluate`: score detector and relation heads, print one JSON object and log it if asked; the rest writes files."""

import argparse
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ag_core.catalog import DEFAULT_RELATION_HEAD
from ag_core.commands import (
    evaluate_actions,
    evaluate_few_shot,
    evaluate_graph_actions,
    evaluate_ladder,
    evaluate_scene_graphs,
    graph_reader,
)
from ag_core.commands.number_options import MAX_FRAME, add_whole_number
from ag_core.commands.training_data import (
    WEIGHTS_HELP,
    add_data_options,
    name_data,
    open_data,
    read_compute,
)
from ag_core.progress import ProgressReporter
from ag_core.results.own_weights import resolve_weights

if TYPE_CHECKING:
    from ag_core.experiments.datasets import TrainingData
    from ag_core.experiments.evaluation import (
        DetectorEvaluation,
        EvaluationOptions,
        RelationEvaluation,
    )
    from ag_core.experiments.training_inputs import Listeners


DEFAULT_SPLIT, DEFAULT_PRESET = "test", "demo"


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command, what it can evaluate, and the options of each."""
    parser = subparsers.add_parser("evaluate", help="score detector, relations, actions or the real frequency prior")
    kinds = parser.add_subparsers(dest="kind", required=True)
    detector = kinds.add_parser("detector", help="AP of boxes at overlap 0.5 per class on the test videos")
    relations = kinds.add_parser("relations", help="scene-graph recall on the test videos, all protocols")
    every = kinds.add_parser(
        "scene-graphs", help="all relation heads, modes and protocols on the test videos, to a file"
    )
    actions = kinds.add_parser(
        "actions", help="all action models on the test videos: mAP and what explains it, to a file"
    )
    real = kinds.add_parser("frequency-real", help="the frequency prior on real Action Genome graphs, predcls")
    few = kinds.add_parser(
        "few-shot", help="novel actions from 1, 5 and 10 examples each, LFB, SGFB and oracle, to a file"
    )
    ladder = kinds.add_parser("ladder", help="SGFB with boxes, classes, relations, times, head replaced, to a file")
    graphs = kinds.add_parser("graph-actions", help="actions of the moment from annotated graphs, to a file")
    reader = "actions read from scene graphs alone, on annotated graphs seen in several ways"
    graph_reader.add_evaluation(kinds.add_parser("graph-reader", help=reader))
    relations.add_argument("--head", default=DEFAULT_RELATION_HEAD, help="relation head (default %(default)s)")
    relations.add_argument("--mode", default="predcls", choices=("predcls", "sgcls", "sgdet"))
    real.add_argument(
        "--graphs",
        type=Path,
        required=True,
        metavar="DIR",
        help="folder of ag_frames_train.jsonl and ag_frames_val.jsonl",
    )
    evaluate_scene_graphs.add_options(every)
    evaluate_actions.add_options(actions)
    evaluate_graph_actions.add_options(graphs)
    evaluate_few_shot.add_options(few)
    evaluate_ladder.add_options(ladder)
    for one in (detector, relations):
        one.add_argument("--weights", type=resolve_weights, metavar="DIR|NAME", help=WEIGHTS_HELP)
    for one in (detector, relations, every, actions, few, ladder):
        add_data_options(one)
        one.add_argument("--split", default=DEFAULT_SPLIT, help="split to score (default %(default)s)")
        one.add_argument("--preset", default=DEFAULT_PRESET, help="size of the networks (default %(default)s)")
    for one in (detector, relations):
        frames = "only N frames, spread evenly (default: all)"
        add_whole_number(one, "--frames", least=1, most=MAX_FRAME, metavar="N", help=frames)
    for one in (detector, relations, actions, real):
        one.add_argument("--log", type=Path, metavar="FILE", help="append the result to this file, one JSON a line")
    parser.set_defaults(run=run)
    every.set_defaults(run=evaluate_scene_graphs.run)
    actions.set_defaults(run=evaluate_actions.run)
    graphs.set_defaults(run=evaluate_graph_actions.run)
    few.set_defaults(run=evaluate_few_shot.run)
    ladder.set_defaults(run=evaluate_ladder.run)


def run(options: argparse.Namespace) -> None:
    """Evaluate, print the row, and append it to the log."""
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    from ag_core.evaluation.results_log import append_log_row
    from ag_core.outputs import check_target, holds_json

    if options.log is not None:
        check_target(options.log, is_same_kind=holds_json, kind="a log of results")
    data = name_data(options.graphs if options.kind == "frequency-real" else options.data)
    row = _evaluate(options, _format_command(options, data))
    print(json.dumps(row, indent=1, ensure_ascii=False))
    if options.log is not None:
        append_log_row(options.log, row)


def _format_command(options: argparse.Namespace, data: str) -> str:
    """The command without folders, for a reader to repeat elsewhere; what is as usual is left out."""
    given = vars(options)
    usual = {"split": DEFAULT_SPLIT, "preset": DEFAULT_PRESET}
    named = ("head", "mode", "frames", "source", "split", "preset")
    chosen = {name.replace("_", "-"): given[name] for name in named if given.get(name) not in (None, usual.get(name))}
    if given.get("weights") is not None:
        chosen["weights"] = options.weights.name
    where = "--graphs" if options.kind == "frequency-real" else "--data"
    return f"evaluate {options.kind} {where} {data}" + "".join(f" --{name} {value}" for name, value in chosen.items())


def _evaluate(options: argparse.Namespace, command: str) -> dict[str, Any]:
    """The row of what is asked for."""
    from ag_core.experiments import evaluation, frequency
    from ag_core.experiments.training_inputs import Listeners
    from ag_core.settings import WEIGHTS

    if options.kind == "frequency-real":
        return frequency.evaluate_frequency_prior(options.graphs, command).to_row()
    given = vars(options)
    chosen = evaluation.EvaluationOptions(
        weights=options.weights or WEIGHTS,
        preset=options.preset,
        compute=read_compute(options),
        max_frames=given.get("frames"),
        command=command,
    )
    data = open_data(options, options.split)
    with ProgressReporter() as report:
        listeners = Listeners(report, note=lambda sentence: print(sentence, file=sys.stderr))
        return _evaluate_networks(options, data, chosen, listeners).to_row()


def _evaluate_networks(
    options: argparse.Namespace, data: "TrainingData", chosen: "EvaluationOptions", listeners: "Listeners"
) -> "DetectorEvaluation | RelationEvaluation":
    """The result of the networks that are asked for."""
    from ag_core.experiments import evaluation
    from ag_core.taxonomy import Mode

    if options.kind == "detector":
        return evaluation.evaluate_detector(data, chosen, listeners)
    return evaluation.evaluate_relations(data, chosen, options.head, Mode(options.mode), listeners)
