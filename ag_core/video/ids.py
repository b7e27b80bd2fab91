"""Ids of videos as the files of a data set write them: with or without the ending of the video's file.

An id names files, links and rows, so it has to be a short text that they can hold.
"""

import re

MAX_ID_LETTERS = 200
"""With an ending, a file system takes names of 255 bytes."""

VIDEO_ENDINGS = tuple(
    ".mp4 .mkv .mov .avi .webm .m4v .qt .3gp .3g2 .mpg .mpeg .vob .ts .mts .m2ts .flv .wmv .asf .ogv .mxf .gif".split()
)
"""Of the files that are taken for videos, in small letters."""


_FORBIDDEN = re.compile("[\0/\ud800-\udfff]")


def strip_video_ending(name: str) -> str:
    """The id in a name that may have blanks around it and the ending of a video file."""
    name = name.strip()
    stem, dot, ending = name.rpartition(".")
    return stem if stem and dot + ending.lower() in VIDEO_ENDINGS else name


def make_id(stem: str) -> str:
    """The id of a video by its file's name without the ending, whatever that is: what ids cannot hold is replaced."""
    return replace_forbidden(stem)[:MAX_ID_LETTERS]


def replace_forbidden(name: str) -> str:
    """A file's name as a text that files and tables can hold; some systems have names that are no text."""
    return _FORBIDDEN.sub("\N{REPLACEMENT CHARACTER}", name)


def find_fault_of_id(video_id: object) -> str:
    """Why a value cannot be the id of a video, as the end of a sentence; '' where it can."""
    if not isinstance(video_id, str):
        return f"is a {type(video_id).__name__}, not a text"
    if not video_id:
        return "is empty"
    if len(video_id) > MAX_ID_LETTERS:
        return f"has {len(video_id):,} letters; {MAX_ID_LETTERS} are the most"
    if _FORBIDDEN.search(video_id):
        return "has characters that no file name can have"
    return ""
