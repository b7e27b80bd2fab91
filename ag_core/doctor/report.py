"""The doctor's report as one value and as a file: JSON for programs, Markdown and HTML for people.

Holds the first rows of each finding; their number is told, and the page gives all of them.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from ag_core.annotations.statistics.funnel import SMALL_SIDE
from ag_core.doctor.check import Finding, Severity
from ag_core.doctor.check_runner import list_finding_rows, run_checks
from ag_core.doctor.funnel import COLUMNS, compare_funnel, describe_funnel, load_published_counts
from ag_core.errors import UserError
from ag_core.files import write_atomically
from ag_core.progress import Progress
from ag_core.table_files import list_records

if TYPE_CHECKING:
    from ag_core.annotations.store import AnnotationStore

FORMAT = "action-genome-explorer/doctor/1"
ROWS_IN_FILE = 100
ROWS_TO_READ = 10
"""A file for programs holds this many rows of each finding, one for people fewer."""

HEADINGS = {
    Severity.ERROR: "Errors: results made from these rows are wrong",
    Severity.WARNING: "Warnings: look at these rows before relying on them",
    Severity.NOTE: "Notes: harmless once known",
    Severity.FINE: "Fine: looked for and not found",
}

_STYLE = """:root{color-scheme:light dark}body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;
padding:0 1rem}table{border-collapse:collapse;font-size:13px;display:block;overflow-x:auto}
td,th{padding:.2rem .6rem;text-align:left;border-bottom:1px solid #8886}h3{margin:1.4rem 0 .2rem}p{margin:.3rem 0}"""


@dataclass(frozen=True)
class Report:
    """What was found in a store.

    findings  worst first; funnel and small_funnel (without small objects) as `compare_funnel` gives them
    rows      the first rows of each finding that has any, by its id
    """

    store: str
    findings: tuple[Finding, ...]
    funnel: pd.DataFrame
    small_funnel: pd.DataFrame
    rows: Mapping[str, pd.DataFrame]

    @property
    def counts(self) -> dict[Severity, int]:
        """How many findings there are of each severity."""
        return count_severities(self.findings)


def count_severities(findings: Sequence[Finding]) -> dict[Severity, int]:
    """How many findings there are of each severity, worst first."""
    return {severity: sum(one.severity is severity for one in findings) for severity in Severity}


def summarize_findings(findings: Sequence[Finding]) -> str:
    """'No errors, 2 warnings, 14 notes; 61 checks found nothing.'"""
    counts = count_severities(findings)
    named = [_count_noun(counts[severity], severity.value) for severity in list(Severity)[:3]]
    return f"{', '.join(named).capitalize()}; {_count_noun(counts[Severity.FINE], 'check')} found nothing."


def _count_noun(count: int, noun: str) -> str:
    return f"{count or 'no'} {noun}{'' if count == 1 else 's'}"


def make_report(
    store: "AnnotationStore", name: str, findings: Sequence[Finding] | None = None, progress: Progress | None = None
) -> Report:
    """Examine a store (unless the findings are given) and gather the first rows of each finding."""
    found = tuple(run_checks(store, progress) if findings is None else findings)
    rows = {one.id: list_finding_rows(store, one.id, ROWS_IN_FILE) for one in found if one.count}
    return Report(name, found, compare_funnel(store), compare_funnel(store, SMALL_SIDE), rows)


def format_report(report: Report, ending: str) -> str:
    """The report in the form that a file ending names: json, md or html. UserError for another."""
    writers = {"json": _format_json, "md": _format_markdown, "html": _format_html}
    if ending not in writers:
        raise UserError(f"a report cannot be written as {ending!r}; name a file ending in .json, .md or .html")
    return writers[ending](report)


def write_report(report: Report, path: Path) -> None:
    """Write a report as its ending says; the file appears whole or not at all."""
    write_atomically(path, format_report(report, path.suffix.lower().lstrip(".")))


def _format_json(report: Report) -> str:
    content: dict[str, Any] = {
        "format": FORMAT,
        "store": report.store,
        "summary": summarize_findings(report.findings),
        "counts": {severity.value: count for severity, count in report.counts.items()},
        "published": load_published_counts()["source"],
        "funnel": list_records(report.funnel),
        "funnel_without_small_objects": list_records(report.small_funnel),
        "findings": [
            asdict(one) | {"rows": list_records(report.rows[one.id]) if one.count else []} for one in report.findings
        ],
    }
    return json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def format_funnel_cells(funnel: pd.DataFrame) -> tuple[list[str], list[list[str]]]:
    """Head and cells of a funnel as text, the published number in brackets behind ours."""
    rows = []
    for row in funnel.to_dict(orient="records"):
        numbers = [
            f"{row[column]:,}" + ("" if pd.isna(published := row[f"{column}_published"]) else f" ({published:,})")
            for column in COLUMNS
        ]
        rows.append([row["step"], *numbers, row["verdict"], row["origin"]])
    return ["Step", *(f"{column.capitalize()} (published)" for column in COLUMNS), "Verdict", "Published by"], rows


def format_row_cells(rows: pd.DataFrame) -> tuple[list[str], list[list[str]]]:
    """Head and cells of a finding's first rows as text; unknown cells are empty."""
    cells = [
        [
            "" if pd.isna(video_id) else str(video_id),
            "" if pd.isna(frame) else str(int(frame)),
            "" if pd.isna(time_s) else f"{time_s:.3f}",
            "" if pd.isna(details) else str(details),
        ]
        for video_id, frame, time_s, details in rows.head(ROWS_TO_READ).itertuples(index=False)
    ]
    return ["Video", "Frame", "Time (s)", "Details"], cells


def _format_markdown(report: Report) -> str:
    lines = [
        "# Doctor's report",
        "",
        f"Store: {report.store}. {summarize_findings(report.findings)}",
        "",
        "## The funnel",
        "",
    ]
    lines += [*_format_markdown_table(*format_funnel_cells(report.funnel)), "", _format_provenance(report), ""]
    lines += [f"### Without objects of at most {SMALL_SIDE:.0f} pixels", ""]
    lines += _format_markdown_table(*format_funnel_cells(report.small_funnel))
    for severity, heading in HEADINGS.items():
        chosen = [one for one in report.findings if one.severity is severity]
        if chosen:
            lines += ["", f"## {heading}", ""]
        if severity is Severity.FINE:
            lines += [f"- {one.title}: {one.share} ({one.area})" for one in chosen]
            continue
        for one in chosen:
            lines += [f"### {one.title}: {one.share}", "", f"{one.area}. {one.meaning} {one.figures}".strip(), ""]
            lines += [
                f"What to do: {one.remedy}",
                "",
                *_format_markdown_table(*format_row_cells(report.rows[one.id])),
                "",
            ]
            lines += _count_hidden_rows(one)
    return "\n".join(lines).rstrip() + "\n"


def _format_provenance(report: Report) -> str:
    return f"Published: {load_published_counts()['source']}. {describe_funnel(report.funnel)}".strip()


def _count_hidden_rows(finding: Finding) -> list[str]:
    hidden = finding.count - ROWS_TO_READ
    return [f"and {hidden:,} more.", ""] if hidden > 0 else []


def _format_markdown_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    def line(cells: Sequence[str]) -> str:
        return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"

    return [line(head), line(["---"] * len(head)), *(line(row) for row in rows)]


def _format_html(report: Report) -> str:
    parts = [
        f"<h1>Doctor's report</h1><p>Store: {escape(report.store)}. {escape(summarize_findings(report.findings))}</p>"
    ]
    parts += ["<h2>The funnel</h2>", _format_html_table(*format_funnel_cells(report.funnel))]
    parts += [f"<p>{escape(_format_provenance(report))}</p>"]
    parts += [f"<h3>Without objects of at most {SMALL_SIDE:.0f} pixels</h3>"]
    parts += [_format_html_table(*format_funnel_cells(report.small_funnel))]
    for severity, heading in HEADINGS.items():
        chosen = [one for one in report.findings if one.severity is severity]
        if chosen:
            parts.append(f"<h2>{escape(heading)}</h2>")
        if severity is Severity.FINE:
            items = "".join(f"<li>{escape(f'{one.title}: {one.share} ({one.area})')}</li>" for one in chosen)
            parts.append(f"<ul>{items}</ul>")
            continue
        for one in chosen:
            parts.append(f"<h3>{escape(one.title)}: {escape(one.share)}</h3>")
            parts.append(f"<p>{escape(f'{one.area}. {one.meaning} {one.figures}'.strip())}</p>")
            parts.append(f"<p>What to do: {escape(one.remedy)}</p>")
            parts.append(_format_html_table(*format_row_cells(report.rows[one.id])))
            parts += [f"<p>{escape(line)}</p>" for line in _count_hidden_rows(one) if line]
    head = f"<meta charset=utf-8><title>Doctor's report</title><style>{_STYLE}</style>"
    return f"<!doctype html><html lang=en>{head}\n" + "\n".join(parts) + "</html>\n"


def _format_html_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    heads = "".join(f"<th>{escape(cell)}</th>" for cell in head)
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>"
