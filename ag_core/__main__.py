"""`action-genome COMMAND`, or `python -m ag_core COMMAND`: parse, call, print. A module of `ag_core.commands` each."""

import argparse
import importlib
import io
import os
import sys
from pathlib import Path

from ag_core import __version__
from ag_core.errors import UserError
from ag_core.settings import find_room_for_compiled_code

COMMANDS = (
    "app", "world", "film", "audit", "build-store", "train", "evaluate", "fill-tables", "predict", "predict-many",
    "export", "doctor", "convert-weights", "weights", "fetch-detector",
)  # fmt: skip


def main(arguments: list[str] | None = None) -> int:
    """Run one command; returns the exit code: 0 done, 1 refused with a sentence, 2 wrong arguments, 130 interrupted,
    141 nobody reads what it prints any more.
    """
    try:
        return _run(arguments)
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except BrokenPipeError:
        # Whoever read what is printed has enough, as `head` does; nothing more can be printed, not even at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return 141
    except KeyboardInterrupt:
        print("interrupted; what was finished is kept", file=sys.stderr)
        return 130


def _run(arguments: list[str] | None) -> int:
    installed = Path(sys.argv[0]).stem == "action-genome"
    parser = argparse.ArgumentParser(
        prog="action-genome" if installed else "python -m ag_core",
        description="Action Genome Explorer on the command line",
    )
    parser.add_argument("--version", action="version", version=f"Action Genome Explorer {__version__}")
    subparsers = parser.add_subparsers(dest="command", required=True)
    for name in COMMANDS:
        importlib.import_module(f"ag_core.commands.{name.replace('-', '_')}").add_parser(subparsers)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a name that the terminal's letters cannot write
    options = parser.parse_args(arguments)
    find_room_for_compiled_code()
    options.run(options)
    if sys.stdout is not None:
        sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
