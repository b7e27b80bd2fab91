"""Graph R-CNN: its size with and without attention, RelPN's score and one graph convolution by hand."""

from dataclasses import replace

import pytest
import torch

from ag_core.models.relation import build_relation_head
from ag_core.models.relation.graph_rcnn import (
    Collect,
    GraphConvolution,
    GraphRcnnHead,
    RelationProposals,
    list_neighbours,
    place_boxes,
)
from ag_core.presets import PAPER_GRAPH_RCNN, PAPER_GRAPH_RCNN_EQUAL
from tests.models.relation.pair_batches import D, make_batch


def test_parameters_at_paper_size() -> None:
    proposals = 2 * (36 * 64 + 64 + 64 * 64 + 64) + 2 * (6 * 64 + 64 + 64 * 64 + 64)
    enter, features = 2 * (1024 * 1024 + 1024), 5 * (1024 * 1024 + 1024)
    answers = 1024 * 36 + 36 + 1024 * 25 + 25
    scores = (36 * 36 + 36) + 2 * (25 * 36 + 36) + 2 * (36 * 25 + 25)
    equal = proposals + enter + features + answers + scores + 36 * 25
    attention = 2 * (2048 * 64 + 64 + 64) + (72 * 64 + 64 + 64) + (61 * 64 + 64 + 64)
    for head, preset, expected in (
        ("graph-rcnn-equal", PAPER_GRAPH_RCNN_EQUAL, equal),
        ("graph-rcnn", PAPER_GRAPH_RCNN, equal + attention),
    ):
        assert sum(p.numel() for p in build_relation_head(head, preset).parameters()) == expected
    assert (equal, attention) == (7_437_951, 271_168)


def test_places_by_hand() -> None:
    placed = place_boxes(torch.tensor([[10.0, 20, 29, 60]]), torch.tensor([[100.0, 80]]))
    assert torch.allclose(placed, torch.tensor([[0.1, 0.25, 0.29, 0.75, 19 * 40 / 8000, 40 / 20]]))


def test_proposals_are_products_of_projections() -> None:
    batch, propose = make_batch((2,)), RelationProposals()
    box, size = batch.boxes, batch.frame_sizes_wh
    places = place_boxes(box, size.expand(3, 2))
    for row in range(2):
        classes = propose.subject_class(batch.object_logits[0]) @ propose.object_class(batch.object_logits[row + 1])
        where = propose.subject_place(places[0]) @ propose.object_place(places[row + 1])
        assert propose(batch)[row].item() == pytest.approx((classes + where).item(), rel=1e-4)


def test_the_score_is_the_relatedness() -> None:
    head, batch = GraphRcnnHead(D, 4, attention=True), make_batch()
    assert torch.equal(head(batch).relatedness, head.propose(batch))


def test_neighbours_are_the_other_boxes_of_a_frame() -> None:
    assert list_neighbours(make_batch((1, 2))).tolist() == [
        [0, 1], [1, 0], [2, 3], [2, 4], [3, 2], [3, 4], [4, 2], [4, 3]
    ]  # fmt: skip
    assert make_batch((1, 2)).frame_of_box.tolist() == [0, 0, 1, 1, 1]


def test_a_box_in_no_pair_has_no_neighbours() -> None:
    both = make_batch((2,))
    one = replace(
        both, pairs=both.pairs[:1], union_features=both.union_features[:1], frame_of_pair=both.frame_of_pair[:1]
    )
    assert one.frame_of_box.tolist() == [0, 0, -1]
    assert list_neighbours(one).tolist() == [[0, 1], [1, 0]]


def make_plain(collect: Collect) -> None:
    """A collect that tells what its sources are."""
    with torch.no_grad():
        collect.tell.weight.copy_(torch.eye(*collect.tell.weight.shape))


def test_a_convolution_by_hand() -> None:
    """A person (6, 0) with a cup (0, 9) and a book (3, 3); the pairs are (1, -1) and (3, 5)."""
    step = GraphConvolution(2, 2, attention=False)
    for collect in step.children():
        assert isinstance(collect, Collect)
        make_plain(collect)
    boxes, pairs = torch.tensor([[6.0, 0], [0, 9], [3, 3]]), torch.tensor([[1.0, -1], [3, 5]])
    neighbours = torch.tensor([[0, 1], [0, 2], [1, 0], [1, 2], [2, 0], [2, 1]])
    new_boxes, new_pairs = step(boxes, pairs, torch.tensor([[0, 1], [0, 2]]), neighbours)
    # The person: (1.5, 6) of the others, (2, 2.5) of the pairs, of which -1 is told as 0, and nothing as an object.
    assert torch.allclose(new_boxes[0], torch.tensor([6 + 3.5 / 3, 8.5 / 3]))
    # The cup: (4.5, 1.5) of the others, and (1, 0) of its pair.
    assert torch.allclose(new_boxes[1], torch.tensor([5.5 / 3, 9 + 0.5]))
    assert torch.allclose(new_pairs, torch.tensor([[1 + 3.0, -1 + 4.5], [3 + 4.5, 5 + 1.5]]))


def test_attention_weighs_neighbours() -> None:
    collect = Collect(1, 1, attention=True)
    make_plain(collect)
    assert collect.weigh is not None
    hidden, _, weigh = collect.weigh.children()
    assert isinstance(hidden, torch.nn.Linear) and isinstance(weigh, torch.nn.Linear)
    with torch.no_grad():
        for parameter in collect.weigh.parameters():
            parameter.zero_()
        hidden.weight[0] = torch.tensor([1.0, 2.0])  # target, source
        weigh.weight[0, 0] = 4
    sources, targets = torch.tensor([[1.0], [3.0]]), torch.tensor([[-2.0]])
    heard = collect(sources, targets, torch.tensor([0, 1]), torch.tensor([0, 0]))
    shares = (4 * torch.tensor([0.0, 4.0]).sigmoid()).softmax(dim=0)
    assert heard.item() == pytest.approx((shares @ sources).item(), rel=1e-5)
