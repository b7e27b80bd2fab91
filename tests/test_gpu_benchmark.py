"""The benchmark of a GPU runs through on a processor at a tiny size. No time is asserted, and no figure is a GPU's."""

from collections.abc import Iterator

import pytest
import torch

from ag_core.models.devices import run_dense_part, send
from ag_core.pipeline.watching import read_beside
from benchmarks.gpu import Agreement, Rate, Size, describe, measure
from tests.experiments.test_action import TINY_VIDEO
from tests.experiments.test_detector import TINY


@pytest.mark.slow
def test_every_cell_runs_at_a_tiny_size() -> None:
    cpu = torch.device("cpu")
    found = list(measure([Size("tiny", TINY, TINY_VIDEO)], cpu, seconds=0.01, n_films=1, peak=1e12))
    agreement, *rates = found
    assert isinstance(agreement, Agreement) and agreement.holds and agreement.matched == 1
    assert [rate.what for rate in rates if isinstance(rate, Rate)] == ["detector frames", "clips", "films"]
    assert all(rate.ratio > 0 for rate in rates if isinstance(rate, Rate))
    assert all(isinstance(rate, Rate) and (rate.dense_tflops or 0) > 0 for rate in rates[:2])
    assert describe(agreement).startswith("agrees with the processor: of ")
    assert "of a large matrix product" in describe(rates[0])


def test_a_processor_computes_and_sends_as_it_is() -> None:
    """Half precision, page-locked memory and reading ahead are for GPUs."""
    tensor = torch.ones(2)
    assert send(tensor, "cpu") is tensor
    with torch.autocast("cpu", torch.bfloat16), run_dense_part("cpu"):
        assert (torch.ones(2, 2) @ torch.ones(2, 2)).dtype == torch.float32
    frames: Iterator[tuple[int, object]] = iter([])
    assert read_beside(frames, torch.device("cpu")) is frames  # type: ignore[arg-type]
