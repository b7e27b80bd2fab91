"""The player's colours are told apart by who sees no red, no green or no blue, on the page and over pictures."""

import re
from itertools import combinations

import numpy as np
import pytest
from numpy.typing import NDArray

from ag_core.settings import ASSETS

MIN_DISTANCE = 20.0
"""In CIE L*a*b*; two colours side by side differ at first sight from about ten on."""

SEEN = {
    "everything": np.eye(3),
    "no red": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "no green": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]]
    ),
    "no blue": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.3039]]
    ),
}
"""Machado, Oliveira and Fernandes (2009), severity 1, on linear RGB."""

TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
WHITE = np.array([0.9505, 1.0, 1.089])


def to_linear(colour: str) -> NDArray[np.float64]:
    """[3] linear RGB of #rrggbb."""
    shares = np.array([int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)])
    return np.where(shares <= 0.04045, shares / 12.92, ((shares + 0.055) / 1.055) ** 2.4)


def to_lab(linear: NDArray[np.float64]) -> NDArray[np.float64]:
    """[3] L*, a*, b* of linear RGB."""
    xyz = TO_XYZ @ linear.clip(0, 1) / WHITE
    x, y, z = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def read_colours(script: str, name: str) -> list[str]:
    """The colours that a script of the player names so, in order."""
    text = (ASSETS / "player" / script).read_text(encoding="utf-8")
    return re.findall(rf'\b{name}: "(#[0-9A-F]{{6}})"', text)


@pytest.mark.parametrize("seen", SEEN)
@pytest.mark.parametrize(
    ("script", "names"),
    [
        ("elements.js", ("light",)),
        ("elements.js", ("dark",)),
        ("overlay.js", ("neutral", "attention", "contact")),
        ("verdicts.js", ("over",)),
        ("verdicts.js", ("light",)),
        ("verdicts.js", ("dark",)),
    ],
)
def test_colours_are_told_apart(script: str, names: tuple[str, ...], seen: str) -> None:
    colours = [
        colour
        for name in names
        for colour in read_colours(script, name)
        if (script, name, colour) != ("verdicts.js", "over", "#FFFFFF")
    ]
    assert len(colours) == 3
    labs = {colour: to_lab(SEEN[seen] @ to_linear(colour)) for colour in colours}
    distances = {pair: float(np.linalg.norm(labs[pair[0]] - labs[pair[1]])) for pair in combinations(colours, 2)}
    assert min(distances.values()) >= MIN_DISTANCE, distances


def test_two_colours_by_hand() -> None:
    assert to_lab(to_linear("#FFFFFF")) == pytest.approx([100, 0, 0], abs=0.1)
    assert to_lab(to_linear("#FF0000")) == pytest.approx([53.2, 80.1, 67.2], abs=0.3)
