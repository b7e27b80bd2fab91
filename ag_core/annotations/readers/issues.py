"""A record that a reader repaired, refused or found odd: of which kind, in which file, which record, why.

Nothing is dropped silently: each of these becomes a row of the store's table `issues`, and the doctor counts them.
"""

import re
from enum import StrEnum
from typing import NamedTuple

MAX_LETTERS = 500
"""Of a key or a reason; of a value in it `MAX_VALUE_LETTERS`."""

MAX_VALUE_LETTERS = 80

_UNPRINTABLE = re.compile("[\0-\x1f\x7f\ud800-\udfff]")


class Kind(StrEnum):
    """What is wrong with a record; the value is what the store keeps in `issues.kind`."""

    # Charades
    COLUMN_MISSING = "column-missing"
    ROW_WITHOUT_ID = "row-without-id"
    ROW_CELLS = "row-cells"
    ROW_QUOTES = "row-quotes"
    VIDEO_TWICE = "video-twice"
    NOTE_UNREADABLE = "note-unreadable"
    LENGTH_UNKNOWN = "length-unknown"
    ACTION_MALFORMED = "action-malformed"
    ACTION_UNKNOWN = "action-unknown"
    INTERVAL_STARTS_EARLY = "interval-starts-early"
    INTERVAL_ENDS_LATE = "interval-ends-late"
    INTERVAL_STARTS_LATE = "interval-starts-late"
    INTERVAL_REVERSED = "interval-reversed"
    # Action Genome: frames and persons
    FILE_MISSING = "file-missing"
    FRAME_NAME = "frame-name"
    FRAME_TWICE = "frame-twice"
    FRAME_UNREADABLE = "frame-unreadable"
    FRAME_WITHOUT_OBJECTS = "frame-without-objects"
    FRAME_WITHOUT_PERSON = "frame-without-person"
    PERSON_UNREADABLE = "person-unreadable"
    PERSON_SCORES = "person-scores"
    PERSONS_SEVERAL = "persons-several"
    PERSON_BOX_OUTSIDE = "person-box-outside"
    PERSON_BOX_CLIPPED = "person-box-clipped"
    # Action Genome: objects and relationships
    OBJECT_UNKNOWN = "object-unknown"
    CLASS_TWICE = "class-twice"
    VISIBILITY_UNREADABLE = "visibility-unreadable"
    HIDDEN_WITH_BOX = "hidden-with-box"
    HIDDEN_WITH_RELATIONSHIPS = "hidden-with-relationships"
    VISIBLE_WITHOUT_BOX = "visible-without-box"
    BOX_MALFORMED = "box-malformed"
    BOX_OUTSIDE = "box-outside"
    BOX_CLIPPED = "box-clipped"
    RELATIONSHIP_UNKNOWN = "relationship-unknown"
    RELATIONSHIPS_MALFORMED = "relationships-malformed"
    SPLIT_UNREADABLE = "split-unreadable"
    SPLIT_DIFFERS = "split-differs"
    # Videos and their rates
    RATE_UNKNOWN = "rate-unknown"
    RATE_TWICE = "rate-twice"
    RATE_UNREADABLE = "rate-unreadable"
    RATE_UNUSED = "rate-unused"
    RATE_VARIES = "rate-varies"
    CLOCK_MENDED = "clock-mended"
    FIRST_PICTURE_LATE = "first-picture-late"
    FRAME_BEHIND_END = "frame-behind-end"
    VIDEO_UNREADABLE = "video-unreadable"
    VIDEO_MISSING = "video-missing"
    VIDEO_UNUSED = "video-unused"
    VIDEO_SEVERAL = "video-several"
    VIDEO_NOT_PREDICTED = "video-not-predicted"
    SIZE_DIFFERS = "size-differs"
    PREDICTION_FILE_DIFFERS = "prediction-file-differs"


class Issue(NamedTuple):
    """`file` is a file name without its folder, `key` names the record in it, `reason` says what was done and why."""

    kind: Kind
    file: str
    key: str
    reason: str


def describe_value(value: object) -> str:
    """A value of any kind as it stands in a sentence: cut where it is long, its kind where it cannot be written."""
    try:
        text = repr(value)
    except (ValueError, RecursionError):  # a number of thousands of digits, a list inside a list inside a list
        return f"a {type(value).__name__}"
    return text if len(text) <= MAX_VALUE_LETTERS else text[: MAX_VALUE_LETTERS - 3] + "..."


def make_storable(text: str, max_letters: int = MAX_LETTERS) -> str:
    """A key or a reason as any file and table can hold it: short, without control characters and lone surrogates."""
    text = _UNPRINTABLE.sub(lambda found: f"\\x{ord(found[0]):02x}", text)
    return text if len(text) <= max_letters else text[: max_letters - 3] + "..."
