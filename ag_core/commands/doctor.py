"""`doctor`: what is odd in a store, how much of it, and what to do; the funnel beside the published counts."""

import argparse
from pathlib import Path

from ag_core.errors import UserError


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command and its options."""
    parser = subparsers.add_parser("doctor", help="check the annotations of a store, and say what to do")
    parser.add_argument("store", nargs="?", metavar="STORE", help="a store (default: the one the app opens)")
    parser.add_argument("--out", type=Path, metavar="FILE", help="write the report; ends in .json, .md or .html")
    parser.add_argument("--strict", action="store_true", help="exit with 1 when there are errors")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Examine, print what was found, write the report."""
    from ag_core.annotations.showcase_store import ensure_store
    from ag_core.annotations.store import AnnotationStore
    from ag_core.doctor.check import Severity
    from ag_core.doctor.funnel import NO_REFERENCE, describe_funnel
    from ag_core.doctor.report import make_report, summarize_findings, write_report
    from ag_core.outputs import check_target, holds_json, holds_markup, holds_text
    from ag_core.progress import ProgressReporter

    if options.out is not None:
        ending = options.out.suffix.lower()
        if ending not in (".json", ".md", ".html"):
            raise UserError(f"{options.out.name} has no known ending; name a file ending in .json, .md or .html")
        is_same_kind = {".json": holds_json, ".html": holds_markup}.get(ending, holds_text)
        check_target(options.out, is_same_kind=is_same_kind, kind=f"a report ending in {ending}")
    where = options.store or str(ensure_store())
    with AnnotationStore(where) as store, ProgressReporter() as line:
        report = make_report(
            store, Path(where).name, progress=lambda part, done, total: line("checking", done, total, part)
        )
    for row in report.funnel.itertuples(index=False):
        verdict = "" if row.verdict == NO_REFERENCE else f"  {row.verdict}"
        print(f"{row.step:42} train {row.train:>9,}  test {row.test:>9,}  together {row.together:>9,}{verdict}")
    if explanation := describe_funnel(report.funnel):
        print(explanation)
    for finding in report.findings:
        if finding.severity is not Severity.FINE:
            print(f"{finding.severity.value:8} {finding.title}: {finding.share}. {finding.figures}".rstrip())
    print(summarize_findings(report.findings))
    if options.out is not None:
        write_report(report, options.out)
        print(options.out)
    errors = report.counts[Severity.ERROR]
    if options.strict and errors:
        raise UserError(f"{errors} of the doctor's checks found errors in {where}; the report says what to do")
