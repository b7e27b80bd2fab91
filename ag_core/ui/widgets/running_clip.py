"""A clip that is drawn beside the script, so that the page stays alive and can cancel it. Knows no Streamlit.

One clip is drawn at a time in all sessions; others wait for their turn.
"""

import shutil
import tempfile
import threading
import time
import weakref
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ag_core.drawn_clips.clip import write_clip
from ag_core.errors import Cancelled, UserError
from ag_core.records import SceneGraph, Video

_TURN = threading.Lock()
_LOOKS_EVERY_S = 0.1


@dataclass(frozen=True)
class ClipRequest:
    """Which clip is wanted: as the options of `write_clip`."""

    format_name: str
    video: Video
    source: str
    start_s: float
    end_s: float | None
    dark: bool
    graphs: Sequence[SceneGraph] = field(compare=False, repr=False)


class RunningClip:
    """One clip of one session: started at once, then finished with a file, or with an `error` in one sentence.

    The file goes with the last who knows this object.
    """

    def __init__(self, request: ClipRequest) -> None:
        self.request = request
        self.error = ""
        self.done, self.total = 0, 0
        self._begun_s: float | None = None
        self._unwanted = threading.Event()
        folder = Path(tempfile.mkdtemp(prefix="action-genome-clip-"))
        weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        self.path = folder / f"clip.{request.format_name}"
        self._thread = threading.Thread(target=self._work, daemon=True, name="drawing a clip")
        self._thread.start()

    def _work(self) -> None:
        try:
            self._wait_for_turn()
        except Cancelled:
            return
        try:
            self._begun_s = time.monotonic()
            wanted = self.request
            write_clip(
                self.path,
                wanted.format_name,
                wanted.video,
                wanted.graphs,
                source=wanted.source,
                start_s=wanted.start_s,
                end_s=wanted.end_s,
                dark=wanted.dark,
                report=self._tell,
            )
        except Cancelled:
            pass
        except UserError as error:
            self.error = str(error)
        finally:
            _TURN.release()

    def _wait_for_turn(self) -> None:
        while not _TURN.acquire(timeout=_LOOKS_EVERY_S):
            if self._unwanted.is_set():
                raise Cancelled

    def _tell(self, stage: str, done: int, total: int) -> None:
        self.done, self.total = done, total
        if self._unwanted.is_set():
            raise Cancelled

    @property
    def running(self) -> bool:
        """Whether it still works, or waits."""
        return self._thread.is_alive()

    @property
    def waiting(self) -> bool:
        """Whether other clips are drawn first."""
        return self.running and self._begun_s is None

    @property
    def cancelled(self) -> bool:
        """Whether somebody wanted it to stop."""
        return self._unwanted.is_set()

    @property
    def fraction(self) -> float:
        """How much of it is done, 0 to 1."""
        return self.done / self.total if self.total else 0.0

    @property
    def remaining_s(self) -> float | None:
        """About how long it will take; None while nobody knows."""
        if self._begun_s is None or not self.done:
            return None
        return (time.monotonic() - self._begun_s) * (self.total - self.done) / self.done

    @property
    def finished(self) -> bool:
        """Whether the file is there."""
        return not self.running and not self.error and self.path.is_file()

    def read(self) -> bytes:
        """The file."""
        return self.path.read_bytes()

    def cancel(self) -> None:
        """Stop it after the frame it is at."""
        self._unwanted.set()

    def wait(self, seconds: float) -> None:
        """Give it up to so long."""
        self._thread.join(seconds)
