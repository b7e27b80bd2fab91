"""Boxes follow their frames through mirroring and zooming; what is left too small is ignored, and nothing is lost."""

import numpy as np
import pytest
import torch

from ag_core.boxes import compute_areas
from ag_core.experiments.augmentation import (
    COLOUR_SHARE,
    GREY,
    MIN_LEARNED_SIDE,
    AnnotatedFrame,
    augment,
    change_colours,
    mirror,
    zoom,
)
from ag_core.records import Detections

COLOURS = np.array([[220, 30, 30], [30, 220, 30], [30, 30, 220]], np.uint8)
BOXES = np.array([[10, 20, 40, 80], [100, 30, 124, 50], [70, 60, 78, 66]], np.float32)


def draw() -> AnnotatedFrame:
    """Three rectangles on black: two true ones, and a small one to ignore."""
    pixels = np.zeros((96, 160, 3), np.uint8)
    for (x1, y1, x2, y2), colour in zip(BOXES.astype(int), COLOURS):
        pixels[y1:y2, x1:x2] = colour
    known = Detections(BOXES, [0, 1, 2], np.ones(3))
    return AnnotatedFrame(pixels, known[:2], known[2:])


def check_boxes(frame: AnnotatedFrame) -> None:
    """Every box lies exactly around the pixels of its class's colour."""
    for found in (frame.truth, frame.ignored):
        for box, object_class in zip(found.boxes_xyxy, found.classes):
            rows, columns = np.nonzero((frame.pixels == COLOURS[object_class]).all(axis=2))
            assert box.tolist() == [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]


def test_mirrored_boxes_follow_the_picture() -> None:
    frame = mirror(draw())
    check_boxes(frame)
    assert frame.truth.boxes_xyxy[0].tolist() == [120, 20, 150, 80]


@pytest.mark.parametrize("factor", [0.75, 1.0, 1.3, 1.8])
def test_zoomed_boxes_follow_the_picture(factor: float) -> None:
    corners = set()
    for seed in range(12):
        frame = zoom(draw(), factor, np.random.default_rng(seed))
        assert frame.pixels.shape == (round(96 / factor), round(160 / factor), 3)
        check_boxes(frame)
        sides = (frame.truth.boxes_xyxy[:, 2:] - frame.truth.boxes_xyxy[:, :2]).min(axis=1)
        assert (sides * factor >= MIN_LEARNED_SIDE).all()
        shown = [colour for colour in COLOURS if (frame.pixels == colour).all(axis=2).any()]
        assert len(frame.truth) + len(frame.ignored) == len(shown), "whatever is in sight is true or ignored"
        assert (frame.pixels == GREY).all(axis=2).any() == (factor < 1)
        corners.add(tuple(frame.truth.boxes_xyxy[0].tolist()) if len(frame.truth) else ())
    assert len(corners) > 1 or factor == 1


def test_a_box_that_is_cut_short_is_ignored() -> None:
    found = Detections([[0, 0, 100, 90], [120, 10, 150, 40]], [0, 1], np.ones(2))
    whole = AnnotatedFrame(np.zeros((96, 160, 3), np.uint8), found, Detections.empty())
    cut = [zoom(whole, 1.8, np.random.default_rng(seed)) for seed in range(20)]
    for frame in cut:
        for ignored in frame.ignored[frame.ignored.classes == 0].boxes_xyxy:
            assert compute_areas(ignored[None])[0] < 0.4 * 100 * 90
    assert any(len(frame.ignored) for frame in cut)


def test_windows_lie_around_small_boxes_more_often() -> None:
    found = Detections([[0, 0, 100, 90], [130, 70, 146, 86]], [0, 1], np.ones(2))
    whole = AnnotatedFrame(np.zeros((96, 160, 3), np.uint8), found, Detections.empty())
    zoomed = [zoom(whole, 1.8, np.random.default_rng(seed)).truth.classes for seed in range(200)]
    assert sum(1 in classes for classes in zoomed) > 150 > sum(0 in classes for classes in zoomed) > 10


def test_a_true_box_remains_and_the_frame_is_as_it_was() -> None:
    frame = draw()
    before = frame.pixels.copy()
    shapes = set()
    for seed in range(40):
        changed = augment(frame, np.random.default_rng(seed))
        assert len(changed.truth)
        check_boxes(changed)
        shapes.add(changed.pixels.shape)
    assert len(shapes) > 10 and frame.pixels.shape in shapes
    assert np.array_equal(frame.pixels, before) and np.array_equal(frame.truth.boxes_xyxy, BOXES[:2])


def test_hues_turn_and_greys_stay() -> None:
    random = np.random.default_rng(0)
    grey = torch.linspace(0, 1, 12).reshape(1, 3, 4).expand(3, 3, 4)
    red = torch.tensor([0.6, 0.4, 0.4]).reshape(3, 1, 1).expand(3, 3, 4)
    for _ in range(20):
        assert torch.allclose(change_colours(grey, random), grey, atol=1e-5)
    changed = torch.stack([change_colours(red, random)[:, 0, 0] for _ in range(300)])
    assert torch.allclose(changed.mean(1), torch.tensor(1.4 / 3), atol=1e-5), "the mean of the channels stays"
    colour = (changed - changed.mean(1, keepdim=True)).norm(dim=1) / (0.2 * (2 / 3) ** 0.5)
    assert COLOUR_SHARE[0] - 1e-4 <= colour.min() < 0.6 and 1.3 < colour.max() <= COLOUR_SHARE[1] + 1e-4
    assert 0.5 < (changed.argmax(1) == 0).float().mean() < 0.8, "half keep their hue, and a third of the others"
