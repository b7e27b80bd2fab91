"""Six moods of light, from a warm evening to a bright noon."""

import numpy as np
from numpy.typing import NDArray

from ag_core.world.random_streams import RandomStream
from ag_core.world.render.mesh import unit
from ag_core.world.render.raster import Lights

Colour = tuple[float, float, float]

MOODS: dict[
    str, tuple[Colour, Colour, Colour, Colour, Colour, float]
] = {  # key colour, sky, ground, lamp, window, exposure
    "daylight": (
        (1.30, 1.20, 1.04),
        (0.42, 0.43, 0.46),
        (0.27, 0.24, 0.21),
        (0.42, 0.32, 0.20),
        (0.34, 0.40, 0.48),
        0.74,
    ),
    "noon": ((1.45, 1.40, 1.30), (0.50, 0.51, 0.53), (0.32, 0.30, 0.27), (0.20, 0.16, 0.10), (0.50, 0.52, 0.56), 0.70),
    "overcast": (
        (0.72, 0.76, 0.84),
        (0.54, 0.57, 0.62),
        (0.34, 0.33, 0.32),
        (0.40, 0.32, 0.22),
        (0.46, 0.50, 0.56),
        0.82,
    ),
    "golden": (
        (1.50, 1.14, 0.74),
        (0.42, 0.38, 0.38),
        (0.30, 0.24, 0.18),
        (0.46, 0.32, 0.18),
        (0.50, 0.40, 0.26),
        0.72,
    ),
    "evening": (
        (0.78, 0.62, 0.46),
        (0.38, 0.34, 0.34),
        (0.27, 0.22, 0.18),
        (1.05, 0.74, 0.42),
        (0.16, 0.20, 0.34),
        0.94,
    ),
    "lamplight": (
        (0.85, 0.74, 0.60),
        (0.44, 0.41, 0.38),
        (0.30, 0.26, 0.22),
        (0.95, 0.74, 0.48),
        (0.14, 0.16, 0.24),
        0.86,
    ),
}


def light_room(
    stream: RandomStream,
    size: tuple[float, float],
    lamp: NDArray[np.float64] | None,
    window: NDArray[np.float64] | None,
) -> Lights:
    """Key light from the upper front left or right; a lamp and the window as fills."""
    key, sky, ground, lamp_colour, pane_colour, exposure = (np.asarray(v) for v in MOODS[stream.choice(list(MOODS))])
    side = stream.choice([-1, 1])
    direction = unit((side * stream.uniform(0.2, 0.65), stream.uniform(0.35, 0.75), stream.uniform(1.1, 1.5)))
    lamp_at = lamp if lamp is not None else np.array([size[0] * 0.8, 1.0, 1.8])
    pane_at = np.add(window, (0, 0.6, 1.6)) if window is not None else np.array([size[0] * 0.5, 0.6, 1.6])
    fills = np.array([(*(np.add(lamp_at, (0, 0.05, 0.05))), *lamp_colour), (*pane_at, *pane_colour)])
    return Lights(direction, key, sky, ground, fills, float(exposure) * stream.uniform(0.93, 1.07))
