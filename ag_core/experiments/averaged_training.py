"""A training whose weights are averaged over its last steps, judged on held-out videos, and told in a curve."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from torch import Tensor, nn

from ag_core.experiments.learning_curve import HeldOutJudge, LearningCurve
from ag_core.experiments.training_loop import Companion
from ag_core.experiments.weight_average import WeightAverage

Measure = Callable[[nn.Module], dict[str, float]]
"""Numbers of a network on held-out videos, by their names."""


@dataclass(frozen=True)
class AveragedTraining:
    """What follows a training: its average, and the judge where videos are held out."""

    average: WeightAverage
    judge: HeldOutJudge | None
    companions: dict[str, Companion]
    by: str

    @staticmethod
    def of(
        model: nn.Module, measure: Measure | None, by: str, out: Path, note: Callable[[str], None]
    ) -> "AveragedTraining":
        """For `fit`: its companions. The curve lies beside `out`; `by` names the number that says which is the best."""
        average = WeightAverage(model)
        companions: dict[str, Companion] = {"average": average}
        judge = None
        if measure is not None:
            judge = companions["judge"] = HeldOutJudge(average.network, partial(measure, average.network), by)
        companions["curve"] = LearningCurve(out.with_suffix(".curve.jsonl"), judge, note)
        return AveragedTraining(average, judge, companions, by)

    def choose_weights(self) -> tuple[dict[str, Tensor], dict[str, str]]:
        """The weights to write, the best judged ones where there are any, and what their file says of the judgement."""
        if self.judge is None:
            return self.average.network.state_dict(), {}
        name = self.by.replace(" ", "_").replace(",", "").replace("_%", "")
        facts = {"best_step": str(self.judge.best_at), f"held_out_{name}": f"{self.judge.best_numbers[self.by]:.2f}"}
        return self.judge.best, facts
