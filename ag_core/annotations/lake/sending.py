"""Copies a lake into object storage: data first, then the manifest, then what was there before goes.

Whoever fetches meanwhile gets the old lake, the new one, or a sentence that asks to try again. A copy that was broken
off goes on with the files that are missing there.
"""

import json
import re
from functools import partial
from pathlib import Path
from typing import Any

from ag_core.annotations.lake.folder import LAKE_NAME, MANIFEST, read_manifest
from ag_core.errors import UserError
from ag_core.object_storage import ask_again, open_file_system
from ag_core.progress import Progress


def check_address(address: str) -> str:
    """An address to which a lake can be copied, without a slash at its end. UserError for any other, or no s3fs."""
    bucket, _, folder = address.removeprefix("s3://").strip("/").partition("/")
    if not (address.startswith("s3://") and bucket and folder):
        raise UserError(f"a lake cannot be copied to {address}; give a folder in object storage: s3://BUCKET/FOLDER")
    open_file_system(address)
    return address.rstrip("/")


def send_lake(folder: Path, address: str, progress: Progress | None = None) -> None:
    """Make the lake in a folder of this machine the one at an address, `s3://BUCKET/FOLDER`.

    `progress` hears ("copying to object storage", bytes done, bytes of all). UserError where the folder holds no lake,
    the address holds another thing's manifest, or the storage cannot be reached or does not permit it.
    """
    say = progress or (lambda stage, done, total: None)
    address, manifest = check_address(address), read_manifest(folder)
    files = open_file_system(address)
    failed = f"the lake cannot be copied to {address}; give the same command again when the storage can be reached"
    before = _find_data_there(files, address, failed)
    there = _list_sizes(files, f"{address}/{manifest.data}", failed)
    done = 0
    for file in manifest.files():
        say("copying to object storage", done, manifest.size_bytes)
        if there.get(file.path) != file.bytes:
            source = folder / manifest.data / file.path
            ask_again(partial(files.put_file, str(source), f"{address}/{manifest.data}/{file.path}"), failed)
        done += file.bytes
    ask_again(partial(files.pipe_file, f"{address}/{MANIFEST}", manifest.to_json().encode()), failed)
    if before not in (None, manifest.data):
        ask_again(partial(files.rm, f"{address}/{before}", recursive=True), failed)
    say("copying to object storage", manifest.size_bytes, manifest.size_bytes)


def _find_data_there(files: Any, address: str, failed: str) -> str | None:
    """The data folder of the lake that lies at the address, of whatever version; None where nothing does."""
    where = f"{address}/{MANIFEST}"
    if not ask_again(partial(files.exists, where), failed):
        return None
    try:
        content = json.loads(ask_again(partial(files.cat_file, where), failed))
        data = content["data"] if content["format"] == LAKE_NAME else ""
    except (ValueError, KeyError, TypeError):
        data = ""
    if not re.fullmatch("[0-9a-f]{16}", str(data)):
        raise UserError(f"{address} holds a {MANIFEST} of something else; name a folder of its own for the lake")
    return str(data)


def _list_sizes(files: Any, data: str, failed: str) -> dict[str, int]:
    """Bytes of every file that lies below a folder of the storage, by its path there."""
    root = files._strip_protocol(data)
    found = ask_again(partial(files.find, data, detail=True), failed)
    return {name.removeprefix(f"{root}/"): int(facts["size"]) for name, facts in found.items()}
