"""The commands `train` and `evaluate` from end to end on the stand-in world, with very small networks."""

import json

import pytest
import torch
from safetensors.torch import load_file

from ag_core.__main__ import main
from ag_core.catalog import ACTION_MODELS, CLIP_NETWORKS, DETECTORS, RELATION_HEADS
from ag_core.models.checkpoints import read_metadata
from ag_core.presets import RelationPreset, RelDnPreset
from tests.experiments.test_action import TINY_VIDEO
from tests.experiments.test_detector import TINY

TINY_RELATION = RelDnPreset("relation-tiny", TINY.box_head_width, (32, 32), 16)


@pytest.fixture
def tiny_presets(monkeypatch):
    monkeypatch.setitem(DETECTORS["home-world"].presets, "tiny", TINY)
    monkeypatch.setitem(RELATION_HEADS["reldn"].presets, "tiny", TINY_RELATION)
    monkeypatch.setitem(RELATION_HEADS["frequency"].presets, "tiny", RelationPreset("relation-tiny"))
    for entry in (*CLIP_NETWORKS.values(), *ACTION_MODELS.values()):
        monkeypatch.setitem(entry.presets, "tiny", TINY_VIDEO)


def command(*words) -> int:
    return main([str(word) for word in words])


def test_all_networks_are_trained_and_evaluated(world, tiny_presets, tmp_path, capsys):
    data, weights, log = ("--data", world.folder), ("--weights", tmp_path), tmp_path / "log" / "results.jsonl"
    tiny = ("--preset", "tiny", "--threads", 1)
    train = ("--steps", 40, "--seed", 3, *tiny, *data)
    assert command("train", "detector", "--out", tmp_path / "detector.safetensors", "--rate", 2e-3, *train) == 0
    assert command("train", "relations", "--out", tmp_path / "reldn.safetensors", *weights, *train) == 0
    assert command("train", "clip", "--out", tmp_path / "clip.safetensors", "--batch", 2, *train) == 0
    assert command("train", "action", "--out", tmp_path, "--batch", 8, *weights, *train) == 0
    files = {path.stem for path in tmp_path.glob("*.safetensors")}
    assert files == {"detector", "reldn", "frequency", "clip", "lfb", "sgfb", "oracle"}
    facts = read_metadata(tmp_path / "sgfb.safetensors")
    assert facts["preset"] == TINY_VIDEO.name and facts["trained_on"].startswith("c")
    assert str(tmp_path) not in json.dumps(facts)
    (tmp_path / "sgfb.safetensors").rename(tmp_path / "first")
    assert command("train", "action", "--out", tmp_path, "--batch", 8, "--resume", *weights, *train) == 0
    first, again = load_file(tmp_path / "first"), load_file(tmp_path / "sgfb.safetensors")
    assert all(torch.equal(first[name], again[name]) for name in first)
    (tmp_path / "first").unlink()

    rest = (*data, *weights, *tiny, "--log", log)
    capsys.readouterr()
    assert command("evaluate", "detector", "--frames", 5, *rest) == 0
    assert command("evaluate", "relations", "--head", "frequency", "--frames", 5, *rest) == 0
    assert command("evaluate", "relations", "--mode", "sgdet", "--frames", 5, *rest) == 0
    assert command("evaluate", "action", *rest) == 0
    rows = [json.loads(line) for line in log.read_text().splitlines()]
    assert [row["what"] for row in rows] == [
        "detector faster-rcnn",
        "relations frequency predcls",
        "relations reldn sgdet",
        "action models",
    ]
    assert all({"data", "protocol", "n", "seed", "command", "date", "metrics"} <= set(row) for row in rows)
    assert rows[0]["seed"] == 3 and rows[0]["n"]["frames"] == 5
    assert rows[1]["metrics"]["no-constraint"]["image"]["R@50"] == 100
    assert {"i3d", "lfb", "sgfb", "oracle", "chance"} <= set(rows[3]["metrics"])


def test_missing_weights_are_named(world, tiny_presets, tmp_path, capsys):
    assert command("evaluate", "detector", "--data", world.folder, "--weights", tmp_path, "--preset", "tiny") == 1
    assert "detector.safetensors" in capsys.readouterr().err


def test_real_frequency(tmp_path, capsys):
    def frame(video, number, contact):
        thing = {
            "class": "cup/glass/bottle",
            "attention_relationship": ["looking_at"],
            "spatial_relationship": ["in_front_of"],
            "contacting_relationship": [contact],
        }
        return json.dumps({"video": video, "frame": f"{number:06}", "time_s": 1.0, "objects": [thing]})

    lines = [frame("A", n, "holding") for n in range(1, 4)]
    (tmp_path / "ag_frames_train.jsonl").write_text("\n".join(lines))
    (tmp_path / "ag_frames_val.jsonl").write_text(frame("B", 1, "holding") + "\n" + frame("B", 2, "other_relationship"))
    assert command("evaluate", "frequency-real", "--graphs", tmp_path) == 0
    row = json.loads(capsys.readouterr().out)
    assert row["n"] == {"frames": 2, "videos": 1, "triplets": 5, "train frames": 3, "labels left out": 1}
    assert row["metrics"]["with-constraint"]["image"]["R@20"] == 100
