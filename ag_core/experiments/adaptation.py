"""Adapting a relation head to one's own footage: it goes on learning from a few corrected frames.

The detector stays frozen, so each frame is looked at once; after that a step takes milliseconds. The head is held near
where it was, since a few frames would else make it forget the rest (L2-SP, Li et al. 2018). Footage that is not of the
home world is judged under the habits of real homes, so the head learns what is left to say beside them. What it gained
is counted on frames that it had not seen: the corrected frames in at most five runs of neighbours, each judged by a
head that learned from the others.
"""

import copy
import itertools
import json
import re
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from ag_core.catalog import HABITS_FILE, HOME_WORLD, find_detector, find_relation_head
from ag_core.errors import Cancelled, UserError
from ag_core.experiments.relations import PairExample, build_frame_example, collate_pairs, make_relation_losses
from ag_core.experiments.training_loop import Budget, Losses, Recipe, StepLosses, fit
from ag_core.models.checkpoints import STANDS_ON, describe_earlier_weights, find_preset_of, save_checkpoint
from ag_core.models.detector import load_faster_rcnn
from ag_core.models.pairs import PairBatch
from ag_core.models.region_features import RegionFeatureExtractor
from ag_core.models.relation import RelationHead, RelationLogits, find_relation_loss, load_relation_head
from ag_core.models.relation.frequency import FrequencyHead
from ag_core.models.relation.habits import Habits, load_habits
from ag_core.models.relation.losses import Mean, PairTargets, mean_or_zero
from ag_core.progress import Progress
from ag_core.records import MIN_PROBABILITY, SceneGraph
from ag_core.results.choices import USUAL_EVIDENCE
from ag_core.results.learned_heads import MIN_FRAMES, LearnedHead, TripletCounts
from ag_core.results.own_weights import CheckedFile, keep_weights, list_own_weights
from ag_core.results.prediction_notes import needs_real_habits
from ag_core.taxonomy import GROUP_SLICES, Group
from ag_core.video.frames import read_frames
from ag_core.video.ids import make_id

STEPS, LEARNING_RATE, NEARNESS = 60, 1e-3, 0.1
"""How long and how fast a head learns, and how dearly it pays for each squared unit that its weights move away."""

MAX_RUNS = 5
"""In so many runs of neighbours frames are held out, at most."""


@dataclass(frozen=True)
class CorrectedVideo:
    """A video file and its corrected graphs."""

    path: Path
    frames: tuple[SceneGraph, ...]


def learn_from_corrections(
    videos: Sequence[CorrectedVideo],
    head: str,
    weights: Path,
    progress: Progress,
    is_cancelled: Callable[[], bool],
) -> LearnedHead:
    """Let the head of `weights` learn from corrected frames, and keep it in the home among the own weights.

    UserError where no frame has a person beside an object, for films of the home world and other footage together, and
    for missing weights. Raises Cancelled soon after `is_cancelled`; nothing is kept then.
    """
    began = time.monotonic()
    torch.set_flush_denormal(True)  # moments of small gradients come to such numbers, which are slow
    progress("loading models", 0, 1)
    entry, detector = find_relation_head(head), find_detector(HOME_WORLD).weights_path(weights)
    preset = find_preset_of(entry.weights_path(weights), entry)
    start, _ = load_relation_head(head, weights, preset)
    habits = _choose_habits(videos, weights)
    trunk = RegionFeatureExtractor(load_faster_rcnn(detector))
    examples = _look_at_frames(videos, trunk, progress, is_cancelled)
    runs = split_into_runs(len(examples))
    steps = _CountedSteps(STEPS * (len(runs) + 1), progress, is_cancelled)
    before: dict[str, TripletCounts] = {}
    after: dict[str, TripletCounts] = {}
    for run in runs:
        held_out = [examples[index] for index in run]
        others = [one for index, one in enumerate(examples) if index not in run]
        learned = adapt_head(start, head, others, habits, steps.count)
        before = _add(before, count_triplets(start, held_out, habits))
        after = _add(after, count_triplets(learned, held_out, habits))
    adapted = adapt_head(start, head, examples, habits, steps.count)
    found = LearnedHead(
        name=_name_after(videos[0].path, len(examples)),
        head=head,
        n_frames=len(examples),
        n_objects=sum(len(one.targets.related) for one in examples),
        seconds=round(time.monotonic() - began, 1),
        n_held_out=len(examples) if runs else 0,
        before=before,
        after=after,
        evidence=None if habits is None else habits.evidence,
    )
    facts = {"model": head, "preset": preset.name, "trained_on_data": "home world, then corrected frames"}
    facts |= describe_earlier_weights({"detector": detector, "start": entry.weights_path(weights)})
    return _keep(found, adapted.state_dict(), facts)


def split_into_runs(n_frames: int) -> list[list[int]]:
    """Which of n frames are held out together: neighbours, which look alike; nothing where there are too few."""
    if n_frames < MIN_FRAMES:
        return []
    return [run.tolist() for run in np.array_split(np.arange(n_frames), min(n_frames, MAX_RUNS))]


def adapt_head(
    start: RelationHead,
    head: str,
    examples: Sequence[PairExample],
    habits: Habits | None,
    step: Callable[[], None] = lambda: None,
    recipe: Recipe | None = None,
    nearness: float = NEARNESS,
) -> RelationHead:
    """A copy of a head (a catalog id) that learned from examples; `step` is called before each step.

    `recipe` and `nearness` are there for who measures others than the usual ones.
    """
    recipe = recipe or Recipe(Budget(steps=STEPS), learning_rate=LEARNING_RATE, weight_decay=0.0)
    learned = copy.deepcopy(start)
    usual = find_relation_loss(head)

    def under_habits(
        batch: PairBatch, logits: RelationLogits, targets: PairTargets, mean: Mean = mean_or_zero
    ) -> Losses:
        return usual(batch, put_right(logits, batch, habits), targets, mean)

    losses = make_relation_losses(learned, under_habits, examples, len(examples))
    fit(learned, _stay_near(learned, losses, nearness, step), recipe)
    return learned.eval()


def _stay_near(learned: RelationHead, losses: StepLosses, nearness: float, step: Callable[[], None]) -> StepLosses:
    """The losses of a step, and what the way from the weights of now costs."""
    anchors = [(part, part.detach().clone()) for part in learned.parameters()]

    def with_distance(random: np.random.Generator) -> Losses:
        step()
        away = torch.stack([(part - anchor).square().sum() for part, anchor in anchors]).sum()
        return losses(random) | {"distance": nearness * away}

    return with_distance


def put_right(logits: RelationLogits, batch: PairBatch, habits: Habits | None) -> RelationLogits:
    """What a head says under the wanted habits, as `Habits.correct` has it, as logits that can be learned through."""
    if habits is None:
        return logits
    said, attention, rows = logits.predicates, GROUP_SLICES[Group.ATTENTION], batch.object_classes
    said = torch.cat([said[:, attention].log_softmax(dim=1), said[:, attention.stop :]], dim=1)
    right = habits.wanted[rows] + habits.evidence * (said - habits.learned[rows])
    return replace(logits, predicates=right.float())


@torch.no_grad()
def count_triplets(
    head: RelationHead, examples: Sequence[PairExample], habits: Habits | None
) -> dict[str, TripletCounts]:
    """What a head says of given boxes beside the truth, by group of relationships."""
    batch, targets = collate_pairs(examples)
    said = put_right(head(batch), batch, habits).probabilities() >= MIN_PROBABILITY
    return {group.value: _count(said[:, part], targets.predicates[:, part]) for group, part in GROUP_SLICES.items()}


def _count(said: Tensor, true: Tensor) -> TripletCounts:
    return TripletCounts(*(int(mark.sum()) for mark in (said & true, said & ~true, ~said & true)))


def _add(one: dict[str, TripletCounts], other: dict[str, TripletCounts]) -> dict[str, TripletCounts]:
    return {group: one.get(group, TripletCounts()) + counts for group, counts in other.items()}


def _choose_habits(videos: Sequence[CorrectedVideo], weights: Path) -> Habits | None:
    """The habits under which these videos are judged where nobody chooses; None for films of the home world."""
    kinds = {needs_real_habits(video.path, weights) for video in videos}
    if len(kinds) > 1:
        raise UserError("films of the home world and other footage are judged differently; learn from one kind alone")
    if kinds != {True}:
        return None
    entry = find_relation_head("frequency")
    counted, _ = load_relation_head(entry.id, weights, find_preset_of(entry.weights_path(weights), entry))
    assert isinstance(counted, FrequencyHead)
    return load_habits(weights / HABITS_FILE, counted, USUAL_EVIDENCE)


def _look_at_frames(
    videos: Sequence[CorrectedVideo],
    trunk: RegionFeatureExtractor,
    progress: Progress,
    is_cancelled: Callable[[], bool],
) -> list[PairExample]:
    """The examples of the frames that show a person with an object, video after video."""
    wanted = {
        video.path: {graph.frame: graph for graph in video.frames if _has_pair(graph)}
        for video in videos
        if video.frames
    }
    total = sum(map(len, wanted.values()))
    if not total:
        raise UserError(
            "no corrected frame has a person beside an object, each with a box; correct one that shows both"
        )
    examples: list[PairExample] = []
    for path, graphs in wanted.items():
        for number, pixels in read_frames(path, sorted(graphs)):
            if is_cancelled():
                raise Cancelled
            progress("looking at the corrected frames", len(examples), total)
            examples.append(build_frame_example(graphs[number], pixels, trunk))
    return examples


def _has_pair(graph: SceneGraph) -> bool:
    return graph.person_box_xyxy is not None and bool(graph.visible.any())


class _CountedSteps:
    """Tells how many of all steps are done, and ends them when nobody wants them any more."""

    def __init__(self, total: int, progress: Progress, is_cancelled: Callable[[], bool]) -> None:
        self.done, self.total, self.progress, self.is_cancelled = 0, total, progress, is_cancelled

    def count(self) -> None:
        """One more step begins."""
        if self.is_cancelled():
            raise Cancelled
        self.progress("learning", self.done, self.total)
        self.done += 1


def _keep(found: LearnedHead, state: dict[str, Tensor], facts: dict[str, str]) -> LearnedHead:
    """Keep the weights among the own ones, under a name that is free."""
    stands_on = dict(part.split("=", 1) for part in facts[STANDS_ON].split())
    named = replace(found, name=_choose_name(found.name))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{named.name}.safetensors"
        save_checkpoint(path, state, facts | {"learned": json.dumps(named.to_json())}, half_precision=True)
        keep_weights(path, named.name, CheckedFile("relations", named.head, facts["preset"], stands_on))
    return named


def _choose_name(wanted: str) -> str:
    """The name, or one like it with a number behind where it is taken."""
    taken = {own.name for own in list_own_weights()}
    names = (wanted if number == 1 else f"{wanted}-{number}" for number in itertools.count(1))
    return next(name for name in names if name not in taken)


def _name_after(video: Path, n_frames: int) -> str:
    """A name for a head that learned from so many frames, of what names of weights may hold."""
    stem = re.sub(r"[^A-Za-z0-9._-]+", "-", make_id(video.stem)).strip("._-")[:20] or "video"
    return f"{stem}-{n_frames}-frame" + "s" * (n_frames != 1)
