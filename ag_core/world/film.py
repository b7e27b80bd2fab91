"""One film of the home world: pictures and truth from a profile, a split and a seed.

film = make_film("home-20", "train", 7)         # or film("home-20", "train", 7)
for picture in film.frames():                   # uint8 [H,W,3] RGB
    ...
film.truth                                      # WorldTruth, complete once all frames were drawn
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from ag_core.world.truth import WorldTruth

PROFILES = ("home-20",)
GENERATOR_VERSION = 1


class Film:
    """A film that draws itself frame by frame. `truth` is there once `frames` has been exhausted (or `truth` asks for it)."""

    n_frames: int
    fps: float
    width: int
    height: int
    video_id: str

    def frames(self) -> Iterator[NDArray[np.uint8]]:
        """Pictures [H,W,3] RGB, in order; may be called again and gives the same pictures."""
        raise NotImplementedError

    @property
    def truth(self) -> WorldTruth:
        """The exact truth; draws the frames first where that has not happened yet."""
        raise NotImplementedError


def film(profile: str, split: str, seed: int) -> Film:
    """The film of a seed. profile: one of PROFILES; split: 'train' or 'val'. Same arguments, same pixels."""
    raise NotImplementedError
