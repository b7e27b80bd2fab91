"""Actions from annotated graphs: what is learned, what is drawn, what the file says."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from ag_core.__main__ import main
from ag_core.annotations.few_shot import list_few_shot_classes
from ag_core.errors import UserError
from ag_core.evaluation.protocol import Owner
from ag_core.evaluation.results_log import read_log
from ag_core.experiments.graph_actions import GraphActionOptions, draw_examples
from ag_core.experiments.graph_models import GRAPH_MODELS, FewShotTask
from ag_core.experiments.labelled_graphs import read_graph_splits
from ag_core.models.graph_context import build_context
from ag_core.results.graph_action_scores import GraphActionScores
from ag_core.settings import ASSETS
from ag_core.taxonomy import find_action_index
from tests.toys.graph_sample import write_graph_sample

LOG = Path(__file__).parents[2] / "docs" / "results.jsonl"


def test_the_command_writes_numbers_that_say_how_they_came_about(tmp_path: Path) -> None:
    data, out, log = write_graph_sample(tmp_path / "made"), tmp_path / "scores.json", tmp_path / "log.jsonl"
    words = ["evaluate", "graph-actions", "--data", str(data), "--out", str(out), "--log", str(log), "--threads", "1"]
    main([*words, "--models", "objects-linear", "graph-verbs", "--seeds", "2"])
    scores = GraphActionScores.load(out)
    whole = {metric.model: metric for metric in scores.metrics if metric.protocol.label == "frame mAP"}
    assert whole["Graph, verbs and kernel"].number > whole["Objects, linear"].number + 20 > whole["chance"].number
    linear = whole["Objects, linear"]
    assert linear.origin.seeds == (0, 1) and linear.number == pytest.approx(np.mean(linear.number_of_seed))
    assert (linear.n.videos, linear.n.frames, linear.n.train_frames, linear.n.classes) == (12, 36, 72, 6)
    assert linear.origin.command == ("evaluate graph-actions --data made --models objects-linear graph-verbs --seeds 2")
    assert {f"{k}-shot frame mAP" for k in (1, 5, 10)} <= {metric.protocol.label for metric in scores.metrics}
    found = scores.per_class["Objects, linear"]
    assert np.mean(list(found.values())) == pytest.approx(linear.number, abs=0.01)
    assert set(found) == set(scores.positives)
    (logged,) = read_log(log)
    assert logged.metrics == scores.metrics


def test_examples_are_of_different_videos_and_of_the_novel_actions(tmp_path: Path) -> None:
    train = read_graph_splits(write_graph_sample(tmp_path)).train
    towel = find_action_index("c033")
    rows = draw_examples(train, [towel], 5, seed=0)
    assert len(rows) == len(set(train.video[rows])) == 5 and train.labels[rows, towel].all()
    np.testing.assert_array_equal(rows, draw_examples(train, [towel], 5, seed=0))
    assert set(rows) != set(draw_examples(train, [towel], 5, seed=1))
    assert len(draw_examples(train, [towel], 10**6, seed=0)) == len(set(train.video[train.labels[:, towel]]))


@pytest.mark.parametrize("name", GRAPH_MODELS)
def test_few_shot_looks_at_no_other_label_of_a_novel_action(name: str, tmp_path: Path) -> None:
    train = read_graph_splits(write_graph_sample(tmp_path)).train
    classes = list_few_shot_classes("home-157")
    context = build_context(torch.from_numpy(train.matrices), torch.from_numpy(train.video))
    labels = torch.from_numpy(train.labels).float()
    examples = torch.from_numpy(draw_examples(train, classes.novel, 2, seed=0))
    hidden = torch.ones(len(labels), dtype=torch.bool)
    hidden[examples] = False
    changed = labels.clone()
    changed[hidden[:, None] & ~torch.from_numpy(classes.loss_mask())] = 1
    assert (changed != labels).any()
    video = torch.from_numpy(train.video)

    def score(known: torch.Tensor) -> torch.Tensor:
        learn = GRAPH_MODELS[name].fit_base(FewShotTask(context, known, classes.base, classes.novel), 0)
        return learn(examples)(context, video)[:, list(classes.novel)]

    first, second = score(labels), score(changed)
    torch.testing.assert_close(first, second, rtol=0, atol=0)


def test_the_shipped_numbers_are_ours_and_in_the_log() -> None:
    scores = GraphActionScores.load(ASSETS / "benchmarks" / "graph_actions.json")
    (logged,) = [row for row in read_log(LOG) if row.what == "actions from annotated graphs"]
    assert logged.metrics == scores.metrics
    assert {metric.model for metric in scores.metrics} == {"chance", *(model.label for model in GRAPH_MODELS.values())}
    for metric in scores.metrics:
        assert metric.origin.owner is Owner.OURS_REAL and metric.n.frames and metric.n.train_frames == 6220


def test_what_cannot_be_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="'nets' is no model of graphs"):
        GraphActionOptions(models=("nets",))
    with pytest.raises(UserError, match="no seed is given"):
        GraphActionOptions(seeds=())
    file = tmp_path / "scores.json"
    file.write_text(json.dumps({"format": "another", "version": 1}))
    with pytest.raises(UserError, match="is not of format"):
        GraphActionScores.load(file)
