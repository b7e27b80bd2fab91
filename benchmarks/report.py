"""What came out of a benchmark: rows with their goals, printed as a table for a terminal or for a document."""

import json
import os
import platform
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from ag_core.files import write_atomically


@dataclass(frozen=True)
class Goal:
    """A number that should be at least, or at most, another. `wanted` is None for a figure without a goal."""

    what: str
    value: float
    unit: str = "x"
    at_least: float | None = None
    at_most: float | None = None

    @property
    def met(self) -> bool | None:
        """None where there is no goal."""
        if self.at_least is None and self.at_most is None:
            return None
        return (self.at_least is None or self.value >= self.at_least) and (
            self.at_most is None or self.value <= self.at_most
        )

    def __str__(self) -> str:
        if self.at_least is not None:
            wanted = f" (goal at least {self.at_least:g}{_unit(self.unit)})"
        elif self.at_most is not None:
            wanted = f" (goal at most {self.at_most:g}{_unit(self.unit)})"
        else:
            wanted = ""
        missed = ": missed" if self.met is False else ""
        return f"{self.what} {_short(self.value)}{_unit(self.unit)}{wanted}{missed}"


@dataclass(frozen=True)
class Row:
    """One job. `costs` says what each side took, in words; `equal` what was found equal on all sides.

    ours    the sides that are ours; empty for the first one alone
    column  set for a row of figures without sides: its column in a second table, where `costs` are by question
    """

    number: str
    job: str
    costs: dict[str, str]
    goals: list[Goal]
    equal: str
    skipped: list[str] = field(default_factory=list)
    ours: tuple[str, ...] = ()
    column: str = ""


def _unit(unit: str) -> str:
    return unit if unit in ("x", "%") else f" {unit}"


def _short(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def time_of(seconds: float) -> str:
    """A time as a person reads it."""
    return f"{seconds * 1000:.3g} ms" if seconds < 1 else f"{seconds:.3g} s"


def size_of(n_bytes: float) -> str:
    """A size as a person reads it."""
    return f"{n_bytes / 1000:.3g} kB" if n_bytes < 1e6 else f"{n_bytes / 1e6:,.3g} MB" if n_bytes < 1e9 else (
        f"{n_bytes / 1e9:.3g} GB"
    )  # fmt: skip


def machine() -> str:
    """Cores and processor of this machine, and how many processes wanted them in the last minute."""
    info = Path("/proc/cpuinfo")
    names = [line for line in info.read_text().splitlines() if line.startswith("model name")] if info.is_file() else []
    name = names[0].partition(": ")[2] if names else platform.processor() or platform.machine()
    load = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    return f"{os.cpu_count()} cores of {name}, Python {platform.python_version()}{load}"


def as_text(row: Row) -> str:
    """A row for a terminal."""
    lines = [f"{row.number:>3}  {row.job}"]
    lines += [f"       {name}: {cost}" for name, cost in row.costs.items()]
    lines += [f"       not installed, skipped: {name}" for name in row.skipped]
    lines += [f"       equal: {row.equal}"] + [f"       -> {goal}" for goal in row.goals]
    return "\n".join(lines)


def as_markdown(rows: Sequence[Row], data: str, repeats: int, where: str) -> str:
    """All rows as tables for docs/performance.md, with the day and the machine."""
    lines = [
        f"{date.today():%Y-%m-%d}, {where}. {data} Medians of {repeats}, the sides in turn in one run.",
        "",
        "| # | job | ours | others | ratio | equal |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    jobs = sorted((row for row in rows if not row.column), key=lambda row: int(row.number))
    lines += [_line_of_job(row) for row in jobs]
    missed = [f"row {row.number}, {goal}" for row in rows for goal in row.goals if goal.met is False]
    judged = sum(goal.met is not None for row in rows for goal in row.goals)
    said = f" Missed: {'; '.join(missed)}." if missed else ""
    lines += ["", f"{judged - len(missed)} of {judged} goals met.{said.replace(': missed', '')}"]
    by_size = sorted((row for row in rows if row.column), key=lambda row: not row.number.startswith("6"))
    figures = {row.column: row.costs for row in by_size}
    if figures:
        questions = dict.fromkeys(question for costs in figures.values() for question in costs)
        lines += ["", f"| question | {' | '.join(figures)} |", f"| --- |{' --- |' * len(figures)}"]
        lines += [f"| {q} | {' | '.join(costs.get(q, '') for costs in figures.values())} |" for q in questions]
    return "\n".join(lines) + "\n"


def _line_of_job(row: Row) -> str:
    """A row of the table of jobs."""
    ours = row.ours or tuple(row.costs)[:1]
    mine = [cost if len(ours) == 1 else f"{name}: {cost}" for name, cost in row.costs.items() if name in ours]
    others = [f"{name}: {cost}" for name, cost in row.costs.items() if name not in ours]
    goals = [f"**{goal}**" if goal.met is False else str(goal) for goal in row.goals]
    cells = (mine, others + [f"{name}: not installed" for name in row.skipped], goals)
    return f"| {row.number} | {row.job} | {' | '.join('<br>'.join(cell) for cell in cells)} | {row.equal} |"


BEGIN, END = "<!-- table -->", "<!-- end -->"


def into_document(path: Path, table: str, marks: tuple[str, str] = (BEGIN, END)) -> None:
    """Replace what stands between the marks in a document by the table."""
    text = path.read_text(encoding="utf-8")
    before, begin, rest = text.partition(marks[0])
    _, end, after = rest.partition(marks[1])
    if not begin or not end:
        raise SystemExit(f"{path} has no place for the table; write {marks[0]} and {marks[1]} on lines of their own")
    write_atomically(path, f"{before}{marks[0]}\n{table}{marks[1]}{after}")


def append_log(path: Path, rows: Iterable[Row], about: dict[str, Any], said: dict[str, str]) -> None:
    """Add one JSON line a row to a log, with the keys of the other lines of docs/results.jsonl.

    `about` is what release.json says; `said` has command, date and machine.
    """
    with path.open("a", encoding="utf-8") as file:
        for row in rows:
            line = {
                "what": f"benchmark {row.number}: {row.job}",
                "data": f"generated like {about['drawn_like']}, {about['scale']:g}x",
                "protocol": f"sides in turn in one run, medians; equal answers: {row.equal}; {said['machine']}",
                "n": about["written"],
                "seed": about["seed"],
                "command": said["command"],
                "date": said["date"],
                "metrics": {
                    "costs": row.costs,
                    "skipped": row.skipped,
                    "goals": [asdict(goal) | {"met": goal.met} for goal in row.goals],
                },
            }
            file.write(json.dumps(line, ensure_ascii=False) + "\n")
