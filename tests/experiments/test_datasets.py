"""Stores as training data: sources, labels, which frames count, decoded frames, what is left out."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ag_core.annotations.building.build import build_store
from ag_core.errors import UserError
from ag_core.experiments.datasets import (
    MIN_BOX_SIDE,
    FrameRule,
    LabelledVideos,
    TrainingData,
    choose_apart,
    open_counted_frames,
    read_true_boxes,
)
from ag_core.experiments.kept_arrays import open_clip_frames


def test_splits_and_labels(data: TrainingData, loaded: LabelledVideos) -> None:
    assert len(loaded.videos) == 4 and len(data.with_split("test").load().videos) == 2
    video = loaded.videos[0]
    [(action, _, end)] = video.actions
    assert video.labels.nonzero()[0].tolist() == [action]
    assert not video.find_labels_between(end + 1, end + 2).any()
    assert video.find_labels_between(0.0, 0.0).any()
    assert loaded.describe() == "home-world.duckdb: 4 train videos, truth of source 'dense'"


def test_frames_are_those_that_count(data: TrainingData, loaded: LabelledVideos) -> None:
    video = loaded.videos[0]
    cache = open_counted_frames(data.cache)
    assert [graph.frame for graph in video.counted_graphs] == [1, 7, 13, 19, 25, 31, 37, 43]
    assert len(video.graphs) == 24
    frames = cache.read(video)
    assert frames.shape == (8, 96, 160, 3)
    found = read_true_boxes(video.counted_graphs[3])
    x1, y1, x2, y2 = found.boxes_xyxy[-1].astype(int)
    inside = frames[3, y1 + 3 : y2 - 3, x1 + 3 : x2 - 3].reshape(-1, 3)
    assert inside.std(axis=0).max() < 12, "one colour: the last rectangle is in front"
    assert list(cache.prepare(loaded.videos)) == [1, 2, 3, 4]
    assert cache.get_path(video).exists()
    fewer = replace(video, counted=video.counted[:3])
    assert cache.get_path(fewer) != cache.get_path(video)


def test_clip_frames_are_all_frames(data: TrainingData, loaded: LabelledVideos) -> None:
    assert open_clip_frames(data.cache, (80, 48)).read(loaded.videos[1]).shape == (48, 48, 80, 3)


def test_the_annotation_is_another_source_of_the_same_videos(data: TrainingData, loaded: LabelledVideos) -> None:
    sparse = TrainingData.open(data.store, source="annotation").load()
    assert sparse.data.rule == FrameRule(published=True)
    for mine, dense in zip(sparse.videos, loaded.videos, strict=True):
        assert (mine.video_id, mine.actions, mine.path) == (dense.video_id, dense.actions, dense.path)
        assert 0 < len(mine.counted) < len(dense.frames)
    assert sparse.data.fingerprint != data.fingerprint


def test_frames_apart() -> None:
    times = [(frame - 1) / 12 for frame in range(1, 48, 2)]
    assert choose_apart(times, 0.5) == list(range(0, 24, 3))
    assert choose_apart([0.0, 0.4, 0.5, 0.95, 3.0], 0.5) == [0, 2, 4]
    assert choose_apart(times, 0.0) == list(range(24))
    assert choose_apart([], 0.5) == []


def test_what_is_not_there_is_said(data: TrainingData, showcase: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="choose one of annotation, dense"):
        TrainingData.open(data.store, source="mine")
    with pytest.raises(UserError, match="has no other videos"):
        data.with_split("other").load()
    store = tmp_path / "graphs.duckdb"
    build_store(store, action_genome=showcase / "annotations")
    with pytest.raises(UserError, match=r"none of the 2 test videos of graphs\.duckdb has its file; .* --videos"):
        TrainingData.open(store, "test").load()
    videos = tmp_path / "videos"
    videos.mkdir()
    (videos / "AB1CD.mp4").symlink_to(showcase / "videos" / "AB1CD.mp4")
    build_store(store, action_genome=showcase / "annotations", videos=videos)
    loaded = TrainingData.open(store, "test").load()
    assert [video.video_id for video in loaded.videos] == ["AB1CD"] and loaded.without_file == 1
    assert "1 without a file are left out" in loaded.describe()
    with pytest.raises(UserError, match="have no actions; build the store with --charades"):
        loaded.check_actions()


def test_frames_behind_the_end_do_not_count(data: TrainingData, loaded: LabelledVideos) -> None:
    video = loaded.videos[0]
    short = replace(video.targets, frame_counts=np.full_like(video.targets.frame_counts, 20))
    from ag_core.experiments.datasets import _build_labelled_video

    cut = _build_labelled_video(short, 0, None, data)
    assert [graph.frame for graph in cut.counted_graphs] == [1, 7, 13, 19]


def test_small_and_faint_boxes_are_ignored(loaded: LabelledVideos) -> None:
    video = loaded.videos[0]
    assert [len(found) for found in video.ignored_boxes] == [0] * len(video.counted)
    targets = video.targets
    boxes = targets.object_boxes_xyxy.copy()
    first = targets.objects_of(video.counted[1]).start
    boxes[first, 2] = boxes[first, 0] + MIN_BOX_SIDE - 1
    changed = replace(
        targets,
        object_boxes_xyxy=boxes,
        faint_frame=np.array([video.counted[2]], np.int32),
        faint_classes=np.array([5], np.uint8),
        faint_boxes_xyxy=np.array([[3, 4, 9, 8]], np.float32),
    )
    video = replace(video, targets=changed)
    assert [len(found) for found in video.ignored_boxes] == [0, 1, 1] + [0] * (len(video.counted) - 3)
    assert video.ignored_boxes[1].classes.tolist() == [targets.object_classes[first]]
    assert video.ignored_boxes[2].classes.tolist() == [5]
    assert video.ignored_boxes[2].boxes_xyxy.tolist() == [[3, 4, 9, 8]]
    assert len(read_true_boxes(video.counted_graphs[1])) + 1 == len(read_true_boxes(loaded.videos[0].counted_graphs[1]))
