"""How to train, and which interrupted training a training with these options may go on from.

A training is known by all that decides what it learns; one that differs in any of it is another training.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ag_core.annotations.few_shot import list_few_shot_classes
from ag_core.catalog import DEFAULT_CLIP_NETWORK, DEFAULT_RELATION_HEAD
from ag_core.errors import UserError
from ag_core.experiments.compute import Compute
from ag_core.experiments.datasets import TrainingData
from ag_core.experiments.training_loop import Budget, Recipe, SavedState
from ag_core.files import hash_bytes, hash_file
from ag_core.models.checkpoints import read_metadata
from ag_core.outputs import check_target
from ag_core.presets import BANK_OPERATORS, DetectorPreset, RelationPreset, VideoPreset
from ag_core.settings import WEIGHTS

RATE = 1e-3
USUAL_BATCH = {"detector": 8, "relations": 32, "video-relations": 4, "pretraining": 8, "clip": 8, "action": 64}
"""Examples in a step where nobody chooses, by the kind of training; a head of whole videos learns from videos."""

WEIGHTS_ENDING = ".safetensors"


@dataclass(frozen=True)
class TrainingOptions:
    """How to train.

    out       weights file; of the action heads the folder of their files
    preset    name of the networks' size
    batch     examples in a step, rate the peak of the learning rate; None takes what suits the training
    weights   folder of earlier weights that a training stands on (the detector of the relations, all of the action's)
    resume    go on from an interrupted training of the same `out` with the same options
    head      relations: the relation head of the catalog to train
    every     relations: every N-th of the frames that count
    network   clip: the clip network of the catalog to train
    operator  action: what the heads take from their windows, a name of BANK_OPERATORS; None takes the preset's
    hold_out  every how many-th video is kept out of learning and judges the network; None for no video (no relations)
    start_from  detector: earlier weights to begin with, as far as they fit; clip: those of a pre-training; action: the
              folder of heads to go on from; None begins at random
    fold      detector, relations: the fold of videos that alone is learned from, 0 or 1; None for all videos
    relation_head  action: the one whose graphs SGFB learns to read
    cross_predicted  action: folders of the weights of fold 0 and fold 1, whose graphs are the bank of train videos:
              each video is read by the networks that did not learn from it; None for those in `weights`
    few_shot  clip, action: profile whose base classes alone count in the loss; None for all classes
    UserError for numbers that train nothing.
    """

    out: Path
    budget: Budget
    preset: str = "demo"
    batch: int | None = None
    rate: float | None = None
    seed: int = 0
    compute: Compute = field(default_factory=Compute)
    weights: Path = WEIGHTS
    resume: bool = False
    head: str = DEFAULT_RELATION_HEAD
    every: int = 2
    network: str = DEFAULT_CLIP_NETWORK
    operator: str | None = None
    few_shot: str | None = None
    hold_out: int | None = None
    start_from: Path | None = None
    fold: int | None = None
    relation_head: str = DEFAULT_RELATION_HEAD
    cross_predicted: tuple[Path, Path] | None = None

    def __post_init__(self) -> None:
        if self.batch is not None and self.batch < 1:
            raise UserError(f"--batch {self.batch} is no number of examples; give 1 or more")
        if self.every < 1:
            raise UserError(f"--every {self.every} chooses no frames; give 1 for all, 2 for every second, ...")
        if self.operator is not None and self.operator not in BANK_OPERATORS:
            raise UserError(f"there is no bank operator {self.operator!r}; known are {', '.join(BANK_OPERATORS)}")
        if self.hold_out is not None and self.hold_out < 2:
            raise UserError(f"--hold-out {self.hold_out} leaves no video to learn from; give 2 or more")
        if self.few_shot is not None:
            list_few_shot_classes(self.few_shot)  # which refuses an unknown one
        if self.fold not in (None, 0, 1):
            raise UserError(f"--fold {self.fold} is none of the two folds; give 0 or 1")
        self.recipe(False)

    def recipe(self, bears_bfloat16: bool) -> Recipe:
        """The recipe of a training; `bears_bfloat16`: mixed precision may be chosen where it is faster."""
        rate = RATE if self.rate is None else self.rate
        return Recipe(self.budget, rate, autocast=self.compute.forward_dtype(bears_bfloat16), seed=self.seed)

    def batch_of(self, kind: str) -> int:
        """The number of examples in a step of a kind of training, of all processes together."""
        return self.compute.processes.check_batch(self.batch or USUAL_BATCH[kind])

    @property
    def counted_classes(self) -> NDArray[np.bool_] | None:
        """[157] the action classes that count in the loss, None for all."""
        return None if self.few_shot is None else list_few_shot_classes(self.few_shot).loss_mask()


def open_saved_state(
    kind: str,
    preset: DetectorPreset | RelationPreset | VideoPreset,
    data: TrainingData,
    options: TrainingOptions,
    earlier: Sequence[Path] = (),
) -> SavedState:
    """As `find_saved_state`, asked before anything is prepared.

    UserError where `out` cannot be written, an earlier file is missing, or there is nothing that could be resumed.
    """
    inputs = [*earlier, *([] if options.start_from is None else [options.start_from])]
    for path in inputs:
        read_metadata(path)
    check_weights_target(options.out, [*inputs, *([data.store] if isinstance(data.store, Path) else [])])
    state = find_saved_state(kind, preset, data, options, earlier)
    if options.resume:
        state.check()
    return state


def find_saved_state(
    kind: str,
    preset: DetectorPreset | RelationPreset | VideoPreset,
    data: TrainingData,
    options: TrainingOptions,
    earlier: Sequence[Path] = (),
) -> SavedState:
    """Where an interrupted training waits: in the data's cache, never among the weights, with all that decides it.

    Left out is what changes the result by rounding alone: the device, its threads, page-locked memory.
    earlier  weights files that the training stands on
    """
    out = str(options.out.resolve())
    recipe = options.recipe(False)
    facts = {
        "kind": kind if options.fold is None else f"{kind} of fold {options.fold}",
        "--out": out,
        "--preset": preset.name,
        "--operator": preset.operator if isinstance(preset, VideoPreset) else "none",
        "the preset's numbers": hash_bytes(repr(preset).encode())[:12],
        "--steps": str(recipe.budget.steps),
        "--minutes": str(recipe.budget.minutes),
        "--batch": str(options.batch_of(kind.partition(" ")[0])),
        "--rate": str(recipe.learning_rate),
        "--seed": str(options.seed),
        "--autocast": options.compute.autocast,
        "--every": str(options.every),
        "--few-shot": options.few_shot or "none",
        "--hold-out": str(options.hold_out or "none"),
        "--start-from": "none" if options.start_from is None else hash_file(options.start_from)[:12],
        "data": f"{data.name} {data.split} {data.fingerprint[:12]}",
        "--weights": " ".join(hash_file(path)[:12] for path in earlier) or "none",
    }
    mark = hash_bytes(out.encode())[:12]
    return SavedState(data.cache / f"training-{options.out.stem}-{mark}.pt", facts)


def check_weights_target(out: Path, inputs: Sequence[Path]) -> None:
    """UserError for an `out` that is no name of a weights file, or is one of the files that a training reads."""
    if out.suffix != WEIGHTS_ENDING:
        raise UserError(f"{out} is no name of a weights file; give one that ends in {WEIGHTS_ENDING}")
    check_target(out, inputs)
