"""Rows side by side by their group, and back."""

import torch

from ag_core.models.relation.groups import PaddedGroups


def test_rows_lie_side_by_side_and_come_back() -> None:
    groups = PaddedGroups.of(torch.tensor([7, 2, 7, 9, 7]))
    assert groups.known.tolist() == [[True, False, False], [True, True, True], [True, False, False]]
    assert groups.rows[groups.known].tolist() == [1, 0, 2, 4, 3]
    values = torch.arange(10.0).reshape(5, 2)
    assert torch.equal(groups.spread(values)[1], values[[0, 2, 4]])
    assert torch.equal(groups.collect(groups.spread(values)), values)


def test_nothing_is_no_group() -> None:
    groups = PaddedGroups.of(torch.zeros(0, dtype=torch.int64))
    assert groups.rows.shape == (0, 0)
    assert groups.collect(groups.spread(torch.zeros(0, 3))).shape == (0, 3)
