"""The average of weights, by hand and over a resumed training."""

import torch
from torch import nn

from ag_core.experiments.weight_average import WeightAverage


def test_the_average_by_hand() -> None:
    """Shares of the newest weights: all at first, then 1 - 2 / 11, then 1 - 3 / 12; from then on 1 - decay at least."""
    network = nn.Linear(1, 1, bias=False)
    average = WeightAverage(network, decay=0.25)
    seen = []
    for value in (1.0, 2.0, 4.0, 8.0):
        torch.nn.init.constant_(network.weight, value)
        average.follow()
        seen.append(average.network.state_dict()["weight"].item())
    second = 1 + (2 - 1) * (1 - 2 / 11)
    third = second + (4 - second) * (1 - 0.25)
    expected = [1, second, third, third + (8 - third) * (1 - 0.25)]
    assert torch.allclose(torch.tensor(seen), torch.tensor(expected))
    assert network.weight.item() == 8


def test_running_means_are_averaged_and_the_state_goes_on() -> None:
    torch.manual_seed(0)
    network = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4))
    average, again = WeightAverage(network), None
    for step in range(6):
        network(torch.randn(8, 3))
        average.follow()
        if again is not None:
            again.follow()
        if step == 2:
            again = WeightAverage(network)
            again.load_state_dict({name: value.clone() for name, value in average.state_dict().items()})
    assert again is not None
    wanted, found = average.network.state_dict(), again.network.state_dict()
    assert set(wanted) == set(network.state_dict())
    assert all(torch.equal(wanted[name], found[name]) for name in wanted)
    assert not torch.equal(wanted["1.running_mean"], network.state_dict()["1.running_mean"])
