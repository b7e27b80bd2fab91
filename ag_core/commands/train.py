"""`train`: fit one of the networks on the videos of a store and write its weights."""

import argparse
import os
import signal
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from ag_core.catalog import DEFAULT_CLIP_NETWORK, DEFAULT_RELATION_HEAD, HOME_WORLD
from ag_core.commands import geometry, graph_reader, habits, hands
from ag_core.commands.number_options import (
    MAX_BATCH,
    MAX_FRAME,
    MAX_LEARNING_RATE,
    MAX_MINUTES,
    MAX_STEPS,
    add_number,
    add_seed,
    add_whole_number,
)
from ag_core.commands.training_data import (
    add_data_options,
    add_relation_head,
    open_data,
    read_compute,
)
from ag_core.presets import BANK_OPERATORS
from ag_core.progress import ProgressReporter

if TYPE_CHECKING:
    from ag_core.experiments.datasets import TrainingData
    from ag_core.experiments.processes import Processes
    from ag_core.experiments.training_inputs import Listeners
    from ag_core.experiments.training_loop import TrainingProgress
    from ag_core.experiments.training_options import TrainingOptions
    from ag_core.experiments.training_report import TrainedModel

WHAT = {
    "detector": "the Faster R-CNN, on annotated frames",
    "relations": "a relation head and the frequency prior, on the detector's region features",
    "pretraining": "the clip network on what graphs say of a clip, before it learns actions",
    "clip": "the clip network, on short pieces of video",
    "action": "the feature-bank heads LFB, SGFB and oracle, on features of everything above",
}


STARTS = {
    "detector": "what fits of a detector's weights",
    "clip": "the weights of a pre-training",
    "action": "the heads of a folder, on the same clip network",
}
"""What a training may go on from."""


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command, its kinds and their options."""
    parser = subparsers.add_parser("train", help="train detector, relations, clip or action on a store with videos")
    kinds = parser.add_subparsers(dest="kind", required=True)
    for kind, text in WHAT.items():
        one = kinds.add_parser(kind, help=text, description=f"Train {text}.")
        add_data_options(one)
        one.add_argument("--split", default="train", help="split to learn from (default %(default)s)")
        out = "folder for lfb.safetensors, sgfb.safetensors, oracle.safetensors" if kind == "action" else "weights file"
        one.add_argument("--out", type=Path, required=True, help=out)
        one.add_argument("--preset", default="demo", help="size of the network (default %(default)s)")
        budget = one.add_mutually_exclusive_group(required=True)
        minutes = "wall time to train; the learning rate ends at zero then"
        add_number(budget, "--minutes", most=MAX_MINUTES, open_below=True, help=minutes)
        add_whole_number(budget, "--steps", least=1, most=MAX_STEPS, help="number of steps to train instead")
        add_whole_number(one, "--batch", least=1, most=MAX_BATCH, help="examples in a step")
        add_number(one, "--rate", most=MAX_LEARNING_RATE, open_below=True, help="peak learning rate")
        add_seed(one, default=0, help="decides all that is drawn by chance (default %(default)s)")
        one.add_argument("--autocast", default="auto", help="auto, off or bfloat16: precision (default %(default)s)")
        one.add_argument("--resume", action="store_true", help="go on from an interrupted training of the same --out")
        if kind in ("detector", "pretraining", "clip", "action"):
            held_out = "keep every N-th video out of learning, judge the network on it now and then, and write the best"
            add_whole_number(one, "--hold-out", least=2, most=MAX_FRAME, metavar="N", help=held_out)
        if kind in STARTS:
            begin = f"begin with {STARTS[kind]} (default: random ones)"
            one.add_argument("--start-from", type=Path, metavar="DIR" if kind == "action" else "WEIGHTS", help=begin)
        if kind in ("relations", "clip", "action"):
            one.add_argument("--weights", type=Path, metavar="DIR", help="folder of earlier weights (default: shipped)")
        if kind == "relations":
            one.add_argument("--head", default=DEFAULT_RELATION_HEAD, help="relation head (default %(default)s)")
            every = "use every N-th frame that counts (default %(default)s)"
            add_whole_number(one, "--every", least=1, most=MAX_FRAME, default=2, metavar="N", help=every)
        if kind in ("pretraining", "clip"):
            one.add_argument("--network", default=DEFAULT_CLIP_NETWORK, help="clip network (default %(default)s)")
        if kind == "action":
            operator = "what a head takes from its bank (default: the preset's, which is non-local)"
            one.add_argument("--operator", choices=BANK_OPERATORS, help=operator)
            add_relation_head(one)
            folds = "read each train video's graphs by the relation head, and the detector where there is one, of the "
            folds += "fold that it is not of (default: by those in --weights)"
            one.add_argument("--cross-predicted", type=Path, nargs=2, metavar=("FOLD_0", "FOLD_1"), help=folds)
        if kind in ("detector", "relations"):
            half = "learn from one half of the videos, for train action --cross-predicted"
            add_whole_number(one, "--fold", least=0, most=1, metavar="0|1", help=half)
        if kind in ("clip", "action"):
            one.add_argument("--few-shot", metavar="PROFILE", help="let only the base classes of a profile count")
    parser.set_defaults(run=run)
    reader = "a reader of actions in scene graphs alone, on annotated graphs"
    counted = "how often relationships are annotated for each object, on annotated graphs"
    habits.add_options(kinds.add_parser("habits", help=counted, description=f"Count {counted}."))
    places = "what the places of a person's and an object's box alone say of relationships"
    geometry.add_options(kinds.add_parser("geometry", help=places, description=f"Count {places}."))
    near = "what the distance of a person's hands says of relationships"
    hands.add_options(kinds.add_parser("hands", help=near, description=f"Count {near}."))
    graph_reader.add_training(kinds.add_parser("graph-reader", help=reader, description=f"Train {reader}."))


def run(options: argparse.Namespace) -> None:
    """Train and write the weights; an interruption keeps a state for --resume."""
    # Threads that wait for one another by spinning make a shared machine ten times slower; read when torch loads.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    from ag_core.experiments.processes import choose_own_device, join_processes

    options.device = choose_own_device(options.device)
    with join_processes() as processes:
        _run(options, processes)


def _run(options: argparse.Namespace, processes: "Processes") -> None:
    """Train in this process, which may be one of several."""
    import torch

    from ag_core.experiments import training_inputs
    from ag_core.experiments.training_loop import Budget
    from ag_core.experiments.training_options import TrainingOptions
    from ag_core.settings import WEIGHTS

    # A terminated training ends like one stopped from the keyboard: its state is written first.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    torch.set_flush_denormal(True)
    given = vars(options)
    folds, weights = given.get("cross_predicted"), given.get("weights") or WEIGHTS
    chosen = TrainingOptions(
        out=options.out,
        budget=Budget(options.minutes, options.steps),
        preset=options.preset,
        batch=options.batch,
        rate=options.rate,
        seed=options.seed,
        compute=replace(read_compute(options), processes=processes),
        weights=weights,
        resume=options.resume,
        head=given.get("head", DEFAULT_RELATION_HEAD),
        every=given.get("every", 1),
        network=given.get("network", DEFAULT_CLIP_NETWORK),
        operator=given.get("operator"),
        few_shot=given.get("few_shot"),
        hold_out=given.get("hold_out"),
        start_from=given.get("start_from"),
        relation_head=given.get("relation_head", DEFAULT_RELATION_HEAD),
        fold=given.get("fold"),
        cross_predicted=(folds[0], folds[1]) if folds else None,
    )
    _check_out(options)
    with processes.take_turns():
        data = open_data(options, options.split)
    if not processes.is_first:
        _train(options.kind, data, chosen, training_inputs.Listeners())
        return
    with ProgressReporter() as report:

        def report_steps(progress: "TrainingProgress") -> None:
            if options.steps:
                report("training", progress.step, options.steps, progress.describe_losses())
            else:
                seconds, budget_s = round(progress.seconds), round(60 * options.minutes)
                note = f"step {progress.step}, {progress.describe_losses()}"
                report("training, seconds", min(seconds, budget_s), budget_s, note)

        for model in _train(options.kind, data, chosen, training_inputs.Listeners(report, report_steps, print)):
            print(model.describe())


def _check_out(options: argparse.Namespace) -> None:
    """UserError before the training where its weights cannot be written or would cost another file."""
    from ag_core.catalog import ACTION_MODELS, TRANSITIONS, TRANSITIONS_FILE, find_relation_head
    from ag_core.models.checkpoints import holds_weights_of
    from ag_core.outputs import check_target

    out = options.out
    if options.kind == "action":
        written = {model.weights_path(out): model.id for model in ACTION_MODELS.values() if model.bank is not None}
    elif options.kind == "relations":
        counted = find_relation_head("frequency")
        beside = {} if options.head == counted.id else {counted.weights_path(out.parent): counted.id}
        written = {**beside, out.parent / TRANSITIONS_FILE: TRANSITIONS, out: options.head}
    else:
        written = {out: HOME_WORLD if options.kind == "detector" else options.network}
    for path, model in written.items():
        is_same_kind = partial(holds_weights_of, model=model)
        check_target(path, is_same_kind=is_same_kind, kind=f"a weights file of {model}", seekable=True)


def _train(
    kind: str, data: "TrainingData", chosen: "TrainingOptions", listeners: "Listeners"
) -> "Sequence[TrainedModel]":
    """Whatever the kind trains."""
    from ag_core.experiments import action_training, training

    if kind == "relations":
        return training.train_relations(data, chosen, listeners)
    if kind == "action":
        return action_training.train_action(data, chosen, listeners)
    of_kind = {"detector": training.train_detector, "pretraining": training.train_pretraining}
    return [of_kind.get(kind, training.train_clip)(data, chosen, listeners)]
