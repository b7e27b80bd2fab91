"""MSDN: its size, and its messages and updates by hand."""

import torch

from ag_core.models.relation import build_relation_head
from ag_core.models.relation.msdn import N_TEMPLATES, Gate, MsdnHead, Update
from ag_core.presets import PAPER_MSDN
from tests.models.relation.pair_batches import D


def test_parameters_at_paper_size() -> None:
    enter, gates = 2 * (1024 * 1024 + 1024), 4 * (2048 * 128 + 128)
    updates = 2 * 2 * (1024 * 1024 + 1024)
    answers = 1024 * 36 + 36 + 1024 * 26 + 26
    head = build_relation_head("msdn", PAPER_MSDN)
    expected = enter + gates + updates + answers + 36 * 25
    assert sum(p.numel() for p in head.parameters()) == expected == 7_411_138


def set_gate(gate: Gate, odds: float) -> None:
    """A gate that lets the same share pass always: odds / (1 + odds)."""
    with torch.no_grad():
        gate.templates.weight.zero_()
        gate.templates.bias.fill_(float(torch.tensor(odds).log()))


def test_messages_by_hand() -> None:
    """A person (4, 0) with a cup (0, 8) and a book (2, 2); the phrases are (1, 1) and (3, 5)."""
    head = MsdnHead(D, 2, 1)
    set_gate(head.subject_to_phrase, 1)  # one half
    set_gate(head.object_to_phrase, 3)  # three quarters
    set_gate(head.phrase_to_subject, 1 / 3)  # one quarter
    set_gate(head.phrase_to_object, 1)
    boxes, phrases = torch.tensor([[4.0, 0], [0, 8], [2, 2]]), torch.tensor([[1.0, 1], [3, 5]])
    to_boxes, to_phrases = head.exchange_messages(boxes, phrases, torch.tensor([[0, 1], [0, 2]]))
    # A phrase: the mean of (2, 0) from the person and three quarters of the object.
    assert torch.allclose(to_phrases, torch.tensor([[1.0, 3], [1.75, 0.75]]))
    # The person: the mean over both phrases, (0.5, 0.75), and nothing as an object. An object: nothing as a subject.
    assert torch.allclose(to_boxes, torch.tensor([[0.25, 0.375], [0.25, 0.25], [0.75, 1.25]]))


def test_a_gate_is_the_mean_of_its_templates() -> None:
    gate = Gate(1)
    with torch.no_grad():
        gate.templates.weight.zero_()
        gate.templates.bias.zero_()
        gate.templates.weight[0] = torch.tensor([2.0, 1.0])  # target, source
    message = gate(source=torch.tensor([[3.0]]), target=torch.tensor([[-5.0]]))
    opened = (torch.tensor(3.0).sigmoid() + (N_TEMPLATES - 1) / 2) / N_TEMPLATES  # the negative target counts as 0
    assert torch.allclose(message, opened * 3)


def test_an_update_adds_to_the_state() -> None:
    update = Update(2)
    with torch.no_grad():
        for layer, factor in ((update.take_message, 10.0), (update.take_state, 100.0)):
            layer.weight.copy_(factor * torch.eye(2))
            layer.bias.zero_()
    assert update(torch.tensor([[1.0, -1]]), torch.tensor([[-2.0, 3]])).tolist() == [[101, 29]]
