"""Where the videos of a run come from: a folder, a store, a text file of paths, or a prefix in object storage.

Always a list in the order of the ids, the same whoever makes it. What cannot be used is told, and never ends the run.
"""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

from ag_core.annotations.building.build import holds_store
from ag_core.annotations.lake.folder import MANIFEST
from ag_core.annotations.readers.issues import Issue, Kind
from ag_core.annotations.readers.video_facts import find_fault_of_file
from ag_core.annotations.store import AnnotationStore
from ag_core.bulk.source_files import SourceVideo
from ag_core.errors import UserError
from ag_core.object_storage import ask_again, open_file_system
from ag_core.outputs import holds_text
from ag_core.settings import is_address
from ag_core.video.ids import VIDEO_ENDINGS, find_fault_of_id, strip_video_ending


@dataclass(frozen=True)
class VideoList:
    """The videos of a source, ascending by id, one an id; and what was passed over, with the reason."""

    videos: tuple[SourceVideo, ...]
    issues: tuple[Issue, ...]


def list_videos(source: str) -> VideoList:
    """The videos of a source. UserError where it is none of the four kinds, cannot be read, or holds no video."""
    if is_address(source):
        found = _order(_list_address(source))
    else:
        path = Path(source)
        try:
            found = _order(_list_path(path))
        except OSError as error:
            raise UserError(f"{path} cannot be read ({error.strerror}); see that you may read it") from None
    if not found.videos:
        because = f"; the first: {found.issues[0].reason}" if found.issues else ""
        raise UserError(
            f"{source} holds no video that can be predicted{because}; give a folder of videos, a store, a text file of "
            "paths, or an address such as s3://BUCKET/PREFIX"
        )
    return found


@dataclass(frozen=True)
class _Entry:
    """An entry as it is listed; fault: why it cannot be used, '' where it can."""

    video_id: str
    where: str
    identity: str = ""
    fault: str = ""


def _order(entries: Iterable[_Entry]) -> VideoList:
    """The entries by id; of several with one id the first by its place is used."""
    videos: dict[str, SourceVideo] = {}
    issues = []
    for entry in sorted(entries, key=lambda entry: (entry.video_id, entry.where)):
        name = entry.where.rpartition("/")[2]
        fault = entry.fault or (f"its name {of_id}" if (of_id := find_fault_of_id(entry.video_id)) else "")
        if fault:
            issues.append(Issue(Kind.VIDEO_UNREADABLE, name, entry.video_id, f"video not used: {fault}"))
        elif (first := videos.get(entry.video_id)) is not None:
            reason = (
                f"{entry.where} is a second video {entry.video_id}, beside {first.where}, which is used; to have both, "
                "give a text file with lines ID<tab>PATH"
            )
            issues.append(Issue(Kind.VIDEO_SEVERAL, name, entry.video_id, reason))
        else:
            videos[entry.video_id] = SourceVideo(entry.video_id, entry.where, entry.identity)
    return VideoList(tuple(videos.values()), tuple(issues))


def _list_path(path: Path) -> Iterator[_Entry]:
    if path.is_dir() and not (path / MANIFEST).is_file():
        return _list_folder(path)
    if path.is_dir() or holds_store(path):
        return _list_store(path)
    if not path.exists():
        raise UserError(f"{path} is not there; give a folder of videos, a store, or a text file of paths")
    if path.suffix.lower() in VIDEO_ENDINGS:
        raise UserError(f"{path} is one video; predict it with `python -m ag_core predict`, or give its folder")
    if not path.is_file() or not holds_text(path):
        raise UserError(f"{path} is neither a folder, a store nor a text file of paths; give one of these")
    return _list_text(path)


def _list_folder(folder: Path) -> Iterator[_Entry]:
    """Every video file below a folder, hidden folders and files left out."""
    unread: list[OSError] = []
    for parent, folders, names in os.walk(folder, onerror=unread.append):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in names:
            path = Path(parent, name)
            if path.suffix.lower() in VIDEO_ENDINGS and not name.startswith("."):
                yield _describe_file(path.stem, path)
    for error in unread:
        where = str(error.filename)
        yield _Entry(Path(where).name, where, fault=f"its folder cannot be looked into ({error.strerror})")


def _list_store(where: Path) -> Iterator[_Entry]:
    with AnnotationStore(where) as store:
        rows = store.rows("select video_id, min(path) from videos group by video_id")
    for video_id, path in rows:
        if path is None:
            yield _Entry(video_id, "", fault="the store does not say where its file lies")
        else:
            yield _describe_file(video_id, Path(path))


def _list_text(path: Path) -> Iterator[_Entry]:
    """Lines with a path or an address, or an id, a tab and one of these; paths are seen from the text's folder."""
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except UnicodeDecodeError:
        raise UserError(f"{path} is no text in UTF-8; save it as UTF-8, a path a line") from None
    for line in map(str.strip, lines):
        if not line or line.startswith("#"):
            continue
        video_id, tab, where = line.rpartition("\t")
        if is_address(where):
            yield _Entry(video_id.strip() if tab else _name_by_address(where), where)
        else:
            file = path.parent / where
            yield _describe_file(video_id.strip() if tab else strip_video_ending(file.name), file)


def _describe_file(video_id: str, path: Path) -> _Entry:
    fault = "the file is not there" if not os.path.lexists(path) else find_fault_of_file(path)
    if fault:
        return _Entry(video_id, str(path), fault=fault)
    facts = path.stat()
    return _Entry(video_id, str(path.resolve()), f"{facts.st_size} {facts.st_mtime_ns}")


def _name_by_address(address: str) -> str:
    return strip_video_ending(unquote(PurePosixPath(urlsplit(address).path).name))


_IDENTIFYING_FACTS = ("size", "ETag", "LastModified", "mtime")
"""What listings say of an object that changes with its content, as far as a kind of storage says it."""


def _list_address(address: str) -> Iterator[_Entry]:
    """Every video below an address, hidden folders and files left out; asked folder by folder, as a server may fail."""
    files = open_file_system(address)
    folders, seen = [address], {address.rstrip("/")}
    while folders:
        folder = folders.pop()
        failed = f"{folder} cannot be listed; check the address and the network"
        for facts in ask_again(partial(files.ls, folder, detail=True), failed):
            where = files.unstrip_protocol(facts["name"])
            name = unquote(PurePosixPath(urlsplit(where).path).name)
            if name.startswith(".") or where.rstrip("/") in seen:
                continue
            seen.add(where.rstrip("/"))
            if facts["type"] == "directory":
                folders.append(where)
            elif PurePosixPath(name).suffix.lower() in VIDEO_ENDINGS:
                identity = " ".join(str(facts[key]) for key in _IDENTIFYING_FACTS if facts.get(key) is not None)
                yield _Entry(strip_video_ending(name), where, identity)
