"""Where and in which precision networks are trained and tested: values, not constants of the code."""

from dataclasses import dataclass

import torch
from torch import Tensor

from ag_core.errors import UserError
from ag_core.experiments.processes import ALONE, Processes
from ag_core.models.devices import bfloat16_is_faster, choose_device, send

AUTOCAST_CHOICES = ("auto", "off", "bfloat16")


@dataclass(frozen=True)
class Compute:
    """Device and precision, and how many processes share a training.

    device      'cpu', 'cuda', 'cuda:1', ...
    autocast    'bfloat16' runs forward passes in mixed precision, 'off' in float32; 'auto' where it is faster and the
                training says that it bears it
    processes   which of how many that train together this is
    """

    device: str = "cpu"
    autocast: str = "auto"
    processes: Processes = ALONE

    def __post_init__(self) -> None:
        if self.autocast not in AUTOCAST_CHOICES:
            raise UserError(f"there is no autocast {self.autocast!r}; choose one of {', '.join(AUTOCAST_CHOICES)}")
        choose_device(self.device)

    @property
    def torch_device(self) -> torch.device:
        """The device as torch knows it."""
        return torch.device(self.device)

    def move(self, tensor: Tensor) -> Tensor:
        """A tensor on the device; the same tensor where it is there already."""
        return send(tensor, self.torch_device)

    def forward_dtype(self, bears_bfloat16: bool) -> torch.dtype | None:
        """The type of mixed precision, None for float32. `bears_bfloat16`: 'auto' may choose it for this training.

        Of several processes all take what suits the first one.
        """
        if self.autocast == "bfloat16":
            return torch.bfloat16
        if self.autocast == "off" or not bears_bfloat16:
            return None
        faster = torch.cuda.is_bf16_supported() if self.torch_device.type == "cuda" else bfloat16_is_faster()
        of_all, _ = self.processes.agree(float(faster))
        return torch.bfloat16 if of_all else None
