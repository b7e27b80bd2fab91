"""What training and evaluation keep of videos on disk: decoded frames, and what frozen networks make of them.

A file's name holds a hash of all that decides its content: the bytes of the video, which of its frames, and the code
that reads them. So another video under the same id, or a newer version of this program, is never answered with what
was made of the older one, which is removed then. A file that is cut or damaged is made again.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import cache
from glob import escape
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from ag_core.errors import UserError
from ag_core.files import hash_bytes, hash_file_cached, hash_files, stage_file
from ag_core.settings import PROJECT
from ag_core.video.clips import letterbox
from ag_core.video.frames import read_frames


class VideoFile(Protocol):
    """What decoding needs of a video."""

    @property
    def video_id(self) -> str: ...
    @property
    def path(self) -> Path: ...
    @property
    def n_frames(self) -> int: ...


SomeVideo = TypeVar("SomeVideo", bound=VideoFile, contravariant=True)


class FrameCache(Generic[SomeVideo]):
    """Decoded frames of videos in a folder: those that `frames` names of each, passed through `shrink`."""

    def __init__(
        self,
        folder: Path,
        frames: Callable[[SomeVideo], Sequence[int]],
        shrink: Callable[[NDArray[np.uint8]], NDArray[np.uint8]] = lambda frame: frame,
    ) -> None:
        self.folder = folder
        self.frames = frames
        self.shrink = shrink
        self._open: dict[str, NDArray[np.uint8]] = {}

    def get_path(self, video: SomeVideo) -> Path:
        """The file of a video's frames; other frames of the same video are another file."""
        return name_kept_file(self.folder, video, self.frames(video), "video")

    def read(self, video: SomeVideo) -> NDArray[np.uint8]:
        """The frames [F,H,W,3] of a video, in order, mapped from the disk; decoded where they are not there whole."""
        if video.video_id not in self._open:
            self._open[video.video_id] = load_or_make(self.get_path(video), lambda: self._decode(video), mapped=True)
        return self._open[video.video_id]

    def prepare(self, videos: Sequence[SomeVideo], workers: int = 2) -> Iterator[int]:
        """Decode what is missing, several videos at a time; yields the number of videos that are ready."""
        with ThreadPoolExecutor(workers) as pool:
            for done, _ in enumerate(pool.map(self.read, videos), start=1):
                yield done

    def _decode(self, video: SomeVideo) -> NDArray[np.uint8]:
        wanted = list(self.frames(video))
        found = [(number, self.shrink(frame)) for number, frame in read_frames(video.path, wanted)]
        if [number for number, _ in found] != wanted:
            raise UserError(
                f"{video.path.name} gives {len(found):,} of the {len(wanted):,} frames that are wanted of it; "
                "leave this video out, or build the store again with --videos"
            )
        return np.stack([frame for _, frame in found])


def open_clip_frames(cache: Path, size_wh: tuple[int, int]) -> FrameCache[VideoFile]:
    """Every frame of a video, letterboxed to the size of the clip network's input."""
    folder = cache / f"clip-{size_wh[0]}x{size_wh[1]}"
    return FrameCache(folder, lambda video: range(1, video.n_frames + 1), lambda frame: letterbox(frame, size_wh))


def name_kept_file(folder: Path, video: VideoFile, frames: Iterable[Any], *code: str, ending: str = ".npy") -> Path:
    """Where something made of some frames of a video lies: VIDEO-FRAMES-CONTENT.npy, two of the parts hashes.

    frames  numbers, in any shape; code: the folders of ag_core whose code decides what is made of them
    """
    numbers = np.array(list(frames), np.int64)
    content = hash_bytes(f"{hash_file_cached(video.path)} {_hash_code(*code)}".encode())
    return folder / f"{video.video_id}-{hash_bytes(numbers.tobytes())[:8]}-{content[:12]}{ending}"


def load_or_make(path: Path, make: Callable[[], NDArray[Any]], mapped: bool = False) -> NDArray[Any]:
    """The array in a file named by `name_kept_file`, made and kept where it is not there whole."""
    with suppress(OSError, ValueError, EOFError):
        return _load(path, mapped)
    with stage_file(path) as staged:
        np.save(staged, make())
    remove_older(path)
    return _load(path, mapped)


def _load(path: Path, mapped: bool) -> NDArray[Any]:
    kept: NDArray[Any] = np.load(path, mmap_mode="r" if mapped else None)
    return kept


def remove_older(path: Path) -> None:
    """Remove what was made of the same frames of an older video of the same id, or by older code."""
    same, _, _ = path.stem.rpartition("-")
    for other in path.parent.glob(f"{escape(same)}-*{path.suffix}"):
        if other != path and len(other.stem) == len(path.stem):
            other.unlink(missing_ok=True)


@cache
def _hash_code(*folders: str) -> str:
    return hash_files(path for folder in folders for path in sorted((PROJECT / "ag_core" / folder).rglob("*.py")))
