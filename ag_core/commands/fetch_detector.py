"""`fetch-detector`: a detector for real footage and what finds hands, fetched over the network once."""

import argparse

from ag_core.catalog import DETECTORS, FETCHED_FIRST, MOVENET, POSE_NETWORKS, find_detector

USUAL = (FETCHED_FIRST, MOVENET)


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command and its options."""
    parser = subparsers.add_parser(
        "fetch-detector",
        help="fetch a detector for real footage, once",
        description="Fetch a detector that was trained on photographs, and a network that finds hands, check them, and "
        "keep them in AG_HOME. page Run and `predict` take them for all footage that is not of the home world. "
        "docs/detectors.md says what each can do.",
    )
    names = [*(name for name, entry in DETECTORS.items() if entry.download is not None), *POSE_NETWORKS]
    help = f"{', '.join(names)} (default: {' and '.join(USUAL)})"
    parser.add_argument("names", nargs="*", metavar="NAME", help=help)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Fetch each, or say that it is here."""
    from ag_core.downloads import fetch_weights, find_fetched
    from ag_core.progress import ProgressReporter

    for name in options.names or USUAL:
        entry = POSE_NETWORKS.get(name) or find_detector(name)
        there = find_fetched(entry)
        if there is not None:
            print(f"{there} is here already; remove it to fetch it anew")
            continue
        with ProgressReporter() as report:
            path = fetch_weights(entry, report)
        use = (
            "finds hands in other footage" if name in POSE_NETWORKS else f"for --detector {name}; other footage gets it"
        )
        print(f"{path}: {path.stat().st_size / 1e6:.1f} MB, {use} by itself")
