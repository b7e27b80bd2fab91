"""A clip network learns from graphs what clips show, starts the training of actions, and is judged on other videos."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from ag_core.errors import UserError
from ag_core.evaluation.feature_spectrum import compute_effective_rank
from ag_core.experiments import training
from ag_core.experiments.clip import SAVED, ClipChange, Clips, start_from_pretraining
from ag_core.experiments.clip_targets import MOVED, N_LABELS, N_OBJECTS, VideoTargets
from ag_core.experiments.compute import Compute
from ag_core.experiments.datasets import LabelledVideos, TrainingData
from ag_core.experiments.place_targets import MOVING, N_PLACE_LABELS, VideoPlaces, find_moving
from ag_core.experiments.pretraining import (
    ClipPretrainer,
    TargetedClips,
    find_map_shape,
    measure_pretrainer,
    measure_start,
)
from ag_core.experiments.training_loop import Budget
from ag_core.experiments.training_options import TrainingOptions
from ag_core.models.checkpoints import read_metadata
from ag_core.models.video import PooledClipNetwork, build_clip_classifier, build_clip_network
from ag_core.taxonomy import N_RELATIONS
from tests.experiments.test_action import TINY_VIDEO


def test_the_rank_of_features_counts_their_directions() -> None:
    random = np.random.default_rng(0)
    assert compute_effective_rank(np.outer(random.normal(size=50), [1, 2, 3])) == pytest.approx(1)
    assert compute_effective_rank(np.ones((4, 3))) == 1
    assert np.isnan(compute_effective_rank(np.array([[1.0, np.nan], [0.0, 1.0]])))
    corners = np.array([[1, 0], [-1, 0], [0, 1], [0, -1]])
    assert compute_effective_rank(corners) == pytest.approx(2)
    with pytest.raises(ValueError, match="two or more"):
        compute_effective_rank(np.ones((1, 3)))


def test_targets_are_what_the_graphs_of_a_clip_say(loaded: LabelledVideos) -> None:
    video = loaded.videos[0]
    targets = VideoTargets(video)
    first, last = video.graphs[0], video.graphs[-1]
    found = targets.read_clip([first.frame, last.frame])
    assert found is not None and found.labels.shape == (N_LABELS,)
    seen, moved, related = np.split(found.labels, [N_OBJECTS, 2 * N_OBJECTS])
    classes = {int(c) for graph in video.graphs for c in graph.object_classes[graph.visible]}
    assert set(np.flatnonzero(seen) + 1) == classes
    expected = np.zeros((N_OBJECTS, N_RELATIONS), bool)
    for graph in video.graphs:
        for object_class, row in zip(graph.object_classes, graph.relations):
            expected[object_class - 1] |= row > 0.5
    np.testing.assert_array_equal(related.reshape(N_OBJECTS, N_RELATIONS), expected)
    diagonal = np.hypot(*video.size_wh)
    for object_class in classes:
        boxes = [g.object_boxes_xyxy[(g.object_classes == object_class) & g.visible] for g in video.graphs]
        if all(len(box) == 1 for box in boxes):
            centres = np.array([(box[0, :2] + box[0, 2:]) / 2 for box in boxes]) / diagonal
            assert moved[object_class - 1] == (np.hypot(*np.ptp(centres, axis=0)) > MOVED)
    assert first.person_box_xyxy is not None and last.person_box_xyxy is not None
    change = (last.person_box_xyxy[0::2].mean() - first.person_box_xyxy[0::2].mean()) / video.size_wh[0]
    assert found.numbers[3] == pytest.approx(change, abs=1e-5)
    mirrored = found.mirror()
    assert mirrored.numbers[3] == -found.numbers[3] and mirrored.numbers[0] == pytest.approx(1 - found.numbers[0])
    np.testing.assert_array_equal(mirrored.mirror().numbers, found.numbers)
    assert targets.read_clip([first.frame + 1, first.frame + 1]) is None, "no annotated frame lies in it"


def test_places_are_where_boxes_lie_in_the_letterboxed_clip(loaded: LabelledVideos) -> None:
    video = loaded.videos[0]
    width, height = video.size_wh
    side = 4 * max(width, height)  # a square clip: the picture lies in a band in its middle
    rows = columns = 8
    places = VideoPlaces(video, (side, side))
    graph = video.graphs[0]
    found = places.read_clip([graph.frame] * 2, (2, rows, columns))
    assert found.labels.shape == found.counted.shape == (N_PLACE_LABELS, 2, rows, columns)
    np.testing.assert_array_equal(found.labels[:, 0], found.labels[:, 1])
    assert found.counted[:MOVING].all() and graph.visible.any()
    scale, top = side / width, (side - height * side / width) / 2
    for number in np.flatnonzero(graph.visible):
        x1, y1, x2, y2 = graph.object_boxes_xyxy[number] * scale + [0, top, 0, top]
        row, column = (int(value / (side / rows)) for value in ((y1 + y2) / 2, (x1 + x2) / 2))
        assert found.labels[graph.object_classes[number], 0, row, column]
        assert found.counted[MOVING:, 0, row, column].all()
        related = graph.relations[number] > 0.5
        assert (found.labels[MOVING + 1 :, 0, row, column] >= related).all()
    empty = ~found.labels[1:MOVING, 0].any(axis=0)
    assert not found.counted[MOVING:, 0, empty].any(), "no object, nothing that could be related"
    assert not found.labels[:, 0, 0].any(), "above the picture there is nothing"
    mirrored = found.mirror()
    np.testing.assert_array_equal(mirrored.labels[..., 0], found.labels[..., -1])
    np.testing.assert_array_equal(mirrored.mirror().counted, found.counted)


def test_what_is_elsewhere_in_the_next_annotated_frame_moves(loaded: LabelledVideos) -> None:
    graph = next(graph for video in loaded.videos for graph in video.graphs if graph.visible.any())
    number = int(np.flatnonzero(graph.visible)[0])
    of_class = graph.object_classes == graph.object_classes[number]
    for shift, expected in ((5.0, False), (15.0, True)):
        other = replace(graph, object_boxes_xyxy=graph.object_boxes_xyxy + np.float32(shift))
        moving = find_moving(graph, [graph, other], far=10.0)
        assert moving[number] == (expected and (of_class & graph.visible).sum() == 1)
        assert not moving[~graph.visible].any()
    assert not find_moving(graph, [], far=10.0).any(), "an only frame shows no motion"


def test_times_without_an_annotated_frame_are_not_known(loaded: LabelledVideos) -> None:
    video = loaded.videos[0]
    first = video.graphs[0].frame
    found = VideoPlaces(replace(video, frames=video.frames[:1]), (160, 96)).read_clip(
        [first + 40 * step for step in range(8)], (4, 6, 10)
    )
    assert found.counted[:MOVING].any(axis=(0, 2, 3)).tolist() == [True, False, False, False]


def test_a_clip_keeps_its_shape_in_other_colours() -> None:
    grey = np.full((4, 6, 8, 3), 114, np.uint8)
    grey[:, :, :2] = 200
    mirrored = set()
    for seed in range(12):
        change = ClipChange.draw(np.random.default_rng(seed))
        changed, flipped = change.apply(grey), change.mirrored
        assert changed.shape == grey.shape and np.ptp(changed.astype(int), axis=-1).max() <= 1, "grey stays grey"
        assert (changed[0, 0, -1, 0] > changed[0, 0, 0, 0]) == flipped
        mirrored.add(flipped)
    assert mirrored == {True, False}
    ramp = np.tile(np.arange(64, dtype=np.uint8)[:, None, None], (2, 6, 1, 3)).reshape(2, 6, 64, 3)
    whole = ClipChange(False, np.eye(3, dtype=np.float32), np.float32(1))
    np.testing.assert_array_equal(whole.apply(ramp), ramp)
    half = replace(whole, part_xyxy=(0.25, 0, 0.75, 1)).apply(ramp)
    assert half.shape == ramp.shape
    np.testing.assert_allclose(half[0, 0, ::2, 0].astype(int), 16 + np.arange(32), atol=1)
    drawn = [ClipChange.draw(np.random.default_rng(seed), 0.8).part_xyxy for seed in range(40)]
    assert all(x1 >= 0 and x2 <= 1 and x2 - x1 >= 0.8 and y1 >= 0 and y2 <= 1 for x1, y1, x2, y2 in drawn)


def test_a_pretrainer_begins_at_the_prior_and_learns(loaded: LabelledVideos) -> None:
    clip_net = build_clip_network("i3d", TINY_VIDEO)
    assert isinstance(clip_net, PooledClipNetwork)
    clips = TargetedClips.of(Clips.from_videos(loaded, TINY_VIDEO), find_map_shape(clip_net, TINY_VIDEO))
    model = ClipPretrainer(clip_net, measure_start(clips))
    for layer in (model.reader, *model.place_readers):
        torch.nn.init.zeros_(layer.get_parameter("weight"))
    numbers = measure_pretrainer(model, clips, most=12)
    assert numbers[SAVED] == pytest.approx(0, abs=1e-3) and numbers["effective rank"] >= 1
    assert numbers["places saved, %"] == pytest.approx(0, abs=1e-3)


def test_actions_start_from_a_pretraining(data: TrainingData, tiny_presets: None, tmp_path: Path) -> None:
    exact = Compute(autocast="off")
    options = TrainingOptions(
        tmp_path / "start.safetensors", Budget(steps=8), "tiny", batch=2, rate=2e-3, compute=exact, hold_out=2
    )
    assert replace(options, batch=None).batch_of("pretraining") == 8, "nobody has to choose it"
    trained = training.train_pretraining(data, options)
    assert (trained.steps, trained.examples) == (8, 2), "two of four videos are held out"
    rows = [json.loads(line) for line in (tmp_path / "start.curve.jsonl").read_text().splitlines()]
    assert [set(row["held out"]) for row in rows] == [
        {SAVED, "distance saved, %", "places saved, %", "effective rank"}
    ] * 8
    facts = read_metadata(options.out)
    assert facts["held_out_log-loss_saved"] == f"{max(row['held out'][SAVED] for row in rows):.2f}"
    kept = load_file(options.out)
    assert all(name.startswith("clip_net.") for name in kept)

    model = build_clip_classifier("i3d", TINY_VIDEO)
    start_from_pretraining(model, "i3d", TINY_VIDEO, options.out)
    taken = model.state_dict()
    assert all(torch.equal(taken[name], tensor.to(taken[name].dtype)) for name, tensor in kept.items())

    clip = replace(options, out=tmp_path / "clip.safetensors", budget=Budget(steps=2), start_from=options.out)
    training.train_clip(data, clip)
    assert read_metadata(clip.out)["stands_on"].startswith("start=")
    rows = [json.loads(line) for line in (tmp_path / "clip.curve.jsonl").read_text().splitlines()]
    assert [set(row["held out"]) for row in rows] == [{SAVED, "effective rank"}] * 2
    with pytest.raises(UserError, match="is not part of the network"):
        training.train_clip(data, replace(clip, out=tmp_path / "other.safetensors", start_from=clip.out))
