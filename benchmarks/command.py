"""The command of a benchmark with one row: measure, print, and fill the document and the log that are named."""

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ag_core.evaluation.results_log import append_log_row, build_log_row
from benchmarks.report import Row, as_markdown, as_text, into_document, machine


@dataclass(frozen=True)
class Benchmark:
    """What is measured and where it stands.

    name     in the log; data: one sentence above the table; marks: around the table in the document
    measure  the row of so many frames and repeats
    """

    name: str
    data: str
    marks: tuple[str, str]
    measure: Callable[[int, int], Row]
    frames: int
    repeats: int


def run_benchmark(benchmark: Benchmark, description: str | None) -> None:
    """Take the options of the command line and do what they say."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--frames", type=int, default=benchmark.frames)
    parser.add_argument("--repeats", type=int, default=benchmark.repeats)
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="fill the table of this document")
    parser.add_argument("--log", type=Path, metavar="FILE", help="append the result to this log")
    options = parser.parse_args()
    where = machine()
    row = benchmark.measure(options.frames, options.repeats)
    print(as_text(row))
    if options.markdown is not None:
        table = as_markdown([row], benchmark.data, options.repeats, where)
        into_document(options.markdown, table, benchmark.marks)
    if options.log is not None:
        about = {"machine": where, "job": row.job, "costs": row.costs, "equal": row.equal}
        goals = {goal.what: round(goal.value, 3) for goal in row.goals}
        append_log_row(options.log, build_log_row(f"benchmark of {benchmark.name}", (), about | goals))
