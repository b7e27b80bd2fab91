"""How novel actions are learned from few examples: what the paper decides, and what it leaves open, as options."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ag_core.catalog import ACTION_MODELS, find_action_model
from ag_core.errors import UserError
from ag_core.evaluation.protocol import Owner
from ag_core.experiments.compute import Compute
from ag_core.settings import WEIGHTS

CHOICES: Mapping[str, Mapping[str, str]] = {
    "base_videos": {
        "masked": "base training keeps videos with novel actions and leaves their novel labels out of the loss",
        "left-out": "base training leaves out every video with a novel action",
    },
    "shot_labels": {
        "clip": "an example's clip is positive for every novel action under way in it",
        "drawn": "an example's clip is positive for the action it was drawn for alone",
    },
    "learned": {
        "operator": "a new classifier and the bank operator learn from the examples",
        "classifier": "a new classifier alone learns from the examples",
    },
    "backbone": {
        "masked": "the clip network never saw a label of a novel action",
        "any": "the clip network may have seen labels of novel actions",
    },
}
"""The questions that the paper leaves open (methods B6): what each decision means, the recommended one first."""

FEW_SHOT_MODELS = tuple(model.id for model in ACTION_MODELS.values() if model.bank is not None)


@dataclass(frozen=True)
class FewShotOptions:
    """What to evaluate, and how the open questions are decided.

    weights      folder of the frozen networks; preset the name of their size
    models       ids of action models with a bank; profile: whose base and novel classes
    shots        numbers of examples of each novel class; seeds: of the draws and of the trainings
    base_steps   of a head's base training; epochs over the examples; rate: the peak of both learning rates
    base_videos, shot_labels, learned, backbone   decisions, names of CHOICES
    owner        whose the numbers are; command: what makes them again, without `python -m ag_core`
    """

    weights: Path = WEIGHTS
    preset: str = "demo"
    compute: Compute = field(default_factory=Compute)
    models: tuple[str, ...] = FEW_SHOT_MODELS
    profile: str = "home-157"
    shots: tuple[int, ...] = (1, 5, 10)
    seeds: tuple[int, ...] = (0, 1, 2)
    base_steps: int = 1500
    epochs: int = 50
    rate: float = 1e-3
    base_videos: str = "masked"
    shot_labels: str = "clip"
    learned: str = "operator"
    backbone: str = "masked"
    owner: Owner = Owner.YOURS
    command: str = ""

    def __post_init__(self) -> None:
        for name, known in CHOICES.items():
            if (chosen := getattr(self, name)) not in known:
                option = name.replace("_", "-")
                raise UserError(f"--{option} {chosen} is not known; choose {' or '.join(known)}")
        for model in self.models:
            if find_action_model(model).bank is None:
                raise UserError(f"{model} has no feature bank; choose some of {', '.join(FEW_SHOT_MODELS)}")
        if not self.seeds or not self.shots or min(self.shots) < 1:
            raise UserError("few-shot needs one seed or more, and one example or more of each class")

    def list_choices(self) -> dict[str, str]:
        """The decision of every open question."""
        return {name: getattr(self, name) for name in CHOICES}
