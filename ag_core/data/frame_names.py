"""Names of Action Genome's annotated frames, 'VIDEO.mp4/000089.png', as video ids and frame numbers.

The released dictionaries have them as keys, in no order. Knows nothing of what the dictionaries hold.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

import pandas as pd

from ag_core.data.issues import Issue, Kind

_FRAME_NAME = re.compile(r"([^/]+)\.\w+/(\d{1,9})\.(?:png|jpg)")


@dataclass(frozen=True)
class FrameNames:
    """The usable names of one file, in its order; `rows` leads from a name to its place in the two lists."""

    rows: dict[str, int]
    video_ids: list[str]
    frames: list[int]
    issues: list[Issue]

    def table(self) -> pd.DataFrame:
        """video_id, frame: one row a name."""
        return pd.DataFrame({"video_id": pd.Series(self.video_ids, dtype="str"), "frame": self.frames}).astype(
            {"frame": "int32"}
        )


def read_frame_names(keys: Iterable[object], file_name: str) -> FrameNames:
    """The names among the keys of a file; one of another form, or for a frame that was named before, is refused."""
    rows: dict[str, int] = {}
    first: dict[tuple[str, int], str] = {}
    issues: list[Issue] = []
    for key in keys:
        match = _FRAME_NAME.fullmatch(key) if isinstance(key, str) else None
        if not isinstance(key, str) or match is None or (frame := int(match[2])) < 1:
            reason = "frame left out: its name is not like 'VIDEO.mp4/000089.png'"
            issues.append(Issue(Kind.FRAME_NAME, file_name, str(key), reason))
            continue
        earlier = first.setdefault((match[1], frame), key)
        if earlier is not key:
            issues.append(Issue(Kind.FRAME_TWICE, file_name, key, f"frame left out: the same frame as {earlier}"))
            continue
        rows[key] = len(rows)
    return FrameNames(rows, [video_id for video_id, _ in first], [frame for _, frame in first], issues)
