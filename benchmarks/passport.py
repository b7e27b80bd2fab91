"""The decoder passport: whether frame k is the same frame to everybody, for many containers and codecs.

    python -m benchmarks.passport                        # all recordings, printed
    python -m benchmarks.passport --only h264 mpeg2      # those whose name holds one of these
    python -m benchmarks.passport --into docs/video.md   # the table of the document

Each recording is written into a temporary folder; its frames show their own number. Asked are PyAV alone, this
project reading in order and frame by frame, a prediction's file (what the detector was shown beside the number that
the file gives it), and Chromium with what the app would serve: the file itself or its copy.
"""

import argparse
import base64
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ag_core.errors import UserError
from ag_core.files import write_atomically
from ag_core.records import Detections
from ag_core.video.frames import read_frames
from ag_core.video.index import read_frame_index
from ag_core.video.transcode import to_browser_playable
from benchmarks.recordings import RECORDINGS, Recording, decode_numbers, read_number

N_ALONE, N_SHOWN = 15, 9
"""Frames read alone, and shown by the browser, spread over each recording."""

MARKS = "<!-- passport -->", "<!-- end of passport -->"
HEAD = (
    "| recording | what it is | frames | known from | PyAV in order | one frame alone | prediction file | browser |\n"
    "| --- | --- | ---: | --- | --- | --- | --- | --- |\n"
)


@dataclass(frozen=True)
class Visa:
    """What was found of one recording: '' is a no, a mark a yes.

    known_from  'packets' or 'decoding'; in_order, alone, in_file, shown: what each way of asking gave
    served      'itself' or 'copy'
    """

    recording: Recording
    n_frames: int
    known_from: str
    in_order: str
    alone: str
    in_file: str
    shown: str
    served: str

    @property
    def holds(self) -> bool:
        """Whether every way that was asked gives the same frames."""
        return not any(text.startswith("differs") for text in (self.in_order, self.alone, self.in_file, self.shown))

    def as_row(self) -> str:
        """A line of the table."""
        cells = (
            self.n_frames,
            self.known_from,
            self.in_order,
            self.alone,
            self.in_file,
            f"{self.shown}, {self.served}",
        )
        return f"| `{self.recording.name}` | {self.recording.what} | " + " | ".join(map(str, cells)) + " |\n"


def check_recording(
    recording: Recording, folder: Path, models: Any = None, page: Any = None, n_frames: int | None = None
) -> Visa:
    """Write a recording and ask everybody. Without models or page that column says 'not asked'."""
    path = recording.write(folder) if n_frames is None else recording.write(folder, n_frames)
    right = decode_numbers(path)
    if recording.turn:  # plain decoding gives the frame lying on its side, and its number nowhere
        right = list(range(len(right)))
    index = read_frame_index(path)

    def read(frame: NDArray[np.uint8]) -> int:
        return read_number(np.rot90(frame, -recording.turn // 90))

    everything = range(1, index.n_frames + 1)
    in_order = {number: read(frame) for number, frame in read_frames(path, everything)}
    alone = {number: read(frame) for k in _spread(everything, N_ALONE) for number, frame in read_frames(path, [k])}
    served, is_copy = to_browser_playable(path, folder / "copies")
    return Visa(
        recording=recording,
        n_frames=index.n_frames,
        known_from="packets" if index.whole is None else "decoding",
        in_order=_compare(in_order, right) if len(in_order) == len(right) else f"differs: {len(right)} frames",
        alone=_compare(alone, right),
        in_file=_compare(_predict(path, models, read), right) if models is not None else "not asked",
        shown=_compare(_show(page, served, index.clock, read, everything), right) if page is not None else "not asked",
        served="copy" if is_copy else "itself",
    )


def _spread(numbers: range, count: int) -> list[int]:
    """At most `count` of the numbers, the first and the last among them, the last first."""
    picks = np.unique(np.linspace(numbers[0], numbers[-1], min(count, len(numbers))).round().astype(int))
    return [int(number) for number in picks[::-1]]


def _compare(found: dict[int, int], right: Sequence[int]) -> str:
    wrong = [number for number, shown in sorted(found.items()) if number > len(right) or shown != right[number - 1]]
    if wrong or not found:
        return f"differs in {len(wrong)} of {len(found)}" + (f", first in {wrong[0]}" if wrong else "")
    return f"all {len(found)}" if len(found) == len(right) else f"{len(found)} of {len(found)}"


class NumberReader:
    """Stands in for the detector: finds one person everywhere, and notes the number in each frame it is shown."""

    name = "reader of numbers"

    def __init__(self) -> None:
        self.shown: list[NDArray[np.uint8]] = []

    def detect(self, images: Sequence[NDArray[np.uint8]]) -> list[Detections]:
        """A person and a thing in each image."""
        self.shown += images
        return [Detections([[2, 2, 60, 60], [30, 30, 50, 50]], [0, 10], [0.9, 0.8]) for _ in images]


def load_stand_in_models() -> Any:
    """The shipped models with a detector that reads numbers."""
    from ag_core.models.scene_graph import SceneGraphPredictor
    from ag_core.pipeline import load_models

    models = load_models("cpu")
    # What actions the clips show is not asked here, and costs most of the time.
    blind = {}
    for name, loaded in models.clip_networks.items():
        see_nothing: Any = partial(_see_nothing, loaded.preset.feature_size)
        blind[name] = replace(loaded, network=see_nothing)
    graphs = SceneGraphPredictor(NumberReader(), models.graphs.trunk, models.graphs.head)
    return replace(models, graphs=graphs, clip_networks=blind)


def _see_nothing(feature_size: int, clips: Any) -> Any:
    import torch

    return torch.zeros(len(clips), feature_size)


def _predict(path: Path, models: Any, read: Any) -> dict[int, int]:
    """The number that a prediction's file gives a frame, and the number in the frame that the detector was shown."""
    from ag_core.pipeline import predict_video

    models.graphs.detector.shown.clear()
    file = predict_video(path, models).to_json()
    shown = [read(frame) for frame in models.graphs.detector.shown]
    return dict(zip([frame["frame"] for frame in file["frames"]], shown, strict=True))


SHOW = """async ([content, kind, times]) => {
  const bytes = Uint8Array.from(atob(content), letter => letter.charCodeAt(0));
  const video = document.createElement('video');
  video.muted = true;
  document.body.replaceChildren(video);
  video.src = URL.createObjectURL(new Blob([bytes], {type: kind}));
  const within = event => new Promise((done, failed) => {
    video.addEventListener(event, done, {once: true});
    video.onerror = () => failed(new Error(video.error.message));
    setTimeout(() => failed(new Error(`no ${event} in 30 s`)), 30000);
  });
  await within('loadeddata');
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [video.videoWidth, video.videoHeight];
  const shown = [];
  for (const time of times) {
    if (Math.abs(video.currentTime - time) > 1e-9) {
      // A frame that was sought is painted a moment after; where it is the one shown already, nothing tells of it.
      const painted = new Promise(done => video.requestVideoFrameCallback(done));
      const seeked = within('seeked');
      video.currentTime = time;
      await seeked;
      await Promise.race([painted, new Promise(done => setTimeout(done, 1000))]);
    }
    await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
    canvas.getContext('2d').drawImage(video, 0, 0);
    shown.push(canvas.toDataURL('image/png').split(',')[1]);
  }
  URL.revokeObjectURL(video.src);
  return shown;
}"""


def _show(page: Any, served: Path, clock: Any, read: Any, everything: range) -> dict[int, int]:
    """The numbers in what the browser shows of a file in the middle of each frame's time."""
    picks = _spread(everything, N_SHOWN)
    times = [(clock.time_of(number) + clock.time_of(number + 1)) / 2 for number in picks]
    kind = "video/webm" if served.suffix == ".webm" else "video/mp4"
    from playwright.sync_api import Error as BrowserError

    try:
        stills = page.evaluate(SHOW, [base64.b64encode(served.read_bytes()).decode(), kind, times])
    except BrowserError as error:
        print(f"{served.name}: {error.message.splitlines()[0]}", file=sys.stderr)
        return {}
    return {
        number: read(np.asarray(Image.open(BytesIO(base64.b64decode(still))).convert("RGB")))
        for number, still in zip(picks, stills, strict=True)
    }


@contextmanager
def open_page(chromium: str | None = None) -> Iterator[Any]:
    """A page of an installed Chromium."""
    import shutil

    from playwright.sync_api import sync_playwright

    found = chromium or next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if found is None:
        raise UserError("there is no Chromium here; install it, or leave the browser out with --no-browser")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=found, args=["--headless", "--no-sandbox", "--disable-gpu"]
        )
        yield browser.new_page()
        browser.close()


def into_document(text: str, visas: Sequence[Visa]) -> str:
    """The document with a new table between its marks."""
    before, _, rest = text.partition(MARKS[0])
    _, _, after = rest.partition(MARKS[1])
    return f"{before}{MARKS[0]}\n\n{HEAD}{''.join(visa.as_row() for visa in visas)}\n{MARKS[1]}{after}"


def main() -> int:
    """Check, print, and write the table; the status is 1 where a recording does not hold."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="*", default=[], metavar="PART", help="parts of the recordings' names")
    parser.add_argument("--into", type=Path, metavar="FILE.md", help="fill the table of this document")
    parser.add_argument("--no-browser", action="store_true")
    parser.add_argument("--no-prediction", action="store_true")
    parser.add_argument("--chromium", help="its path, where it is not found")
    options = parser.parse_args()
    av.logging.set_level(None)
    chosen = [each for each in RECORDINGS if not options.only or any(part in each.name for part in options.only)]
    models = None if options.no_prediction else load_stand_in_models()
    visas: list[Visa] = []
    with tempfile.TemporaryDirectory() as folder, _maybe_page(options) as page:
        for recording in chosen:
            visas.append(check_recording(recording, Path(folder), models, page))
            print(visas[-1].as_row(), end="", flush=True)
    held = sum(visa.holds for visa in visas)
    print(f"{held} of {len(visas)} hold")
    if options.into:
        write_atomically(options.into, into_document(options.into.read_text(encoding="utf-8"), visas))
    return int(held < len(visas))


@contextmanager
def _maybe_page(options: argparse.Namespace) -> Iterator[Any]:
    if options.no_browser:
        yield None
    else:
        with open_page(options.chromium) as page:
            yield page


if __name__ == "__main__":
    sys.exit(main())
