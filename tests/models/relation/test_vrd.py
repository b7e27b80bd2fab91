"""VRD's visual module: its size, and a score by hand."""

from dataclasses import replace

import torch

from ag_core.models.relation import build_relation_head
from ag_core.models.relation.vrd import VrdHead
from ag_core.presets import PAPER_VRD
from tests.models.relation.pair_batches import D, make_batch


def test_parameters_at_paper_size() -> None:
    head = build_relation_head("vrd", PAPER_VRD)
    assert sum(p.numel() for p in head.parameters()) == 1024 * 26 + 26


def test_a_score_by_hand() -> None:
    head = VrdHead(D)
    with torch.no_grad():
        head.judge.weight.zero_()
        head.judge.weight[4, :2] = torch.tensor([2.0, -1.0])
        head.judge.bias[4] = 0.5
        head.judge.bias[25] = -3
    batch = replace(make_batch((1,)), union_features=torch.tensor([[3.0, 1.0] + [9.0] * (D - 2)]))
    logits = head(batch)
    assert logits.predicates[0, 4] == 2 * 3 - 1 + 0.5
    assert logits.relatedness[0] == -3


def test_only_the_union_is_seen() -> None:
    batch = make_batch()
    other = replace(batch, object_features=batch.object_features + 1, boxes=batch.boxes + 7)
    head = VrdHead(D)
    assert torch.equal(head(batch).predicates, head(other).predicates)
