"""Files that are there whole or not at all, whatever ends the program while it writes; and the hash of a file.

A file is written under its own name in a hidden folder beside its place, `.NAME.PROCESS-RANDOM.part`, and moved to its
place when it is complete. No reader sees half of it, and two writers of one file do not meet: the last one wins. A
writer holds a lock on its hidden folder, which the system releases however the process ends. So what a dead writer left
is told from what is being written, on any machine that shares the disk, and is removed by the next writer there.
Pipes and devices cannot be replaced without harm; what is written to one is sent into it when it is complete.
"""

import errno
import hashlib
import os
import re
import secrets
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import cache, lru_cache
from pathlib import Path

from ag_core.errors import UserError
from ag_core.outputs import check_target, explain_refusal, find_disk_fault, is_stream, open_stream

_UNFINISHED = re.compile(r"\..+\.\d+-[0-9a-f]{8}\.part")
_MAX_NAME_BYTES = 180
"""Of the target's name in the name of the hidden folder; a file system takes names of 255 bytes."""

_REPLACED = "replaced"
"""Where in a hidden folder an older folder waits until a new one has its place."""

_DIRECTORY_FLAGS = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0)


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
    what must outlive a power failure. A link stays and what it leads to is replaced, with its rights; a pipe or device
    stays and gets the content. An exception in the block leaves `path` as it was.
    UserError where `path` is a folder or an input, and for a disk that is full or read-only.
    """
    target = check_target(path, inputs)
    if is_stream(path):
        with tempfile.TemporaryDirectory() as temporary:
            yield Path(temporary) / target.name
            _send(Path(temporary) / target.name, path)
        return
    with _hidden_folder(target, path) as folder, _explain_faults(path, folder):
        staged = folder / target.name
        yield staged
        if to_disk:
            _flush(staged)
        with _explain_all(path):
            if target.exists():
                staged.chmod(target.stat().st_mode & 0o7777)
            staged.replace(target)
            if to_disk:
                _flush(target.parent)


@contextmanager
def stage_folder(path: Path) -> Iterator[Path]:
    """An empty folder to fill; at the end of the block it becomes `path`, in place of what was there before.

    An exception in the block leaves `path` as it was. UserError where `path` is a file, and for a disk that is full or
    read-only.
    """
    target = path.resolve()
    if target.exists() and not target.is_dir():
        raise UserError(f"{path} is a file; give the name of a folder")
    with _hidden_folder(target, path) as folder, _explain_faults(path, folder):
        staged = folder / target.name
        staged.mkdir()
        yield staged
        with _explain_all(path):
            _move_folder(staged, target, folder)


def write_or_rescue(path: Path, write: Callable[[Path], None]) -> None:
    """Have `write` make a file that took long to compute; where `path` cannot be written, elsewhere.

    UserError where `path` cannot be written: it names the reason, and the file in the folder for temporary files that
    holds what was to be written.
    """
    try:
        write(path)
    except UserError as error:
        try:
            rescue = Path(tempfile.mkdtemp(prefix="action-genome-")) / path.name
            write(rescue)
        except (OSError, UserError):
            raise error from None
        raise UserError(f"{error}. What was to be written lies in {rescue}") from None


def append_line(path: Path, line: str) -> None:
    """Add a line to a text file, making it and its folder; the whole line or nothing, beside other writers.

    UserError where it cannot be written.
    """
    target = check_target(path)
    with _explain_all(path):
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("ab", buffering=0) as file:
            _lock_open(file.fileno())
            length = file.seek(0, os.SEEK_END) if file.seekable() else 0
            content = f"{line}\n".encode()
            if length and not _ends_with_newline(target):
                content = b"\n" + content
            try:
                if file.write(content) != len(content):
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            except OSError:
                with suppress(OSError):
                    file.truncate(length)
                raise


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
    """As `hash_file`, remembered by this process until the file is another: its size or its times."""
    path = Path(path)
    try:
        facts = path.stat()
    except OSError:
        return hash_file(path)
    return _hash_of_state(path.resolve(), facts.st_ino, facts.st_size, facts.st_mtime_ns, facts.st_ctime_ns)


def hash_files(paths: Iterable[Path]) -> str:
    """One hexadecimal SHA-256 for the contents of files in their order, whatever their names are."""
    return hash_bytes("".join(map(hash_file_cached, paths)).encode())


@lru_cache(maxsize=1024)
def _hash_of_state(path: Path, inode: int, size: int, written_ns: int, changed_ns: int) -> str:
    return hash_file(path)


# Inside


@contextmanager
def _hidden_folder(target: Path, asked: Path) -> Iterator[Path]:
    """A new locked folder beside `target`, gone at the end with all that is in it. UserError as `stage_file`."""
    with _explain_all(asked):
        target.parent.mkdir(parents=True, exist_ok=True)
        _remove_leftovers_once(target.parent)
        folder, lock = _make_locked(target)
    try:
        yield folder
    finally:
        _remove(folder)
        if lock is not None:
            os.close(lock)


@contextmanager
def _explain_all(asked: Path) -> Iterator[None]:
    """Whatever the system refuses becomes one sentence."""
    try:
        yield
    except OSError as error:
        raise explain_refusal(asked, error) from None


@contextmanager
def _explain_faults(asked: Path, folder: Path) -> Iterator[None]:
    """Whatever a full or read-only disk makes a library raise becomes one sentence."""
    try:
        yield
    except UserError:
        raise
    except Exception as error:
        fault = find_disk_fault(error, folder)
        if fault is None:
            raise
        raise explain_refusal(asked, fault) from None


def _make_locked(target: Path) -> tuple[Path, int | None]:
    """A hidden folder and the open lock on it; anew where a clean-up took it between making and locking."""
    name = os.fsencode(target.name)[:_MAX_NAME_BYTES].decode("utf-8", "ignore")
    while True:
        mark = f"{os.getpid()}-{secrets.token_hex(4)}"
        folder = target.with_name(f".{name}.{mark}.part")
        folder.mkdir()
        lock = _lock(folder, wait=True)
        if lock is None and folder.is_dir():  # no locks on this system
            return folder, None
        if lock is not None:
            if _leads_to(folder, lock):
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


def _lock_open(descriptor: int) -> None:
    """Wait for the lock on an open file, which goes when it is closed; nothing where the system has no such locks."""
    try:
        import fcntl
    except ImportError:
        return
    with suppress(OSError):
        fcntl.flock(descriptor, fcntl.LOCK_EX)


def _ends_with_newline(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read(1) == b"\n"


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
        _remove(folder)
    finally:
        os.close(lock)


def _remove(folder: Path) -> None:
    """Remove a hidden folder; an older folder in it whose place is empty goes back there first."""
    for older in folder.glob(f"{_REPLACED}*/*"):
        if not (folder.parent / older.name).exists():
            with suppress(OSError):
                older.rename(folder.parent / older.name)
    shutil.rmtree(folder, ignore_errors=True)


@cache
def _remove_leftovers_once(folder: Path) -> None:
    """Once for each folder and process: looking through a folder of many files costs more than writing one."""
    remove_leftovers(folder)


def _move_folder(staged: Path, target: Path, hidden: Path) -> None:
    """Give a folder its place; what was there goes to the hidden folder and with it.

    The two change places in one step where the system can do that. Elsewhere the older folder waits in the hidden one
    for a moment, from where `_remove` brings it back if this process dies in that moment.
    """
    while True:
        try:
            staged.rename(target)
            return
        except OSError:
            if not target.is_dir():
                raise
        if _exchange(staged, target):
            return
        aside = hidden / f"{_REPLACED}-{secrets.token_hex(4)}"
        aside.mkdir()
        with suppress(FileNotFoundError):  # another writer took it first
            target.rename(aside / target.name)


@cache
def _find_exchange() -> Callable[[bytes, bytes], int] | None:
    """The system's call that lets two names change places in one step; None where there is none."""
    import ctypes

    try:
        library = ctypes.CDLL(None, use_errno=True)
        if hasattr(library, "renameat2"):  # Linux: in the current folder, RENAME_EXCHANGE
            return lambda one, other: int(library.renameat2(-100, one, -100, other, 2))
        if hasattr(library, "renamex_np"):  # macOS: RENAME_SWAP
            return lambda one, other: int(library.renamex_np(one, other, 2))
    except OSError:
        pass
    return None


def _exchange(one: Path, other: Path) -> bool:
    """Let two names change places in one step; False where the system or the disk cannot."""
    exchange = _find_exchange()
    return exchange is not None and exchange(os.fsencode(one), os.fsencode(other)) == 0


def _send(content: Path, stream: Path) -> None:
    """Send a file's content into a pipe or a device."""
    with _explain_all(stream), content.open("rb") as source, open_stream(stream) as sink:
        shutil.copyfileobj(source, sink)


def _flush(path: Path) -> None:
    """Wait until the disk has a file's content, or a folder's names."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
