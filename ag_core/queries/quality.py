"""What may be wrong with a video's frames, as conditions of Explore: each is a set of videos with such a frame."""

from dataclasses import dataclass

from ag_core.annotations.statistics.funnel import SMALL_SIDE


@dataclass(frozen=True)
class QualityCondition:
    """A condition on the frames of a video.

    label    as the screens name it
    meaning  what is counted, in a sentence
    query    the `video` numbers of a source, given as often as `n_sources` says
    """

    label: str
    meaning: str
    query: str
    n_sources: int = 1


QUALITY: dict[str, QualityCondition] = {
    "no-person": QualityCondition(
        "no person",
        "At least one frame has an object in sight and no person: such frames count in no published result.",
        """select video from frames where source = ? and person_x1 is null
           and frame_id in (select frame_id from objects where source = ? and visible)""",
        2,
    ),
    "invisible": QualityCondition(
        "invisible only",
        "At least one frame has objects, and none of them is in sight.",
        "select video from objects where source = ? group by video, frame_id having not bool_or(visible)",
    ),
    "small": QualityCondition(
        f"{SMALL_SIDE:.0f} pixels or less",
        f"At least one object in sight has a box whose shorter side is at most {SMALL_SIDE:.0f} pixels: SGCls and "
        "SGDet leave it out.",
        f"select video from objects where source = ? and visible and least(x2 - x1, y2 - y1) <= {SMALL_SIDE}",
    ),
}
"""By the name that links use."""
