"""What somebody corrected in a video, as a value and as a file: annotated graphs of a few frames.

A file lies in the home's folder `corrections`, named by the video's content, so that the same video under another name
finds it. It is JSON of format "action-genome-explorer/corrections", version 1: "video" and "frames" as in a prediction
file (docs/prediction.md), with relationships and scores of 0 or 1, and "path", where the video lies. No other
annotation is ever changed by it.
"""

import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ag_core.errors import UserError
from ag_core.files import hash_file_cached, write_atomically
from ag_core.records import SceneGraph, Video
from ag_core.results.json_values import read_json, take_list, take_text
from ag_core.results.prediction import graph_to_json, parse_graph, parse_video, video_to_json
from ag_core.results.prediction_notes import needs_real_habits
from ag_core.settings import settings
from ag_core.video.frames import probe_video
from ag_core.video.ids import replace_forbidden

FORMAT = "action-genome-explorer/corrections"
VERSION = 1


@dataclass(frozen=True)
class Corrections:
    """The corrected frames of one video.

    video   facts of the file, and where it lies on this machine, where that is known
    file    name of the file; sha256 of its bytes
    frames  graphs as they are right, ascending by frame
    """

    video: Video
    file: str
    sha256: str
    frames: tuple[SceneGraph, ...] = ()

    def __post_init__(self) -> None:
        numbers = [graph.frame for graph in self.frames]
        if numbers != sorted(set(numbers)):
            raise ValueError("corrected frames ascend, one graph a frame; sort them")

    def graph_at(self, frame: int) -> SceneGraph | None:
        """The corrected graph of a frame; None where that frame was not corrected."""
        return next((graph for graph in self.frames if graph.frame == frame), None)

    @property
    def n_learnable(self) -> int:
        """In how many frames a person stands beside an object, both with a box: what a relation head learns from."""
        return sum(graph.person_box_xyxy is not None and bool(graph.visible.any()) for graph in self.frames)

    def with_frame(self, graph: SceneGraph) -> "Corrections":
        """With a frame corrected, in the place of what was said of it before."""
        others = [other for other in self.frames if other.frame != graph.frame]
        return replace(self, frames=tuple(sorted([*others, graph], key=lambda one: one.frame)))

    def without_frame(self, frame: int) -> "Corrections":
        """With a frame no longer corrected."""
        return replace(self, frames=tuple(graph for graph in self.frames if graph.frame != frame))

    def to_text(self) -> str:
        """The file's text."""
        content = {
            "format": FORMAT,
            "version": VERSION,
            "video": video_to_json(self.video, self.file, self.sha256),
            "path": None if self.video.path is None else str(self.video.path),
            "frames": [graph_to_json(graph) for graph in self.frames],
        }
        return json.dumps(content, separators=(",", ":"), allow_nan=False)

    @staticmethod
    def load(path: Path) -> "Corrections":
        """Read a file. UserError where it is missing, damaged, or of another format or version."""
        content = read_json(path, "give a file of corrections")
        if not isinstance(content, dict) or content.get("format") != FORMAT:
            raise UserError(f"{path.name} holds no corrections; its format must be {FORMAT!r}")
        if content.get("version") != VERSION:
            raise UserError(f"{path.name} has version {content.get('version')}; version {VERSION} is read here")
        try:
            return _parse(content)
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
            raise UserError(f"{path.name} is damaged ({error}); put it right or take it away") from None


def _parse(content: dict[str, Any]) -> Corrections:
    facts, path = content["video"], content.get("path")
    return Corrections(
        replace(parse_video(facts), path=None if path is None else Path(take_text(content, "path"))),
        take_text(facts, "file"),
        take_text(facts, "sha256"),
        tuple(map(parse_graph, take_list(content, "frames"))),
    )


def find_corrections_file(video: Path) -> Path:
    """Where the corrections of a video file lie, or would lie; UserError where it cannot be read."""
    name = f"{hash_file_cached(video)[:32]}.json"
    places = [folder / name for folder in settings().list_folders("corrections")]
    return next((place for place in places if place.is_file()), places[0])


def load_corrections(video: Path, video_id: str) -> Corrections:
    """What was corrected of a video file, which is called `video_id`; no frames where nothing was.

    UserError for a file that is no video, and for a damaged file of corrections.
    """
    facts = replace(probe_video(video), video_id=video_id, path=video.resolve())
    path = find_corrections_file(video)
    kept = Corrections.load(path).frames if path.is_file() else ()
    return Corrections(facts, replace_forbidden(video.name), hash_file_cached(video), kept)


def save_corrections(corrections: Corrections) -> Path:
    """Keep corrections on the disk, whole or as they were before; returns their file.

    Nothing is kept of a video without any. UserError where the home takes nothing.
    """
    path = settings().corrections / f"{corrections.sha256[:32]}.json"
    if corrections.frames:
        write_atomically(path, corrections.to_text() + "\n", to_disk=True)
    else:
        path.unlink(missing_ok=True)
    return path


def list_corrections(folders: Sequence[Path] | None = None) -> list[Path]:
    """The files of corrections in some folders, by default the home's, by name; each name once."""
    chosen = settings().list_folders("corrections") if folders is None else folders
    files = {path.name: path for folder in reversed(chosen) for path in folder.glob("*.json")}
    return [files[name] for name in sorted(files)]


def list_corrected_videos(real: bool) -> list[Corrections]:
    """What was corrected of videos whose files still lie where they were, of films of the home world or (`real`) of
    other footage, by name; damaged files are left out."""
    found = []
    for path in list_corrections():
        with suppress(UserError):
            one = Corrections.load(path)
            video = one.video.path
            if video is not None and video.is_file() and hash_file_cached(video) == one.sha256:
                found += [one] if needs_real_habits(video) is real else []
    return sorted(found, key=lambda one: (one.video.video_id, one.sha256))
