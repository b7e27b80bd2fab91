"""Keeps the files that a visitor hands in, by their content, so that the same file is kept once. No Streamlit here."""

import hashlib
import os
import re
from pathlib import Path

from ag_core.errors import UserError
from ag_core.settings import settings

VIDEO_ENDINGS = ("mp4", "mkv", "mov", "webm", "avi", "m4v", "mpg", "mpeg", "ogv", "3gp")


def keep(name: str, content: bytes | memoryview) -> Path:
    """Write a file to the uploads folder, whole or not at all, and return where it lies; its name stays readable.

    UserError for an empty file.
    """
    if not len(content):
        raise UserError(f"{name} is empty; choose a file with a video in it")
    folder = settings().uploads / hashlib.sha256(content).hexdigest()[:16]
    target = folder / (re.sub(r"[^\w.\- ]", "_", Path(name).name).lstrip(".") or "video")
    if not target.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        unfinished = target.with_name(f".{target.name}.{os.getpid()}.unfinished")
        unfinished.write_bytes(content)
        unfinished.replace(target)
    return target
