"""Reads a pickle that may come from anybody: NumPy arrays and plain containers, and not one step further.

A pickle is a program. Here every name that the program may look up is listed, and each leads to a function of this
module that checks its arguments, so that a hostile file can neither run code nor ask for a huge array. Anything else
is refused with the name it asked for.
"""

import contextlib
import gc
import io
import math
import pickle
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from ag_core.errors import UserError


class _ArrayClass:
    """Stands for numpy.ndarray in a pickle, so that the class itself cannot be called with a shape."""


_ARRAY_CLASS = _ArrayClass()
_BYTE, _empty = np.dtype(np.int8), np.empty


def _reconstruct(kind: object, shape: tuple[int, ...], typecode: object) -> np.ndarray:
    """An empty array that the pickle fills afterwards; NumPy itself always starts from shape (0,)."""
    if kind is not _ARRAY_CLASS or shape != (0,):
        raise ValueError("an array must start empty")
    return _empty(0, _BYTE)


def _scalar(dtype: np.dtype, data: bytes | str) -> np.generic:
    if dtype.hasobject:
        raise ValueError("a scalar must hold a number")
    if isinstance(data, str):  # Python 2 wrote bytes as its `str`, which is read as latin1
        data = data.encode("latin1")
    number: np.generic = np.frombuffer(data, dtype, count=1)[0]
    return number


def _frombuffer(data: bytes, dtype: np.dtype, shape: tuple[int, ...], order: str) -> np.ndarray:
    """An array of pickle protocol 5."""
    if dtype.hasobject or math.prod(shape) * dtype.itemsize != len(data):
        raise ValueError("an array's bytes must fit its shape")
    return np.frombuffer(data, dtype).reshape(shape, order="F" if order == "F" else "C").copy(order="K")


def _encode(text: str, encoding: str = "latin1") -> bytes:
    """How protocols 0 to 2 write bytes."""
    if encoding not in ("latin1", "latin-1"):
        raise ValueError("bytes must be written as latin1")
    return text.encode("latin1")


def _empty_bytes() -> bytes:
    return b""


def _dtype(code: str, align: bool = False, copy: bool = False) -> np.dtype:
    """A plain number or text type, such as 'f4'."""
    if not isinstance(code, str):
        raise ValueError("an array's type must be given by its code")
    # A copy, since the pickle sets its byte order afterwards, which the type itself would pass over
    return np.dtype(code, bool(align), bool(copy))


_ALLOWED: dict[tuple[str, str], Any] = {
    ("numpy", "ndarray"): _ARRAY_CLASS,
    ("numpy", "dtype"): _dtype,
    ("_codecs", "encode"): _encode,
    **{
        (f"numpy.{core}.{module}", name): function
        for core in ("core", "_core")
        for module, name, function in (
            ("multiarray", "_reconstruct", _reconstruct),
            ("multiarray", "scalar", _scalar),
            ("numeric", "_frombuffer", _frombuffer),
        )
    },
    **{
        (module, kind.__name__): kind
        for module in ("builtins", "__builtin__")
        for kind in (list, dict, set, frozenset, tuple, complex)
    },
    **{(module, "bytes"): _empty_bytes for module in ("builtins", "__builtin__")},
    ("collections", "OrderedDict"): dict,
}


class _RestrictedUnpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Callable[..., Any]:
        try:
            allowed: Callable[..., Any] = _ALLOWED[module, name]
            return allowed
        except KeyError:
            raise UserError(
                f"the pickle asks for {module}.{name}, which is refused: only NumPy arrays and plain containers are "
                "read; do not open this file with anything else unless you trust whoever made it"
            ) from None

    def persistent_load(self, pid: object) -> Any:
        raise UserError("the pickle refers to data outside itself, which is refused; use the released file")


@contextlib.contextmanager
def pause_collection() -> Iterator[None]:
    """No garbage collection within: millions of containers would be walked again and again, 3.6 x slower."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()


class _WatchedFile(io.BufferedReader):
    """A file that tells how much of it has been read; the unpickler takes large pieces at a time."""

    def __init__(self, path: Path, progress: Callable[[int, int], None]) -> None:
        super().__init__(path.open("rb", buffering=0), 1 << 20)
        self._progress, self._size, self._reported = progress, path.stat().st_size, 0

    def read(self, size: int | None = -1, /) -> bytes:
        piece = super().read(size)
        self._report()
        return piece

    def readinto(self, buffer: Any, /) -> int:
        count = super().readinto(buffer)
        self._report()
        return count

    def _report(self) -> None:
        done = self.tell()
        if done - self._reported >= 1 << 22 or done == self._size != self._reported:
            self._reported = done
            self._progress(done, self._size)


def read_pickle(path: Path, progress: Callable[[int, int], None] | None = None) -> Any:
    """The value in a pickle file; `progress` hears how many of its bytes are read.

    UserError where the file is missing, damaged, asks for a name not listed here, or holds more than one value.
    """
    try:
        with pause_collection(), path.open("rb") if progress is None else _WatchedFile(path, progress) as file:
            value = _RestrictedUnpickler(file, encoding="latin1").load()
            if file.read(1):
                raise UserError(
                    "the file goes on after its first value, which would be passed over; get the file again"
                )
            return value
    except UserError as refused:
        raise UserError(f"{path.name}: {refused}") from None
    except FileNotFoundError:
        raise UserError(f"{path} is not there; give the folder that holds {path.name}") from None
    except OSError as error:
        raise UserError(f"{path} cannot be read ({error.strerror}); see that it may be read, or get it again") from None
    except Exception as damaged:  # a damaged pickle can fail with nearly any exception
        raise UserError(f"{path.name} cannot be read as a pickle ({damaged}); get the file again") from None
