"""`evaluate scene-graphs`: every relation head that has weights, in every mode and protocol, into one file."""

import argparse
import sys
from pathlib import Path

from ag_core.catalog import RELATION_HEADS
from ag_core.commands.number_options import MAX_FRAME, add_whole_number
from ag_core.commands.training_data import name_data, open_data, read_compute
from ag_core.errors import UserError
from ag_core.progress import ProgressReporter
from ag_core.results.own_weights import resolve_weights
from ag_core.taxonomy import Mode

ALL = "all"


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add what is only this evaluation's."""
    modes = ", ".join(Mode)
    parser.add_argument("--heads", nargs="+", default=[ALL], metavar="HEAD", help="ids, or all (default)")
    parser.add_argument("--tasks", nargs="+", default=[ALL], metavar="TASK", help=f"{modes}, or all (default)")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="the scores, as JSON")
    parser.add_argument(
        "--weights",
        type=resolve_weights,
        nargs="+",
        metavar="DIR|NAME",
        help="folders of weights, or your own ones by name, one a seed (default: the shipped ones)",
    )
    smooth = "make relationships steady through time before they are scored, whatever head judged them"
    parser.add_argument("--smooth", action="store_true", help=smooth)
    written = "also write the scored graphs, DIR/HEAD-TASK/VIDEO.json, for `build-store --predictions`"
    parser.add_argument("--predictions", type=Path, metavar="DIR", help=written)
    frames = "only N frames, spread evenly (default: all)"
    add_whole_number(parser, "--frames", least=1, most=MAX_FRAME, metavar="N", help=frames)


def run(options: argparse.Namespace) -> None:
    """Evaluate and write the file; what was kept of an evaluation that was ended is not made again."""
    from ag_core.experiments.scene_graphs import SceneGraphOptions, evaluate_scene_graphs
    from ag_core.experiments.training_inputs import Listeners
    from ag_core.outputs import check_folder_target, check_target, find_message_stream
    from ag_core.results.scene_graph_scores import holds_scores
    from ag_core.settings import WEIGHTS

    check_target(options.out, is_same_kind=holds_scores, kind="a file of scene-graph scores")
    if options.predictions is not None:
        check_folder_target(options.predictions)
    chosen = SceneGraphOptions(
        weights=tuple(options.weights or [WEIGHTS]),
        heads=choose(options.heads, list(RELATION_HEADS), "--heads"),
        modes=tuple(Mode(mode) for mode in choose(options.tasks, list(Mode), "--tasks")),
        preset=options.preset,
        compute=read_compute(options),
        max_frames=options.frames,
        smooth=options.smooth,
        command=format_command(options),
        predictions=options.predictions,
    )
    data = open_data(options, options.split)
    with ProgressReporter() as report:
        listeners = Listeners(report, note=lambda sentence: print(sentence, file=sys.stderr))
        scores = evaluate_scene_graphs(data, chosen, listeners)
    scores.save(options.out)
    rows = f"{len(scores.recalls)} rows of recall and {len(scores.edges)} of edges"
    missing = f"; without weights: {', '.join(scores.missing)}" if scores.missing else ""
    print(f"{options.out}: {rows}{missing}", file=find_message_stream(options.out))


def choose(given: list[str], known: list[str], option: str) -> tuple[str, ...]:
    """What is named, in the order of what is known; UserError for what is not known."""
    unknown = [name for name in given if name not in (*known, ALL)]
    if unknown:
        raise UserError(f"{option} {unknown[0]} is not known; give {ALL}, or some of {', '.join(known)}")
    return tuple(known if ALL in given else [name for name in known if name in given])


def format_command(options: argparse.Namespace) -> str:
    """The command without folders, for a reader to repeat elsewhere; what is as usual is left out."""
    words = ["evaluate scene-graphs", f"--data {name_data(options.data)}"]
    words += [f"--heads {' '.join(options.heads)}", f"--tasks {' '.join(options.tasks)}"]
    usual = {"source": None, "split": "test", "preset": "demo", "frames": None}
    words += [f"--{name} {getattr(options, name)}" for name, value in usual.items() if getattr(options, name) != value]
    words += ["--smooth"] if options.smooth else []
    if options.weights:
        words.append(f"--weights {' '.join(folder.name for folder in options.weights)}")
    return " ".join(words)
