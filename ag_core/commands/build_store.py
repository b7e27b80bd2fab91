"""`build-store`: annotations (and predictions) into one DuckDB file, and into a lake of Parquet files."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ag_core.annotations.store import AnnotationStore


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command and its options."""
    parser = subparsers.add_parser(
        "build-store",
        help="read Charades and Action Genome annotations into a store",
        description="Read annotations and predictions into a store. A build that was stopped goes on where it was; "
        "a store that was built from the same files is left as it is.",
    )
    parser.add_argument("--charades", type=Path, metavar="DIR", help="folder with Charades_v1_train.csv or _test.csv")
    parser.add_argument("--action-genome", type=Path, metavar="DIR", help="folder with the released pickles")
    parser.add_argument("--videos", type=Path, metavar="DIR", help="folder with the video files, for their rates")
    parser.add_argument("--rates", type=Path, metavar="CSV", help="table video,fps for videos without a file")
    parser.add_argument("--predictions", type=Path, nargs="*", default=[], metavar="FILE", help="results of predict")
    parser.add_argument("--home-world", type=Path, metavar="DIR", help="folder of `world`: all of it, with exact truth")
    parser.add_argument("--corrections", type=Path, metavar="DIR", help="frames corrected in the player, as a source")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE.duckdb")
    parser.add_argument("--lake", type=Path, metavar="DIR", help="also write the store as partitioned Parquet files")
    parser.add_argument("--copy-to", metavar="s3://BUCKET/FOLDER", help="copy the lake of --lake there, too")
    parser.add_argument("--force", action="store_true", help="build although the store is current")
    parser.add_argument("--memory", default="1GB", metavar="SIZE", help="bound while sorting (default %(default)s)")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Build the store and print what is in it."""
    import time

    from ag_core.annotations.building.build import build_store, holds_store
    from ag_core.annotations.lake.sending import check_address, send_lake
    from ag_core.annotations.readers.corrections import find_corrected_annotation
    from ag_core.annotations.store import AnnotationStore
    from ag_core.errors import UserError
    from ag_core.outputs import check_folder_target, check_target
    from ag_core.progress import ProgressReporter

    check_target(
        options.out,
        inputs=[path for path in (options.rates, *options.predictions) if path is not None],
        is_same_kind=holds_store,
        kind="an annotation store",
        seekable=True,
    )
    if options.lake is not None:
        check_folder_target(options.lake)
    if options.copy_to is not None:
        check_address(options.copy_to)
        if options.lake is None:
            raise UserError("--copy-to copies a lake; say with --lake DIR where it is to be written first")
    start = time.perf_counter()
    world = options.home_world
    inner = {name: None if world is None else world / name for name in ("charades", "annotations", "videos")}
    further = []
    if world is not None:
        from ag_core.world.dense_source import find_dense_annotation

        further = [find_dense_annotation(world)]
    if options.corrections is not None:
        corrected = find_corrected_annotation(options.corrections)
        if corrected is None:
            raise UserError(
                f"{options.corrections} holds no corrections; give the folder in which the player keeps them"
            )
        further.append(corrected)
    with ProgressReporter() as report:
        written = build_store(
            options.out,
            charades=options.charades or inner["charades"],
            action_genome=options.action_genome or inner["annotations"],
            videos=options.videos or inner["videos"],
            rates=options.rates,
            predictions=options.predictions,
            progress=report,
            memory=options.memory,
            force=options.force,
            lake=options.lake,
            further=further,
        )
        if options.copy_to is not None:
            send_lake(options.lake, options.copy_to, report)
    seconds = time.perf_counter() - start
    with AnnotationStore(options.out) as store:
        _print_contents(store)
    size = f"{options.out}: {options.out.stat().st_size / 1e6:.1f} MB"
    if written:
        print(f"{size} in {seconds:.1f} s{_peak()}")
    else:
        print(f"{size}, already built from these files; nothing to do (--force builds it again)")
    if options.lake is not None:
        print(f"{options.lake}: {sum(path.stat().st_size for path in options.lake.rglob('*.parquet')) / 1e6:.1f} MB")


def _print_contents(store: "AnnotationStore") -> None:
    """Counts of each source, and the issues by kind."""
    from ag_core.annotations.statistics.counts import count_rows

    for source in store.sources():
        counts = {name: count for name, count in count_rows(store, source).items() if name != "issues"}
        print(f"{source}: " + ", ".join(f"{count:,} {name.replace('_', ' ')}" for name, count in counts.items()))
    issues = store.issues()
    kinds = issues["kind"].value_counts().sort_index()
    print(
        f"issues: {kinds.sum():,}"
        + (", listed in the table `issues` and by `python -m ag_core doctor`" * bool(len(kinds)))
    )
    of_inputs = issues[issues["key"] == ""].groupby("kind")["reason"].agg("; ".join)  # of a whole file or folder
    for kind, count in kinds.items():
        print(f"  {count:>9,} {kind}" + (f": {of_inputs[kind]}" if kind in of_inputs else ""))


def _peak() -> str:
    """The most memory this process has had, where the system tells."""
    try:
        import resource
    except ImportError:
        return ""
    unit = 1 if sys.platform == "darwin" else 1024
    return f", at most {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6:,.0f} MB of memory"
