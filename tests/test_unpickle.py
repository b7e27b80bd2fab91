"""The restricted unpickler reads what the release holds, in every protocol, and refuses what runs or swells."""

import gc
import os
import pickle
import pickletools
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ag_core.errors import UserError
from ag_core.unpickle import read_pickle

PLAIN: dict[str, Any] = {
    "key": [1, 2.5, None, True, "text", b"bytes", b"", (1, 2), {3}, frozenset({4}), 1 + 2j],
    "array": np.arange(12, dtype=np.float32).reshape(3, 4),
    "empty": np.zeros((0, 4), np.float32),
    "fortran": np.asfortranarray(np.arange(6).reshape(2, 3)),
    "scalar": np.float64(2.5),
    "flag": np.bool_(True),
    "ordered": OrderedDict(a=1),
}


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_containers_and_arrays_of_every_protocol(protocol: int, tmp_path: Path) -> None:
    path = tmp_path / "plain.pkl"
    path.write_bytes(pickle.dumps(PLAIN, protocol))
    value = read_pickle(path)
    assert value["key"] == PLAIN["key"] and value["ordered"] == {"a": 1}
    for name in ("array", "empty", "fortran", "scalar", "flag"):
        assert np.array_equal(value[name], PLAIN[name]) and value[name].dtype == PLAIN[name].dtype


def test_names_of_older_numpy_are_known(tmp_path: Path) -> None:
    path = tmp_path / "old.pkl"
    path.write_bytes(pickle.dumps(PLAIN["array"], 2).replace(b"numpy._core.", b"numpy.core."))
    assert np.array_equal(read_pickle(path), PLAIN["array"])


def test_scalars_as_python_2_wrote_them(tmp_path: Path) -> None:
    path = tmp_path / "old.pkl"
    # Protocol 2 of Python 3 says `_codecs.encode(text, 'latin1')`; Python 2 had the text itself there.
    scalar = (
        b"cnumpy.core.multiarray\nscalar\n(cnumpy\ndtype\n(U\x02f8K\x00K\x01tR(K\x03U\x01<NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"
        b"U\x08" + np.float64(150.25).tobytes() + b"tR."
    )
    path.write_bytes(b"\x80\x02" + scalar)
    assert read_pickle(path) == 150.25


def test_a_file_of_two_values_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "two.pkl"
    path.write_bytes(pickle.dumps(PLAIN) + pickle.dumps(PLAIN))
    for progress in (None, lambda done, total: None):
        with pytest.raises(UserError, match=r"two\.pkl: the file goes on after its first value"):
            read_pickle(path, progress)


class Runs:
    def __init__(self, function: Callable[..., object], *arguments: object) -> None:
        self.made = function, arguments

    def __reduce__(self) -> tuple[Callable[..., object], tuple[object, ...]]:
        return self.made


def test_a_pickle_that_runs_a_command_is_refused_by_name(tmp_path: Path) -> None:
    path, mark = tmp_path / "bad.pkl", tmp_path / "ran"
    path.write_bytes(pickle.dumps({"frames": Runs(os.system, f"touch {mark}")}))
    with pytest.raises(UserError, match=r"bad\.pkl.*system.*refused"):
        read_pickle(path)
    assert not mark.exists()


@pytest.mark.parametrize(
    "evil",
    [
        Runs(eval, "1"),
        Runs(getattr, "a", "upper"),
        Runs(open, "/etc/passwd"),
        Runs(__import__, "os"),
        Runs(np.load, "x.npy"),
        Runs(np.zeros, (10**12,)),
        Runs(np.ndarray, (10**11,)),
        Runs(bytes, 10**11),
        Runs(bytearray, 10**11),
        Runs(range, 3),
        Path("x"),
        np.array([{"object": 1}, None], dtype=object),
    ],
    ids=lambda evil: evil.made[0].__name__ if isinstance(evil, Runs) else type(evil).__name__,
)
def test_nothing_else_can_be_called(evil: object, tmp_path: Path) -> None:
    path = tmp_path / "bad.pkl"
    path.write_bytes(pickle.dumps([evil]))
    if isinstance(evil, np.ndarray):  # an array of containers holds nothing but what is allowed
        assert read_pickle(path)[0][0] == {"object": 1}
        return
    with pytest.raises(UserError):
        read_pickle(path)


def test_the_smallest_hostile_programs(tmp_path: Path) -> None:
    path = tmp_path / "bad.pkl"
    for program in (
        b"cos\nsystem\n(S'true'\ntR.",
        b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(I100000000000\ntS'b'\ntR.",
        b"cbuiltins\nexec\n(S'1'\ntR.",
        b"Pother\n.",
        b"c_codecs\nencode\n(Vx\nVzip\ntR.",
    ):
        pickletools.genops(program)
        path.write_bytes(program)
        with pytest.raises(UserError, match=r"bad\.pkl"):
            read_pickle(path)


@pytest.mark.parametrize("content", [b"", b"not a pickle", pickle.dumps(PLAIN)[:-40], b"\x89PNG\r\n"])
def test_a_damaged_file_is_said(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "damaged.pkl"
    path.write_bytes(content)
    with pytest.raises(UserError, match=r"damaged\.pkl(:| cannot be read)"):
        read_pickle(path)
    assert gc.isenabled()


def test_a_missing_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="is not there"):
        read_pickle(tmp_path / "none.pkl")
