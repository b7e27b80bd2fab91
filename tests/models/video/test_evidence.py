"""Evidence in a bank's window is what its name says, and better than chance and than attention on shipped videos."""

from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from ag_core.catalog import find_clip_network
from ag_core.models.feature_bank import FeatureBank, build_graph_bank, compute_bank_times
from ag_core.models.video import BankHead, build_bank_head, load_bank_head, load_clip_network, make_clip_input
from ag_core.models.video.evidence import (
    attribute_window,
    measure_curves,
    score_without_columns,
    weigh_rows_by_attention,
)
from ag_core.models.video.fbo import NonLocalBank
from ag_core.presets import DEMO_VIDEO
from ag_core.results.prediction import Prediction
from ag_core.settings import SHOWCASE, WEIGHTS
from ag_core.video.clips import letterbox, list_clip_frame_numbers
from ag_core.video.frames import read_frames


@dataclass(frozen=True)
class Clip:
    """A clip of a shipped video as the shipped head sees it: features [C], window [20,875], the action it finds."""

    head: BankHead
    features: NDArray[np.float32]
    window: NDArray[np.float32]
    action: int


@pytest.fixture(scope="module")
def clips() -> list[Clip]:
    """The middle of the first four shipped videos in which the head finds an action, and that action."""
    middles = map(see_middle, sorted((SHOWCASE / "videos").glob("*.mp4")))
    found = list(islice((clip for clip, logit in middles if logit > 0), 4))
    assert len(found) == 4, "the shipped head finds an action in the middle of too few shipped videos"
    return found


@pytest.fixture(scope="module")
def clip(clips: list[Clip]) -> Clip:
    return clips[0]


def see_middle(path: Path) -> tuple[Clip, float]:
    """The middle of a shipped video with its best action, and that action's logit."""
    prediction = Prediction.load(SHOWCASE / "predictions" / f"{path.stem}.json")
    clock, preset = prediction.video.clock, find_clip_network("i3d").preset()
    assert clock is not None
    times = compute_bank_times(clock.duration_s)
    centre_s = float(times[len(times) // 2])
    graphs = {graph.frame: graph for graph in prediction.frames}
    bank = FeatureBank(times, build_graph_bank([graphs[clock.frame_at(time_s)] for time_s in times]))
    numbers = list_clip_frame_numbers(centre_s, clock, preset.frames, preset.frame_step_s)
    small = {number: letterbox(pixels, preset.size_wh) for number, pixels in read_frames(path, sorted(set(numbers)))}
    network, _ = load_clip_network("i3d", WEIGHTS)
    head, _ = load_bank_head("sgfb", WEIGHTS)
    window = bank.cut_window(centre_s)
    with torch.inference_mode():
        features = network.clip_net(make_clip_input(np.stack([[small[n] for n in numbers]]), preset))
        logits = head(features, torch.from_numpy(window)[None])[0]
    return Clip(head, features[0].numpy(), window, int(logits.argmax())), float(logits.max())


def test_cells_sum_to_what_the_graphs_add(clip: Clip) -> None:
    found = attribute_window(clip.head, clip.features, clip.window, clip.action)
    difference = found.logit - found.empty_logit
    assert abs(found.contributions.sum() - difference) < 0.02 * abs(difference)
    assert not found.contributions[clip.window == 0].any()


def test_scores_without_a_triplet_are_those_of_a_forward_pass(clip: Clip) -> None:
    columns = np.argsort(-clip.window.sum(axis=0))[:5]
    found = score_without_columns(clip.head, clip.features, clip.window, clip.action, columns)
    for column, score in zip(columns, found):
        window = clip.window.copy()
        window[:, column] = 0
        with torch.inference_mode():
            logits = clip.head(torch.from_numpy(clip.features)[None], torch.from_numpy(window)[None])
        assert score == pytest.approx(float(logits[0, clip.action]), abs=1e-5)


def test_evidence_orders_cells_better_than_chance_and_attention(clips: list[Clip]) -> None:
    of_clips = [measure_orders(clip) for clip in clips]
    areas = {name: np.mean([one[name] for one in of_clips], axis=0) for name in of_clips[0]}
    lowest, highest = areas.pop("evidence")
    assert all(lowest < lower and highest > higher for lower, higher in areas.values()), areas


def measure_orders(clip: Clip) -> dict[str, tuple[float, float]]:
    """By order of the cells the mean logit while they are taken away one after the other, and while they are put in."""
    found = attribute_window(clip.head, clip.features, clip.window, clip.action)
    cells = np.argwhere(clip.window > 0)
    held = clip.window[tuple(cells.T)]
    assert isinstance(clip.head.operator, NonLocalBank)
    attention = weigh_rows_by_attention(clip.head.operator, clip.features, clip.window)[cells[:, 0]] * held
    orders = {
        "evidence": np.argsort(-found.contributions[tuple(cells.T)], kind="stable"),
        "attention": np.argsort(-attention, kind="stable"),
        **{f"chance {seed}": np.random.default_rng(seed).permutation(len(cells)) for seed in range(3)},
    }
    areas = {}
    for name, order in orders.items():
        deletion, insertion = measure_curves(clip.head, clip.features, clip.window, clip.action, cells[order], 20)
        assert deletion[0] == pytest.approx(found.logit, abs=1e-4) == insertion[-1]
        assert deletion[-1] == pytest.approx(found.empty_logit, abs=1e-4) == insertion[0]
        areas[name] = (float(deletion.mean()), float(insertion.mean()))
    return areas


@pytest.mark.parametrize("operator", ["mean", "max"])
def test_every_bank_operator_can_be_explained(operator: str) -> None:
    torch.manual_seed(0)
    head = build_bank_head("sgfb", replace(DEMO_VIDEO, operator=operator))
    window = np.random.default_rng(0).random((20, 875), np.float32)
    found = attribute_window(head, np.ones(DEMO_VIDEO.feature_size, np.float32), window, 3)
    assert found.contributions.sum() == pytest.approx(found.logit - found.empty_logit, abs=1e-3)
