"""Several processes that train one network, as `torchrun` starts them: each takes its part of every batch.

What they find of a batch is averaged before it is used, so that every step is that of one process with the whole batch,
and all keep the same weights. Knows no network and no data.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import torch
from torch import Tensor, distributed, nn
from torch.nn.modules.batchnorm import _BatchNorm

from ag_core.errors import UserError

PATIENCE = timedelta(days=1)
"""How long a process waits for the others: the first one decodes and judges for hours. A dead one is noticed at once
where they speak by gloo."""


class LostProcessError(UserError):
    """Another process of the training has ended, so that no step can be done any more."""

    def __init__(self) -> None:
        super().__init__(
            "another process of this training has ended, so this one ends, too; start all of them again, with --resume "
            "where this --out has an interrupted training"
        )


@dataclass(frozen=True)
class Processes:
    """Which of how many processes this is. One alone exchanges nothing, and every method gives what it was given."""

    index: int = 0
    count: int = 1

    @property
    def is_first(self) -> bool:
        """Whether this is the one that writes files and speaks."""
        return self.index == 0

    def owns(self, position: int) -> bool:
        """Whether an example of a batch, by its position there, is this process's."""
        return position % self.count == self.index

    def shard(self, rows: Any) -> Any:
        """This process's part of a batch's rows: every `count`-th."""
        return rows[self.index :: self.count]

    def check_batch(self, batch: int) -> int:
        """The same batch; UserError where it cannot be divided evenly."""
        if batch % self.count:
            raise UserError(f"--batch {batch} cannot be divided among {self.count} processes; give a multiple of that")
        return batch

    def average(self, tensor: Tensor) -> Tensor:
        """The mean over the processes; gradients of it are those of all of them."""
        if self.count == 1:
            return tensor
        averaged: Tensor = _Average.apply(tensor, self.count)  # type: ignore[no-untyped-call]
        return averaged

    def mean(self, values: Tensor, more: int = 0) -> Tensor:
        """What to add to a loss for values of which every process has some: the mean of it over the processes is that
        of all values together, `more` zeros included; 0 where there are none."""
        return self.divide(values.sum(), torch.tensor(values.numel() + more / self.count, device=values.device))

    def divide(self, total: Tensor, count: Tensor) -> Tensor:
        """A sum by a count, of which every process has a part: the mean over the processes is the whole sum by the
        whole count; 0 where nothing is counted."""
        return total / self.average(count.float()).clamp(min=1 / self.count)

    def weigh(self, count: Tensor) -> Tensor:
        """What to multiply a mean over `count` values by, so that its mean over the processes is that of all values."""
        return count / self.average(count)

    @torch.no_grad()
    def average_gradients(self, parameters: list[nn.Parameter]) -> None:
        """Put the mean over the processes in place of every gradient."""
        if self.count == 1:
            return
        gradients = [parameter.grad for parameter in parameters if parameter.grad is not None]
        whole = torch.cat([gradient.reshape(-1) for gradient in gradients])
        for gradient, mean in zip(gradients, self.average(whole).split([one.numel() for one in gradients])):
            gradient.copy_(mean.view_as(gradient))

    def agree(self, value: float, stop: bool = False) -> tuple[float, bool]:
        """The first one's value, such as its seconds, and whether any wants to stop."""
        if self.count == 1:
            return value, stop
        told = torch.tensor([value if self.is_first else 0.0, float(stop)], dtype=torch.float64)
        _add_up(told)
        return float(told[0]), bool(told[1] > 0)

    @contextmanager
    def take_turns(self) -> Iterator[None]:
        """The first process does what is in the block, then the others, who find what it has made."""
        if not self.is_first:
            self.agree(0.0)
        yield
        if self.is_first:
            self.agree(0.0)

    @contextmanager
    def keep_buffers(self, network: nn.Module) -> Iterator[None]:
        """Give the network its buffers back where another process is lost within a step.

        Statistics of batches are taken in while a step is being computed, weights change behind the last exchange.
        """
        before = [] if self.count == 1 else [buffer.clone() for buffer in network.buffers()]
        try:
            yield
        except LostProcessError:
            for buffer, kept in zip(network.buffers(), before):
                buffer.copy_(kept)
            raise


ALONE = Processes()


@contextmanager
def join_processes() -> Iterator[Processes]:
    """The processes that `torchrun` has started with this one; this one alone where it was not started so."""
    count = int(os.environ.get("WORLD_SIZE", "1"))
    if count == 1:
        yield ALONE
        return
    backend = "cpu:gloo,cuda:nccl" if torch.cuda.is_available() and distributed.is_nccl_available() else "gloo"
    try:
        distributed.init_process_group(backend, timeout=PATIENCE)
    except (RuntimeError, ValueError) as error:
        raise UserError(f"the {count} processes of this training do not find each other ({error})") from error
    try:
        yield Processes(distributed.get_rank(), count)
    finally:
        distributed.destroy_process_group()


def choose_own_device(device: str) -> str:
    """The device of this process: of 'cuda' the one with its number on this machine."""
    return f"cuda:{os.environ.get('LOCAL_RANK', '0')}" if device == "cuda" and "WORLD_SIZE" in os.environ else device


def share_batch_norm(network: nn.Module, processes: Processes) -> None:
    """Have the batch normalisations of a network take the statistics of the whole batch, with the same weights.

    Changed in place. torch has this for GPUs alone.
    """
    for parent in list(network.modules()):
        for name, child in list(parent.named_children()):
            if isinstance(child, _BatchNorm) and not isinstance(child, _SharedBatchNorm):
                setattr(parent, name, _SharedBatchNorm.of(child, processes))


class _SharedBatchNorm(_BatchNorm):
    """Batch normalisation over the parts of a batch that several processes have."""

    processes: Processes = ALONE

    @staticmethod
    def of(norm: _BatchNorm, processes: Processes) -> "_SharedBatchNorm":
        """With the weights and statistics of another one."""
        shared = _SharedBatchNorm(
            norm.num_features, norm.eps, norm.momentum, norm.affine, norm.track_running_stats, device="meta"
        )
        shared.weight, shared.bias = norm.weight, norm.bias
        for name, buffer in norm.named_buffers(recurse=False):
            setattr(shared, name, buffer)
        shared.processes = processes
        return shared.train(norm.training)

    def forward(self, x: Tensor) -> Tensor:
        if not self.training:
            return super().forward(x)
        dims, wide = [0, *range(2, x.ndim)], [1, -1, *([1] * (x.ndim - 2))]
        values = x.float()
        part = x.numel() // x.shape[1]
        weight = self.processes.weigh(torch.tensor(float(part), device=x.device))
        mean = self.processes.average(values.mean(dims) * weight)  # [C]
        apart = values - mean.view(wide)
        variance = self.processes.average(apart.square().mean(dims) * weight)
        self._follow(mean.detach(), variance.detach(), part * self.processes.count / weight)
        scale = (variance + self.eps).rsqrt() * self.weight
        return (apart * scale.view(wide) + self.bias.view(wide)).to(x.dtype)

    @torch.no_grad()
    def _follow(self, mean: Tensor, variance: Tensor, n: Tensor) -> None:
        """Take the statistics of a batch of n values a channel into the running ones."""
        assert self.running_mean is not None and self.running_var is not None and self.num_batches_tracked is not None
        self.num_batches_tracked.add_(1)
        momentum = 1 / float(self.num_batches_tracked) if self.momentum is None else self.momentum
        self.running_mean.lerp_(mean, momentum)
        self.running_var.lerp_(variance * (n / (n - 1)), momentum)

    def _check_input_dim(self, input: Tensor) -> None:
        """Any number of dimensions."""


class _Average(torch.autograd.Function):
    """The mean of a tensor over the processes."""

    @staticmethod
    def forward(ctx: Any, tensor: Tensor, count: int) -> Tensor:
        ctx.count = count
        whole = tensor.detach().clone(memory_format=torch.contiguous_format)
        _add_up(whole)
        return whole / count

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> Any:
        return _Average.apply(gradients[0], ctx.count), None  # type: ignore[no-untyped-call]


def _add_up(tensor: Tensor) -> None:
    """Put the sum over the processes in place of a tensor; LostProcessError where one does not answer."""
    try:
        distributed.all_reduce(tensor)
    except RuntimeError as error:
        raise LostProcessError from error
