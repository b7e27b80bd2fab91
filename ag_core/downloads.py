"""Weights that are fetched over the network once: whole, as their hash says, and kept in the home folder.

A file gets its name only when all of it is there and has its hash; a transfer that breaks off, or a process that dies,
leaves nothing that is taken for weights. Needs no torch, so that a page knows at once what is there.
"""

import hashlib
import http.client
import shutil
import urllib.error
import urllib.request
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from ag_core.catalog import DETECTORS, POSE_NETWORKS, DetectorEntry, PoseNetworkEntry, RemoteFile
from ag_core.errors import UserError
from ag_core.files import stage_file
from ag_core.progress import Progress
from ag_core.settings import settings

Fetchable = DetectorEntry | PoseNetworkEntry

FOLDER = "detectors"
"""Of the home, where fetched weights lie."""

PATIENCE_S = 30.0
"""How long a server may stay silent. A long transfer is no failure."""

PIECE_BYTES = 1 << 18


def find_fetched(entry: Fetchable) -> Path | None:
    """Where the weights of a model lie that is fetched; None where they are not here."""
    if entry.download is None:
        return None
    places = (folder / entry.download.kept_as for folder in settings().list_folders(FOLDER))
    return next((place for place in places if place.is_file()), None)


def list_fetched() -> list[DetectorEntry]:
    """The detectors whose fetched weights are here, in the order of the catalog."""
    return [entry for entry in DETECTORS.values() if find_fetched(entry) is not None]


def list_unfetched(entry: DetectorEntry) -> list[Fetchable]:
    """Of a detector that is fetched and what finds hands beside it, those that are not here; none of another one."""
    if entry.download is None:
        return []
    wanted: list[Fetchable] = [entry, *POSE_NETWORKS.values()]
    return [one for one in wanted if find_fetched(one) is None]


def fetch_all(entries: Sequence[Fetchable], progress: Progress | None = None) -> str | None:
    """Fetch models one after the other; what cannot be had of networks that find hands is said, and missed.

    UserError where a detector cannot be had.
    """
    missed = None
    for entry in entries:
        try:
            fetch_weights(entry, progress)
        except UserError as error:
            if isinstance(entry, DetectorEntry):
                raise
            missed = f"hands are not looked for, since {error}"
    return missed


def explain_missing(entry: Fetchable) -> str:
    """A sentence on how to get the weights of a model that is fetched."""
    assert entry.download is not None
    return (
        f"the {entry.family} {entry.id} is not here yet; `python -m ag_core fetch-detector {entry.id}` fetches it once "
        f"({entry.download.megabytes} MB)"
    )


def fetch_weights(entry: Fetchable, progress: Progress | None = None) -> Path:
    """The weights of a model, fetched where they are not here yet. `progress` hears bytes done, and bytes of all.

    UserError where no address can be reached or gives the right file, with what to do without a network.
    """
    there = find_fetched(entry)
    if there is not None:
        return there
    if entry.download is None:
        raise UserError(f"the detector {entry.id} is not fetched over the network; {_list_fetchable()}")
    target = settings().home / FOLDER / entry.download.kept_as
    with stage_file(target, to_disk=True) as staged:
        _check_room(entry, staged.parent)
        came = [staged.with_name(f"part-{number}") for number, _ in enumerate(entry.download.files, 1)]
        for remote, part in zip(entry.download.files, came):
            _fetch(remote, part, entry, progress or (lambda stage, done, total: None))
        if entry.download.convert:
            module, _, name = entry.download.convert.partition(":")
            getattr(import_module(module), name)(came, staged)
        else:
            came[0].replace(staged)
    return target


def _list_fetchable() -> str:
    return f"those that are: {', '.join(name for name, entry in DETECTORS.items() if entry.download is not None)}"


def _check_room(entry: Fetchable, folder: Path) -> None:
    assert entry.download is not None
    free = shutil.disk_usage(folder).free / 1e6
    if free < 3 * entry.download.megabytes:
        raise UserError(
            f"{entry.label} takes up to {3 * entry.download.megabytes} MB while it is fetched, and {settings().home} "
            f"has room for {free:,.0f}; make room or set AG_HOME to a larger disk"
        )


def _fetch(remote: RemoteFile, target: Path, entry: Fetchable, progress: Progress) -> None:
    """Write the file from the first of its addresses that gives it whole; UserError of the last where none does."""
    for address in remote.addresses:
        try:
            return _transfer(address, remote.sha256, target, entry, progress)
        except UserError as error:
            failed = error
    raise failed


def _transfer(address: str, sha256: str, target: Path, entry: Fetchable, progress: Progress) -> None:
    """Write what lies at an address, and check its hash as it comes."""
    remedy = "try again, or without a network give a YOLOX or NanoDet file: --detector FILE.onnx, ONNX file on page Run"
    if not isinstance(entry, DetectorEntry):
        remedy = f"try again later with `fetch-detector {entry.id}`"
    digest, done = hashlib.sha256(), 0
    try:
        answer = urllib.request.urlopen(address, timeout=PATIENCE_S)
    except (OSError, http.client.HTTPException) as error:
        reason = getattr(error, "reason", None) or error
        if isinstance(error, urllib.error.HTTPError):
            error.close()
        raise UserError(f"{address} cannot be fetched ({reason}); {remedy}") from None
    with answer, target.open("wb") as file:
        total = int(answer.headers.get("Content-Length") or 0)
        while piece := _read_piece(answer, address, done, remedy):
            file.write(piece)
            digest.update(piece)
            done += len(piece)
            progress(f"fetching {entry.label} (kB)", done // 1000, max(total, done) // 1000)
    if total and done != total:
        raise UserError(f"{address} broke off after {done:,} of {total:,} bytes; {remedy}")
    if not digest.hexdigest().startswith(sha256):
        raise UserError(
            f"{address} gave another file than it should: its SHA-256 is {digest.hexdigest()[:16]}..., not "
            f"{sha256[:16]}...; nothing was kept; {remedy}"
        )


def _read_piece(answer: http.client.HTTPResponse, address: str, done: int, remedy: str) -> bytes:
    try:
        return answer.read(PIECE_BYTES)
    except (OSError, http.client.HTTPException) as error:
        raise UserError(f"{address} broke off after {done:,} bytes ({error!r}); {remedy}") from None
