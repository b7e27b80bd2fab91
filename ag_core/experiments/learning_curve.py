"""How a training goes: rows of a curve in a file, and the best of the networks that were judged on held-out videos.

Both follow a training step by step and are kept in its saved state, so that a resumed one writes the same curve and
ends with the same network. When they act follows from the share of the budget that is spent. Knows no data.
"""

import json
import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from ag_core.errors import UserError
from ag_core.experiments.training_loop import TrainingProgress
from ag_core.files import write_atomically

ROWS = 200
"""Of the curve in a whole budget."""
JUDGEMENTS = 10


class _Grid:
    """Equal parts of a budget: tells once of each that has been spent."""

    def __init__(self, parts: int) -> None:
        self._parts = parts
        self.passed = 0

    def passes(self, share: float) -> bool:
        """Whether another part has been spent since the last one that was told."""
        now = math.floor(share * self._parts + 1e-9)
        before, self.passed = self.passed, now
        return now > before


class HeldOutJudge:
    """Measures a network a number of times in a training, and keeps the weights of the best one.

    network  whose weights are kept; `measure` gives numbers of it as it is, by their names
    by       the name of the number that decides: the larger the better
    """

    def __init__(
        self, network: nn.Module, measure: Callable[[], dict[str, float]], by: str, times: int = JUDGEMENTS
    ) -> None:
        self._network, self._measure, self._by = network, measure, by
        self._grid = _Grid(times)
        self.numbers: dict[str, float] = {}
        self.judged_at = self.best_at = 0
        self.best: dict[str, Tensor] = {}
        self.best_numbers: dict[str, float] = {}

    def follow(self, progress: TrainingProgress) -> None:
        """Judge where it is time to."""
        if not self._grid.passes(progress.share):
            return
        self.numbers, self.judged_at = self._measure(), progress.step
        if not self.best or self.numbers[self._by] > self.best_numbers[self._by]:
            self.best = {name: tensor.detach().cpu().clone() for name, tensor in self._network.state_dict().items()}
            self.best_numbers, self.best_at = self.numbers, progress.step

    def state_dict(self) -> dict[str, Any]:
        """What a resumed training goes on from."""
        return {"passed": self._grid.passed} | {name: getattr(self, name) for name in _KEPT}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from what `state_dict` gave."""
        self._grid.passed = int(state["passed"])
        for name in _KEPT:
            setattr(self, name, state[name])


_KEPT = ("numbers", "judged_at", "best_at", "best", "best_numbers")


class LearningCurve:
    """Rows of a training in a file, one JSON object a line: step, seconds, smoothed losses, and what was judged then.

    The file is written anew with every row, whole or not at all; `note` hears of one that cannot be written.
    """

    def __init__(
        self,
        path: Path,
        judge: HeldOutJudge | None = None,
        note: Callable[[str], None] = lambda sentence: None,
        rows: int = ROWS,
    ) -> None:
        self._path, self._judge, self._note = path, judge, note
        self._grid = _Grid(rows)
        self._lines: list[str] = []

    def follow(self, progress: TrainingProgress) -> None:
        """Write a row where it is time to, or where the judge, who is asked before, has just judged."""
        judged = self._judge is not None and self._judge.judged_at == progress.step
        if not self._grid.passes(progress.share) and not judged:
            return
        row: dict[str, Any] = {"step": progress.step, "seconds": round(progress.seconds, 1)}
        row["losses"] = {name: round(value, 4) for name, value in (progress.losses or {}).items()}
        if judged and self._judge is not None:
            row["held out"] = {name: round(value, 2) for name, value in self._judge.numbers.items()}
        self._lines.append(json.dumps(row))
        self._write(self._lines)

    def _write(self, lines: Sequence[str]) -> None:
        try:
            write_atomically(self._path, "".join(f"{line}\n" for line in lines))
        except UserError as error:
            self._note(f"the training goes on, but its curve could not be written now: {error}")

    def state_dict(self) -> dict[str, Any]:
        """What a resumed training goes on from."""
        return {"passed": self._grid.passed, "lines": list(self._lines)}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from what `state_dict` gave."""
        self._grid.passed, self._lines = int(state["passed"]), list(state["lines"])
