"""IMP: its size, and its messages by hand."""

from dataclasses import replace

import torch

from ag_core.models.relation import build_relation_head
from ag_core.models.relation.imp import Gate, ImpHead
from ag_core.presets import PAPER_IMP
from tests.models.relation.pair_batches import D, make_batch


def test_parameters_at_paper_size() -> None:
    enter, gates = 2 * (1024 * 512 + 512), 4 * (1024 + 1)
    recurrent = 2 * 3 * (512 * 512 + 512 * 512 + 2 * 512)
    answers = 512 * 36 + 36 + 512 * 26 + 26
    head = build_relation_head("imp", PAPER_IMP)
    expected = enter + gates + recurrent + answers + 36 * 25
    assert sum(p.numel() for p in head.parameters()) == expected == 4_238_278


def set_gate(gate: Gate, odds: float) -> None:
    """A gate that lets the same share pass always: odds / (1 + odds)."""
    with torch.no_grad():
        gate.judge.weight.zero_()
        gate.judge.bias.fill_(float(torch.tensor(odds).log()))


def test_messages_by_hand() -> None:
    """A person (4, 0) with a cup (0, 8) and a book (2, 2); the pairs are (1, 1) and (3, 5)."""
    head = ImpHead(D, 2, 1)
    set_gate(head.subject_to_pair, 1)  # one half
    set_gate(head.object_to_pair, 3)  # three quarters
    set_gate(head.pair_to_subject, 1 / 3)  # one quarter
    set_gate(head.pair_to_object, 1)
    boxes, pairs = torch.tensor([[4.0, 0], [0, 8], [2, 2]]), torch.tensor([[1.0, 1], [3, 5]])
    to_boxes, to_pairs = head.exchange_messages(boxes, pairs, torch.tensor([[0, 1], [0, 2]]))
    assert torch.allclose(to_pairs, torch.tensor([[2.0, 6], [3.5, 1.5]]))
    assert torch.allclose(to_boxes, torch.tensor([[1.0, 1.5], [0.5, 0.5], [1.5, 2.5]]))


def test_a_gate_reads_box_and_pair() -> None:
    gate = Gate(1)
    with torch.no_grad():
        gate.judge.weight.copy_(torch.tensor([[1.0, -2.0]]))
        gate.judge.bias.zero_()
    opened = gate(torch.tensor([[3.0], [2.0]]), torch.tensor([[1.5], [0.0]]))
    assert torch.allclose(opened[:, 0], torch.tensor([0.0, 2.0]).sigmoid())


def test_both_sides_are_updated_from_the_old_states() -> None:
    head, batch = ImpHead(D, 4, 1), make_batch((2,))
    boxes = head.update_box(head.enter_box(batch.object_features))
    pairs = head.update_pair(head.enter_pair(batch.union_features).relu())
    to_boxes, to_pairs = head.exchange_messages(boxes, pairs, batch.pairs)
    expected = head.judge_pair(head.update_pair(to_pairs, pairs))
    logits = head(batch)
    assert torch.allclose(logits.predicates, expected[:, :25], atol=1e-6)
    added = head.judge_class(head.update_box(to_boxes, boxes))
    assert torch.allclose(logits.objects, batch.object_logits + added, atol=1e-5)


def test_a_pair_hears_of_the_other_objects_after_two_rounds() -> None:
    batch = make_batch((2,))
    other = batch.object_features.clone()
    other[2] += 3
    changed = replace(batch, object_features=other)
    for iterations, hears in ((1, False), (2, False), (3, True)):
        head = ImpHead(D, 4, iterations)
        difference = (head(batch).predicates[0] - head(changed).predicates[0]).abs().max().item()
        assert (difference > 1e-7) == hears, iterations
