"""`fetch-detector`: a detector for real footage, fetched over the network once."""

import argparse

from ag_core.catalog import DETECTORS, FETCHED_FIRST


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command and its options."""
    parser = subparsers.add_parser(
        "fetch-detector",
        help="fetch a detector for real footage, once",
        description="Fetch a detector that was trained on photographs, check it, and keep it in AG_HOME. page Run and "
        "`predict` take it for all footage that is not of the home world. docs/detectors.md says what each can do.",
    )
    names = [name for name, entry in DETECTORS.items() if entry.download is not None]
    parser.add_argument("name", nargs="?", default=FETCHED_FIRST, choices=names, help="default %(default)s")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Fetch it, or say that it is here."""
    from ag_core.downloads import fetch_weights, find_fetched
    from ag_core.progress import ProgressReporter

    entry = DETECTORS[options.name]
    there = find_fetched(entry)
    if there is not None:
        print(f"{there} is here already; remove it to fetch it anew")
        return
    with ProgressReporter() as report:
        path = fetch_weights(entry, report)
    print(f"{path}: {path.stat().st_size / 1e6:.1f} MB, for --detector {entry.id}; other footage gets it by itself")
