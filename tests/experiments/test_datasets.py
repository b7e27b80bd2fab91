"""Home worlds as training data: truth, labels, decoded pictures."""

import pytest

from ag_core.errors import UserError
from ag_core.experiments.datasets import HomeWorld, clip_pictures, detector_pictures, true_detections


def test_splits_and_labels(world):
    assert [len(world.of_split(split)) for split in ("train", "val")] == [4, 2]
    video = world.videos[0]
    [(action, start, end)] = video.truth.actions
    assert video.labels.nonzero()[0].tolist() == [action]
    assert not video.labels_between(end + 1, end + 2).any()
    assert video.labels_between(start, start).any()


def test_pictures_are_those_of_the_frames(world):
    video = world.videos[0]
    cache = detector_pictures(world)
    pictures = cache.pictures(video)
    assert [graph.frame for graph in video.detector_graphs] == [1, 7, 13, 19, 25, 31, 37, 43]
    assert pictures.shape == (8, 96, 160, 3)
    found = true_detections(video.detector_graphs[3])
    x1, y1, x2, y2 = found.boxes_xyxy[-1].astype(int)
    inside = pictures[3, y1 + 3 : y2 - 3, x1 + 3 : x2 - 3].reshape(-1, 3)
    assert inside.std(axis=0).max() < 12, "one colour: the last rectangle is in front"
    assert list(cache.prepare(world.videos)) == list(range(1, 7))
    assert (cache.folder / "RECT0.npy").exists()


def test_clip_pictures_hold_every_frame(world):
    assert clip_pictures(world, (80, 48)).pictures(world.videos[1]).shape == (48, 48, 80, 3)


def test_a_folder_without_a_world(tmp_path):
    with pytest.raises(UserError, match="no home world"):
        HomeWorld.open(tmp_path)
