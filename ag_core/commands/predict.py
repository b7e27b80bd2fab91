"""`predict`: scene graphs and action scores of one video, to a file, without a browser."""

import argparse
import sys
import time
from pathlib import Path
from typing import TextIO

SAY_EVERY_S = 5.0
"""Between lines where the progress is written to a file rather than a screen."""


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command and its options."""
    parser = subparsers.add_parser(
        "predict",
        help="predict the scene graphs and actions of a video",
        description="Predict the scene graphs and actions of a video. The file is described in docs/prediction.md.",
    )
    parser.add_argument("video", type=Path, metavar="VIDEO")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE.json")
    parser.add_argument("--detector", default="home-world", metavar="NAME|FILE.onnx", help="default %(default)s")
    parser.add_argument("--relation-head", default="reldn", metavar="NAME", help="default %(default)s")
    parser.add_argument("--rate", type=float, default=2.0, help="graphs per second (default %(default)g)")
    parser.add_argument("--device", default=None, help="cpu or cuda; without it the GPU when there is one")
    parser.add_argument("--weights", type=Path, metavar="DIR", help="folder of the weights files (default: shipped)")
    parser.add_argument("--no-cache", action="store_true", help="predict anew, and keep no result for the app")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Predict, or take the kept result; write the file whole or not at all."""
    from ag_core.files import check_target
    from ag_core.results.prediction_cache import PredictionSettings, finished_result, result_key, result_path
    from ag_core.settings import WEIGHTS, settings
    from ag_core.video.frames import probe_video

    check_target(options.out, inputs=(options.video,))
    chosen = PredictionSettings(options.detector, options.relation_head, options.rate)
    video = probe_video(options.video)
    results = settings().results
    weights = options.weights or WEIGHTS
    key = result_key(options.video, chosen, weights)
    kept = None if options.no_cache else finished_result(results, key, options.video)
    if kept is not None:
        kept.save(options.out)
        print(f"{options.out}: {len(kept.frames)} graphs, from the kept results")
        return

    line = ProgressLine(sys.stderr)
    line("loading models", 0, 1)
    from ag_core.pipeline import load_models, predict_video

    device = settings().device if options.device is None else options.device
    try:
        models = load_models(device, chosen.detector, chosen.relation_head, weights)
        began = time.perf_counter()
        prediction = predict_video(options.video, models, chosen.rate, line)
    finally:
        line.end()
    seconds = time.perf_counter() - began
    if not options.no_cache:
        prediction.save(result_path(results, key))
    prediction.save(options.out)
    persons = sum(graph.person_box_xyxy is not None for graph in prediction.frames)
    print(f"{options.out}: {len(prediction.frames)} graphs, {persons} with a person")
    print(
        f"{video.duration_s:.1f} s of video in {seconds:.1f} s on {models.device.type}: "
        f"{len(prediction.frames) / seconds:.1f} graphs a second with their clips, "
        f"{(video.n_frames or 0) / seconds:.1f} frames of the file a second"
    )
    for note in prediction.notes:
        print(f"note: {note}")


class ProgressLine:
    """Stage, count, rate and remaining time: one line that is rewritten on a screen, a line now and then elsewhere."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream
        self.screen = stream.isatty()
        self.stage, self.began, self.said, self.width = "", 0.0, 0.0, 0

    def __call__(self, stage: str, done: int, total: int) -> None:
        """Take a stage and its counts; the rate is that of the stage."""
        now = time.monotonic()
        fresh = stage != self.stage
        if fresh:
            self.stage, self.began = stage, now
        if not fresh and (done < total or total == 1) and now - self.said < (0.1 if self.screen else SAY_EVERY_S):
            return
        self.said = now
        text = stage
        if total > 1:
            text += f" {done}/{total}"
            if done and now > self.began:
                rate = done / (now - self.began)
                text += f", {rate:.1f} a second, {(total - done) / rate:.0f} s left"
        if self.screen:
            self.stream.write("\r" + text.ljust(self.width))
            self.width = len(text)
        else:
            self.stream.write(text + "\n")
        self.stream.flush()

    def end(self) -> None:
        """Leave the line."""
        if self.screen and self.width:
            self.stream.write("\n")
            self.stream.flush()
