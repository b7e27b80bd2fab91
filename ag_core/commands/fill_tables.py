"""`fill-tables`: fill the tables of numbers of a document from the results log, so that none is copied by hand."""

import argparse
from pathlib import Path

from ag_core.errors import UserError


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command and its options."""
    parser = subparsers.add_parser("fill-tables", help="fill a document's tables of numbers from a results log")
    parser.add_argument("document", type=Path, metavar="FILE", help="Markdown file with `metrics` comments")
    parser.add_argument("--log", type=Path, required=True, metavar="FILE", help="results, one JSON object a line")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Read the log, fill the tables, write the document."""
    from ag_core.evaluation.results_log import read_log
    from ag_core.evaluation.results_tables import BLOCK, fill_tables
    from ag_core.files import write_atomically
    from ag_core.outputs import check_target, holds_text

    for path in (options.document, options.log):
        if not path.is_file():
            raise UserError(f"{path} is not there; give a document and a log of results")
    check_target(options.document, [options.log], is_same_kind=holds_text, kind="a text")
    text = options.document.read_text(encoding="utf-8")
    write_atomically(options.document, fill_tables(text, read_log(options.log)))
    print(f"{len(BLOCK.findall(text))} tables filled in {options.document.name}")
