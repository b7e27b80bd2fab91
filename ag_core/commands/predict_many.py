"""`predict-many`: scene graphs and action scores of many videos into one lake, by many workers, and after a kill."""

import argparse
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from ag_core.catalog import DEFAULT_RELATION_HEAD, DETECTORS, FETCHED_FIRST, HOME_WORLD, find_detector
from ag_core.commands.number_options import add_number, add_threads, add_whole_number
from ag_core.commands.prediction_options import read_prediction_settings, read_weights
from ag_core.results.choices import MAX_MIN_SIDE_PX, MAX_PERSON, MAX_RATE, USUAL_EVIDENCE

if TYPE_CHECKING:
    from ag_core.bulk.engines import Resources
    from ag_core.bulk.predicting import BulkSettings

MAX_WORKERS = 100_000


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command and its options."""
    parser = subparsers.add_parser(
        "predict-many",
        help="predict many videos into one lake, with many workers",
        description="Predict many videos into one lake that the app opens (AG_STORE=LAKE). A run that was stopped or "
        "killed goes on where it was when the same command is given again. See docs/scale.md.",
    )
    parser.add_argument(
        "source",
        metavar="SOURCE",
        help="a folder of videos, a store, a text file of paths, or an address such as s3://BUCKET/PREFIX",
    )
    parser.add_argument("--out", type=Path, required=True, metavar="LAKE", help="folder of the lake")
    to = "copy the lake there when it is whole, for AG_STORE=s3://BUCKET/FOLDER"
    parser.add_argument("--copy-to", metavar="s3://BUCKET/FOLDER", help=to)
    parser.add_argument(
        "--report", type=Path, metavar="FILE.json", help="report of the run (default: LAKE.report.json)"
    )
    work = parser.add_argument_group("who works")
    work.add_argument(
        "--engine",
        default="pool",
        metavar="pool|ray|daft",
        help="pool: processes of this machine (default); ray: Ray Data, here or on a cluster; daft",
    )
    add_whole_number(
        work,
        "--workers",
        least=1,
        most=MAX_WORKERS,
        metavar="N",
        help="processes with models of their own (default: one a GPU, or one for so many threads as this machine has)",
    )
    add_threads(work, default=1, metavar="N", help="processor threads of each worker (default %(default)s)")
    work.add_argument("--address", metavar="HOST:PORT|auto", help="of a running Ray cluster, for --engine ray")
    work.add_argument("--device", default=None, help="cpu or cuda; without it the GPUs where there are some")
    work.add_argument(
        "--share",
        metavar="K/N",
        help="predict the K-th of N shares only and write no lake; a call without it then does the rest",
    )
    models = parser.add_argument_group("which models, as of `predict`")
    models.add_argument("--detector", metavar="NAME|FILE.onnx", help=f"{', '.join(DETECTORS)} or a file")
    models.add_argument("--fetch", action="store_true", help="fetch a detector for real footage that is not here")
    models.add_argument("--relation-head", default=DEFAULT_RELATION_HEAD, metavar="NAME", help="default %(default)s")
    rate = "graphs per second (default %(default)g)"
    add_number(models, "--rate", most=MAX_RATE, open_below=True, default=2.0, help=rate)
    models.add_argument("--smooth", action="store_true", help="make relationships steady through time")
    models.add_argument("--habits", default="auto", choices=("auto", "learned", "real"), help="default %(default)s")
    share = "with real habits, how far the head's own evidence counts, from 0 to 1 (default %(default)g)"
    add_number(models, "--evidence", most=1, default=USUAL_EVIDENCE, help=share)
    near = "with real habits, let hands near an object count, where what finds them was fetched (default: yes)"
    models.add_argument("--hands", action=argparse.BooleanOptionalAction, default=True, help=near)
    add_whole_number(models, "--person", least=1, most=MAX_PERSON, default=1, metavar="N", help="whom to follow")
    small = "leave out objects that are less than so many pixels wide or high (default %(default)s)"
    add_whole_number(models, "--min-size", least=0, most=MAX_MIN_SIDE_PX, default=0, metavar="PIXELS", help=small)
    models.add_argument("--weights", metavar="DIR|NAME[,NAME]", help="folder of weights, or your own ones by name")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Predict what is missing, write the lake and the report; an interrupted or refused run leaves a report, too."""
    from ag_core.annotations.lake.sending import check_address, send_lake
    from ag_core.bulk.engines import find_engine
    from ag_core.bulk.run import BulkRun, Share
    from ag_core.bulk.sources import list_videos
    from ag_core.errors import UserError
    from ag_core.outputs import check_target, holds_json
    from ag_core.progress import ProgressReporter

    report_file = options.report or options.out.with_name(f"{options.out.name}.report.json")
    check_target(report_file, is_same_kind=holds_json, kind="JSON")
    if options.address and options.engine != "ray":
        raise UserError(f"--address is of a Ray cluster, and the engine is {options.engine}; add --engine ray")
    engine = find_engine(options.engine)
    share = Share.parse(options.share) if options.share else Share()
    if options.copy_to is not None:
        check_address(options.copy_to)
        if not share.whole:
            raise UserError("a share makes no lake that could be copied; give --copy-to to the call without --share")
    settings, resources = _choose_settings(options), _choose_resources(options)
    with ProgressReporter() as report:
        report("listing videos", 0, 1)
        found = list_videos(options.source)
        job = BulkRun(options.source, found, options.out, settings, resources, share)
        state, refusal = "interrupted", ""
        try:
            job.predict(engine, report)
            if share.whole:
                job.write_lake(report)
            if options.copy_to is not None:
                send_lake(options.out, options.copy_to, report)
            state = "complete"
        except UserError as error:
            state, refusal = "refused", str(error)
            raise
        finally:
            told = job.report(options.engine, state, refusal)
            told.save(report_file)
            report.close()
            print(told.to_text())
    made = options.out if share.whole else f"share {options.share}, to be joined by a call without --share"
    copied = "" if options.copy_to is None else f"; copied to {options.copy_to}"
    print(f"{made}{copied}; report in {report_file}; finished videos stay in {settings.work}, for a run that goes on")


def _choose_settings(options: argparse.Namespace) -> "BulkSettings":
    """What is asked of every video. UserError for models or weights that are not there."""
    from ag_core.bulk.predicting import BulkSettings
    from ag_core.bulk.run import find_work_folder
    from ag_core.downloads import fetch_all, list_unfetched
    from ag_core.models.onnx_header import read_onnx_header
    from ag_core.progress import ProgressReporter
    from ag_core.results.own_weights import find_own_weights

    weights, own = read_weights(options.weights)
    named = HOME_WORLD if any(find_own_weights(name).kind == "detector" for name in own) else options.detector
    if options.fetch:
        entry = DETECTORS[FETCHED_FIRST] if named is None else find_detector(named)
        if missing := list_unfetched(entry):
            with ProgressReporter() as report:
                missed = fetch_all(missing, report)
            if missed is not None:
                print(f"note: {missed}", file=sys.stderr)
    if named is not None and find_detector(named).file_ending is not None:
        read_onnx_header(Path(named))
    chosen = read_prediction_settings(options, named or HOME_WORLD, own)
    return BulkSettings(
        chosen=replace(chosen, evidence=options.evidence),
        detector=None if named is None else chosen.detector,
        habits=options.habits,
        work=find_work_folder(options.out),
        weights=weights,
        device=_choose_device(options),
    )


def _choose_device(options: argparse.Namespace) -> str:
    from ag_core.settings import settings

    return settings().device if options.device is None else str(options.device)


def _choose_resources(options: argparse.Namespace) -> "Resources":
    """What the run may use; the number of GPUs is asked of torch, unless the processor was named."""
    from ag_core.bulk.engines import Resources, count_cores

    gpus = 0
    if not _choose_device(options).startswith("cpu"):
        import torch

        gpus = torch.cuda.device_count()
    workers = options.workers or gpus or max(1, count_cores() // options.threads)
    return Resources(workers, options.threads, gpus, options.address)
