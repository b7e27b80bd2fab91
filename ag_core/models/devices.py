"""Which device computes, chosen by name and tried before anything long begins on it; how data get there, how precisely
the dense parts of networks run."""

import torch
from torch import Tensor

from ag_core.errors import UserError


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


def run_dense_part(device: torch.device | str) -> torch.autocast:
    """The precision of backbones and clip networks that are not learning: bfloat16 on a GPU that has it, float32
    elsewhere, whatever the precision around it: a training that runs in mixed precision may ask for boxes."""
    where = torch.device(device)
    half = where.type == "cuda" and torch.cuda.is_bf16_supported(including_emulation=False)
    return torch.autocast(where.type, torch.bfloat16, enabled=half)
