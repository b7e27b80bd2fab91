"""The local copy of a lake that lies at an address: fetched once, checked, then opened like any folder.

Needs no listing and no partial reads, so any web server will do. A copy is replaced only by a complete newer one, and
one that still has the fingerprint of the lake is used as it is. s3:// needs the optional package s3fs and takes its
credentials from the environment, as all AWS tools do.
"""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ag_core.annotations.lake.folder import MANIFEST, LakeFile, Manifest, publish_lake, read_manifest, start_lake
from ag_core.errors import UserError
from ag_core.files import hash_bytes, hash_file
from ag_core.progress import Progress

SCHEMES = ("http", "https", "s3")

PATIENCE_S = 60
"""How long a server may stay silent. A long transfer is no failure."""

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
    text = _ask_server(
        files.cat_file, f"{address}/{MANIFEST}", missing=missing, failed=f"{_UNREACHED.format(address)}{copy}"
    )
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
            _ask_server(files.get_file, source, str(target), missing=missing, failed=_UNREACHED.format(address))
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


def open_file_system(address: str) -> Any:
    """The way to files of the address's kind; UserError for a kind that nobody knows or that needs a package."""
    scheme = address.partition("://")[0]
    if scheme not in SCHEMES:
        raise UserError(f"{address} begins with {scheme}://; an address begins with s3://, https:// or http://")
    import fsspec

    options: dict[str, Any] = {}
    if scheme != "s3":
        import aiohttp

        timeout = aiohttp.ClientTimeout(total=None, sock_connect=PATIENCE_S, sock_read=PATIENCE_S)
        options["client_kwargs"] = {"timeout": timeout, "trust_env": True}
    try:
        return fsspec.filesystem(scheme, skip_instance_cache=True, **options)
    except ImportError:
        raise UserError(f"{address} needs the package s3fs, which is not installed; pip install s3fs") from None


def _ask_server(ask: Callable[..., Any], *arguments: str, missing: str, failed: str) -> Any:
    """The answer of a server; whatever goes wrong on the way, in any library, becomes one of two sentences."""
    try:
        return ask(*arguments)
    except FileNotFoundError:
        raise UserError(missing) from None
    except Exception as error:
        raise UserError(f"{failed} ({str(error).strip() or type(error).__name__})") from None


def _check_file(address: str, file: LakeFile, target: Path) -> None:
    if (target.stat().st_size, hash_file(target)) != (file.bytes, file.sha256):
        raise UserError(
            f"{file.path} of the lake at {address} came cut short or changed; try again, or write the lake again"
        )
