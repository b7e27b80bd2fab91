"""Clip network and feature-bank heads: examples, labels, features kept, heads that learn."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from ag_core.experiments.action import (
    build_head_examples,
    build_predicted_bank,
    compute_video_features,
    make_head_losses,
    score_examples,
)
from ag_core.experiments.clip import Clips, list_seen_actions, make_clip_losses, start_at_prior
from ag_core.experiments.datasets import LabelledVideo, LabelledVideos, TrainingData
from ag_core.experiments.training_loop import Budget, Recipe, TrainingProgress, fit
from ag_core.models.pairs import PairBatch
from ag_core.models.pixels import to_clip_tensors
from ag_core.models.region_features import RegionFeatureExtractor
from ag_core.models.relation import FrequencyHead, RelationHead, RelationLogits
from ag_core.models.scene_graph import SceneGraphPredictor
from ag_core.models.video import build_bank_head, build_video_model
from ag_core.presets import DEMO_VIDEO
from ag_core.records import Detections
from ag_core.taxonomy import BANK_SIZE, find_object_index

TINY_VIDEO = replace(DEMO_VIDEO, name="video-tiny", base_width=4, frames=4, size_wh=(80, 48), latent_size=16)


def keep_quiet(progress: TrainingProgress) -> None:
    """Report nothing."""


@pytest.fixture
def clips(loaded: LabelledVideos) -> Clips:
    return Clips.from_videos(loaded, TINY_VIDEO)


def test_clip_is_pictures_and_labels_around_a_moment(clips: Clips) -> None:
    video = clips.videos[0]
    assert clips.frames(video, 2.0) == [22, 24, 26, 28]
    assert clips.read_pixels(video, 2.0).shape == (4, 48, 80, 3)
    assert clips.labels(video, 2.0).sum() == 1
    tensor = to_clip_tensors(np.full((1, 4, 48, 80, 3), 255, np.uint8))
    assert tensor.shape == (1, 3, 4, 48, 80)
    assert tensor.unique().item() == pytest.approx((1 - 0.45) / 0.225)


def test_training_starts_at_the_prior(clips: Clips) -> None:
    head = build_bank_head("i3d", TINY_VIDEO)
    labels = clips.grid_labels()
    start_at_prior(head, labels)
    probabilities = head.classifier.bias.sigmoid().detach().numpy()
    assert np.allclose(probabilities, labels.mean(axis=0), atol=0.02)
    assert len(list_seen_actions(clips.videos)) == labels.any(axis=0).sum()


def test_clip_network_trains(clips: Clips) -> None:
    model = build_video_model("i3d", TINY_VIDEO)
    start_at_prior(model.head, clips.grid_labels())
    stem = next(model.clip_net.parameters())
    before = stem.clone()
    progress = fit(model, make_clip_losses(model, clips, 2), Recipe(Budget(steps=2)), report=keep_quiet)
    assert progress.losses is not None and np.isfinite(progress.losses["action"])
    assert not torch.equal(stem, before)


class Nobody:
    """A detector that finds nothing and counts how often it is asked."""

    name, asked = "nobody", 0

    def detect(self, images: Sequence[NDArray[np.uint8]]) -> list[Detections]:
        self.asked += 1
        return [Detections.empty() for _ in images]


def test_features_are_made_once(clips: Clips, tmp_path: Path) -> None:
    from test_detector import TINY

    from ag_core.models.detector import build_faster_rcnn

    net = build_video_model("i3d", TINY_VIDEO).clip_net.eval()
    detector = Nobody()
    predictor = SceneGraphPredictor(detector, RegionFeatureExtractor(build_faster_rcnn(TINY)), FrequencyHead())
    arguments = (clips.videos[0], clips, net, predictor, tmp_path, "a", "b")
    found, again = compute_video_features(*arguments), compute_video_features(*arguments)
    assert found.times_s[:2] == pytest.approx([11 / 24, 23 / 24])
    assert found.clips.shape == (len(found.times_s), net.feature_size)
    assert found.graphs.shape == (len(found.times_s), BANK_SIZE) and not found.graphs.any()
    assert found.views.shape == (10, net.feature_size)
    assert detector.asked == len(found.times_s)
    assert np.array_equal(again.clips, found.clips)


def test_oracle_head_tells_what_is_held(loaded: LabelledVideos) -> None:
    from ag_core.experiments.action import VideoFeatures
    from ag_core.models.feature_bank import compute_bank_times

    def blank(video: LabelledVideo) -> VideoFeatures:
        times = compute_bank_times(video.duration_s)
        same = np.full((len(times), TINY_VIDEO.feature_size), 0.5, np.float32)
        graphs = np.zeros((len(times), BANK_SIZE), np.float32)
        return VideoFeatures(times, same, graphs, times[:2], same[:2])

    clips = Clips.from_videos(loaded, TINY_VIDEO)
    features = [blank(video) for video in clips.videos]
    examples = build_head_examples("oracle", clips, features)
    assert examples.windows.shape == (len(examples.video), 20, BANK_SIZE)
    assert examples.windows.any(axis=(1, 2)).all()
    head = build_bank_head("oracle", TINY_VIDEO)
    start_at_prior(head, examples.labels)
    fit(head, make_head_losses(head, examples, 16), Recipe(Budget(steps=150), learning_rate=1e-2), report=keep_quiet)
    scores = score_examples(head, build_head_examples("oracle", clips, features, at_views=True))
    labels = np.array([video.labels for video in clips.videos])
    assert scores.shape == labels.shape
    assert (scores.argmax(axis=1) == labels.argmax(axis=1)).all()


def test_banks_differ_and_nothing_else(data: TrainingData) -> None:
    from ag_core.experiments.action import VideoFeatures
    from ag_core.models.feature_bank import compute_bank_times

    clips = Clips.from_videos(data.with_split("test").load(), TINY_VIDEO)
    random = np.random.default_rng(0)
    features = []
    for video in clips.videos:
        times = compute_bank_times(video.duration_s)
        clip = random.random((len(times), TINY_VIDEO.feature_size), np.float32)
        features.append(VideoFeatures(times, clip, random.random((len(times), BANK_SIZE), np.float32), times, clip))
    lfb, sgfb = (build_head_examples(bank, clips, features) for bank in ("lfb", "sgfb"))
    assert np.array_equal(lfb.short_term, sgfb.short_term) and np.array_equal(lfb.labels, sgfb.labels)
    assert lfb.windows.shape[2] == TINY_VIDEO.feature_size and sgfb.windows.shape[2] == BANK_SIZE


class WholeVideoHead(RelationHead):
    """Judges a pair by how many pairs its video has."""

    whole_video = True

    def forward(self, batch: PairBatch) -> RelationLogits:
        n_pairs = len(batch.pairs)
        return RelationLogits(torch.full((n_pairs, 25), float(n_pairs)), batch.object_logits, torch.zeros(n_pairs))


class PersonAndCup:
    """A detector that finds the same two boxes everywhere."""

    def detect(self, images: Sequence[NDArray[np.uint8]]) -> list[Detections]:
        boxes = [[4, 4, 30, 44], [20, 20, 40, 40]]
        return [Detections(boxes, [0, find_object_index("cup/glass/bottle")], [1.0, 1.0]) for _ in images]


def test_a_head_of_whole_videos_sees_all_frames_of_the_bank(clips: Clips) -> None:
    from test_detector import TINY

    from ag_core.models.detector import build_faster_rcnn

    trunk = RegionFeatureExtractor(build_faster_rcnn(TINY))
    predictor = SceneGraphPredictor(PersonAndCup(), trunk, WholeVideoHead())
    bank = build_predicted_bank(predictor, clips.videos[0], [0.5, 1.0, 1.5, 3.0])
    assert bank.max(axis=1) == pytest.approx(np.full(4, torch.sigmoid(torch.tensor(4.0)).item()))  # of 1 pair: 0.73
    assert build_predicted_bank(predictor, clips.videos[0], []).shape == (0, BANK_SIZE)
