"""What a check is and what it finds: a question in SQL with the words that explain its answer.

Checks are rows of tables (charades.py, graphs.py, videos.py, predictions.py), not functions. Knows no store.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path


class Area(StrEnum):
    """Which part of the data a check looks at; the value is what the screens print."""

    CHARADES = "Charades"
    GRAPHS = "Action Genome"
    VIDEOS = "Videos"
    PREDICTIONS = "Predictions"


class Severity(StrEnum):
    """How bad a finding is, worst first."""

    ERROR = "error"
    """Results made from these rows are wrong."""
    WARNING = "warning"
    """Somebody should look at these rows before relying on them."""
    NOTE = "note"
    """Known and harmless, but it surprises whoever does not know it."""
    FINE = "fine"
    """Looked for and not found."""


@dataclass(frozen=True)
class Check:
    """One thing to look for.

    title     the things that are sought, as a plural: 'Intervals that end before they start'
    of        what is looked through, a name in POPULATIONS; where that is empty the check has nothing to say
    rows      SELECT of source, video, frame_id, t_ms, details of everything found; $1 is the annotation's source,
              and $2, where `of_files` is set, what it says of each video's file: a list of {video, details}
    figures   SELECT of one text with further numbers, '' where there are none
    counts    SELECT of one row, how many rows there are and the figures, where that is faster than asking for both
    """

    id: str
    area: Area
    severity: Severity
    title: str
    of: str
    meaning: str
    remedy: str
    rows: str
    figures: str = ""
    counts: str = ""
    of_files: Callable[[Path], str] | None = None
    """What is odd about a video's file, as text; '' for nothing."""
    max_files: int | None = None
    """Look into at most so many files, spread evenly over the videos; None: into all."""


@dataclass(frozen=True)
class Finding:
    """How many of what is sought there are: `count` out of `out_of` things called `unit`.

    severity is FINE where nothing was found, and `weight` what it would have been otherwise. `figures` is a sentence
    with further numbers or ''.
    """

    id: str
    area: Area
    severity: Severity
    weight: Severity
    title: str
    count: int
    out_of: int
    unit: str
    meaning: str
    remedy: str
    figures: str = ""

    @property
    def share(self) -> str:
        """The count in words: '7 of 49,809 intervals', 'none of 49,809 intervals'."""
        count = f"{self.count:,}" if self.count else "none"
        return f"{count} of {self.out_of:,} {self.unit}" if self.out_of else f"{count} {self.unit}"


CHARADES_VIDEOS = """(
    select * from videos where source = $1 and (subject is not null or scene is not null or script is not null)
)"""
"""Videos that a row of the Charades files describes, as a table."""

POPULATIONS: dict[str, str] = {
    "videos": "select count(*) from videos where source = $1",
    "Charades videos": f"select count(*) from {CHARADES_VIDEOS}",
    "subjects": "select count(distinct subject) from videos where source = $1",
    "intervals": "select count(*) from action_intervals where source = $1",
    "action classes": """select count(*) from action_classes
        where exists (select 1 from action_intervals where source = $1)""",
    "annotated videos": "select count(distinct video) from frames where source = $1",
    "frames": "select count(*) from frames where source = $1",
    "frames with a time": "select count(*) from frames where source = $1 and t_ms is not null",
    "frames with a time and actions": """select count(*) from frames where source = $1 and t_ms is not null
        and video in (select video from action_intervals where source = $1)""",
    "actions at a frame": """select count(*) from frames f join action_intervals i using (source, video)
        join action_classes a using (action)
        where f.source = $1 and a.class is not null and f.t_ms between i.start_ms and i.end_ms""",
    "person boxes": "select count(*) from frames where source = $1 and person_x1 is not null",
    "objects": "select count(*) from objects where source = $1",
    "visible objects": "select count(*) from objects where source = $1 and visible",
    "object classes": """select count(*) from object_classes
        where class > 0 and exists (select 1 from objects where source = $1 and visible)""",
    "relationships": """select count(*) from relation_classes
        where relation is not null and exists (select 1 from relations where source = $1)""",
    "videos with a rate": "select count(*) from videos where source = $1 and fps is not null",
    "video files": "select count(*) from videos where source = $1 and path is not null",
    "videos that should have a file": """select count(*) from videos where source = $1 and (
        exists (select 1 from videos where source = $1 and path is not null)
        or exists (select 1 from issues where kind = 'video-missing'))""",
    "predicted videos": "select count(distinct video) from videos where source <> $1",
    "predictions": "select count(*) from videos where source <> $1",
    "predictions of annotated videos": """select count(*) from videos p
        join videos a on a.source = $1 and a.video = p.video where p.source <> $1""",
    "predicted frames": "select count(*) from frames where source <> $1",
    "predicted objects": "select count(*) from objects where source <> $1",
    "predicted scores": """select (select count(*) from objects where source <> $1)
        + (select count(*) from frames where source <> $1 and person_x1 is not null)
        + (select count(*) from relations where source <> $1)""",
    "predicted action scores": "select count(*) from action_scores where source <> $1",
}
"""How many of each thing there are to look through; $1 is the annotation's source.

A prediction is what one model run says of one video: two runs of a video are two predictions of one predicted video.
"""
