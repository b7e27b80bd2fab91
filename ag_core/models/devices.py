"""Which device computes, chosen by name and tried before anything long begins on it; how data get there, how precisely
the dense parts of networks run."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache

import torch
from torch import Tensor

from ag_core.errors import UserError
from ag_core.settings import settings

PRECISIONS = ("float32", "bfloat16", "auto")
_asked: ContextVar[str | None] = ContextVar("precision of a processor", default=None)


def choose_device(name: str = "") -> torch.device:
    """The device called `name`, or for '' the GPU when there is one. UserError where it is not there or cannot compute.

    Torch knows names of many devices that this machine or this torch does not have, or that hold no numbers ('meta').
    """
    if name.startswith("cuda") and not torch.cuda.is_available():
        raise UserError("there is no GPU that torch can use; choose the device cpu")
    try:
        device = torch.device(name or ("cuda" if torch.cuda.is_available() else "cpu"))
    except RuntimeError:
        raise UserError(f"there is no device {name!r}; choose cpu or cuda") from None
    try:
        computed = (torch.ones(2, device=device) + 1).cpu().tolist()
    except Exception:  # each kind of device has errors of its own
        computed = []
    if computed != [2, 2]:
        raise UserError(f"the device {name!r} cannot compute here; choose cpu or cuda")
    return device


def send(tensor: Tensor, device: torch.device | str) -> Tensor:
    """A tensor on a device, the same where it is there already. To a GPU it travels from page-locked memory while the
    processor goes on."""
    where = torch.device(device)
    if where.type != "cuda" or tensor.device == where:
        return tensor.to(where)
    return tensor.pin_memory().to(where, non_blocking=True)


@contextmanager
def use_precision(name: str) -> Iterator[None]:
    """Within the block a processor computes the dense parts so, one of PRECISIONS, whatever AG_PRECISION says."""
    before = _asked.set(name)
    try:
        yield
    finally:
        _asked.reset(before)


def run_dense_part(device: torch.device | str) -> torch.autocast:
    """The precision of backbones and clip networks that are not learning, whatever the precision around it: a training
    that runs in mixed precision may ask for boxes.

    bfloat16 on a GPU that has it; on a processor what `use_precision` or AG_PRECISION says, float32 unless asked.
    UserError for another word.
    """
    where = torch.device(device)
    if where.type == "cuda":
        half = torch.cuda.is_bf16_supported(including_emulation=False)
    else:
        half = where.type == "cpu" and _is_half_asked()
    return torch.autocast(where.type, torch.bfloat16, enabled=half)


def _is_half_asked() -> bool:
    """Whether a processor is to compute in bfloat16."""
    asked = _asked.get() or settings().precision
    if asked not in PRECISIONS:
        raise UserError(f"AG_PRECISION is {asked!r}; give one of {', '.join(PRECISIONS)}")
    return asked == "bfloat16" or (asked == "auto" and bfloat16_is_faster())


@cache
def bfloat16_is_faster() -> bool:
    """Whether this processor multiplies bfloat16 clearly faster than float32, by a probe of some milliseconds."""
    times = {}
    for dtype in (torch.float32, torch.bfloat16):
        matrix = torch.ones(384, 384, dtype=dtype)
        torch.mm(matrix, matrix)
        runs = []
        for _ in range(8):
            started = time.perf_counter()
            torch.mm(matrix, matrix)
            runs.append(time.perf_counter() - started)
        times[dtype] = min(runs)
    return times[torch.bfloat16] < 0.8 * times[torch.float32]
