"""How many of everything a generated release has: the published counts, or a share of them.

Which totals hold together exactly. Published are, for each split, the videos of Charades and of Action Genome, the
intervals, the frames with a visible object, those of them without a person, and the videos by their kept frames; for
both together 288,782 frames, 737,427 object entries, 476,229 boxes and 1,715,568 relationships. A frame is kept when an
object is visible in it and a person was found. All of these hold at once if the boxes and relationships, as in the
paper, are those of the 234,253 kept frames and the relationships are the paper's 25: `other_relationship` comes on
top, and so do the boxes of the frames that are not kept. Chosen here, because nobody published it: the 24,250 frames
without a visible object are divided between the splits as the others are, and test has no interval that starts late or
is reversed.
"""

from dataclasses import dataclass, fields


@dataclass(frozen=True)
class SplitCounts:
    """Counts of one split.

    videos, without_actions, subjects: of the Charades file; intervals: all, ending_late, starting_late, reversed_
    annotated: videos in Action Genome; one_kept, none_or_two_kept, never_visible: those of them that are not usual,
    by their kept frames, the last without any visible object
    frames: all; visible: with a visible object; no_person: visible ones without a person
    """

    videos: int
    without_actions: int
    subjects: int
    intervals: int
    ending_late: int
    starting_late: int
    reversed_: int
    annotated: int
    one_kept: int
    none_or_two_kept: int
    never_visible: int
    frames: int
    visible: int
    no_person: int

    @property
    def kept(self) -> int:
        """Frames with a visible object and a person."""
        return self.visible - self.no_person


@dataclass(frozen=True)
class Counts:
    """Counts of both splits; `entries` over all frames, `boxes` and `relations` (the 25) of kept frames."""

    train: SplitCounts
    test: SplitCounts
    entries: int
    boxes: int
    relations: int

    def scaled(self, scale: float) -> "Counts":
        """The same proportions at another size; what is there at all stays at least once where it must."""

        def of_split(split: SplitCounts) -> SplitCounts:
            numbers = {field.name: round(getattr(split, field.name) * scale) for field in fields(split)}
            return SplitCounts(**numbers | {"subjects": max(1, numbers["subjects"])})

        entries, boxes, relations = (round(n * scale) for n in (self.entries, self.boxes, self.relations))
        return Counts(of_split(self.train), of_split(self.test), entries, boxes, relations)


PUBLISHED = Counts(
    train=SplitCounts(
        videos=7_985, without_actions=174, subjects=214, intervals=49_809, ending_late=14_596, starting_late=5,
        reversed_=7, annotated=7_787, one_kept=49, none_or_two_kept=144, never_visible=10,
        frames=198_973 + 18_240, visible=198_973, no_person=21_643,
    ),
    test=SplitCounts(
        videos=1_863, without_actions=49, subjects=53, intervals=16_691, ending_late=5_027, starting_late=0,
        reversed_=0, annotated=1_814, one_kept=19, none_or_two_kept=41, never_visible=4,
        frames=65_559 + 6_010, visible=65_559, no_person=8_636,
    ),
    entries=737_427,
    boxes=476_229,
    relations=1_715_568,
)  # fmt: skip
"""Methods, sections A1 and A4."""
