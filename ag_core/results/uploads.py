"""Keeps the files that a visitor hands in, by their content, so that the same file is kept once. No Streamlit here."""

import re
from pathlib import Path

from ag_core.errors import UserError
from ag_core.files import hash_bytes, hash_file_cached, write_atomically
from ag_core.settings import settings
from ag_core.video.ids import VIDEO_ENDINGS

UPLOAD_ENDINGS = tuple(ending.lstrip(".") for ending in VIDEO_ENDINGS)

MAX_NAME_BYTES = 255
"""Of a file's name, on the usual disks."""


def save_upload(name: str, content: bytes | memoryview) -> Path:
    """Write a file to the uploads folder, whole or not at all, and return where it lies; its name stays readable.

    UserError for an empty file.
    """
    if not len(content):
        raise UserError(f"{name} is empty; choose a file with a video in it")
    sha256 = hash_bytes(content)
    folder = settings().uploads / sha256[:16]
    target = folder / _choose_file_name(name)
    if not target.is_file() or hash_file_cached(target) != sha256:  # also where it was cut since
        write_atomically(target, bytes(content))
    return target


def _choose_file_name(name: str) -> str:
    """The name as it is but for what no file name may hold: folders, control characters, a dot in front, many bytes.

    The id of a video is its file's name, so that on a page and on the command line it has to be the same.
    """
    plain = re.sub(r"[\x00-\x1f\x7f]", "_", re.split(r"[/\\]", name)[-1]).lstrip(".") or "video"
    stem, ending = Path(plain).stem, Path(plain).suffix
    while len(f"{stem}{ending}".encode(errors="surrogateescape")) > MAX_NAME_BYTES and stem:
        stem = stem[:-1]
    return f"{stem}{ending}"[:MAX_NAME_BYTES]
