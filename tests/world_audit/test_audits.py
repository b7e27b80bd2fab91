"""The audits: what each sees, one network for all, and the command from end to end on the stand-in world."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ag_core.__main__ import main
from ag_core.commands.audit import BEGIN, END
from ag_core.evaluation.average_precision import compute_action_precision
from ag_core.evaluation.protocol import Owner
from ag_core.evaluation.results_log import read_log
from ag_core.experiments.kept_arrays import FrameCache, VideoFile, open_clip_frames
from ag_core.presets import DEMO_VIDEO
from ag_core.settings import ASSETS, PROJECT
from ag_core.taxonomy import find_object_index
from ag_core.world.truth import JOINTS
from ag_core.world_audit.audit_inputs import AUDITS, Audit, build_views, compute_body_features
from ag_core.world_audit.audit_network import build_network, to_network_input
from ag_core.world_audit.audits import order_frames, run_audit, score_videos, train_network
from ag_core.world_audit.data_card import format_card
from ag_core.world_audit.home_world import HomeWorld
from ag_core.world_audit.world_statistics import collect_seen_boxes, find_seen_classes, sample_annotated_graphs


@pytest.fixture
def pictures(world: HomeWorld) -> FrameCache[VideoFile]:
    return open_clip_frames(world.folder / ".cache", DEMO_VIDEO.size_wh)


def audit_named(key: str) -> Audit:
    return next(audit for audit in AUDITS if audit.key == key)


@pytest.mark.slow
@pytest.mark.parametrize("audit", AUDITS, ids=lambda audit: audit.key)
def test_an_audit_sees_clips_and_scores_videos(audit: Audit, world: HomeWorld, pictures: FrameCache[VideoFile]) -> None:
    videos = world.of_split("train")
    views = build_views(audit, videos, pictures)
    frames, labels = views.example(1, 2.0)
    assert len(frames) == (audit.n_frames or 1)
    assert labels.shape == (157,) and labels.any()
    network = build_network(views)
    logits = network(to_network_input(np.stack([frames, frames])))
    assert logits.shape == (2, 157)
    found = score_videos(network, views)
    assert found.shape == (len(videos), 157) and np.isfinite(found).all()
    assert np.array_equal(found, score_videos(network, views))


@pytest.mark.slow
def test_training_repeats_and_learns(world: HomeWorld, pictures: FrameCache[VideoFile]) -> None:
    views = build_views(audit_named("graphs_ordered"), world.of_split("train"), pictures)
    first, again = (score_videos(train_network(views, seed=1, steps=30, batch=4), views) for _ in range(2))
    assert np.array_equal(first, again)
    labels = np.array([video.labels for video in views.videos])
    assert compute_action_precision(first, labels).mean > 0.9


def test_random_order_hides_the_order(world: HomeWorld, pictures: FrameCache[VideoFile]) -> None:
    views = build_views(audit_named("graphs_unordered"), world.of_split("train"), pictures)
    frames = np.arange(16)
    random = np.random.default_rng(0)
    mixed = order_frames(frames, views.audit, random)
    assert sorted(mixed) == frames.tolist() and not np.array_equal(mixed, frames)
    assert np.array_equal(order_frames(frames, audit_named("graphs_ordered"), random), frames)


def test_the_body_loses_its_place_and_direction() -> None:
    random = np.random.default_rng(3)
    points = random.normal(size=(8, 17, 3)).cumsum(axis=0) * 0.1 + random.normal(size=(17, 3))
    angle = 1.1
    turn = np.array([[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]])
    moved = points @ turn.T + np.array([2.0, -1.0, 0.0])
    found = compute_body_features(points, 6.0)
    assert found.shape == (8, 106)
    assert compute_body_features(moved, 6.0) == pytest.approx(found)
    higher = compute_body_features(points + np.array([0, 0, 0.5]), 6.0)
    assert np.flatnonzero(~np.isclose(higher, found).all(axis=0)).tolist() == [102]


def test_facing_and_walking_have_the_expected_signs() -> None:
    points = np.zeros((3, 17, 3))
    hips = [JOINTS.index("left hip"), JOINTS.index("right hip")]
    points[:, hips, 1] = [0.1, -0.1]  # right hip towards -y: the person faces +x
    points[:, :, 0] += np.arange(3)[:, None]  # and walks along it
    points[:, JOINTS.index("head"), 0] += 0.2
    found = compute_body_features(points, 6.0)
    right, forward, _ = found[:, :51].reshape(3, 17, 3)[1, JOINTS.index("head")]
    assert (right, forward) == pytest.approx((0, 0.2))
    assert found[1, 103:105] == pytest.approx((0, 6.0))
    assert found[:, 105] == pytest.approx(0)


def test_results_hold_every_seed(world: HomeWorld, pictures: FrameCache[VideoFile]) -> None:
    train_videos, val_videos = world.of_split("train"), world.of_split("val")
    found = run_audit(audit_named("presence_linear"), train_videos, val_videos, pictures, seeds=(0, 1), steps=3)
    assert found.scores.shape == (2, len(val_videos), 157)
    assert not np.array_equal(found.scores[0], found.scores[1])


def test_statistics_of_truths(world: HomeWorld) -> None:
    video = world.videos[0]
    seen = find_seen_classes(video)
    assert seen[video.truth.classes[1]]
    classes, sides, visibility = collect_seen_boxes([video.truth, video.truth])
    assert len(classes) == len(sides) == len(visibility) == 2 * 24 * 3
    hidden = replace(video.truth, visibility=0 * video.truth.visibility)
    assert not len(collect_seen_boxes([hidden])[0])
    sample = sample_annotated_graphs([video.truth])
    assert len(sample.objects_of_frame) == 5
    assert set(sample.classes.tolist()) <= set(video.truth.classes.tolist())


def real_frame(video: str, number: int, contact: str) -> str:
    thing = {
        "class": "cup/glass/bottle",
        "attention_relationship": ["looking_at"],
        "spatial_relationship": ["in_front_of"],
        "contacting_relationship": [contact],
    }
    return json.dumps({"video": video, "frame": f"{number:06}", "time_s": 1.0, "objects": [thing]})


def test_the_command_writes_the_whole_result(
    world: HomeWorld, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    real = tmp_path / "real"
    real.mkdir()
    for split in ("train", "val"):
        lines = [real_frame("A", number, "holding") for number in range(1, 31)]
        (real / f"ag_frames_{split}.jsonl").write_text("\n".join(lines))
    out, log = tmp_path / "made" / "audit.json", tmp_path / "log.jsonl"
    card = tmp_path / "card.md"
    card.write_text(f"# Card\n\n{BEGIN}\nold numbers\n{END}\n\nThe end.\n")
    options = ["audit", "--data", world.folder, "--real", real, "--steps", 2, "--seeds", 2]
    options += ["--out", out, "--log", log, "--card", card]
    assert main([str(option) for option in options]) == 0
    printed = capsys.readouterr().out
    result = json.loads(out.read_text())
    assert str(tmp_path) not in out.read_text() + log.read_text()
    assert [one["key"] for one in result["audits"]] == [audit.key for audit in AUDITS]
    assert {"mean", "low", "high", "seeds"} == set(result["audits"][0]["val"])
    assert len(result["audits"][0]["val"]["seeds"]) == 2
    assert result["classes"]["of"] == 157 and result["classes"]["present"] == len(result["labels"])
    assert result["n"]["train"] == len(world.of_split("train"))
    assert sum(tier["of"] for tier in result["classes"]["tiers"].values()) == 157
    cup = result["agreement"]["classes"][find_object_index("cup/glass/bottle") - 1]
    assert cup["real"] == 60
    assert "| joints and objects |" in printed
    written = card.read_text()
    assert written.startswith("# Card\n") and written.endswith("The end.\n") and "old" not in written
    assert "\n".join(format_card(result)) in written
    (row,) = read_log(log)
    assert all(metric.origin.owner is Owner.YOURS for metric in row.metrics if metric.origin.split != "the other")
    assert "Yours; video mAP in %" in printed and "ours on the home world" not in printed
    assert row.what == "home world audit" and set(row.about["classes"]) == set(result["classes"])
    names = [metric.model for metric in row.metrics]
    assert names[:2] == ["chance", AUDITS[0].name] and row.metrics[1].number == result["audits"][0]["val"]["mean"]
    assert all(metric.origin.seeds == (0, 1) for metric in row.metrics[1 : 1 + len(AUDITS)])


def test_the_command_refuses(world: HomeWorld, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["audit", "--data", str(tmp_path)]) == 1
    assert "holds no home world" in capsys.readouterr().err
    assert main(["audit", "--data", str(world.folder), "--seeds", "0"]) == 1
    assert main(["audit", "--data", str(world.folder), "--card", str(tmp_path / "none.md")]) == 1
    assert "has no place for the numbers" in capsys.readouterr().err


def test_the_shipped_card_has_the_shipped_numbers() -> None:
    card = (PROJECT / "docs" / "home_world.md").read_text()
    assert BEGIN in card and END in card
    assert all(f"| {audit.name} |" in card for audit in AUDITS)
    shipped = ASSETS / "home_world_audit.json"
    if shipped.is_file():
        assert "\n".join(format_card(json.loads(shipped.read_text()))) in card
