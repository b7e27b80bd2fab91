"""`world`: make a data set of the home world."""

import argparse
import sys
from pathlib import Path

from ag_core.commands.number_options import add_number, add_seed, add_whole_number

MAX_COUNT = 500_000
MAX_WORKERS = 1024
MIN_FPS, MAX_FPS = 0.1, 60.0


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command and its options."""
    parser = subparsers.add_parser("world", help="make synthetic home videos with exact annotations")
    parser.add_argument("--profile", default="home-60", help="home-20, home-60 or home-157 (default %(default)s)")
    parser.add_argument(
        "--split", action="append", choices=("train", "val"), required=True, help="what to make; may be given twice"
    )
    count, workers = "videos of the --split before it", "processes (default: one a core)"
    add_whole_number(
        parser, "--count", least=1, most=MAX_COUNT, action="append", required=True, metavar="N", help=count
    )
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder of the data set")
    add_seed(parser, default=0, help="of the whole set (default %(default)s)")
    add_whole_number(parser, "--workers", least=1, most=MAX_WORKERS, metavar="N", help=workers)
    parser.add_argument("--only", nargs="+", default=[], metavar="ID", help="make only these videos of the set")
    fps = "frames a second (default 12); with few, such as 0.67, many homes cost what one film does: for detectors"
    add_number(parser, "--fps", least=MIN_FPS, most=MAX_FPS, help=fps)
    parser.add_argument(
        "--detected-people", action="store_true", help="person boxes 2 %% off and 5 %% missed, as a detector's are"
    )
    large = "draw each film also with twice the pixels a side, for the player to show (several times the work)"
    parser.add_argument("--large", action="store_true", help=large)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Make what is missing of the set; print its counts and what it cost."""
    from ag_core.errors import UserError
    from ag_core.outputs import check_folder_target
    from ag_core.progress import ProgressReporter
    from ag_core.taxonomy import N_ACTIONS
    from ag_core.world.generate import generate
    from ag_core.world.render_cost import sum_costs

    if len(options.split) != len(options.count) or len(set(options.split)) < len(options.split):
        raise UserError(
            "each --split needs one --count; give for example --split train --count 400 --split val --count 120"
        )
    check_folder_target(options.out)
    _check_holds_nothing_else(options.out)
    counts = dict(zip(options.split, options.count))
    with ProgressReporter() as report:
        summary = generate(
            options.out,
            options.profile,
            counts,
            options.seed,
            options.workers,
            report,
            options.only,
            options.detected_people,
            options.fps,
            options.large,
        )
    numbers = ", ".join(f"{count:,} {name.replace('_', ' ')}" for name, count in summary["counts"].items())
    print(f"{options.out}: {numbers}")
    print(f"{summary['counts']['action_classes']} of {N_ACTIONS} classes present")
    print(sum_costs(options.out).describe())
    for video_id, reason in summary.get("not_drawn", {}).items():
        print(f"left out {video_id}, which could not be drawn ({reason})", file=sys.stderr)


def _check_holds_nothing_else(out: Path) -> None:
    """UserError where a folder without a home world has what one would write over, such as the real annotation."""
    from ag_core.errors import UserError
    from ag_core.outputs import holds_json
    from ag_core.world.render_cost import FOLDERS

    mark = out / "world.json"
    if mark.is_file():
        if not holds_json(mark):
            raise UserError(f"{mark} is not that of a home world; give a folder of its own for the set")
        return
    folders = (out / name for name in FOLDERS)
    others = [path for folder in folders if folder.is_dir() for path in folder.iterdir()]
    if others:
        raise UserError(f"{out} holds other data, such as {min(others)}; give a folder of its own for the set")
