"""The benchmark of a GPU runs through on a processor at a tiny size. No time is asserted, and no figure is a GPU's."""

from collections.abc import Callable, Iterator

import pytest
import torch

from ag_core.errors import UserError
from ag_core.models.devices import run_dense_part, send, use_precision
from ag_core.pipeline.watching import read_beside
from ag_core.results.prediction_cache import PredictionSettings, compute_settings_key
from ag_core.settings import settings
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


@pytest.fixture
def ask_for(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Sets AG_PRECISION, for one test."""

    def ask(name: str) -> None:
        monkeypatch.setenv("AG_PRECISION", name)
        settings.cache_clear()

    yield ask
    monkeypatch.undo()
    settings.cache_clear()


def test_a_processor_computes_in_bfloat16_where_it_is_asked_to(ask_for: Callable[[str], None]) -> None:
    """`use_precision` goes before AG_PRECISION; an unknown word is named."""

    def multiply() -> torch.dtype:
        with run_dense_part("cpu"):
            return (torch.ones(2, 2) @ torch.ones(2, 2)).dtype

    ask_for("bfloat16")
    assert multiply() == torch.bfloat16
    with use_precision("float32"):
        assert multiply() == torch.float32
    assert multiply() == torch.bfloat16
    refused = "AG_PRECISION is 'half'; give one of float32, bfloat16, auto"
    with use_precision("half"), pytest.raises(UserError, match=refused):
        multiply()


def test_predictions_in_another_precision_are_kept_apart(ask_for: Callable[[str], None]) -> None:
    keys = []
    for name in ("", "float32", "bfloat16"):
        ask_for(name)
        keys.append(compute_settings_key(PredictionSettings()))
    assert keys[0] == keys[1] != keys[2]
