"""What it takes to read annotated and scattered frames, beside a dump to PNG files and beside OpenCV's seeking.

    python -m benchmarks.reading [--seconds 30] [--repeats 5] [--markdown docs/performance.md] [--log FILE]

Films are one of the showcase, as often as fills the time, written anew with x264: with its usual groups of pictures
(up to 250 frames) and with short ones of a second. All sides give the same 24 or 40 frames, which must be the same
pixels to two levels before a ratio is printed. The dump is that of Action Genome's own script: every frame as a PNG
file by FFmpeg's encoder, the frames that are not annotated deleted, the others read. Seconds of the processor, all
threads together, the sides in turn, so that other work counts little.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from itertools import cycle, islice
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from ag_core.evaluation.results_log import append_log_row, build_log_row
from ag_core.settings import settings
from ag_core.video.frames import read_frames
from ag_core.video.index import _read_frame_index, read_frame_index
from benchmarks.report import Goal, Row, as_markdown, as_text, into_document, machine, time_of

RATE = 30
N_ANNOTATED, N_SCATTERED = 24, 40
GROUPS = {"long": 250, "short": RATE}
MARKS = "<!-- reading -->", "<!-- end of reading -->"
DATA = "Films of 480 x 270 with 30 frames a second in H.264, seconds of the processor."

Frames = list[NDArray[np.uint8]]


def write_film(source: Path, target: Path, seconds: float, group: int) -> Path:
    """A film of so many seconds with a key frame at least every `group` frames."""
    frames = [frame for _, frame in read_frames(source, range(1, read_frame_index(source).n_frames + 1))]
    height, width = frames[0].shape[:2]
    with av.open(str(target), "w") as container:
        stream = container.add_stream("libx264", rate=RATE, options={"g": str(group), "threads": "1"})
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        # There and back, so that the picture does not jump where the film begins again.
        for pixels in islice(cycle([*frames, *frames[-2:0:-1]]), round(seconds * RATE)):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        container.mux(stream.encode())
    return target


def read_ours(path: Path, numbers: Sequence[int]) -> Frames:
    """By this project's reader, which has not seen the file before."""
    _read_frame_index.cache_clear()
    return [frame for _, frame in read_frames(path, numbers)]


def dump_to_png(path: Path, numbers: Sequence[int]) -> Frames:
    """Every frame as a PNG file, those not wanted deleted, the others read."""
    wanted = set(numbers)
    with tempfile.TemporaryDirectory() as folder:
        with av.open(str(path)) as container:
            stream = container.streams.video[0]
            stream.thread_type = "AUTO"
            encoder = av.CodecContext.create("png", "w")
            encoder.width, encoder.height, encoder.pix_fmt = stream.width, stream.height, "rgb24"
            for number, frame in enumerate(container.decode(stream), start=1):
                [packet] = encoder.encode(frame.reformat(format="rgb24"))
                Path(folder, f"{number:06}.png").write_bytes(bytes(packet))
        for file in Path(folder).iterdir():
            if int(file.stem) not in wanted:
                file.unlink()
        read = [cv2.imread(f"{folder}/{number:06}.png") for number in numbers]
    return [np.asarray(frame[..., ::-1], np.uint8) for frame in read if frame is not None]


def seek_with_opencv(path: Path, numbers: Sequence[int]) -> Frames:
    """By setting the position of a capture for every frame."""
    capture = cv2.VideoCapture(str(path))
    found = []
    for number in numbers:
        capture.set(cv2.CAP_PROP_POS_FRAMES, number - 1)
        ok, frame = capture.read()
        if ok:
            found.append(np.asarray(cv2.cvtColor(frame, cv2.COLOR_BGR2RGB), np.uint8))
    capture.release()
    return found


def compare(number: str, job: str, sides: Mapping[str, Callable[[], Frames]], repeats: int, goal: float | None) -> Row:
    """A row of what the sides cost, ours first; SystemExit where they see different pixels."""
    seconds: dict[str, list[float]] = {name: [] for name in sides}
    answers: dict[str, Frames] = {}
    for turn in range(repeats + 1):  # the first does not count
        for name, read in sides.items():
            started = time.process_time()
            answers[name] = read()
            if turn:
                seconds[name].append(time.process_time() - started)
    (ours, found), *others = answers.items()
    for name, frames in others:
        apart = [np.abs(one.astype(int) - other).max() for one, other in zip(found, frames, strict=True)]
        if max(apart) > 2:
            raise SystemExit(f"{job}: {name} sees other pixels (by {max(apart)} levels); no ratio is printed")
    medians = {name: statistics.median(values) for name, values in seconds.items()}
    goals = [Goal(f"against {name}", medians[name] / medians[ours], at_least=goal) for name, _ in others]
    return Row(number, job, {name: time_of(value) for name, value in medians.items()}, goals, f"{len(found)} frames")


def measure(seconds: float, repeats: int) -> list[Row]:
    """A row for the annotated frames, and one for scattered frames with each kind of group."""
    source = sorted((settings().showcase / "videos").glob("*.mp4"))[0]
    count = round(seconds * RATE)
    annotated = np.linspace(1, count, N_ANNOTATED).round().astype(int).tolist()
    scattered = np.sort(np.random.default_rng(0).permutation(count)[:N_SCATTERED] + 1).tolist()
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        films = {
            kind: write_film(source, Path(folder, f"{kind}.mp4"), seconds, group) for kind, group in GROUPS.items()
        }
        sides = {"this project": lambda: read_ours(films["long"], annotated)}
        sides["a dump to PNG"] = lambda: dump_to_png(films["long"], annotated)
        job = f"{N_ANNOTATED} annotated frames of {seconds:g} s"
        rows.append(compare("1", job, sides, max(1, repeats // 3), 40))
        for number, (kind, path) in enumerate(films.items(), start=2):
            job = f"{N_SCATTERED} scattered frames of {seconds:g} s, {kind} groups of pictures"
            ways = {"this project": lambda path=path: read_ours(path, scattered)}
            ways["OpenCV"] = lambda path=path: seek_with_opencv(path, scattered)
            rows.append(compare(str(number), job, ways, repeats, 4))
    return rows


def main() -> None:
    """Measure, print, and fill the document and the log that are named."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="fill the table of this document")
    parser.add_argument("--log", type=Path, metavar="FILE", help="append the results to this log")
    options = parser.parse_args()
    where = machine()
    rows = measure(options.seconds, options.repeats)
    for row in rows:
        print(as_text(row))
        if options.log is not None:
            goals = {goal.what: round(goal.value, 3) for goal in row.goals}
            about = {"machine": where, "job": row.job, "costs": row.costs, "equal": row.equal}
            append_log_row(options.log, build_log_row("benchmark of reading", (), about | goals))
    if options.markdown is not None:
        into_document(options.markdown, as_markdown(rows, DATA, options.repeats, where), MARKS)


if __name__ == "__main__":
    main()
