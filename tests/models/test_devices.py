"""A device that cannot compute is one sentence, whoever asks."""

import pytest

from ag_core.errors import UserError
from ag_core.experiments.compute import Compute
from ag_core.models.devices import choose_device


@pytest.mark.parametrize("name", ["meta", "abacus", "xla", "vulkan", "cuda:99", "cpu:x"])
def test_a_device_that_cannot_compute_is_refused(name: str) -> None:
    for ask in (choose_device, Compute):
        with pytest.raises(UserError, match=r"cannot compute here|there is no"):
            ask(name)


def test_the_processor_always_computes() -> None:
    assert choose_device("cpu").type == Compute("cpu").torch_device.type == "cpu"
