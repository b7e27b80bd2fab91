"""`predict`: scene graphs and action scores of one video, to a file, without a browser."""

import argparse
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from ag_core.catalog import DEFAULT_RELATION_HEAD, DETECTORS, FETCHED_FIRST, HOME_WORLD, find_detector
from ag_core.commands.number_options import add_number, add_whole_number
from ag_core.commands.prediction_options import read_prediction_settings, read_weights
from ag_core.results.choices import MAX_MIN_SIDE_PX, MAX_PERSON, MAX_RATE, USUAL_EVIDENCE

if TYPE_CHECKING:
    from ag_core.records import SceneGraph
    from ag_core.results.prediction import Prediction


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command and its options."""
    parser = subparsers.add_parser(
        "predict",
        help="predict the scene graphs and actions of a video",
        description="Predict the scene graphs and actions of a video. The file is described in docs/prediction.md.",
    )
    parser.add_argument("video", type=Path, metavar="VIDEO")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE.json")
    parser.add_argument(
        "--detector",
        metavar="NAME|FILE.onnx",
        help=f"{', '.join(DETECTORS)} or a file; without it the home world's for its films, and for other footage one "
        "that was fetched",
    )
    parser.add_argument(
        "--fetch", action="store_true", help="fetch a detector that is needed and not here, without asking"
    )
    parser.add_argument("--relation-head", default=DEFAULT_RELATION_HEAD, metavar="NAME", help="default %(default)s")
    add_number(
        parser, "--rate", most=MAX_RATE, open_below=True, default=2.0, help="graphs per second (default %(default)g)"
    )
    parser.add_argument(
        "--smooth", action="store_true", help="make relationships steady through time, whatever head judged them"
    )
    parser.add_argument(
        "--habits",
        default="auto",
        choices=("auto", "learned", "real"),
        help="how often relationships hold: as the head learned it, or as it is annotated in real homes; auto (the "
        "default) takes real ones for all but films of the home world",
    )
    share = "with real habits, how far the head's own evidence counts, from 0 to 1 (default %(default)g)"
    add_number(parser, "--evidence", most=1, default=USUAL_EVIDENCE, help=share)
    parser.add_argument(
        "--hands",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="with real habits, let hands near an object count, where what finds them was fetched (default: yes)",
    )
    people = "whom to follow where there are several: 1 is who is there most (default %(default)s)"
    add_whole_number(parser, "--person", least=1, most=MAX_PERSON, default=1, metavar="N", help=people)
    small = "leave out objects that are less than so many pixels wide or high (default %(default)s)"
    add_whole_number(parser, "--min-size", least=0, most=MAX_MIN_SIDE_PX, default=0, metavar="PIXELS", help=small)
    parser.add_argument("--device", default=None, help="cpu or cuda; without it the GPU when there is one")
    parser.add_argument(
        "--weights", metavar="DIR|NAME[,NAME]", help="folder of weights, or your own ones by name (default: shipped)"
    )
    parser.add_argument(
        "--oracle",
        metavar="STORE",
        help="also score the SGFB oracle, which reads this video's annotated graphs: a store, or the folder of a home "
        "world, that has them",
    )
    parser.add_argument(
        "--card", action="store_true", help="say what is known of the result: what it can see, how good it was measured"
    )
    parser.add_argument("--no-cache", action="store_true", help="predict anew, and keep no result for the app")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Predict, or take the kept result; write the file whole or not at all."""
    from ag_core.errors import UserError
    from ag_core.files import write_or_rescue
    from ag_core.graphs.edges import has_clear_person
    from ag_core.models.onnx_header import read_onnx_header
    from ag_core.outputs import check_target, find_message_stream, holds_json
    from ag_core.progress import ProgressReporter
    from ag_core.results.own_weights import find_own_weights
    from ag_core.results.prediction_cache import (
        compute_result_key,
        keep_result,
        load_finished_result,
    )
    from ag_core.results.prediction_notes import needs_real_habits
    from ag_core.results.result_card import build_result_card, with_card
    from ag_core.settings import settings
    from ag_core.video.frames import probe_video

    inputs = (options.video, *([Path(options.detector)] if options.detector else []))
    check_target(options.out, inputs, is_same_kind=holds_json, kind="JSON")
    say = partial(print, file=find_message_stream(options.out))
    video = probe_video(options.video)
    weights, own = read_weights(options.weights)
    own_detector = any(find_own_weights(name).kind == "detector" for name in own)
    named = HOME_WORLD if own_detector else options.detector
    detector = _choose_detector(options.video, named, options.fetch)
    if find_detector(detector).file_ending is not None:
        read_onnx_header(Path(detector))  # what is no model is refused before anything long
    chosen = read_prediction_settings(options, detector, own)
    if options.habits == "real" or (options.habits == "auto" and needs_real_habits(options.video, weights)):
        chosen = replace(chosen, evidence=options.evidence)
    annotated = _read_annotated_graphs(options, video.video_id)
    folders = settings().list_folders("results")
    key = compute_result_key(options.video, chosen, weights)
    kept = None if options.no_cache else load_finished_result(folders, key, options.video)
    if kept is not None:
        write_or_rescue(options.out, with_card(_add_oracle(kept, annotated, options, weights)).save)
        say(f"{options.out}: {len(kept.frames)} graphs, from the kept results")
        if options.card:
            say(build_result_card(kept).to_text())
        return

    device = settings().device if options.device is None else options.device
    with ProgressReporter() as report:
        report("loading models", 0, 1)
        from ag_core.pipeline import load_models, predict_video

        models = load_models(device, chosen, weights)
        began = time.perf_counter()
        prediction = predict_video(options.video, models, chosen.rate, report, person=chosen.person)
    seconds = time.perf_counter() - began
    if not options.no_cache:
        try:
            keep_result(prediction, folders[0], chosen, weights)
            if sentence := settings().explain_locked_home():
                say(f"note: {sentence}")
        except UserError as error:
            say(f"note: the result is not kept for the app: {error}")
    write_or_rescue(options.out, with_card(_add_oracle(prediction, annotated, options, weights)).save)
    persons = sum(map(has_clear_person, prediction.frames))
    say(f"{options.out}: {len(prediction.frames)} graphs, {persons} with a person")
    say(
        f"{video.duration_s:.1f} s of video in {seconds:.1f} s on {models.device.type}: "
        f"{len(prediction.frames) / seconds:.1f} graphs a second with their clips, "
        f"{(video.n_frames or 0) / seconds:.1f} frames of the file a second"
    )
    for note in prediction.notes:
        say(f"note: {note}")
    if options.card:
        say(build_result_card(prediction).to_text())


def _read_annotated_graphs(options: argparse.Namespace, video_id: str) -> "Sequence[SceneGraph] | None":
    """What the oracle is to read; None where no store is named. UserError where it has no graphs of the video."""
    if options.oracle is None:
        return None
    from ag_core.commands.training_data import open_data, parse_location
    from ag_core.oracle import read_annotated_graphs

    where = argparse.Namespace(data=parse_location(options.oracle), source=None, cache=None)
    data = open_data(where, "test")
    return read_annotated_graphs(data.store, video_id, data.source)


def _add_oracle(
    prediction: "Prediction", graphs: "Sequence[SceneGraph] | None", options: argparse.Namespace, weights: Path
) -> "Prediction":
    """The prediction, with the oracle's scores where it has annotated graphs to read."""
    if graphs is None:
        return prediction
    from ag_core.oracle import add_oracle_scores
    from ag_core.progress import ProgressReporter

    with ProgressReporter() as report:
        return add_oracle_scores(prediction, options.video, graphs, options.device or "", weights, report)


def _choose_detector(video: Path, named: str | None, fetch: bool) -> str:
    """The detector that was named, or the one for such a video; fetched where it is not here and somebody says yes.

    UserError with the choices where nobody does.
    """
    from ag_core.downloads import explain_missing, fetch_all, list_unfetched
    from ag_core.errors import UserError
    from ag_core.progress import ProgressReporter
    from ag_core.results.footage import choose_detector, explain_choices, explain_other_footage

    detector = named or choose_detector(video)
    entry = DETECTORS[FETCHED_FIRST] if detector is None else find_detector(detector)
    missing = list_unfetched(entry)
    if entry not in missing and not (fetch and missing):
        return detector or entry.id
    why = explain_other_footage(video) if named is None else f"the detector {entry.id} is not here yet"
    size = sum(one.download.megabytes for one in missing if one.download is not None)
    if not (fetch or _ask(f"{why}. Fetch {' and '.join(one.label for one in missing)} once, {size} MB? [y/N]")):
        raise UserError(explain_choices(video) if named is None else explain_missing(entry))
    with ProgressReporter() as report:
        missed = fetch_all(missing, report)
    if missed is not None:
        print(f"note: {missed}", file=sys.stderr)
    return entry.id


def _ask(question: str) -> bool:
    """Whether a person at a terminal says yes; no where nobody is there to be asked."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return False
    print(question, end=" ", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")
