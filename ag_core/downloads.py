"""Weights that are fetched over the network once: whole, as their hash says, and kept in the home folder.

A file gets its name only when all of it is there and has its hash; a transfer that breaks off, or a process that dies,
leaves nothing that is taken for weights. Needs no torch, so that a page knows at once what is there.
"""

import hashlib
import http.client
import shutil
import urllib.error
import urllib.request
from importlib import import_module
from pathlib import Path

from ag_core.catalog import DETECTORS, DetectorEntry, Download
from ag_core.errors import UserError
from ag_core.files import stage_file
from ag_core.progress import Progress
from ag_core.settings import settings

FOLDER = "detectors"
"""Of the home, where fetched weights lie."""

PATIENCE_S = 30.0
"""How long a server may stay silent. A long transfer is no failure."""

PIECE_BYTES = 1 << 18


def find_fetched(entry: DetectorEntry) -> Path | None:
    """Where the weights of a detector lie that is fetched; None where they are not here."""
    if entry.download is None:
        return None
    places = (folder / entry.download.kept_as for folder in settings().list_folders(FOLDER))
    return next((place for place in places if place.is_file()), None)


def list_fetched() -> list[DetectorEntry]:
    """The detectors whose fetched weights are here, in the order of the catalog."""
    return [entry for entry in DETECTORS.values() if find_fetched(entry) is not None]


def explain_missing(entry: DetectorEntry) -> str:
    """A sentence on how to get the weights of a detector that is fetched."""
    assert entry.download is not None
    return (
        f"the detector {entry.id} is not here yet; `python -m ag_core fetch-detector {entry.id}` fetches it once "
        f"({entry.download.megabytes} MB)"
    )


def fetch_weights(entry: DetectorEntry, progress: Progress | None = None) -> Path:
    """The weights of a detector, fetched where they are not here yet. `progress` hears bytes done, and bytes of all.

    UserError where the address cannot be reached or gives another file, with what to do without a network.
    """
    there = find_fetched(entry)
    if there is not None:
        return there
    if entry.download is None:
        raise UserError(f"the detector {entry.id} is not fetched over the network; {_list_fetchable()}")
    target = settings().home / FOLDER / entry.download.kept_as
    with stage_file(target, to_disk=True) as staged:
        came = staged.with_name("download") if entry.download.convert else staged
        _check_room(entry.download, staged.parent)
        _transfer(entry.download, came, entry.label, progress or (lambda stage, done, total: None))
        if entry.download.convert:
            module, _, name = entry.download.convert.partition(":")
            getattr(import_module(module), name)(came, staged)
    return target


def _list_fetchable() -> str:
    return f"those that are: {', '.join(name for name, entry in DETECTORS.items() if entry.download is not None)}"


def _check_room(download: Download, folder: Path) -> None:
    free = shutil.disk_usage(folder).free / 1e6
    if free < 1.2 * download.megabytes:
        raise UserError(
            f"{download.address} has {download.megabytes} MB and {settings().home} has room for {free:,.0f}; "
            "make room or set AG_HOME to a larger disk"
        )


def _transfer(download: Download, target: Path, label: str, progress: Progress) -> None:
    """Write what lies at an address, and check its hash as it comes."""
    remedy = "try again, or without a network give a YOLOX or NanoDet file: --detector FILE.onnx, ONNX file on page Run"
    digest, done = hashlib.sha256(), 0
    try:
        answer = urllib.request.urlopen(download.address, timeout=PATIENCE_S)
    except (OSError, http.client.HTTPException) as error:
        reason = getattr(error, "reason", None) or error
        if isinstance(error, urllib.error.HTTPError):
            error.close()
        raise UserError(f"{download.address} cannot be fetched ({reason}); {remedy}") from None
    with answer, target.open("wb") as file:
        total = int(answer.headers.get("Content-Length") or 0)
        while piece := _read_piece(answer, download, done, remedy):
            file.write(piece)
            digest.update(piece)
            done += len(piece)
            progress(f"fetching {label} (kB)", done // 1000, max(total, done) // 1000)
    if total and done != total:
        raise UserError(f"{download.address} broke off after {done:,} of {total:,} bytes; {remedy}")
    if not digest.hexdigest().startswith(download.sha256):
        raise UserError(
            f"{download.address} gave another file than it should: its SHA-256 is {digest.hexdigest()[:16]}..., not "
            f"{download.sha256[:16]}...; nothing was kept; {remedy}"
        )


def _read_piece(answer: http.client.HTTPResponse, download: Download, done: int, remedy: str) -> bytes:
    try:
        return answer.read(PIECE_BYTES)
    except (OSError, http.client.HTTPException) as error:
        raise UserError(f"{download.address} broke off after {done:,} bytes ({error!r}); {remedy}") from None
