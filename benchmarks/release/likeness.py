"""What generated annotations are drawn to be like: real graphs with the actions active in them, lengths and rates.

Read at run time from a folder with real graphs (`ag_frames_*.jsonl`), else from the showcase of the home world. Every
drawn frame starts from one of these graphs, so which objects occur together, and which relationships with which object
and action, follows them.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ag_core.annotations.readers.charades import read_charades
from ag_core.taxonomy import (
    ACTIONS,
    N_ACTIONS,
    N_CLASSES,
    N_RELATIONS,
    find_action_index,
    find_object_index,
    find_relation_index,
    is_other_relationship,
)
from ag_core.unpickle import read_pickle

RELATION_FIELDS = ("attention_relationship", "spatial_relationship", "contacting_relationship")
OTHER_BIT = N_RELATIONS

COMMON_RATES = ((30.0, 0.6), (24.0, 0.11), (25.0, 0.1), (15.0, 0.07), (17.0, 0.05), (29.0, 0.05), (10.0, 0.02))
"""Frames a second and their shares, roughly as in Charades (methods A3), where the graphs do not come with rates."""
SHOWCASE_RATE = 12.0


@dataclass(frozen=True)
class Ragged:
    """Lists of whole numbers of different lengths: list i is `values[starts[i]:starts[i + 1]]`."""

    values: NDArray[np.int64]
    starts: NDArray[np.int64]

    @staticmethod
    def of(keys: NDArray[np.int64], values: NDArray[np.int64], n_lists: int) -> "Ragged":
        """The values gathered by their key, 0 to n_lists - 1."""
        order = np.argsort(keys, kind="stable")
        return Ragged(values[order], np.searchsorted(keys[order], np.arange(n_lists + 1)))

    @property
    def lengths(self) -> NDArray[np.int64]:
        """How long each list is."""
        return np.diff(self.starts)

    def draw(self, lists: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.int64]:
        """One value at random from each wanted list; none of them may be empty."""
        return self.values[self.starts[lists] + (rng.random(len(lists)) * self.lengths[lists]).astype(np.int64)]


@dataclass(frozen=True)
class Likeness:
    """G graphs with together N objects.

    name            where they come from
    objects         graph -> positions into the next two
    classes, masks  [N] object class and relationships: bit r for relationship r, bit 25 for `other_relationship`
    of_action       action (157) -> graphs in which it is active, or at least its object is there
    of_class        object class (36) -> masks seen with it
    lengths_s, rates  [V] of the videos: seconds, frames a second
    action_weights  [157] how often each action is active, in graphs
    """

    name: str
    objects: Ragged
    classes: NDArray[np.int64]
    masks: NDArray[np.int64]
    of_action: Ragged
    of_class: Ragged
    lengths_s: NDArray[np.float64]
    rates: NDArray[np.float64]
    action_weights: NDArray[np.float64]


@dataclass(frozen=True)
class _Graph:
    """One read graph: raw entries of the release, ids of the active actions, length and rate of its video."""

    video: str
    entries: list[dict[str, Any]]
    actions: list[str]
    length_s: float
    rate: float


def read_likeness(folder: Path | None, showcase: Path) -> Likeness:
    """From the real graphs in a folder, or from the showcase where no folder is given."""
    if folder is None:
        return _likeness("showcase of the home world", _showcase_graphs(showcase))
    files = sorted(folder.glob("ag_frames_*.jsonl"))
    if not files:
        raise SystemExit(f"{folder} has no ag_frames_*.jsonl; give the folder of real graphs or leave --like out")
    return _likeness(folder.name, _real_graphs(files))


def _real_graphs(files: Iterable[Path]) -> Iterator[_Graph]:
    for path in files:
        for line in path.read_text().splitlines():
            read = json.loads(line)
            yield _Graph(
                read["video"], read["objects"], read["charades_actions_active"], read["video_length_s"], read["fps"]
            )


def _showcase_graphs(showcase: Path) -> Iterator[_Graph]:
    tables = [read_charades(path) for path in sorted((showcase / "charades").glob("*_t*.csv"))]
    lengths = {video.video_id: video.duration_s for table in tables for video in table.videos}
    intervals = [interval for table in tables for interval in table.intervals]
    rates, shares = (np.array(column) for column in zip(*COMMON_RATES))
    rng = np.random.default_rng(0)
    rate_of = dict(zip(lengths, rng.choice(rates, len(lengths), p=shares)))
    for key, entries in read_pickle(showcase / "annotations" / "object_bbox_and_relationship.pkl").items():
        video, frame = key.split(".mp4/")
        time_s = (int(frame.removesuffix(".png")) - 1) / SHOWCASE_RATE
        active = [ACTIONS[i.action].id for i in intervals if i.video_id == video and i.start_s <= time_s <= i.end_s]
        yield _Graph(video, [e for e in entries if e["visible"]], active, 2.5 * lengths[video], float(rate_of[video]))


def _likeness(name: str, graphs: Iterable[_Graph]) -> Likeness:
    chosen = [graph for graph in graphs if graph.entries]
    owner = np.array([row for row, graph in enumerate(chosen) for _ in graph.entries])
    classes = np.array([find_object_index(entry["class"]) for graph in chosen for entry in graph.entries])
    masks = np.array([_mask(entry) for graph in chosen for entry in graph.entries])
    active = [(find_action_index(a), row) for row, graph in enumerate(chosen) for a in graph.actions]
    weights = np.bincount([action for action, _ in active], minlength=N_ACTIONS).astype(np.float64)
    videos = {graph.video: (graph.length_s, graph.rate) for graph in chosen}
    lengths, rates = (np.array(column) for column in zip(*videos.values()))
    positions = np.arange(len(classes))
    return Likeness(
        name,
        Ragged.of(owner, positions, len(chosen)),
        classes,
        masks,
        _graphs_of_actions(active, owner, classes, len(chosen)),
        _masks_of_classes(classes, masks),
        np.clip(lengths, 6.0, 194.33),
        rates,
        weights + 1,
    )


def _mask(entry: dict[str, Any]) -> int:
    names = [name for field in RELATION_FIELDS for name in entry[field]]
    return sum(1 << (OTHER_BIT if is_other_relationship(name) else find_relation_index(name)) for name in set(names))


def _graphs_of_actions(
    active: list[tuple[int, int]], owner: NDArray[np.int64], classes: NDArray[np.int64], n_graphs: int
) -> Ragged:
    """Graphs of each action; where it is active in none, those with its object, else all."""
    pairs = list(active)
    for action in set(range(N_ACTIONS)) - {action for action, _ in active}:
        wanted = ACTIONS[action].object_class
        with_object = np.unique(owner[classes == wanted]) if wanted is not None else np.array([], np.int64)
        pairs += [(action, row) for row in (with_object if len(with_object) else np.arange(n_graphs)).tolist()]
    keys, values = (np.array(column) for column in zip(*pairs))
    return Ragged.of(keys, values, N_ACTIONS)


def _masks_of_classes(classes: NDArray[np.int64], masks: NDArray[np.int64]) -> Ragged:
    """Masks seen with each class; a class that was not seen takes those of all."""
    unseen = np.setdiff1d(np.arange(N_CLASSES), classes)
    keys = np.concatenate([classes, np.repeat(unseen, len(masks))])
    return Ragged.of(keys, np.concatenate([masks, np.tile(masks, len(unseen))]), N_CLASSES)
