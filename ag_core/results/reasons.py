"""Why a relationship holds in a predicted graph: what each part gave to its log odds, as a value and in files.

Only runs that put relationships right for real homes have reasons: there each probability is made of parts that add up.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ag_core.records import SceneGraph
from ag_core.results.json_values import take_number
from ag_core.taxonomy import GROUP_OF_RELATION, N_RELATIONS, RELATIONS

PARTS = ("prior", "geometry", "hands", "network", "steadiness")
"""What gives a share, in the order in which they are added: how often the relationship is annotated with such an object
in real homes; what the places of the two boxes say; how near the person's hands are, where they were looked for; what
the network saw beyond the boxes' places; the frames around, where relationships were made steady."""

PART_LABELS = {
    "prior": "real homes",
    "geometry": "boxes",
    "hands": "hands",
    "network": "network",
    "steadiness": "steadiness",
}
"""The parts on screens."""

MAX_LOG_ODDS = 1000.0
_LEAST = 1e-6


@dataclass(frozen=True, eq=False)
class FrameReasons:
    """The reasons of one graph: shares [N,25,5] in log odds by object, relationship and part; NaN where none are told.

    Told are those of relationships that hold; their shares add up to the log odds of the probability.
    """

    shares: NDArray[np.float64]

    @staticmethod
    def tell_none(n_objects: int) -> "FrameReasons":
        """No reasons, for a graph of so many objects."""
        return FrameReasons(np.full((n_objects, N_RELATIONS, len(PARTS)), np.nan))

    def to_json(self, row: int) -> dict[str, dict[str, float]]:
        """The reasons of one object, by relationship and part, rounded; a part that gave nothing at all is left out."""
        return {
            RELATIONS[relation]: {
                part: round(float(share), 4) for part, share in zip(PARTS, self.shares[row, relation]) if share != 0
            }
            for relation in np.flatnonzero(~np.isnan(self.shares[row, :, 0])).tolist()
        }

    @staticmethod
    def from_json(objects: list[Mapping[str, Any]]) -> "FrameReasons | None":
        """The reasons in a frame's objects; None where none has any. ValueError for other names or no numbers."""
        if not any("reasons" in found for found in objects):
            return None
        shares = FrameReasons.tell_none(len(objects)).shares
        for row, found in enumerate(objects):
            for name, said in found.get("reasons", {}).items():
                if name not in GROUP_OF_RELATION or set(said) - set(PARTS):
                    raise ValueError(f"reasons for {name!r} by {', '.join(said)} are unknown; parts are {PARTS}")
                shares[row, RELATIONS.index(name)] = [
                    take_number(said, part, -MAX_LOG_ODDS, MAX_LOG_ODDS) if part in said else 0.0 for part in PARTS
                ]
        return FrameReasons(shares)


def build_reasons(graph: SceneGraph, holds: NDArray[np.bool_], shares: NDArray[np.float64]) -> FrameReasons:
    """The reasons of a graph as it is told, for relationships that hold [N,25], from shares [N,25,4] of its making.

    What the probabilities are beyond these shares, the frames around made of them.
    """
    steadiness = np.zeros(graph.relations.shape)
    made = 1 / (1 + np.exp(-shares.sum(axis=2)))
    changed = ~np.isclose(made, graph.relations, rtol=0, atol=_LEAST)
    told = np.clip(graph.relations.astype(np.float64), _LEAST, 1 - _LEAST)
    steadiness[changed] = (np.log(told) - np.log1p(-told) - shares.sum(axis=2))[changed]
    whole = np.concatenate([shares, steadiness[..., None]], axis=2)
    whole[~holds] = np.nan
    return FrameReasons(whole)


def take_shares(reasons: Mapping[int, FrameReasons], frame: int, kept: NDArray[np.bool_]) -> NDArray[np.float64]:
    """[n,25,5] of the objects kept [N] of a frame's graph, from reasons by frame; NaN where none are told."""
    return (reasons.get(frame) or FrameReasons.tell_none(len(kept))).shares[kept]
