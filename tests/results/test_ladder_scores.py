"""The ladder as a value and a file: shares add up to the gap exactly, and a file that does not say so is refused."""

import json
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from ag_core.errors import UserError
from ag_core.evaluation.bootstrap import BootstrapPrecision
from ag_core.evaluation.metrics import Counts
from ag_core.evaluation.protocol import Origin, Owner, Unit
from ag_core.results.ladder_scores import (
    N_COMBINATIONS,
    STEPS,
    LadderScores,
    Step,
    holds_ladder_scores,
    list_steps,
    name_combination,
    to_combination,
)


def make_ladder(seed: int = 0) -> LadderScores:
    """A ladder of numbers drawn at random, its ends apart."""
    random = np.random.default_rng(seed)
    values = random.random((N_COMBINATIONS, 1)) * 0.4 + 0.2
    values[0], values[-1] = 0.35, 0.85
    found = BootstrapPrecision(values, values + random.normal(0, 0.02, (N_COMBINATIONS, 50)))
    origin = Origin(Owner.YOURS, "mine", "test", "dense view", (0,), "evaluate ladder --data mine")
    weights = {"sgfb": "0123456789ab", "oracle": "ba9876543210"}
    return LadderScores.from_draws(found, origin, Counts(videos=9, classes=4), weights, ("Mind the gap.",), "10 views")


def test_shares_add_up_to_the_gap_exactly() -> None:
    ladder = make_ladder()
    exact = [Fraction(str(cell.number)) for cell in ladder.cells]
    assert sum(ladder.compute_exact_shares()) == exact[-1] - exact[0] == Fraction(50)
    assert ladder.gap.number == 50 and ladder.gap.protocol.unit is Unit.POINTS
    assert sum(share.number for share in ladder.shares) == pytest.approx(50, abs=1e-9)
    assert all(
        share.bounds is not None and share.bounds.low < share.number < share.bounds.high for share in ladder.shares
    )


def test_combinations_have_numbers_and_names() -> None:
    assert [list_steps(number) for number in (0, 1, 31)] == [(), (Step.BOXES,), STEPS]
    assert all(to_combination(list_steps(number)) == number for number in range(N_COMBINATIONS))
    assert (name_combination(0), name_combination(31)) == ("SGFB", "SGFB oracle")
    assert name_combination(0b10010) == "SGFB with true classes, the oracle's head"
    ladder = make_ladder()
    assert ladder.get_cell(Step.TIMING, Step.BOXES) is ladder.cells[0b01001]
    assert len({cell.model for cell in ladder.cells}) == N_COMBINATIONS


def test_a_step_alone_and_last() -> None:
    ladder = make_ladder()
    share, alone, last = ladder.list_step_metrics(Step.CLASSES)
    assert share is ladder.shares[1] and None not in (share.bounds, alone.bounds, last.bounds)
    assert alone.number == pytest.approx(ladder.cells[0b00010].number - ladder.cells[0].number)
    assert last.number == pytest.approx(ladder.cells[-1].number - ladder.cells[0b11101].number)


def test_the_waterfall_leads_from_one_end_to_the_other() -> None:
    first, *steps, last = make_ladder().list_waterfall()
    assert (first["end"], last["end"]) == (35, 85) and [bar["step"] for bar in steps] == list(STEPS)
    assert steps[0]["start"] == 35 and steps[-1]["end"] == pytest.approx(85)
    assert all(bar["end"] == pytest.approx(after["start"]) for bar, after in pairwise(steps))


def test_there_and_back(tmp_path: Path) -> None:
    path, ladder = tmp_path / "ladder.json", make_ladder()
    ladder.save(path)
    assert LadderScores.load(path) == ladder and holds_ladder_scores(path)
    assert ladder.with_owner(Owner.OURS_HOME).gap.origin.owner is Owner.OURS_HOME


@pytest.mark.parametrize("harm", ["share", "cell", "step", "format", "cut"])
def test_a_damaged_file_is_refused(tmp_path: Path, harm: str) -> None:
    path = tmp_path / "ladder.json"
    content = make_ladder().to_json()
    if harm == "share":
        content["steps"][2]["share"]["number"] += 0.1
    elif harm == "cell":
        content["cells"].pop(7)
    elif harm == "step":
        content["steps"][0]["step"] = "colours"
    elif harm == "format":
        content["version"] = 2
    text = json.dumps(content)
    path.write_text(text[: len(text) // 2] if harm == "cut" else text)
    with pytest.raises(UserError, match=r"damaged|not of format|not JSON"):
        LadderScores.load(path)
