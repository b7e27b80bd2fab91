"""Which device computes: chosen by name, and tried before anything long begins on it."""

import torch

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
