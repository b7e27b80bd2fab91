"""`weights`: register weights of your own by file, list them, remove them, and bring back what was removed."""

import argparse
import sys
from pathlib import Path

from ag_core.errors import UserError


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command, what it does, and their options."""
    from ag_core.results.own_weights import KINDS

    parser = subparsers.add_parser(
        "weights",
        help="bring your own weights: add, list, remove",
        description="Register weights files of your own. They are checked, kept by their content in the home folder, "
        "and can then be named wherever weights are chosen: on page Run, and as --weights NAME[,NAME] of predict and "
        "evaluate.",
    )
    what = parser.add_subparsers(dest="what", required=True)
    add = what.add_parser("add", help="check a file and register it under a name")
    endings = "a .safetensors file, bare tensors as .pt or .pth, or a detector as .onnx"
    add.add_argument("file", type=Path, metavar="FILE", help=endings)
    add.add_argument("--as", dest="kind", required=True, choices=tuple(KINDS), help="what it holds")
    add.add_argument("--name", required=True, metavar="NAME", help="what you call it")
    add.add_argument("--model", metavar="ID", help="whose weights they are, for a file that does not say so itself")
    add.set_defaults(run=run_add)
    what.add_parser("list", help="what is registered").set_defaults(run=run_list)
    remove = what.add_parser("remove", help="take weights out of what can be chosen")
    remove.add_argument("name", metavar="NAME")
    remove.add_argument("--yes", action="store_true", help="do not ask")
    remove.set_defaults(run=run_remove)
    what.add_parser("undo", help="bring back what was removed last").set_defaults(run=run_undo)


def run_add(options: argparse.Namespace) -> None:
    """Check the file and keep it."""
    from ag_core.results.own_weights import KINDS, CheckedFile, check_name, describe_family, keep_weights

    check_name(options.name)
    from ag_core.models.own_checkpoint import check_own_file  # seconds to import; a bad name is told at once

    family, table = describe_family(options.kind), KINDS[options.kind]
    with check_own_file(options.file, table, family, options.model) as (file, model, preset, stands_on):
        checked = CheckedFile(options.kind, model, preset, stands_on)
        own = keep_weights(file, options.name, checked, options.file.name)
    print(f"{own.name}: {own.model}, preset {own.preset}, {own.sha256[:12]}; choose it with --weights {own.name}")


def run_list(options: argparse.Namespace) -> None:
    """One line for each."""
    from ag_core.results.own_weights import list_own_weights

    every = list_own_weights()
    for own in every:
        print(f"{own.name}\t{own.kind}\t{own.model}\t{own.preset}\t{own.sha256[:12]}\t{own.file}\t{own.added}")
    if not every:
        print("no weights of your own; `weights add FILE --as KIND --name NAME` registers a file")


def run_remove(options: argparse.Namespace) -> None:
    """Ask, and remove."""
    from ag_core.results.own_weights import find_own_weights, remove_weights

    own = find_own_weights(options.name)
    if not options.yes:
        if not sys.stdin.isatty():
            raise UserError(f"{own.label} is removed only after a yes; add --yes")
        if input(f"Remove {own.label}? [y/N] ").strip().lower() not in ("y", "yes"):
            print("kept")
            return
    remove_weights(options.name)
    print(f"removed {own.label}; `weights undo` brings it back")


def run_undo(options: argparse.Namespace) -> None:
    """Bring back."""
    from ag_core.results.own_weights import undo_removal

    print(f"{undo_removal().label} is back")
