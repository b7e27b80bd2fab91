"""Where something may be written: what a name leads to, what must not be lost there, and why it cannot be written.

Asked before long work, it spares the work. Writes nothing itself.
"""

import errno
import os
import re
import stat
import sys
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, TextIO

from ag_core.errors import UserError
from ag_core.settings import settings

_FULL, _OVER, _READ_ONLY, _TOO_LARGE = errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EFBIG
_OF_THE_DISK = {_FULL, _OVER, _READ_ONLY, _TOO_LARGE}

_REASONS = {
    _FULL: "the disk is full",
    _OVER: "your share of the disk is used up",
    _READ_ONLY: "it lies on a disk that is read-only",
    _TOO_LARGE: "it grew larger than files may be there",
    errno.EACCES: "you may not write there",
    errno.EPERM: "you may not write there",
    errno.ENOTDIR: "a part of its path is a file, not a folder",
    errno.EEXIST: "a part of its path is a file, not a folder",
    errno.ENAMETOOLONG: "the name is too long",
    errno.EPIPE: "nobody reads from it any more",
    errno.ENOENT: "its folder went away meanwhile",
}
_REMEDIES = {
    _FULL: "make room there, or name a file on another disk",
    _OVER: "make room there, or name a file on another disk",
    _READ_ONLY: "name a file on another disk",
    _TOO_LARGE: "name a file on another disk",
    errno.EACCES: "name a file in a folder of your own",
    errno.EPERM: "name a file in a folder of your own",
    errno.ENAMETOOLONG: "give a shorter one",
    errno.EPIPE: "start its reader again",
}

_DESCRIPTOR = re.compile(r"/(?:dev|proc/self)/fd/(\d+)")
_STANDARD = {"/dev/stdout": 1, "/dev/stderr": 2}
_PROBE_BYTES = 1 << 16


def check_target(
    path: Path,
    inputs: Iterable[Path] = (),
    *,
    is_same_kind: Callable[[Path], bool] | None = None,
    kind: str = "",
    seekable: bool = False,
) -> Path:
    """The file that a write to `path` makes or replaces: where `path` is a link, what it leads to.

    inputs        files that are read for the result and must outlive it
    is_same_kind  whether a file that is there already is of the kind that is written ('a prediction', says `kind`); a
                  file of another kind stays. An empty file may always be replaced
    seekable      the result is read again or written out of order, so that no pipe and no device can take it
    UserError where `path` is a folder, a disk or one of the inputs, would cost a file of another kind, or lies where
    nothing can be written.
    """
    try:
        mode = _read_mode(path)
        if mode is not None and stat.S_ISDIR(mode):
            raise UserError(f"{path} is a folder; give the name of a file")
        if not path.name:
            raise UserError(f"{str(path)!r} names no file; give the name of a file")
        for given in inputs:
            if mode is not None and given.exists() and path.samefile(given):
                raise UserError(f"{path} is read for this and would be replaced by its own result; give another name")
        if is_stream(path):
            if seekable:
                raise UserError(f"{path} is a device or a pipe, which cannot hold {kind or 'this'}; name a file")
            if find_own_descriptor(path) is None and not os.access(path, os.W_OK):
                raise OSError(errno.EACCES, os.strerror(errno.EACCES))
            return path
        if mode is not None and not stat.S_ISREG(mode):
            raise UserError(f"{path} is neither a file nor a pipe; give the name of a file")
        target = path.resolve()
        if mode is not None and is_same_kind is not None and target.stat().st_size and not is_same_kind(target):
            raise UserError(
                f"{path} is there already and is not {kind}, so it is not replaced; give another name, or remove it"
            )
        _check_folder(target)
        if mode is not None and not os.access(target, os.W_OK):
            raise OSError(errno.EACCES, os.strerror(errno.EACCES))
    except (OSError, RuntimeError, ValueError) as error:  # a ring of links is a RuntimeError, a null byte a ValueError
        raise explain_refusal(path, error) from None
    return target


def check_folder_target(path: Path) -> Path:
    """The folder that files will be written into; UserError where it is a file or nothing can be written there."""
    try:
        target = path.resolve()
        if target.exists() and not target.is_dir():
            raise UserError(f"{path} is a file; give the name of a folder")
        _check_folder(target / "file")
    except (OSError, RuntimeError, ValueError) as error:
        raise explain_refusal(path, error) from None
    return target


def is_stream(path: Path) -> bool:
    """Whether the name leads to a pipe, a terminal or another device that takes what is sent into it, in order."""
    if find_own_descriptor(path) is not None:
        return True
    try:
        mode = path.stat().st_mode
    except OSError:
        return False
    return stat.S_ISFIFO(mode) or stat.S_ISCHR(mode)


def find_own_descriptor(path: Path) -> int | None:
    """The open file of this process that a name such as /dev/stdout means, also through links; None for other names."""
    for _ in range(40):  # a ring of links is no such name
        text = os.path.normpath(path)
        if text in _STANDARD:
            return _STANDARD[text]
        if found := _DESCRIPTOR.fullmatch(text):
            return int(found[1])
        try:
            path = path.parent / path.readlink()
        except (OSError, ValueError):
            return None
    return None


def find_message_stream(out: Path) -> TextIO:
    """Where a command tells what it did: stdout, or stderr where its result goes to stdout."""
    return sys.stderr if find_own_descriptor(out) == 1 else sys.stdout


def open_stream(path: Path) -> BinaryIO:
    """Open a pipe or a device for writing; what this process has open already goes on where it is."""
    descriptor = find_own_descriptor(path)
    if descriptor is not None:
        for printed in (sys.stdout, sys.stderr):  # what was said before comes first
            printed.flush()
        return os.fdopen(os.dup(descriptor), "wb")
    return os.fdopen(os.open(path, os.O_WRONLY), "wb")


def holds_json(path: Path) -> bool:
    """Whether a file begins as a JSON object or list."""
    return holds_text(path) and _read_start(path)[:1] in (b"{", b"[")


def holds_markup(path: Path) -> bool:
    """Whether a file begins as XML or HTML."""
    return holds_text(path) and _read_start(path)[:1] == b"<"


def holds_png(path: Path) -> bool:
    """Whether a file begins as a PNG picture."""
    return _read_start(path)[:8] == b"\x89PNG\r\n\x1a\n"


def holds_gif(path: Path) -> bool:
    """Whether a file begins as a GIF picture."""
    return _read_start(path)[:4] == b"GIF8"


def holds_mp4(path: Path) -> bool:
    """Whether a file begins as an MP4 video."""
    return _read_start(path)[4:8] == b"ftyp"


def holds_text(path: Path) -> bool:
    """Whether a file begins as text in UTF-8."""
    start = _read_start(path)
    try:
        start[: start.rfind(b"\n") + 1 or None].decode("utf-8")
    except UnicodeDecodeError as error:
        return error.start > len(start) - 4 and b"\0" not in start  # the last letter was cut by the reading
    return b"\0" not in start


def find_disk_fault(error: Exception, folder: Path) -> OSError | None:
    """What is wrong with the disk where a library failed to write below `folder`; None where the disk is well.

    Libraries do not keep the system's error number, so the disk is tried.
    """
    if not folder.exists():
        return FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
    if isinstance(error, OSError) and error.errno is not None:
        return error if error.errno in _OF_THE_DISK else None
    probe = folder / ".probe"
    try:
        probe.write_bytes(bytes(_PROBE_BYTES))
    except OSError as fault:
        return fault if fault.errno in _OF_THE_DISK else None
    finally:
        with suppress(OSError):
            probe.unlink()
    return None


def explain_refusal(path: Path, error: Exception) -> UserError:
    """One sentence for a file that cannot be written; for one of the app's own files it names AG_HOME."""
    number = error.errno if isinstance(error, OSError) else None
    reason = _REASONS.get(number or 0, str(error))
    remedy = _REMEDIES.get(number or 0, "name another place")
    home = settings().home
    if home in (path, *path.parents):
        remedy = f"set AG_HOME to a folder that can be written, instead of {home}"
    return UserError(f"{path} cannot be written: {reason}; {remedy}")


# Inside


def _read_mode(path: Path) -> int | None:
    """The mode of what a name leads to; None where nothing is there."""
    try:
        return path.stat().st_mode
    except FileNotFoundError:
        return None


def _check_folder(target: Path) -> None:
    """OSError where no file can be made at that place: its folder is a file, is not yours, or its disk is read-only."""
    parent = next(folder for folder in target.parents if folder.exists())
    if not parent.is_dir():
        raise OSError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))
    if not os.access(parent, os.W_OK | os.X_OK):
        number = _READ_ONLY if _is_read_only(parent) else errno.EACCES
        raise OSError(number, os.strerror(number))


def _is_read_only(folder: Path) -> bool:
    """Whether the disk of a folder takes no writes."""
    return hasattr(os, "statvfs") and bool(os.statvfs(folder).f_flag & os.ST_RDONLY)


def _read_start(path: Path) -> bytes:
    """The first bytes of a file without the white space and the mark that may stand before all else."""
    with path.open("rb") as file:
        return file.read(4096).removeprefix(b"\xef\xbb\xbf").lstrip()
