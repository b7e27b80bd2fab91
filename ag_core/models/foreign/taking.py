"""What becomes of a foreign network's tensors: each of ours, with the foreign names that it comes from."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from ag_core.errors import UserError


@dataclass(frozen=True)
class Taken:
    """A tensor of ours, the foreign names that it comes from, and how it was converted; '' for a name alone."""

    tensor: Tensor
    sources: tuple[str, ...]
    how: str = ""


class ForeignTensors:
    """Tensors of a foreign network, which are asked for by name. `where` names their file."""

    def __init__(self, state: Mapping[str, Tensor], where: str) -> None:
        self.state, self.where = state, where

    def __contains__(self, name: str) -> bool:
        return name in self.state

    def __getitem__(self, name: str) -> Tensor:
        """A tensor of finite floating numbers, or a count; UserError where it is missing or is none."""
        if name not in self.state:
            raise UserError(f"{self.where} lacks {name}, without which the network is not whole; give the whole file")
        tensor = self.state[name]
        if name.endswith("num_batches_tracked"):
            return tensor.long()
        if not tensor.is_floating_point():
            kind = str(tensor.dtype).removeprefix("torch.")
            raise UserError(f"{self.where} holds {kind} in {name}, where weights are floats; give weights as trained")
        if not bool(tensor.isfinite().all()):
            raise UserError(f"{self.where} holds values in {name} that are no numbers (nan or infinite); give others")
        return tensor.float()

    def take(self, source: str) -> Taken:
        """A tensor under another name."""
        return Taken(self[source], (source,))

    def convert(self, how: str, tensor: Tensor, *sources: str) -> Taken:
        """A tensor that was made of others."""
        return Taken(tensor, sources, how)

    def take_renamed(self, names: Iterable[str], prefixes: Mapping[str, str]) -> dict[str, Taken]:
        """Those of our names that begin with one of the prefixes, from the same name with the foreign prefix.

        A count of batches that the file does not keep is 0.
        """
        taken = {}
        for name in names:
            for own, foreign in prefixes.items():
                if name.startswith(own):
                    source = foreign + name.removeprefix(own)
                    if name.endswith("num_batches_tracked") and source not in self:
                        taken[name] = Taken(torch.tensor(0), (), "0, since the file does not count batches")
                    else:
                        taken[name] = self.take(source)
                    break
        return taken
