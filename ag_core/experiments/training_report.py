"""What a training says of itself: what was trained, on how much, and what its weights file keeps of that."""

from dataclasses import dataclass
from pathlib import Path

from ag_core.experiments.datasets import LabelledVideos
from ag_core.experiments.training_loop import TrainingProgress
from ag_core.experiments.training_options import TrainingOptions


@dataclass(frozen=True)
class TrainedModel:
    """Weights that were written: their file, and after how many steps on how many examples of which kind."""

    path: Path
    steps: int
    minutes: float
    examples: int
    unit: str

    def describe(self) -> str:
        """Where the weights are and what they learned from."""
        return f"{self.path}: {self.steps} steps on {self.examples} {self.unit}"


def describe_training(path: Path, progress: TrainingProgress, examples: int, unit: str) -> TrainedModel:
    return TrainedModel(path, progress.step, progress.seconds / 60, examples, unit)


def build_metadata(
    kind: str,
    model: str,
    preset: str,
    loaded: LabelledVideos,
    options: TrainingOptions,
    progress: TrainingProgress | None = None,
) -> dict[str, str]:
    """What a weights file says of itself; no path of this machine. Without progress it was counted, not trained."""
    chosen = f" --few-shot {options.few_shot}" if options.few_shot else ""
    chosen += f" --hold-out {options.hold_out}" if options.hold_out else ""
    chosen += " --start-from earlier weights" if options.start_from else ""
    chosen += f" --fold {options.fold}" if options.fold is not None else ""
    chosen += " --cross-predicted weights of two folds" if options.cross_predicted else ""
    seed = f" --seed {options.seed}{chosen}" if progress is not None else ""
    facts = {
        "model": model,
        "preset": preset,
        "data": loaded.data.name,
        "trained_on_data": loaded.name_origin(),
        "command": f"train {kind}{seed}",
    }
    if options.fold is not None:
        facts["fold"] = str(options.fold)
    if progress is not None:
        facts |= {"steps": str(progress.step), "minutes": f"{progress.seconds / 60:.1f}"}
    return facts
