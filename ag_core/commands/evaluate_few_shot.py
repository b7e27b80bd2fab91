"""`evaluate few-shot`: novel actions from 1, 5 and 10 examples each, for every kind of bank, into one file."""

import argparse
import sys
from pathlib import Path

from ag_core.commands.evaluate_scene_graphs import ALL, choose
from ag_core.commands.number_options import MAX_STEPS, add_whole_number
from ag_core.commands.training_data import WEIGHTS_HELP, name_data, open_data, read_compute
from ag_core.progress import ProgressReporter
from ag_core.results.own_weights import resolve_weights

MODELS = "lfb,sgfb,oracle"
MAX_SHOTS, MAX_SEEDS = 1000, 1000
USUAL = {
    "models": MODELS, "profile": "home-157", "shots": [1, 5, 10], "seeds": 3, "base_steps": 1500, "epochs": 50,
    "base_videos": "masked", "shot_labels": "clip", "learned": "operator", "backbone": "masked", "preset": "demo",
    "split": "test", "source": None,
}  # fmt: skip
"""The options that decide the numbers, and what holds where nobody chooses."""


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add what is only this evaluation's."""
    parser.add_argument("--models", default=MODELS, metavar="IDS", help="with commas, or all (default %(default)s)")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="the scores, as JSON")
    parser.add_argument("--weights", type=resolve_weights, metavar="DIR|NAME", help=WEIGHTS_HELP)
    profile = "whose base and novel classes: home-157 (default) or home-60"
    parser.add_argument("--profile", default=USUAL["profile"], help=profile)
    shots = "examples of each novel class (default 1 5 10)"
    add_whole_number(
        parser, "--shots", least=1, most=MAX_SHOTS, nargs="+", default=USUAL["shots"], metavar="K", help=shots
    )
    seeds = "draws and trainings, with the seeds from 0 on (default %(default)s)"
    add_whole_number(parser, "--seeds", least=1, most=MAX_SEEDS, default=USUAL["seeds"], metavar="N", help=seeds)
    for name, help_text in (
        ("base_steps", "steps of a head's training on base classes (default %(default)s)"),
        ("epochs", "passes over the examples (default %(default)s)"),
    ):
        option = f"--{name.replace('_', '-')}"
        add_whole_number(parser, option, least=1, most=MAX_STEPS, default=USUAL[name], metavar="N", help=help_text)
    for name, choices, help_text in (
        ("base-videos", ("masked", "left-out"), "train videos with novel actions, in base training"),
        ("shot-labels", ("clip", "drawn"), "what an example's clip is positive for"),
        ("learned", ("operator", "classifier"), "what learns from the examples: with the bank operator, or not"),
        ("backbone", ("masked", "any"), "whether the clip network may have seen labels of novel actions"),
    ):
        parser.add_argument(f"--{name}", default=choices[0], choices=choices, help=f"{help_text} (default %(default)s)")
    parser.add_argument("--log", type=Path, metavar="FILE", help="append the result to this file, one JSON a line")


def run(options: argparse.Namespace) -> None:
    """Evaluate, write the file, and append to the log if asked; what was kept of an ended evaluation is not redone."""
    from ag_core.evaluation.results_log import append_log_row
    from ag_core.experiments.few_shot import evaluate_few_shot
    from ag_core.experiments.few_shot_options import FEW_SHOT_MODELS, FewShotOptions
    from ag_core.experiments.training_inputs import Listeners
    from ag_core.outputs import check_target, find_message_stream, holds_json
    from ag_core.results.few_shot_scores import holds_few_shot_scores
    from ag_core.settings import WEIGHTS

    check_target(options.out, is_same_kind=holds_few_shot_scores, kind="a file of few-shot scores")
    if options.log is not None:
        check_target(options.log, is_same_kind=holds_json, kind="a log of results")
    chosen = FewShotOptions(
        weights=options.weights or WEIGHTS,
        preset=options.preset,
        compute=read_compute(options),
        models=choose(options.models.split(","), list(FEW_SHOT_MODELS), "--models"),
        profile=options.profile,
        shots=tuple(sorted(set(options.shots))),
        seeds=tuple(range(options.seeds)),
        base_steps=options.base_steps,
        epochs=options.epochs,
        base_videos=options.base_videos,
        shot_labels=options.shot_labels,
        learned=options.learned,
        backbone=options.backbone,
        command=format_command(options),
    )
    data = open_data(options, options.split)
    with ProgressReporter() as report:
        listeners = Listeners(report, note=lambda sentence: print(sentence, file=sys.stderr))
        scores = evaluate_few_shot(data, chosen, listeners)
    scores.save(options.out)
    if options.log is not None:
        append_log_row(options.log, scores.to_row())
    print(f"{options.out}: {len(scores.metrics)} numbers", file=find_message_stream(options.out))


def format_command(options: argparse.Namespace) -> str:
    """The command without folders, for a reader to repeat elsewhere; what is as usual is left out."""
    words = ["evaluate few-shot", f"--data {name_data(options.data)}"]
    for name, usual in USUAL.items():
        if (given := getattr(options, name)) not in (usual, ALL):
            text = " ".join(map(str, given)) if isinstance(given, list) else given
            words.append(f"--{name.replace('_', '-')} {text}")
    if options.weights is not None:
        words.append(f"--weights {options.weights.name}")
    return " ".join(words)
