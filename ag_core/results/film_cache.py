"""Films of the home world on request: the request, the finished film, and where it lies on disk.

A film lies in a folder named by its key, a hash of the request and of the code that draws: FOLDER/KEY/VIDEO.mp4 and
film.json, filled under another name first. Knows files, not how films are drawn, so that a page finds a film at
once. film.json is also what a person downloads as the annotation.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ag_core.errors import UserError
from ag_core.files import hash_bytes, hash_files, write_atomically
from ag_core.records import ActionInterval, SceneGraph, Video
from ag_core.results.choices import LENGTHS_S, MAX_ACTIONS, N_SEEDS, SPLITS
from ag_core.settings import ASSETS, PROJECT
from ag_core.taxonomy import (
    ACTIONS,
    OBJECT_CLASSES,
    RELATIONS,
    find_action_index,
    find_object_index,
    find_relation_index,
)
from ag_core.video.transcode import holds_frames

FORMAT = "action-genome-explorer/film"
VERSION = 1
FILE = "film.json"


@dataclass(frozen=True)
class FilmRequest:
    """What a person asks for. actions: indices into ACTIONS, to be shown in this order; none leaves it to the film.

    split: 'train' or 'val', whose people play and whose shapes of things are used; seed 0 to 29,999,999.
    """

    seed: int
    actions: tuple[int, ...] = ()
    split: str = "val"
    seconds: int = LENGTHS_S[0]

    def __post_init__(self) -> None:
        if not 0 <= self.seed < N_SEEDS:
            raise UserError(f"seed {self.seed} does not exist; give 0 to {N_SEEDS - 1}")
        if self.split not in SPLITS:
            raise UserError(f"there are no people {self.split!r}; choose {' or '.join(SPLITS)}")
        if self.seconds not in LENGTHS_S:
            raise UserError(f"a film of {self.seconds} s is not made; choose {', '.join(map(str, LENGTHS_S))}")
        if len(self.actions) > MAX_ACTIONS:
            raise UserError(f"{len(self.actions)} actions do not fit one film; choose at most {MAX_ACTIONS}")

    @property
    def key(self) -> str:
        """Hexadecimal name of the film; the same request of the same code gives the same film."""
        decided_by = asdict(self) | {"format": VERSION, "code": _hash_code()}
        return hash_bytes(json.dumps(decided_by, sort_keys=True).encode())[:16]

    def to_link(self) -> dict[str, str]:
        """The request as query parameters."""
        chosen = {"actions": ",".join(ACTIONS[action].id for action in self.actions)} if self.actions else {}
        return {"seed": str(self.seed), **chosen, "people": self.split, "seconds": str(self.seconds)}

    @staticmethod
    def from_link(query: Mapping[str, str]) -> "FilmRequest":
        """The request in a link; what is not named is as usual. UserError for what cannot be requested."""
        try:
            seed, seconds = int(query.get("seed", "")), int(query.get("seconds", LENGTHS_S[0]))
        except ValueError:
            raise UserError("the link's seed and seconds must be whole numbers; choose them below") from None
        try:
            actions = tuple(find_action_index(name) for name in query.get("actions", "").split(",") if name)
        except KeyError as error:
            raise UserError(f"{error.args[0]}; choose actions below") from None
        return FilmRequest(seed, actions, query.get("people", SPLITS[0]), seconds)


def _hash_code() -> str:
    """A hash of the code and the tables that decide a film, remembered until one of them changes."""
    package = PROJECT / "ag_core"
    files = [package / "taxonomy.py", package / "records.py", ASSETS / "home_actions.tsv"]
    files += package.glob("world/**/*.py")
    return hash_files(sorted(files))


@dataclass(frozen=True)
class FinishedFilm:
    """A film with its exact annotation.

    intervals  actions as they really occur; unmet: (action, reason in a few words) of the requested ones that do not
    graphs     clearly visible objects, ascending by frame; charades: header and row as in the Charades annotation
    """

    request: FilmRequest
    video: Video
    intervals: tuple[ActionInterval, ...]
    unmet: tuple[tuple[int, str], ...]
    graphs: tuple[SceneGraph, ...]
    charades: str

    def to_text(self) -> str:
        """The file's text."""
        video, request = self.video, self.request
        content = {
            "format": FORMAT,
            "version": VERSION,
            "order": {
                "seed": request.seed,
                "split": request.split,
                "seconds": request.seconds,
                "actions": [ACTIONS[action].id for action in request.actions],
            },
            "video": {
                "id": video.video_id,
                "fps": video.fps,
                "width": video.width,
                "height": video.height,
                "frames": video.n_frames,
                "duration_s": video.duration_s,
                "subject": video.subject,
                "scene": video.scene,
                "script": video.script,
            },
            "actions": [
                _name_action(interval.action) | {"start_s": interval.start_s, "end_s": interval.end_s}
                for interval in self.intervals
            ],
            "unmet": [_name_action(action) | {"reason": reason} for action, reason in self.unmet],
            "charades": self.charades,
            "graphs": [_graph_to_json(graph) for graph in self.graphs],
        }
        return json.dumps(content, separators=(",", ":"), allow_nan=False)

    def save(self, folder: Path) -> None:
        """Write film.json beside the film, whole or not at all."""
        write_atomically(folder / FILE, self.to_text() + "\n")

    @staticmethod
    def load(folder: Path) -> "FinishedFilm":
        """Read the film in a folder; UserError where it, or its video, is missing or damaged."""
        try:
            content = json.loads((folder / FILE).read_text(encoding="utf-8"))
            if (content["format"], content["version"]) != (FORMAT, VERSION):
                raise ValueError("another format")
            film = _parse_film(content, folder)
            if film.video.path is None or not holds_frames(film.video.path, film.video.n_frames):
                raise ValueError("its video is gone or was cut")
            return film
        except (OSError, ValueError, KeyError, TypeError, AttributeError, UserError) as error:
            raise UserError(f"the film {folder.name} cannot be read ({error}); make it again") from None


def load_finished_film(folder: Path, request: FilmRequest) -> FinishedFilm | None:
    """The kept film of a request; None where there is none or it is damaged."""
    try:
        return FinishedFilm.load(folder / request.key)
    except UserError:
        return None


def list_finished_films(folders: Path | Sequence[Path], limit: int) -> list[Path]:
    """Folders of the newest kept films, the newest first."""
    places = [folders] if isinstance(folders, Path) else folders
    found = [path.parent for folder in places for path in folder.glob(f"[!.]*/{FILE}")]
    return sorted(found, key=lambda path: (-(path / FILE).stat().st_mtime, path.name))[:limit]


def _name_action(action: int) -> dict[str, Any]:
    return {"id": ACTIONS[action].id, "label": ACTIONS[action].label}


def _round_box(box: Any) -> list[float]:
    rounded: list[float] = np.asarray(box, np.float64).round(1).tolist()
    return rounded


def _graph_to_json(graph: SceneGraph) -> dict[str, Any]:
    return {
        "frame": graph.frame,
        "time_s": round(graph.time_s, 4),
        "person_xyxy": None if graph.person_box_xyxy is None else _round_box(graph.person_box_xyxy),
        "objects": [
            {
                "class": OBJECT_CLASSES[graph.object_classes[n]],
                "box_xyxy": _round_box(graph.object_boxes_xyxy[n]),
                "relations": [RELATIONS[r] for r in np.flatnonzero(graph.relations[n] > 0.5)],
            }
            for n in range(len(graph))
        ],
    }


def _parse_graph(content: dict[str, Any]) -> SceneGraph:
    objects, person = content["objects"], content["person_xyxy"]
    relations = np.zeros((len(objects), len(RELATIONS)), np.float32)
    for n, found in enumerate(objects):
        relations[n, [find_relation_index(name) for name in found["relations"]]] = 1
    return SceneGraph(
        content["frame"],
        content["time_s"],
        person,
        float(person is not None),
        np.array([find_object_index(found["class"]) for found in objects], np.int64),
        np.array([found["box_xyxy"] for found in objects], np.float32),
        np.ones(len(objects), np.float32),
        relations,
    )


def _parse_film(content: dict[str, Any], folder: Path) -> FinishedFilm:
    facts, requested = content["video"], content["order"]
    request = FilmRequest(
        requested["seed"], tuple(map(find_action_index, requested["actions"])), requested["split"], requested["seconds"]
    )
    video = Video(
        facts["id"],
        facts["duration_s"],
        facts["fps"],
        facts["width"],
        facts["height"],
        facts["frames"],
        request.split,
        facts["subject"],
        facts["scene"],
        facts["script"],
        folder / f"{facts['id']}.mp4",
    )
    return FinishedFilm(
        request,
        video,
        tuple(
            ActionInterval(video.video_id, find_action_index(row["id"]), row["start_s"], row["end_s"])
            for row in content["actions"]
        ),
        tuple((find_action_index(row["id"]), row["reason"]) for row in content["unmet"]),
        tuple(map(_parse_graph, content["graphs"])),
        content["charades"],
    )
