"""Relationships through time, made steady after any head: the likeliest path over legal transitions, and flicker.

A head that judges frames apart lets relationships come and go. Of every object class and group of relationships the
likeliest path (Viterbi 1967) is taken through the sets of relationships that occur together in training graphs, along
steps that occur there between neighbouring frames; a set may always stay (methods C21). Knows no network.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ag_core.records import MIN_PROBABILITY, SceneGraph
from ag_core.taxonomy import GROUP_SLICES, Group

MAX_GAP_S = 2.0
"""A class that is not seen for longer begins anew."""

MIN_CHANCE = 1e-4
"""No head is surer than this."""

USUAL_SHARE = 0.3
"""How much of a state's frequency is taken out of a head's probabilities: 1 were as if all were equally frequent."""


@dataclass(frozen=True)
class Transitions:
    """What may follow what in one group of relationships.

    states  [S,n] sets of the group's n relationships that hold together
    usual   [S] log probability that each holds at any time
    start   [S] log probability that a track begins with each
    follow  [S,S] log probability that the second follows the first; minus infinity for a step that is not legal
    """

    states: NDArray[np.bool_]
    usual: NDArray[np.float64]
    start: NDArray[np.float64]
    follow: NDArray[np.float64]

    def __post_init__(self) -> None:
        n = len(self.states)
        if not n or not self.usual.shape == self.start.shape == (n,) or self.follow.shape != (n, n):
            raise ValueError(f"{n} states do not agree with start {self.start.shape} and follow {self.follow.shape}")


def count_transitions(videos: Sequence[Sequence[SceneGraph]]) -> dict[Group, Transitions]:
    """The sets and steps of every group in the graphs of training videos, each video's by time.

    Every set counts once more as staying, so that it may. ValueError where no graph has an object.
    """
    return {group: _count_group(videos, GROUP_SLICES[group]) for group in Group}


def _count_group(videos: Sequence[Sequence[SceneGraph]], columns: slice) -> Transitions:
    seen: Counter[bytes] = Counter()
    starts: Counter[bytes] = Counter()
    steps: Counter[tuple[bytes, bytes]] = Counter()
    for graphs in videos:
        for track in list_tracks(graphs):
            names = [(graphs[frame].relations[row, columns] >= MIN_PROBABILITY).tobytes() for frame, row in track]
            seen.update(names)
            starts[names[0]] += 1
            steps.update(pairwise(names))
    known = sorted(seen)
    if not known:
        raise ValueError("no graph has an object; there is nothing to count")
    index = {name: number for number, name in enumerate(known)}
    counts = np.eye(len(known))
    for (before, after), count in steps.items():
        counts[index[before], index[after]] += count
    held = np.array([seen[name] for name in known], np.float64)
    begun = np.array([starts[name] + 1 for name in known], np.float64)
    with np.errstate(divide="ignore"):
        follow = np.log(counts / counts.sum(axis=1, keepdims=True))
    states = np.array([np.frombuffer(name, bool) for name in known])
    return Transitions(states, np.log(held / held.sum()), np.log(begun / begun.sum()), follow)


def list_tracks(graphs: Sequence[SceneGraph]) -> list[list[tuple[int, int]]]:
    """Of each object class the (position of the graph, row of the object) where it is seen, cut at long gaps.

    Graphs are one video's, by time. Of several objects of a class in a frame the one with the best score counts; an
    object that is not visible does not.
    """
    tracks: list[list[tuple[int, int]]] = []
    of_class: dict[int, list[tuple[int, int]]] = {}
    for position, graph in enumerate(graphs):
        for object_class, row in _pick_best(graph):
            track = of_class.get(object_class)
            if track is None or graph.time_s - graphs[track[-1][0]].time_s > MAX_GAP_S:
                track = of_class[object_class] = []
                tracks.append(track)
            track.append((position, row))
    return tracks


def _pick_best(graph: SceneGraph) -> Iterator[tuple[int, int]]:
    """(class, row) of the best-scoring visible object of each class."""
    if graph.person_box_xyxy is None:
        return
    best: dict[int, int] = {}
    for row in np.flatnonzero(graph.visible).tolist():
        object_class = int(graph.object_classes[row])
        if object_class not in best or graph.object_scores[row] > graph.object_scores[best[object_class]]:
            best[object_class] = row
    yield from best.items()


def find_likeliest_path(chances: NDArray[np.float64], transitions: Transitions, exclusive: bool) -> NDArray[np.int64]:
    """[T] the state at every step of the likeliest path, for probabilities [T,n] of the group's relationships.

    `exclusive` relationships are one of n, and a state is as likely as those it holds; otherwise each holds or not by
    itself. A state's own frequency is taken out of that in part, since the head's probabilities hold it, too.
    """
    sure = np.clip(chances, MIN_CHANCE, 1 - MIN_CHANCE)
    states = transitions.states.T.astype(np.float64)  # [n, S]
    fits = np.log(sure) @ states  # [T, S]
    if not exclusive:
        fits += np.log(1 - sure) @ (1 - states)
    fits = fits - USUAL_SHARE * transitions.usual
    best, came_from = transitions.start + fits[0], np.zeros(fits.shape, np.int64)
    for step in range(1, len(fits)):
        reached = best[:, None] + transitions.follow  # [before, after]
        came_from[step] = reached.argmax(axis=0)
        best = reached.max(axis=0) + fits[step]
    path = [int(best.argmax())]
    for step in range(len(fits) - 1, 0, -1):
        path.append(int(came_from[step, path[-1]]))
    return np.array(path[::-1])


def smooth_graphs(graphs: Sequence[SceneGraph], transitions: Mapping[Group, Transitions]) -> list[SceneGraph]:
    """The graphs of one video, by time, with every relationship on the side of one half where the path has it.

    A probability p becomes (1 + p) / 2 where the path has the relationship and p / 2 where it has not: those on one
    side keep their order, and attention still adds up to 1. Objects beside the best of their class stay as they are.
    """
    relations = [graph.relations.copy() for graph in graphs]
    for track in list_tracks(graphs):
        for group, columns in GROUP_SLICES.items():
            chances = np.array([graphs[frame].relations[row, columns] for frame, row in track], np.float64)
            path = find_likeliest_path(chances, transitions[group], exclusive=group == Group.ATTENTION)
            holds = transitions[group].states[path]
            below = np.minimum(chances, 1 - MIN_CHANCE) / 2  # never one half, where a relationship would hold
            for (frame, row), values in zip(track, np.where(holds, (1 + chances) / 2, below)):
                relations[frame][row, columns] = values
    return [replace(graph, relations=found) for graph, found in zip(graphs, relations)]


def count_flicker(graphs: Sequence[SceneGraph]) -> float:
    """How many times a minute a relationship is otherwise in one frame than in the frames before and after it.

    Counted along the tracks of one video's graphs, by time; the minutes are those between its first and last frame.
    0 for fewer than three frames.
    """
    if len(graphs) < 3:
        return 0.0
    flicker = 0
    for track in list_tracks(graphs):
        holds = np.array([graphs[frame].relations[row] >= MIN_PROBABILITY for frame, row in track])
        flicker += int(((holds[1:-1] != holds[:-2]) & (holds[1:-1] != holds[2:])).sum())
    return 60 * flicker / (graphs[-1].time_s - graphs[0].time_s)
