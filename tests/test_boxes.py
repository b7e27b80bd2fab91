"""Overlap, formats and pair geometry against numbers worked out by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ag_core import boxes

corner = st.floats(0, 400, width=32)
side = st.floats(1, 200, width=32)
box = st.tuples(corner, corner, side, side).map(lambda b: [b[0], b[1], b[0] + b[2], b[1] + b[3]])


@pytest.mark.parametrize(
    ("a", "b", "inclusive", "expected"),
    [
        ([0, 0, 9, 9], [0, 0, 9, 4], True, 50 / 100),
        ([0, 0, 9, 9], [0, 0, 9, 4], False, 36 / 81),
        ([0, 0, 10, 10], [10, 0, 20, 10], False, 0),
        ([0, 0, 10, 10], [5, 5, 15, 15], False, 25 / 175),
        ([3, 3, 3, 3], [3, 3, 3, 3], False, 0),
    ],
)
def test_overlap_by_hand(a: list[int], b: list[int], inclusive: bool, expected: float) -> None:
    assert boxes.compute_iou([a], [b], inclusive)[0, 0] == pytest.approx(expected)


def test_empty_overlap() -> None:
    assert boxes.compute_iou([], np.zeros((3, 4))).shape == (0, 3)
    assert boxes.unite_boxes([], []).shape == (0, 4)
    assert boxes.compute_relation_geometry([], [], []).shape == (0, 28)


@given(st.lists(box, min_size=1, max_size=5), st.lists(box, min_size=1, max_size=5))
def test_overlap_is_symmetric_and_bounded(a: list[list[float]], b: list[list[float]]) -> None:
    overlap = boxes.compute_iou(a, b)
    assert np.allclose(overlap, boxes.compute_iou(b, a).T, atol=1e-5)
    assert overlap.min() >= 0
    assert overlap.max() <= 1 + 1e-5


def test_union_clip_and_flip() -> None:
    assert boxes.unite_boxes([[0, 5, 10, 10]], [[5, 0, 8, 20]]).tolist() == [[0, 0, 10, 20]]
    assert boxes.clip_boxes([[-5, 3, 700, 900]], 640, 480).tolist() == [[0, 3, 640, 480]]
    assert boxes.flip_boxes([[10, 0, 30, 5]], 100).tolist() == [[70, 0, 90, 5]]
    assert boxes.flip_boxes([], 100).shape == (0, 4)


def test_geometry_by_hand() -> None:
    vector = boxes.compute_relation_geometry([[0, 0, 9, 9]], [[20, 0, 39, 9]], [[100, 50]])[0]
    assert len(vector) == boxes.GEOMETRY_SIZE == 28
    # Centres 4.5 and 29.5, widths 10 and 20 with the last pixel, heights both 10.
    assert vector[:6] == pytest.approx([2.5, 0, np.log(2), 0, -1.25, 0])
    # The union is 0..39 wide: centre 19.5, width 40.
    assert vector[6:12] == pytest.approx([1.5, 0, np.log(4), 0, -0.375, 0])
    assert vector[18:23] == pytest.approx([0, 0, 0.09, 0.18, 100 / 5000])


@given(box, box)
def test_geometry_does_not_depend_on_scale_far_from_one_pixel(a: list[float], b: list[float]) -> None:
    assert np.isfinite(boxes.compute_relation_geometry([a], [b], [[640, 480]])).all()


def test_inputs_are_untouched() -> None:
    a = np.array([[-3.0, 0, 9, 9]], np.float32)
    kept = a.copy()
    boxes.clip_boxes(a, 5, 5), boxes.unite_boxes(a, a), boxes.compute_relation_geometry(a, a, [[9, 9]])
    assert np.array_equal(a, kept)


def test_the_upper_part_of_a_box() -> None:
    assert boxes.take_upper_part([[10, 20, 50, 120]], 0.25).tolist() == [[10, 20, 50, 45]]
    assert boxes.take_upper_part(np.zeros((0, 4)), 0.25).shape == (0, 4)
