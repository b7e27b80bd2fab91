"""How a number was measured and of what: the two halves of what every metric carries.

A `Protocol` says what is counted and how it is averaged; an `Origin` says whose the number is, of which data, and what
makes it again. Two numbers may stand in one column only where these agree (`evaluation.metric_table`).
"""

from dataclasses import dataclass
from enum import StrEnum

from ag_core.taxonomy import Mode


class Unit(StrEnum):
    """What a number counts in. Percent and points run from 0 to 100, a ratio from 0 to 1; per frame and minute are mean
    counts; nats are log-likelihoods, directions a dimension that need not be whole."""

    PERCENT = "%"
    POINTS = "points"
    RATIO = "ratio"
    COUNT = "count"
    PER_FRAME = "per frame"
    PER_MINUTE = "per minute"
    SECONDS = "s"
    NATS = "nats"
    DIRECTIONS = "directions"


class Owner(StrEnum):
    """Whose a number is: the paper's, another paper's, this project's on real or on synthetic data, or the reader's."""

    PAPER = "paper"
    OTHER_PAPER = "another paper"
    OURS_REAL = "ours on real data"
    OURS_HOME = "ours on the home world"
    YOURS = "yours"


PRINTED = (Owner.PAPER, Owner.OTHER_PAPER)
"""Whose numbers are taken as they were printed: with a source, and without a command that makes them again."""


class Constraint(StrEnum):
    """Which relationships of a person-object pair become candidates; four protocols that never share a column.

    WITH_CONSTRAINT     the best of each group: at most three a pair (also called 1-per-group)
    SEMI_CONSTRAINT     the best attention; every spatial and contact relationship above 0.9
    NO_CONSTRAINT       every relationship above zero; the 100 best of a frame
    ONE_PER_DIRECTION   the best of attention and contact, and the best spatial: as the paper's Table 5 seems to do
    """

    WITH_CONSTRAINT = "with-constraint"
    SEMI_CONSTRAINT = "semi-constraint"
    NO_CONSTRAINT = "no-constraint"
    ONE_PER_DIRECTION = "1-per-ordered-pair"


class Averaging(StrEnum):
    """Over what a number is a mean; `AVERAGING_NAMES` says each in words."""

    FRAME = "frame"
    VIDEO = "video"
    RELATION = "relation"
    RELATION_BY_FRAME = "relation-by-frame"
    CLASS = "class"
    CLASS_WEIGHTED = "class-weighted"
    MICRO = "micro"
    ONE_CLASS = "one-class"


AVERAGING_NAMES = {
    Averaging.FRAME: "mean over frames",
    Averaging.VIDEO: "mean within each video, then over videos",
    Averaging.RELATION: "mean over relationships, each pooled over all frames",
    Averaging.RELATION_BY_FRAME: "mean over relationships, each averaged over the frames that have it",
    Averaging.CLASS: "mean over the classes that occur",
    Averaging.CLASS_WEIGHTED: "mean over classes, weighted by their positives",
    Averaging.MICRO: "all examples pooled",
    Averaging.ONE_CLASS: "one class",
}

MODE_NAMES = {Mode.PREDCLS: "PredCls", Mode.SGCLS: "SGCls", Mode.SGDET: "SGDet"}
"""The modes as the field writes them."""

CONSTRAINT_NAMES = {
    Constraint.WITH_CONSTRAINT: "with constraint",
    Constraint.SEMI_CONSTRAINT: "semi constraint",
    Constraint.NO_CONSTRAINT: "no constraint",
    Constraint.ONE_PER_DIRECTION: "one per ordered pair",
}


@dataclass(frozen=True)
class Protocol:
    """What is measured, and how.

    name         of the number without its K: 'R', 'mR', 'video mAP', 'box AP'
    k            how many of the best candidates of a frame count; None where nothing is cut
    mode         what the predictor was given; None where the question does not arise
    constraint   which relationships of a pair become candidates; None outside scene graphs
    averaging    over what the number is a mean; None for a plain count
    n_relations  relationships counted: 25 as in the paper, 26 with `other_relationship`; None outside scene graphs
    subject      the one class, action or relationship that is measured; empty for all of them
    details      what else decides the number, in words: overlap, views, ties
    """

    name: str
    unit: Unit
    k: int | None = None
    mode: Mode | None = None
    constraint: Constraint | None = None
    averaging: Averaging | None = None
    n_relations: int | None = None
    subject: str = ""
    details: str = ""

    def __post_init__(self) -> None:
        if not self.name:
            raise ValueError("a protocol needs the name of what it measures, such as 'R' or 'video mAP'")
        if self.k is not None and self.k < 1:
            raise ValueError(f"K is {self.k}; give 1 or more, or None where nothing is cut")
        if self.n_relations not in (None, 25, 26):
            raise ValueError(f"{self.n_relations} relationships counted; give 25, or 26 with other_relationship")

    @property
    def label(self) -> str:
        """The name with its K and its one class: 'R@20', 'video mAP', 'box AP (cup/glass/bottle)'."""
        return self.name + (f"@{self.k}" if self.k else "") + (f" ({self.subject})" if self.subject else "")


@dataclass(frozen=True)
class Origin:
    """Whose numbers, of what data, and what makes them again.

    dataset   name of the data set: 'Charades', 'home60'
    split     part of it that was scored: 'val', 'iid', 'comp', 'showcase', 'test'
    truth     which annotation was the truth: 'dense view', 'annotated frames'; empty where there is one only
    seeds     of the trainings that the number is a mean over; empty where nothing was trained
    command   what makes the number again, without `python -m ag_core`; ours and yours need it
    source    where it is printed; those of papers need it
    """

    owner: Owner
    dataset: str
    split: str
    truth: str = ""
    seeds: tuple[int, ...] = ()
    command: str = ""
    source: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "seeds", tuple(int(seed) for seed in self.seeds))
        if not self.dataset or not self.split:
            raise ValueError("an origin needs the data set and the split that was scored")
        if self.owner in PRINTED and not self.source:
            raise ValueError("a number of a paper needs its source, such as 'Table 5'")
        if self.owner not in PRINTED and not self.command:
            raise ValueError(f"a number that is {self.owner} needs the command that makes it again")
