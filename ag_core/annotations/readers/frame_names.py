"""Names of Action Genome's annotated frames, 'VIDEO.mp4/000089.png', as video ids and frame numbers.

The released dictionaries have them as keys, in no order. Knows nothing of what the dictionaries hold.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

import pandas as pd

from ag_core.annotations.readers.issues import Issue, Kind, describe_value
from ag_core.video.ids import MAX_ID_LETTERS

MAX_FRAME = 9_999_999
"""No video has more frames: it is four days of 30 frames a second."""

_FRAME_NAME = re.compile(r"([^/]+)\.\w+/(\d{1,20})\.(?:png|jpg)", re.ASCII)


@dataclass(frozen=True)
class FrameNames:
    """The usable names of one file, in its order, with the video and the frame of each."""

    keys: list[str]
    video_ids: list[str]
    frames: list[int]
    issues: list[Issue]

    def table(self) -> pd.DataFrame:
        """video_id, frame: one row a name."""
        table = pd.DataFrame({"video_id": pd.Series(self.video_ids, dtype="str"), "frame": self.frames})
        return table.astype({"frame": "int32"})


def read_frame_names(keys: Iterable[object], file_name: str) -> FrameNames:
    """The names among the keys of a file; one of another form, or for a frame that was named before, is refused."""
    names = FrameNames([], [], [], [])
    odd: list[object] = []
    for key in keys:
        # As released, where no two names can be of one frame. Cutting is twice as fast as matching.
        if isinstance(key, str) and key[-15:-10] == ".mp4/" and key[-4:] == ".png" and key.count("/") == 1:
            number = key[-10:-4]
            plain = 15 < len(key) < MAX_ID_LETTERS and " " not in key and key.isascii() and key.isprintable()
            if plain and number.isdecimal() and number != "000000":
                names.keys.append(key)
                names.video_ids.append(key[:-15])
                names.frames.append(int(number))
                continue
        odd.append(key)
    if odd:
        _add_odd_names(odd, file_name, names)
    return names


def _add_odd_names(odd: list[object], file_name: str, names: FrameNames) -> None:
    """Add what can be used of names that are not quite as released."""
    first = dict(zip(zip(names.video_ids, names.frames), names.keys))
    for key in odd:
        match = _FRAME_NAME.fullmatch(key) if isinstance(key, str) and key.isprintable() else None
        if not isinstance(key, str) or match is None or not 0 < len(match[1].strip()) <= MAX_ID_LETTERS:
            reason = "frame left out: its name is not like 'VIDEO.mp4/000089.png'"
            names.issues.append(Issue(Kind.FRAME_NAME, file_name, _describe_key(key), reason))
        elif not 1 <= (frame := int(match[2])) <= MAX_FRAME:
            reason = f"frame left out: frames count from 1 to {MAX_FRAME:,}"
            names.issues.append(Issue(Kind.FRAME_NAME, file_name, key, reason))
        elif (earlier := first.setdefault((match[1].strip(), frame), key)) is not key:
            reason = f"frame left out: the same frame as {earlier}"
            names.issues.append(Issue(Kind.FRAME_TWICE, file_name, key, reason))
        else:
            names.keys.append(key)
            names.video_ids.append(match[1].strip())
            names.frames.append(frame)


def _describe_key(key: object) -> str:
    """A key as text."""
    return key if isinstance(key, str) else describe_value(key)
