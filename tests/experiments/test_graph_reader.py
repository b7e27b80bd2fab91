"""Training and judging the graph reader on a made sample, and the commands around both."""

import json
from pathlib import Path

import pytest
import torch

from ag_core.__main__ import main
from ag_core.evaluation.results_log import read_log
from ag_core.experiments.graph_reader import GraphReaderOptions, evaluate_graph_reader, train_graph_reader
from ag_core.experiments.labelled_graphs import read_graph_splits
from ag_core.models.checkpoints import read_metadata
from ag_core.models.relation.frequency import FrequencyHead
from ag_core.models.relation.habits import load_habits
from tests.toys.graph_sample import write_graph_sample


def test_it_learns_what_graphs_show_and_the_seed_decides(tmp_path: Path) -> None:
    splits = read_graph_splits(write_graph_sample(tmp_path / "made"))
    first, again, other = (
        train_graph_reader(splits, GraphReaderOptions(tmp_path / f"{name}.safetensors", epochs=40, seed=seed))
        for name, seed in (("first", 0), ("again", 0), ("other", 1))
    )
    for name, weights in first.state_dict().items():
        assert torch.equal(weights, again.state_dict()[name])
    assert not torch.equal(first.classify.weight, other.classify.weight)
    result = evaluate_graph_reader(splits, tmp_path / "first.safetensors")
    whole = [metric for metric in result.metrics if metric.protocol.details.endswith("all objects")]
    assert {metric.protocol.label for metric in whole} == {
        "frame mAP", "calibration error", "right of scores from 0.8",
    }  # fmt: skip
    assert whole[0].number > 80 and whole[0].origin.seeds == (0,)
    # Towels are none of the classes that COCO knows: without them less can be told.
    [through_coco] = [
        metric.number
        for metric in result.metrics
        if metric.protocol.label == "frame mAP" and metric.protocol.details.endswith("; only objects that COCO knows")
    ]
    assert through_coco < whole[0].number
    assert read_metadata(tmp_path / "first.safetensors")["trained_on"] == "c026,c032,c033,c037,c107,c110"


def test_the_commands(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data, out, log = write_graph_sample(tmp_path / "made"), tmp_path / "reader.safetensors", tmp_path / "log.jsonl"
    main(["train", "graph-reader", "--data", str(data), "--out", str(out), "--epochs", "2", "--threads", "1"])
    assert "2 rounds over 72 frames" in capsys.readouterr().out
    words = ["evaluate", "graph-reader", "--data", str(data), "--weights", str(out), "--log", str(log)]
    main([*words, "--threads", "1"])
    printed = json.loads(capsys.readouterr().out)
    (row,) = read_log(log)
    assert [metric.to_json() for metric in row.metrics] == printed["metrics"]
    assert row.metrics[0].origin.command == "evaluate graph-reader --data made --weights reader.safetensors"
    habits = tmp_path / "habits.safetensors"
    main(["train", "habits", "--data", str(data), "--out", str(habits)])
    assert "annotated objects" in capsys.readouterr().out
    assert load_habits(habits, FrequencyHead(), 0.5).evidence == 0.5


def test_what_is_no_reader_is_not_overwritten(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data, mine = write_graph_sample(tmp_path / "made"), tmp_path / "notes.safetensors"
    mine.write_text("my notes")
    for kind in ("graph-reader", "habits"):
        assert main(["train", kind, "--data", str(data), "--out", str(mine)]) == 1
        assert "notes.safetensors is there already" in capsys.readouterr().err
    assert mine.read_text() == "my notes"
    assert main(["train", "graph-reader", "--data", str(data), "--out", str(tmp_path / "r"), "--epochs", "0"]) == 1
    assert "--epochs 0 is not possible" in capsys.readouterr().err
