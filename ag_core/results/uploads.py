"""Keeps the files that a visitor hands in, by their content, so that the same file is kept once. No Streamlit here."""

import re
from pathlib import Path

from ag_core.errors import UserError
from ag_core.files import hash_bytes, write_atomically
from ag_core.settings import settings

VIDEO_ENDINGS = ("mp4", "mkv", "mov", "webm", "avi", "m4v", "mpg", "mpeg", "ogv", "3gp")


def save_upload(name: str, content: bytes | memoryview) -> Path:
    """Write a file to the uploads folder, whole or not at all, and return where it lies; its name stays readable.

    UserError for an empty file.
    """
    if not len(content):
        raise UserError(f"{name} is empty; choose a file with a video in it")
    folder = settings().uploads / hash_bytes(content)[:16]
    target = folder / (re.sub(r"[^\w.\- ]", "_", Path(name).name).lstrip(".") or "video")
    if not target.is_file():
        write_atomically(target, bytes(content))
    return target
