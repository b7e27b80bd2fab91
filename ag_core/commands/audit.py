"""`audit`: what a home world gives away, how it is balanced, and how like the real annotation it is.

The result is described in `world_audit.report`; it is the source of the data card (docs/home_world.md and the
Statistics page).
"""

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ag_core.commands.number_options import MAX_STEPS, add_threads, add_whole_number
from ag_core.errors import UserError

if TYPE_CHECKING:
    from ag_core.world_audit.graph_distance import GraphSample

MAX_SEEDS = 1000
BEGIN, END = "<!-- audit -->", "<!-- end of audit -->"
"""Between these lines of a data card stand the numbers."""


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command and its options."""
    parser = subparsers.add_parser("audit", help="what a home world gives away, and how like the real data it is")
    parser.add_argument("--data", type=Path, required=True, metavar="DIR", help="home world with train and val videos")
    parser.add_argument(
        "--real", type=Path, metavar="DIR", help="real scene graphs: ag_frames_train.jsonl and ag_frames_val.jsonl"
    )
    parser.add_argument("--log", type=Path, metavar="FILE", help="append a short row to this file, one JSON a line")
    parser.add_argument("--out", type=Path, metavar="FILE", help="write the whole result as JSON")
    parser.add_argument("--card", type=Path, metavar="FILE", help="put the tables into this Markdown file")
    seeds, steps = "trainings an audit (default %(default)s)", "steps of each training (default: the fixed recipe's)"
    add_whole_number(parser, "--seeds", least=1, most=MAX_SEEDS, default=3, metavar="N", help=seeds)
    add_whole_number(parser, "--steps", least=1, most=MAX_STEPS, metavar="N", help=steps)
    add_threads(parser, default=1, help="processor threads (default %(default)s)")
    parser.add_argument(
        "--owner", choices=("yours", "ours on the home world"), default="yours", help="whose the numbers are said to be"
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Audit, print the tables, write the result, the card and the log row."""
    import torch

    from ag_core.files import write_atomically, write_or_rescue
    from ag_core.outputs import check_target, holds_json
    from ag_core.world_audit.data_card import format_card
    from ag_core.world_audit.report import summarize_for_log

    for path in (options.out, options.log):
        if path is not None:
            check_target(path, is_same_kind=holds_json, kind="JSON")
    card = _split_card(options.card) if options.card is not None else None
    torch.set_num_threads(options.threads)
    report = _run_audits(options)
    lines = format_card(report)
    print("\n".join(lines))
    if options.out is not None:
        text = json.dumps(report, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
        write_or_rescue(options.out, lambda path: write_atomically(path, text))
    if card is not None:
        write_atomically(options.card, "\n".join([card[0] + BEGIN, "", *lines, "", END + card[1]]))
    if options.log is not None:
        from ag_core.evaluation.results_log import append_log_row

        append_log_row(options.log, summarize_for_log(report))


def _split_card(card: Path) -> tuple[str, str]:
    """What stands before and after the numbers of a data card; UserError where it has no place for them."""
    from ag_core.outputs import check_target, holds_text

    check_target(card, is_same_kind=holds_text, kind="a text")
    text = card.read_text(encoding="utf-8") if card.is_file() else ""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise UserError(f"{card} has no place for the numbers; give a file with the lines {BEGIN} and {END}")
    return before, after


def _run_audits(options: argparse.Namespace) -> dict[str, Any]:
    from ag_core.evaluation.protocol import Owner
    from ag_core.experiments.kept_arrays import open_clip_frames
    from ag_core.presets import DEMO_VIDEO
    from ag_core.progress import ProgressReporter
    from ag_core.world_audit.audit_inputs import AUDITS
    from ag_core.world_audit.audits import STEPS, run_audit
    from ag_core.world_audit.home_world import HomeWorld
    from ag_core.world_audit.report import build_report

    real = _read_real_samples(options.real) if options.real is not None else []
    world = HomeWorld.open(options.data)
    train, val = world.of_split("train"), world.of_split("val")
    pictures, steps = open_clip_frames(world.folder / ".cache", DEMO_VIDEO.size_wh), options.steps or STEPS
    seeds, results = range(options.seeds), []
    with ProgressReporter() as line:
        for done, audit in enumerate(AUDITS):
            line("auditing", done, len(AUDITS), audit.name)
            results.append(run_audit(audit, train, val, pictures, seeds, steps))
        line("auditing", len(AUDITS), len(AUDITS))
    command = f"audit --data {options.data.name}" + (f" --real {options.real.name}" if options.real else "")
    return build_report(world, results, steps, command, real, Owner(options.owner))


def _read_real_samples(folder: Path) -> "list[GraphSample]":
    """The two parts of the real sample."""
    from ag_core.annotations.readers.graph_sample import read_graph_sample
    from ag_core.world_audit.graph_distance import GraphSample

    files = [read_graph_sample(folder / f"ag_frames_{split}.jsonl").graphs for split in ("train", "val")]
    return [GraphSample.from_graphs(graph for graphs in videos.values() for graph in graphs) for videos in files]
