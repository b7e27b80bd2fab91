"""What the models say of one video, as a value and as a file: the documented format in docs/prediction.md.

The file is JSON of format "action-genome-explorer/prediction", version 1; assets/prediction.schema.json is its schema.
Numbers are rounded where more digits say nothing: boxes to a tenth of a pixel, probabilities to four decimals.
Knows no models and no torch, so that pages read results at once.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from ag_core.catalog import COCO_DATA, HOME_WORLD_DATA
from ag_core.errors import UserError
from ag_core.files import write_atomically
from ag_core.records import ActionScores, SceneGraph, Video
from ag_core.results.json_values import read_json, take_list, take_number, take_text, take_truth, take_whole, to_array
from ag_core.results.reasons import FrameReasons
from ag_core.taxonomy import ACTIONS, N_ACTIONS, OBJECT_CLASSES, RELATIONS_OF_GROUP, Group, find_object_index
from ag_core.video.ids import find_fault_of_id, make_id, replace_forbidden

FORMAT = "action-genome-explorer/prediction"
VERSION = 1
DEFAULT_RATE = 2.0

POSE_ROLE = "pose"
"""The role of what found hands; a prediction without it says nothing of them."""

HABITS_ROLE = "habits"
"""The role of what put relationships right for real homes; a prediction without it has the head's own habits."""

SMOOTHING = "smoothing"
"""The role of what made relationships steady through time; a prediction without it is as its head judged."""

MAX_TIME_S = 1_000_000
"""Eleven days: what a store's whole milliseconds hold, twice over."""

MIN_VIDEO_RATE, MAX_VIDEO_RATE = 0.0001, 10_000
"""Frames a second, from one in three hours."""

MAX_FRAMES, MAX_SIZE_PX, MAX_SIDE_PX = 9_999_999, 100_000, 1_000_000
"""Of a file that is read: frames, the frame's width or height, a side of a box."""


@dataclass(frozen=True)
class ModelUse:
    """One model that took part.

    name, preset     what it is ('reldn', 'relation-demo')
    role             'detector', 'regions', 'relations', a role of this module, a clip network's role or a scorer's id
    sha256           of its weights file
    trained_on_data  what those weights say they were trained on: 'home world', 'COCO', or the name of other data
    """

    name: str
    role: str
    preset: str
    sha256: str
    trained_on_data: str


def describe_training(models: Sequence[ModelUse]) -> str:
    """Whose models these are and what they were trained on, as a part of a sentence: 'models trained on ...'."""
    roles: dict[str, list[str]] = {}
    for model in models:
        roles.setdefault(model.trained_on_data, []).append(model.role)
    if list(roles) == [HOME_WORLD_DATA]:
        return f"this project's models, trained only on {_DATA_IN_WORDS[HOME_WORLD_DATA]}"
    named = [name_training_data(data) for data in roles]
    if len(named) > 1:  # who was trained on which
        named = [f"{name} ({', '.join(who)})" for name, who in zip(named, roles.values())]
    return f"models trained on {' and '.join(named) or 'data that the file does not name'}"


def name_training_data(data: str) -> str:
    """What weights were trained on, by their own word for it, as a sentence names it."""
    return _DATA_IN_WORDS.get(data, data)


_DATA_IN_WORDS = {HOME_WORLD_DATA: "the synthetic home world", COCO_DATA: "COCO photographs"}
"""What weights were trained on as a sentence names it; any other data keeps its own name."""


@dataclass(frozen=True)
class Prediction:
    """A video's graphs and action scores, and how they were made.

    video    facts of the file; its `path` does not travel
    file     name of the file; sha256 of its bytes
    rate     graphs per second that were asked for
    notes    sentences a reader must know, such as footage unlike what the models were trained on
    frames   graphs, ascending by frame; actions: one entry a model, all with the same times
    reasons  of each graph, why its relationships hold; empty where relationships are as the head judged
    card     what is known of the result, in sentences, as `result_card` said when the file was handed out; may be empty
    """

    video: Video
    file: str
    sha256: str
    models: tuple[ModelUse, ...]
    rate: float
    notes: tuple[str, ...]
    frames: tuple[SceneGraph, ...]
    actions: tuple[ActionScores, ...]
    reasons: tuple[FrameReasons, ...] = ()
    card: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if None in (self.video.clock, self.video.width, self.video.height, self.video.n_frames):
            raise ValueError("a prediction needs the video's rate, size and number of frames; probe the file first")
        numbers = [graph.frame for graph in self.frames]
        if numbers != sorted(set(numbers)):
            raise ValueError("the graphs of a prediction ascend by frame, one a frame; sort them")
        if any(not np.array_equal(s.times_s, self.actions[0].times_s) for s in self.actions):
            raise ValueError("the models of a prediction score the same times; give one grid to all")
        if self.reasons and [len(one.shares) for one in self.reasons] != list(map(len, self.frames)):
            raise ValueError("the reasons of a prediction are those of its graphs; give one for each, or none")

    @property
    def smoothed(self) -> bool:
        """Whether relationships were made steady through time."""
        return any(model.role == SMOOTHING for model in self.models)

    @property
    def of_real_homes(self) -> bool:
        """Whether relationships were put right for real homes, as for footage that is not of the home world."""
        return any(model.role == HABITS_ROLE for model in self.models)

    def graphs(self) -> list[SceneGraph]:
        """The graphs, ascending by frame."""
        return list(self.frames)

    def action_scores(self) -> dict[str, ActionScores]:
        """The scores by action model."""
        return {scores.model: scores for scores in self.actions}

    def with_file(self, path: Path) -> "Prediction":
        """The same prediction of the same content under another file's name, with its path."""
        video = replace(self.video, video_id=make_id(path.stem), path=path)
        return replace(self, file=replace_forbidden(path.name), video=video)

    def to_json(self) -> dict[str, Any]:
        """The file's content as plain values (docs/prediction.md)."""
        over_time: dict[str, Any] = {}
        if self.actions:
            over_time["times_s"] = _round(self.actions[0].times_s, 4)
            over_time |= {scores.model: _round(scores.over_time, 4) for scores in self.actions}
        return {
            "format": FORMAT,
            "version": VERSION,
            "video": video_to_json(self.video, self.file, self.sha256),
            "models": [
                {
                    "name": model.name,
                    "role": model.role,
                    "preset": model.preset,
                    "sha256": model.sha256,
                    "trained_on_data": model.trained_on_data,
                }
                for model in self.models
            ],
            "settings": {"rate": self.rate},
            "notes": list(self.notes),
            **({"card": list(self.card)} if self.card else {}),
            "frames": [
                graph_to_json(graph, why) for graph, why in zip(self.frames, self.reasons or [None] * len(self.frames))
            ],
            "actions": {scores.model: _scores_to_json(scores) for scores in self.actions},
            "actions_over_time": over_time,
        }

    @staticmethod
    def from_json(content: Any) -> "Prediction":
        """The value in a file's content. Raises UserError for another format or version, or damaged content."""
        if not isinstance(content, dict) or content.get("format") != FORMAT:
            raise UserError(f"this is not a prediction; its format must be {FORMAT!r}")
        if content.get("version") != VERSION:
            raise UserError(f"this prediction has version {content.get('version')}; version {VERSION} is read here")
        try:
            return _parse_prediction(content)
        except KeyError as error:
            missing = f"{error.args[0]} is missing" if len(str(error.args[0])) < 40 else error.args[0]
            raise UserError(f"this prediction is damaged ({missing}); make it anew") from None
        except (TypeError, ValueError, AttributeError, OverflowError) as error:
            raise UserError(f"this prediction is damaged ({error}); make it anew") from None

    def to_text(self) -> str:
        """The file's text."""
        return json.dumps(self.to_json(), separators=(",", ":"), allow_nan=False)

    def save(self, path: Path) -> None:
        """Write the file, whole or not at all."""
        write_atomically(path, self.to_text() + "\n")

    @staticmethod
    def load(path: Path) -> "Prediction":
        """Read a file. Raises UserError where it is missing or is not a prediction of this version."""
        content = read_json(path, "give a prediction file")
        try:
            return Prediction.from_json(content)
        except UserError as error:
            raise UserError(f"{path.name}: {error}") from None


def _round(array: Any, digits: int) -> Any:
    """Nested lists of rounded floats. Float64 first: a rounded float32 would print all its binary digits."""
    return np.asarray(array, np.float64).round(digits).tolist()


def video_to_json(video: Video, file: str, sha256: str) -> dict[str, Any]:
    """What a file says of its video: its facts, the name of its file and the hash of that file's bytes."""
    return {
        "id": video.video_id,
        "file": file,
        "sha256": sha256,
        "fps": round(video.fps or 0.0, 6),
        "width": video.width,
        "height": video.height,
        "frames": video.n_frames,
        "duration_s": round(video.duration_s, 6),
        **({} if video.frame_times_s is None else {"frame_times_s": _round(video.frame_times_s, 6)}),
    }


def graph_to_json(graph: SceneGraph, why: FrameReasons | None = None) -> dict[str, Any]:
    """One frame of a file, with its reasons where they are told."""
    person = graph.person_box_xyxy
    return {
        "frame": graph.frame,
        "time_s": round(graph.time_s, 4),
        "person": None if person is None else {"box_xyxy": _round(person, 1), "score": round(graph.person_score, 4)},
        "objects": [
            {
                "class": OBJECT_CLASSES[graph.object_classes[n]],
                "box_xyxy": _round(graph.object_boxes_xyxy[n], 1) if graph.visible[n] else None,
                "score": round(float(graph.object_scores[n]), 4),
            }
            | {
                group.value: dict(zip(names, _round(graph.relations_of(group)[n], 4)))
                for group, names in RELATIONS_OF_GROUP.items()
            }
            | ({} if why is None else {"reasons": why.to_json(n)})
            for n in range(len(graph))
        ],
    }


def _scores_to_json(scores: ActionScores) -> list[dict[str, Any]]:
    return [
        {"id": action.id, "label": action.label, "score": score, "trained": bool(trained)}
        for action, score, trained in zip(ACTIONS, _round(scores.scores, 4), scores.trained_on)
    ]


def parse_video(facts: dict[str, Any]) -> Video:
    """The video that `video_to_json` described; KeyError or ValueError where something is missing or impossible."""
    video_id = take_text(facts, "id")
    if fault := find_fault_of_id(video_id):
        raise ValueError(f"the id of its video {fault}")
    times_s = facts.get("frame_times_s")
    return Video(
        video_id,
        take_number(facts, "duration_s", 0, MAX_TIME_S, above=True),
        take_number(facts, "fps", MIN_VIDEO_RATE, MAX_VIDEO_RATE),
        take_whole(facts, "width", 1, MAX_SIZE_PX),
        take_whole(facts, "height", 1, MAX_SIZE_PX),
        take_whole(facts, "frames", 1, MAX_FRAMES),
        frame_times_s=None if times_s is None else np.array(times_s, np.float64),
    )


def _parse_prediction(content: dict[str, Any]) -> Prediction:
    facts = content["video"]
    over_time = content["actions_over_time"]
    return Prediction(
        video=parse_video(facts),
        file=take_text(facts, "file"),
        sha256=take_text(facts, "sha256"),
        models=tuple(
            ModelUse(**{name: take_text(model, name) for name in ModelUse.__annotations__})
            for model in take_list(content, "models")
        ),
        rate=take_number(content["settings"], "rate", 0, MAX_VIDEO_RATE, above=True),
        notes=tuple(take_text({"a note": note}, "a note") for note in take_list(content, "notes")),
        card=tuple(take_text({"the card": said}, "the card") for said in take_list({"card": [], **content}, "card")),
        frames=tuple(map(parse_graph, take_list(content, "frames"))),
        actions=tuple(_parse_scores(model, rows, over_time) for model, rows in content["actions"].items()),
        reasons=_parse_reasons(content["frames"]),
    )


def _parse_reasons(frames: list[dict[str, Any]]) -> tuple[FrameReasons, ...]:
    found = [FrameReasons.from_json(frame["objects"]) for frame in frames]
    if not any(found):
        return ()
    return tuple(why or FrameReasons.tell_none(len(frame["objects"])) for why, frame in zip(found, frames))


def parse_graph(frame: dict[str, Any]) -> SceneGraph:
    """The graph that `graph_to_json` described; KeyError or ValueError where something is missing or impossible."""
    number = take_whole(frame, "frame", 1, MAX_FRAMES)
    try:
        return _parse_frame(number, frame)
    except (TypeError, ValueError, AttributeError, OverflowError) as error:
        raise ValueError(f"frame {number}: {error}") from None


def _parse_frame(number: int, frame: dict[str, Any]) -> SceneGraph:
    person, objects = frame["person"], take_list(frame, "objects")
    relations = [
        [found[group.value][name] for group in Group for name in RELATIONS_OF_GROUP[group]] for found in objects
    ]
    boxes = [found["box_xyxy"] for found in objects]
    hidden = np.array([box is None for box in boxes], bool)
    boxes_xyxy = to_array(
        [[0] * 4 if box is None else box for box in boxes], "a box", -MAX_SIDE_PX, MAX_SIDE_PX
    ).reshape(-1, 4)
    boxes_xyxy[hidden] = np.nan
    return SceneGraph(
        frame=number,
        time_s=take_number(frame, "time_s", 0, MAX_TIME_S),
        person_box_xyxy=None
        if person is None
        else to_array(person["box_xyxy"], "the person's box", -MAX_SIDE_PX, MAX_SIDE_PX),
        person_score=0.0 if person is None else take_number(person, "score", 0, 1),
        object_classes=np.array([find_object_index(found["class"]) for found in objects], np.int64),
        object_boxes_xyxy=boxes_xyxy,
        object_scores=to_array([found["score"] for found in objects], "a score", 0, 1),
        relations=to_array(relations, "a relationship's score", 0, 1),
    )


def _parse_scores(model: str, rows: list[dict[str, Any]], over_time: dict[str, Any]) -> ActionScores:
    if [row["id"] for row in rows] != [action.id for action in ACTIONS]:
        raise ValueError(f"{model} must score the {N_ACTIONS} actions in their order")
    return ActionScores(
        model=take_text({"a model": model}, "a model"),
        scores=to_array([row["score"] for row in rows], "an action's score", 0, 1),
        times_s=to_array(over_time["times_s"], "times_s", 0, MAX_TIME_S),
        over_time=to_array(over_time[model], "an action's score over time", 0, 1),
        trained_on=np.array([take_truth(row, "trained") for row in rows], bool),
    )
