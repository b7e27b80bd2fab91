"""Where MoveNet's maps say that points are, the square that it looks at, and files that are not it."""

from pathlib import Path

import numpy as np
import pytest

from ag_core.errors import UserError
from ag_core.models.movenet import CELL, N_POINTS, POINTS, SIDE, PoseNetwork, cut_square, decode
from tests.models.onnx_files import write_constant_detector

CELLS = SIDE // CELL


def test_points_are_where_the_maps_of_the_middle_person_say() -> None:
    middles, points = np.full((1, CELLS, CELLS), -9, np.float32), np.full((N_POINTS, CELLS, CELLS), -9, np.float32)
    ways, offsets = (np.zeros((2 * N_POINTS, CELLS, CELLS), np.float32) for _ in range(2))
    wrist = POINTS["left wrist"]
    middles[0, 24, 22], middles[0, 24, 2] = 3, 3.5  # somebody at the edge is a little clearer
    ways[2 * wrist : 2 * wrist + 2, 24, 22] = (5, -4)  # 5 cells down, 4 to the left
    points[wrist, 30, 17], points[wrist, 3, 40] = 1, 1.5  # another hand far away, a little clearer
    offsets[2 * wrist : 2 * wrist + 2, 30, 17] = (0.25, 0.5)
    found_xy, scores = decode([middles, points, ways, offsets])
    np.testing.assert_allclose(found_xy[wrist], [17.5, 30.25])
    assert scores[wrist] == pytest.approx(1 / (1 + np.exp(-1)))
    assert scores.max() == scores[wrist]


def test_the_square_around_a_box_reaches_beyond_the_picture_in_black() -> None:
    image = np.full((40, 60, 3), 200, np.uint8)
    image[10:20, 30:40] = (255, 0, 0)
    square, scale, corner_xy = cut_square(image, [30, 0, 50, 32], 80)
    assert square.shape == (80, 80, 3)
    assert scale == 2  # 32 x 1.25 pixels become 80
    np.testing.assert_allclose(corner_xy, [20, -4])
    assert tuple(square[38, 30]) == (255, 0, 0)
    assert not square[:6].any()


def test_another_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "text.onnx").write_text("no network")
    write_constant_detector(tmp_path / "other.onnx", {4: 1.0})
    for name in ("text.onnx", "other.onnx"):
        with pytest.raises(UserError, match=rf"{name} is not the pose network; remove it and run `fetch-detector mov"):
            PoseNetwork(tmp_path / name)
