"""`film`: make one film of the home world in which a person does the requested actions."""

import argparse
from pathlib import Path

from ag_core.commands.number_options import add_seed, add_whole_number
from ag_core.results.choices import LENGTHS_S, N_SEEDS


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command and its options."""
    parser = subparsers.add_parser("film", help="make one synthetic film with the actions you choose")
    add_seed(parser, most=N_SEEDS - 1, required=True, help="decides everything that is not requested")
    parser.add_argument("--actions", nargs="*", default=[], metavar="cNNN", help="requested actions, in their order")
    parser.add_argument("--split", default="val", help="whose people play: val or train (default %(default)s)")
    lengths = f"length: {', '.join(map(str, LENGTHS_S))} (default %(default)s)"
    add_whole_number(parser, "--seconds", least=1, most=max(LENGTHS_S), default=LENGTHS_S[0], help=lengths)
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder of films; gets one folder more")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Make the film, or find it made before, and say where it lies."""
    from ag_core.errors import UserError
    from ag_core.interruptions import hold_interruptions
    from ag_core.outputs import check_folder_target
    from ag_core.progress import ProgressReporter
    from ag_core.results.film_cache import FilmRequest, FinishedFilm
    from ag_core.taxonomy import ACTIONS, find_action_index

    try:
        actions = tuple(find_action_index(name) for name in options.actions)
    except KeyError as error:
        raise UserError(str(error.args[0])) from None
    order = FilmRequest(options.seed, actions, options.split, options.seconds)
    check_folder_target(options.out)
    from ag_core.world.ordered_film import make_ordered_film

    with ProgressReporter() as report, hold_interruptions() as is_interrupted:

        def report_or_end(stage: str, done: int, total: int) -> None:
            report(stage, done, total)
            if is_interrupted():
                raise KeyboardInterrupt

        # Compilers make something else of an interruption, or nothing at all.
        folder = make_ordered_film(order, options.out, report_or_end)
    made = FinishedFilm.load(folder)
    print(f"{made.video.path}: {made.video.script}")
    for interval in made.intervals:
        shown = ACTIONS[interval.action]
        print(f"{interval.start_s:6.2f} s to {interval.end_s:6.2f} s  {shown.id} {shown.label}")
    for number, reason in made.unmet:
        print(f"not shown: {ACTIONS[number].id} {ACTIONS[number].label} ({reason})")
