"""Annotations at true scale: our side and what people do today, in turn in one run, with equal answers.

    python benchmarks/make_release.py --out DIR
    python benchmarks/annotations.py --data DIR                                   # every row, a table in the terminal
    python benchmarks/annotations.py --data DIR --rows 1 3 4 --repeats 9
    python benchmarks/annotations.py --data DIR --markdown docs/performance.md --log docs/results.jsonl

Each row asserts that all sides give the same answer before its ratio is printed; peers not installed are named.
Stores and copies go to DIR/benchmark (--work), about 4 GB with the hundredfold relationships of row 6.
`--markdown FILE` replaces what stands between the marks `<!-- table -->` and `<!-- end -->`; `-` prints the table.
"""

import argparse
import os
import sys
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from benchmarks.jobs.folders import Folders

ROOT = Path(__file__).parent.parent

JOBS = {
    "1": "training_targets",
    "2": "conversion",
    "3": "first_graph",
    "4": "counting",
    "5": "sequences",
    "6": "growth",
    "14": "browser",
    "16": "tags",
    "lake": "lake",
}


def main() -> None:
    """Run the wanted rows and print, write and log them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, metavar="DIR", help="what make_release.py wrote")
    parser.add_argument("--rows", nargs="+", choices=JOBS, default=list(JOBS), help="default: all")
    parser.add_argument("--repeats", type=int, default=5, help="measurements of each side (default %(default)s)")
    parser.add_argument("--larger", type=int, nargs="*", default=[10, 100], help="sizes of row 6 (default 10 100)")
    parser.add_argument("--work", type=Path, metavar="DIR", help="for stores and copies (default DATA/benchmark)")
    parser.add_argument("--markdown", metavar="FILE", help="put the table into a document; - prints it")
    parser.add_argument("--log", type=Path, metavar="FILE", help="append one JSON line a row")
    options = parser.parse_args()
    if not (options.data / "release.json").is_file():
        parser.error(
            f"{options.data} has no release.json; make it with benchmarks/make_release.py --out {options.data}"
        )

    os.environ["OMP_NUM_THREADS"] = "1"
    sys.path.insert(0, str(ROOT))
    from benchmarks.jobs.folders import Folders
    from benchmarks.report import append_log, as_markdown, as_text, into_document, machine

    data = options.data.resolve()
    folders = Folders(data, (options.work or data / "benchmark").resolve(), options.repeats, tuple(options.larger))
    where, rows = machine(), []
    for name in options.rows:
        for row in import_module(f"benchmarks.jobs.{JOBS[name]}").run(folders):
            rows.append(row)
            print(as_text(row), flush=True)
        if (
            options.markdown and options.markdown != "-"
        ):  # after each job, so that a run that is stopped leaves its rows
            into_document(Path(options.markdown), as_markdown(rows, about(folders), options.repeats, where))
    if options.markdown == "-":
        print(as_markdown(rows, about(folders), options.repeats, where))
    if options.log:
        said = {
            "command": f"benchmarks/annotations.py --rows {' '.join(options.rows)} --repeats {options.repeats}",
            "date": datetime.now(UTC).isoformat(timespec="seconds"),
            "machine": where,
        }
        append_log(options.log, rows, folders.description, said)


def about(folders: "Folders") -> str:
    """One sentence on the data."""
    counts, said = folders.written, folders.description
    return (
        f"Generated annotations like {said['drawn_like']}, {said['scale']:g} times the published size "
        f"({counts['charades_videos']:,} videos, {counts['frames']:,} frames, {counts['entries']:,} objects, "
        f"{counts['relations']:,} relationships), seed {said['seed']}."
    )


if __name__ == "__main__":
    main()
