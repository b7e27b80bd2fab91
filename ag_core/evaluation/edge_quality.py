"""What only exact truth tells of predicted edges: how many are false, and whether their probabilities can be believed.

An annotation that leaves relationships out, as Action Genome does, calls right edges false; so these numbers belong to
data that knows every absence, such as the home world. An edge is put forward where person and object score enough
together and the relationship's probability is enough; `graph_matches` decides which are right. Knows scene graphs only.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ag_core.evaluation.graph_matches import MIN_PAIR_SCORE, match_graphs
from ag_core.evaluation.graph_recall import align_graphs
from ag_core.evaluation.metrics import Counts, Metric, to_percent
from ag_core.evaluation.protocol import Averaging, Origin, Protocol, Unit
from ag_core.records import MIN_PROBABILITY, Detections, SceneGraph
from ag_core.taxonomy import N_RELATIONS, RELATIONS, Mode

N_BINS = 10
"""Of equal width, in which confidence is compared with what came true."""

EDGE_MEASURES: dict[str, tuple[Unit, Averaging]] = {
    "precision of edges": (Unit.PERCENT, Averaging.MICRO),
    "recall of edges": (Unit.PERCENT, Averaging.MICRO),
    "false edges": (Unit.PER_FRAME, Averaging.FRAME),
    "calibration error": (Unit.PERCENT, Averaging.RELATION),
}
"""What is measured of all relationships together, in which unit and over what it is a mean; all but false edges are
known of each relationship as well."""


def build_edge_protocol(
    name: str,
    mode: Mode,
    relation: str = "",
    min_probability: float = MIN_PROBABILITY,
    min_pair_score: float = MIN_PAIR_SCORE,
) -> Protocol:
    """How edges are judged: one of EDGE_MEASURES, of all relationships or of one."""
    unit, averaging = EDGE_MEASURES[name]
    if name == "calibration error":
        details = f"{N_BINS} bins of equal width, of confidence in every predicted pair: both scores times probability"
    else:
        details = (
            f"edges from probability {min_probability:g} on where the scores of person and object multiply to "
            f"{min_pair_score:g}; true objects claimed once, both boxes overlap by 0.5; objects too faint for the "
            "truth are neither right nor false"
        )
    averaging = Averaging.ONE_CLASS if relation else averaging
    return Protocol(name, unit, None, mode, None, averaging, N_RELATIONS, relation, details)


@dataclass(frozen=True)
class EdgeQuality:
    """Edges of a set of frames against exact truth; every array by relationship, in the order of RELATIONS.

    edges, right    [25] put forward, and how many of these are true
    true            [25] true triplets
    bin_counts      [25,B] predicted pairs by confidence in the relationship, B bins of equal width from 0 to 1
    bin_confidence  [25,B] sum of their confidences; bin_right [25,B] how many came true
    left_out        predicted pairs on objects too faint for the truth, which count in none of these
    n_frames, n_videos, frames_without_prediction  annotated frames, also those without any triplet; and their videos
    min_probability, min_pair_score  from which on an edge is put forward
    """

    edges: NDArray[np.int64]
    right: NDArray[np.int64]
    true: NDArray[np.int64]
    bin_counts: NDArray[np.int64]
    bin_confidence: NDArray[np.float64]
    bin_right: NDArray[np.int64]
    left_out: int
    n_frames: int
    n_videos: int
    frames_without_prediction: int
    min_probability: float = MIN_PROBABILITY
    min_pair_score: float = MIN_PAIR_SCORE

    @property
    def precision(self) -> float:
        """Share of the edges that are true; NaN without any edge."""
        return float(_divide(self.right.sum(), self.edges.sum()))

    @property
    def precision_of_relation(self) -> NDArray[np.float64]:
        """[25] the same of each relationship; NaN where none was put forward."""
        return _divide(self.right, self.edges)

    @property
    def recall(self) -> float:
        """Share of the true triplets that were put forward; NaN without any triplet."""
        return float(_divide(self.right.sum(), self.true.sum()))

    @property
    def recall_of_relation(self) -> NDArray[np.float64]:
        """[25] the same of each relationship; NaN where it does not occur."""
        return _divide(self.right, self.true)

    @property
    def false_edges_per_frame(self) -> float:
        """Edges that are not true, over all frames; NaN without a frame."""
        return float(_divide((self.edges - self.right).sum(), self.n_frames))

    @property
    def calibration_error_of_relation(self) -> NDArray[np.float64]:
        """[25] expected calibration error: how far confidence and truth lie apart in a bin, mean over the pairs."""
        gaps = np.abs(self.bin_confidence - self.bin_right).sum(axis=1)
        return _divide(gaps, self.bin_counts.sum(axis=1))

    @property
    def calibration_error(self) -> float:
        """The plain mean over the 25 relationships; NaN without a predicted pair."""
        return float(self.calibration_error_of_relation.mean())

    def list_values(self) -> dict[str, float]:
        """In the unit of each of EDGE_MEASURES."""
        return {
            "precision of edges": to_percent(self.precision),
            "recall of edges": to_percent(self.recall),
            "false edges": self.false_edges_per_frame,
            "calibration error": to_percent(self.calibration_error),
        }

    def list_relation_values(self) -> dict[str, NDArray[np.float64]]:
        """[25] of each relationship in percent, by measure; NaN where it is not known."""
        return {
            "precision of edges": 100 * self.precision_of_relation,
            "recall of edges": 100 * self.recall_of_relation,
            "calibration error": 100 * self.calibration_error_of_relation,
        }

    def to_metrics(self, origin: Origin, mode: Mode, model: str = "") -> list[Metric]:
        """The measures of all relationships together, then those that are known of each."""
        n = self.count_scored()
        metrics = [
            Metric(number, self._build_protocol(name, mode), origin, n, model=model)
            for name, number in self.list_values().items()
        ]
        return metrics + [
            Metric(
                numbers[index],
                self._build_protocol(name, mode, relation),
                origin,
                replace(n, triplets=int(self.true[index])),
                model=model,
            )
            for name, numbers in self.list_relation_values().items()
            for index, relation in enumerate(RELATIONS)
            if not np.isnan(numbers[index])
        ]

    def count_scored(self) -> Counts:
        """On what everything was measured."""
        return Counts(
            videos=self.n_videos,
            frames=self.n_frames,
            triplets=int(self.true.sum()),
            frames_without_prediction=self.frames_without_prediction,
        )

    def _build_protocol(self, name: str, mode: Mode, relation: str = "") -> Protocol:
        return build_edge_protocol(name, mode, relation, self.min_probability, self.min_pair_score)


def compute_edge_quality(
    truth: Mapping[str, Sequence[SceneGraph]],
    predictions: Mapping[str, Sequence[SceneGraph]],
    faint: Mapping[str, Sequence[Detections]] | None = None,
    min_probability: float = MIN_PROBABILITY,
    min_pair_score: float = MIN_PAIR_SCORE,
) -> EdgeQuality:
    """Edges of predicted graphs per video id against truth that leaves nothing out, matched by frame number.

    Every annotated frame counts, also one without any relationship; one without a predicted graph has no edges.
    `faint` are for each true graph the objects in sight that are too small or too hidden for the truth: a predicted one
    that claims no true object and lies on one of these is left out.
    """
    guesses = [guess for of_video in align_graphs(truth, predictions) for guess in of_video]
    matches = match_graphs(
        [graph for of_video in truth.values() for graph in of_video],
        guesses,
        None if faint is None else [boxes for video in truth for boxes in faint[video]],
        min_probability,
        min_pair_score,
    )
    guessed, holds = matches.guessed, matches.holds
    seen = guessed.in_sight & ~matches.left_out
    confidence = (guessed.pair_scores[:, None] * guessed.relations[:, :N_RELATIONS])[seen]
    bins = np.minimum((confidence * N_BINS).astype(np.int64), N_BINS - 1) + N_BINS * np.arange(N_RELATIONS)
    counts, sums, right = (_add_up(bins, of_pairs) for of_pairs in (np.ones_like(confidence), confidence, holds[seen]))
    return EdgeQuality(
        matches.edges.sum(axis=0),
        matches.right.sum(axis=0),
        matches.is_true.sum(axis=0),
        counts.astype(np.int64),
        sums,
        right.astype(np.int64),
        int(matches.left_out.sum()),
        len(guesses),
        sum(bool(of_video) for of_video in truth.values()),
        sum(guess is None for guess in guesses),
        min_probability,
        min_pair_score,
    )


def _add_up(bins: NDArray[np.int64], of_pairs: NDArray[Any]) -> NDArray[np.float64]:
    """[25,B] sums of a number of every pair and relationship [P,25] over the bins that they lie in."""
    sums = np.zeros(N_RELATIONS * N_BINS)
    np.add.at(sums, bins, of_pairs)
    return sums.reshape(N_RELATIONS, N_BINS)


def _divide(part: Any, whole: Any) -> NDArray[np.float64]:
    """Element by element; NaN where `whole` is 0."""
    part, whole = np.asarray(part, np.float64), np.asarray(whole, np.float64)
    ratios = np.full(np.broadcast(part, whole).shape, np.nan)
    np.divide(part, whole, out=ratios, where=whole > 0)
    return ratios
