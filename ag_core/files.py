"""Files that are there whole or not at all, whatever ends the program while it writes; and the hash of a file.

A file is written under its own name in a hidden folder beside its place, `.NAME.PROCESS-RANDOM.part`, and moved to its
place when it is complete. No reader sees half of it, and two writers of one file do not meet: the last one wins. A
writer holds a lock on its hidden folder, which the system releases however the process ends. So what a dead writer left
is told from what is being written, on any machine that shares the disk, and is removed by the next writer there.
"""

import errno
import hashlib
import os
import re
import secrets
import shutil
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import cache, lru_cache
from pathlib import Path

from ag_core.errors import UserError

_UNFINISHED = re.compile(r"\..+\.\d+-[0-9a-f]{8}\.part")
_MAX_NAME_LETTERS = 60
"""Of the target's name in the name of the hidden folder; a file system takes names of 255 bytes."""

_DIRECTORY_FLAGS = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0)

_REASONS = {
    errno.ENOSPC: "the disk is full; make room there, or name a file on another disk",
    errno.EDQUOT: "your share of the disk is used up; make room there, or name a file on another disk",
    errno.EROFS: "it lies on a disk that is read-only; name a file on another disk",
    errno.EFBIG: "it grew larger than files may be there; name a file on another disk",
    errno.EACCES: "nobody but its owner may write there; name a file in a folder of your own",
    errno.EPERM: "nobody but its owner may write there; name a file in a folder of your own",
    errno.ENOTDIR: "a part of its path is a file, not a folder; name another place",
    errno.EEXIST: "a part of its path is a file, not a folder; name another place",
    errno.ENAMETOOLONG: "the name is too long; give a shorter one",
}
_OF_THE_DISK = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EFBIG}


def write_atomically(path: Path, content: str | bytes, *, inputs: Iterable[Path] = (), to_disk: bool = False) -> None:
    """Write a file whole or not at all, making its folder; text as UTF-8 with its line ends as they are.

    Refusals and options as of `stage_file`.
    """
    with stage_file(path, inputs=inputs, to_disk=to_disk) as staged:
        staged.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)


@contextmanager
def stage_file(path: Path, *, inputs: Iterable[Path] = (), to_disk: bool = False) -> Iterator[Path]:
    """A path for whoever writes a file piece by piece; what lies there at the end of the block becomes `path`.

    inputs: files that were read for it and must not be replaced; to_disk: wait until the disk has the content, for
    what must outlive a power failure. An exception in the block leaves `path` as it was.
    UserError where `path` is a folder, a device or an input, and for a disk that is full or read-only.
    """
    target = check_target(path, inputs)
    with _hidden_folder(target, path) as folder:
        staged = folder / target.name
        try:
            yield staged
            if to_disk:
                _flush(staged)
        except OSError as error:
            if error.errno in _OF_THE_DISK:
                raise _refusal(path, error) from None
            raise
        try:
            staged.replace(target)
            if to_disk:
                _flush(target.parent)
        except OSError as error:
            raise _refusal(path, error) from None


@contextmanager
def stage_folder(path: Path) -> Iterator[Path]:
    """An empty folder to fill; at the end of the block it becomes `path`, in place of what was there before.

    An exception in the block leaves `path` as it was. UserError where `path` is a file, and for a disk that is full or
    read-only.
    """
    target = path.resolve()
    if target.exists() and not target.is_dir():
        raise UserError(f"{path} is a file; give the name of a folder")
    with _hidden_folder(target, path) as folder:
        staged = folder / target.name
        try:
            staged.mkdir()
            yield staged
        except OSError as error:
            if error.errno in _OF_THE_DISK:
                raise _refusal(path, error) from None
            raise
        try:
            _move_folder(staged, target, folder)
        except OSError as error:
            raise _refusal(path, error) from None


def check_target(path: Path, inputs: Iterable[Path] = ()) -> Path:
    """The file that a write to `path` makes or replaces: where `path` is a link, what it leads to.

    Asked before long work, it spares the work. UserError where `path` is a folder, a device or one of the inputs, or
    lies where nothing can be written.
    """
    try:
        target = path.resolve()
        try:
            mode = path.stat().st_mode
        except FileNotFoundError:
            mode = None
        if mode is not None and stat.S_ISDIR(mode):
            raise UserError(f"{path} is a folder; give the name of a file")
        if mode is not None and not stat.S_ISREG(mode):
            raise UserError(f"{path} is a device or a pipe, which cannot be replaced; give the name of a file")
        for given in inputs:
            if mode is not None and given.exists() and path.samefile(given):
                raise UserError(f"{path} is read for this and would be replaced by its own result; give another name")
        parent = next(folder for folder in target.parents if folder.exists())
        if not parent.is_dir():
            raise OSError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))
        if not os.access(parent, os.W_OK | os.X_OK):
            raise OSError(errno.EACCES, os.strerror(errno.EACCES))
    except (OSError, RuntimeError) as error:  # a ring of links is a RuntimeError
        raise _refusal(path, error) from None
    return target


def remove_leftovers(folder: Path) -> None:
    """Delete what dead writers left half-written in a folder, not below it; what is being written stays."""
    with suppress(OSError):
        for path in list(folder.iterdir()):
            if is_unfinished(path) and path.is_dir() and not path.is_symlink():
                _remove_if_dead(path)


def is_unfinished(path: Path) -> bool:
    """Whether the name is that of a hidden folder in which something is written."""
    return _UNFINISHED.fullmatch(path.name) is not None


def hash_bytes(content: bytes | memoryview) -> str:
    """Hexadecimal SHA-256 of bytes."""
    return hashlib.sha256(content).hexdigest()


def hash_file(path: Path | str) -> str:
    """Hexadecimal SHA-256 of a file's bytes, read in pieces. UserError where it cannot be read."""
    path = Path(path)
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise UserError(f"{path.name} cannot be read ({error.strerror}); give the path of a file that can") from None


def hash_file_cached(path: Path | str) -> str:
    """As `hash_file`, remembered by this process until the file's size or time of change is another."""
    path = Path(path)
    try:
        facts = path.stat()
    except OSError:
        return hash_file(path)
    return _hash_of_state(path.resolve(), facts.st_ino, facts.st_size, facts.st_mtime_ns)


def hash_files(paths: Iterable[Path]) -> str:
    """One hexadecimal SHA-256 for the contents of files in their order, whatever their names are."""
    return hash_bytes("".join(map(hash_file_cached, paths)).encode())


@lru_cache(maxsize=1024)
def _hash_of_state(path: Path, inode: int, size: int, changed_ns: int) -> str:
    return hash_file(path)


# Inside


@contextmanager
def _hidden_folder(target: Path, asked: Path) -> Iterator[Path]:
    """A new locked folder beside `target`, gone at the end with all that is in it. UserError as `stage_file`."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        _remove_leftovers_once(target.parent)
        folder, lock = _make_locked(target)
    except OSError as error:
        raise _refusal(asked, error) from None
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        if lock is not None:
            os.close(lock)


def _make_locked(target: Path) -> tuple[Path, int | None]:
    """A hidden folder and the open lock on it; anew where a clean-up took it between making and locking."""
    while True:
        mark = f"{os.getpid()}-{secrets.token_hex(4)}"
        folder = target.with_name(f".{target.name[:_MAX_NAME_LETTERS]}.{mark}.part")
        folder.mkdir()
        lock = _lock(folder, wait=True)
        if lock is None or _leads_to(folder, lock):
            return folder, lock
        os.close(lock)


def _lock(folder: Path, wait: bool) -> int | None:
    """An open descriptor that locks a folder; None where another holds it or the system has no such locks."""
    try:
        import fcntl
    except ImportError:
        return None
    try:
        descriptor = os.open(folder, _DIRECTORY_FLAGS)
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except OSError:
        os.close(descriptor)
        return None
    return descriptor


def _leads_to(path: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False


def _remove_if_dead(folder: Path) -> None:
    """Remove a hidden folder whose lock nobody holds."""
    lock = _lock(folder, wait=False)
    if lock is None:
        return
    try:
        shutil.rmtree(folder, ignore_errors=True)
    finally:
        os.close(lock)


@cache
def _remove_leftovers_once(folder: Path) -> None:
    """Once for each folder and process: looking through a folder of many files costs more than writing one."""
    remove_leftovers(folder)


def _move_folder(staged: Path, target: Path, hidden: Path) -> None:
    """Give a folder its place; what was there goes to the hidden folder and with it."""
    while True:
        try:
            staged.rename(target)
            return
        except OSError as error:
            if error.errno not in (errno.ENOTEMPTY, errno.EEXIST) and not target.is_dir():
                raise
        with suppress(FileNotFoundError):  # another writer took it first
            target.rename(hidden / f"replaced-{secrets.token_hex(4)}")


def _flush(path: Path) -> None:
    """Wait until the disk has a file's content, or a folder's names."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _refusal(path: Path, error: OSError | RuntimeError) -> UserError:
    """One sentence for a file that cannot be written."""
    number = error.errno if isinstance(error, OSError) else None
    reason = _REASONS.get(number) if number is not None else None
    return UserError(f"{path} cannot be written: {reason or f'{error}; name another place'}")
