"""Messages between boxes and pairs, by hand."""

import torch

from ag_core.models.relation.messages import average_messages, share_attention, sum_messages

VALUES = torch.tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
TO = torch.tensor([2, 0, 2])


def test_sums_and_means_are_nothing_for_whom_nobody_writes_to() -> None:
    assert sum_messages(VALUES, TO, 4).tolist() == [[3, 4], [0, 0], [6, 8], [0, 0]]
    assert average_messages(VALUES, TO, 4).tolist() == [[3, 4], [0, 0], [3, 4], [0, 0]]
    assert average_messages(VALUES[:0], TO[:0], 2).tolist() == [[0, 0], [0, 0]]


def test_attention_is_shared_among_those_who_write_to_the_same() -> None:
    scores = torch.log(torch.tensor([3.0, 7.0, 1.0])) + 500
    assert torch.allclose(share_attention(scores, TO, 4), torch.tensor([0.75, 1, 0.25]))
    assert len(share_attention(scores[:0], TO[:0], 0)) == 0
