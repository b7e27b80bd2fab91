"""`evaluate ladder`: what of the gap between SGFB and its oracle is due to which error, into one file."""

import argparse
import sys
from pathlib import Path

from ag_core.commands.number_options import add_whole_number
from ag_core.commands.training_data import WEIGHTS_HELP, name_data, open_data, read_compute
from ag_core.progress import ProgressReporter
from ag_core.results.own_weights import resolve_weights

DEFAULT_DRAWS, MAX_DRAWS = 500, 100_000


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add what is only this evaluation's."""
    parser.add_argument("--weights", type=resolve_weights, metavar="DIR|NAME", help=WEIGHTS_HELP)
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="the ladder, as JSON")
    draws = "draws of videos for the bounds of each share (default %(default)s)"
    add_whole_number(parser, "--draws", least=2, most=MAX_DRAWS, default=DEFAULT_DRAWS, metavar="N", help=draws)


def run(options: argparse.Namespace) -> None:
    """Evaluate and write the file; what was kept of an evaluation that was ended is not made again."""
    from ag_core.experiments.evaluation import EvaluationOptions
    from ag_core.experiments.ladder import evaluate_ladder
    from ag_core.experiments.training_inputs import Listeners
    from ag_core.outputs import check_target, find_message_stream
    from ag_core.results.ladder_scores import holds_ladder_scores
    from ag_core.settings import WEIGHTS

    check_target(options.out, is_same_kind=holds_ladder_scores, kind="a file of ladder scores")
    weights, command = options.weights or WEIGHTS, format_command(options)
    chosen = EvaluationOptions(weights, options.preset, read_compute(options), command=command)
    data = open_data(options, options.split)
    with ProgressReporter() as report:
        listeners = Listeners(report, note=lambda sentence: print(sentence, file=sys.stderr))
        scores = evaluate_ladder(data, chosen, listeners, options.draws)
    scores.save(options.out)
    for metric in (scores.cells[0], *scores.shares, scores.cells[-1]):
        print(f"{metric.label}: {metric.format_number(with_unit=True)}", file=sys.stderr)
    print(f"{options.out}: {len(scores.cells)} combinations", file=find_message_stream(options.out))


def format_command(options: argparse.Namespace) -> str:
    """The command without folders, for a reader to repeat elsewhere; what is as usual is left out."""
    words = ["evaluate ladder", f"--data {name_data(options.data)}"]
    usual = {"source": None, "split": "test", "preset": "demo", "draws": DEFAULT_DRAWS}
    words += [f"--{name} {getattr(options, name)}" for name, value in usual.items() if getattr(options, name) != value]
    if options.weights is not None:
        words.append(f"--weights {options.weights.name}")
    return " ".join(words)
