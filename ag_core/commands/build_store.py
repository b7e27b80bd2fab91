"""`build-store`: annotations (and predictions) into one DuckDB file."""

import argparse
import sys
from pathlib import Path


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command and its options."""
    parser = subparsers.add_parser("build-store", help="read Charades and Action Genome annotations into a store")
    parser.add_argument("--charades", type=Path, metavar="DIR", help="folder with Charades_v1_train.csv or _test.csv")
    parser.add_argument("--action-genome", type=Path, metavar="DIR", help="folder with the released pickles")
    parser.add_argument("--videos", type=Path, metavar="DIR", help="folder with the video files, for their rates")
    parser.add_argument("--rates", type=Path, metavar="CSV", help="table video,fps for videos without a file")
    parser.add_argument("--predictions", type=Path, nargs="*", default=[], metavar="FILE", help="results of predict")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE.duckdb")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Build the store and print what is in it."""
    import time

    from ag_core.data.building import build_store
    from ag_core.data.store import AnnotationStore

    start = time.perf_counter()
    build_store(
        options.out,
        charades=options.charades,
        action_genome=options.action_genome,
        videos=options.videos,
        rates=options.rates,
        predictions=options.predictions,
        progress=_show,
    )
    seconds = time.perf_counter() - start
    with AnnotationStore(options.out) as store:
        for source in store.sources():
            counts = ", ".join(f"{count:,} {name.replace('_', ' ')}" for name, count in store.totals(source).items())
            print(f"{source}: {counts}")
        reasons = store.issues()["reason"].str.replace(r"[\d'].*", "…", regex=True).value_counts()
        for reason, count in reasons.head(8).items():
            print(f"  {count:,} x {reason}")
    print(f"{options.out}: {options.out.stat().st_size / 1e6:.1f} MB in {seconds:.1f} s")


def _show(stage: str, done: int, total: int) -> None:
    if total and sys.stderr.isatty():
        print(f"\r{stage}: {done} of {total}   ", end="\n" if done == total else "", file=sys.stderr)
