"""The local copy of a lake that lies at an address: fetched once, checked, then opened like any folder.

Needs no listing and no partial reads, so any web server will do. A copy is replaced only by a complete newer one, and
one that still has the fingerprint of the lake is used as it is.
"""

import shutil
from functools import partial
from pathlib import Path

from ag_core.annotations.lake.folder import MANIFEST, LakeFile, Manifest, publish_lake, read_manifest, start_lake
from ag_core.errors import UserError
from ag_core.files import hash_bytes, hash_file
from ag_core.object_storage import ask_again, open_file_system
from ag_core.progress import Progress

TRIES_TO_BEGIN = 2
"""How often the manifest is asked for: a person waits for the first answer of a server."""

_UNREACHED = "the lake at {} cannot be read; check the address and the network"


def fetch_lake(address: str, copies: Path, progress: Progress | None = None) -> Path:
    """The folder below `copies` that holds the lake at `address`, fetched where it is missing or out of date.

    `address` is the lake's folder or its manifest. `progress` hears ("fetching", bytes done, bytes of all).
    UserError where the address cannot be reached or what lies there is no lake, damaged, or of another version.
    """
    say = progress or (lambda stage, done, total: None)
    address = address.rstrip("/").removesuffix(f"/{MANIFEST}")
    files = open_file_system(address)
    folder = copies / hash_bytes(address.encode())[:16]
    copy = f"; AG_STORE={folder} opens the copy made before" if (folder / MANIFEST).is_file() else ""
    missing = f"there is no lake at {address}: it has no {MANIFEST}; give the folder that `build-store --lake` wrote"
    failed = f"{_UNREACHED.format(address)}{copy}"
    text = ask_again(partial(files.cat_file, f"{address}/{MANIFEST}"), failed, missing, TRIES_TO_BEGIN)
    manifest = Manifest.from_json(text, address)
    if _is_current(folder, manifest):
        return folder
    with start_lake(folder) as part:
        if _is_current(folder, manifest):  # another process fetched it while this one waited
            return folder
        free = shutil.disk_usage(folder).free
        if manifest.size_bytes > free:
            raise UserError(
                f"the lake at {address} needs {manifest.size_bytes / 1e6:,.0f} MB and {copies} has {free / 1e6:,.0f}; "
                "make room or set AG_HOME to a larger disk"
            )
        done = 0
        for file in manifest.files():
            say("fetching", done, manifest.size_bytes)
            target = part / file.path
            target.parent.mkdir(parents=True, exist_ok=True)
            source = f"{address}/{manifest.data}/{file.path}"
            missing = f"the lake at {address} lacks {file.path}; it may just have been replaced: try again"
            ask_again(partial(files.get_file, source, str(target)), _UNREACHED.format(address), missing)
            _check_file(address, file, target)
            done += file.bytes
        publish_lake(folder, part, manifest)
    say("fetching", manifest.size_bytes, manifest.size_bytes)
    return folder


def _is_current(folder: Path, manifest: Manifest) -> bool:
    """Whether a copy is there, whole, and what the address has now."""
    try:
        return read_manifest(folder).fingerprint == manifest.fingerprint
    except UserError:
        return False


def _check_file(address: str, file: LakeFile, target: Path) -> None:
    if (target.stat().st_size, hash_file(target)) != (file.bytes, file.sha256):
        raise UserError(
            f"{file.path} of the lake at {address} came cut short or changed; try again, or write the lake again"
        )
