"""What in a window of a feature bank raised the score of an action, and whether that is so.

Cells are attributed by integrated gradients (Sundararajan et al. 2017) from the empty window, so they sum to what the
bank adds to the logit. What is claimed is checked by doing it: scores without a column of the window, and deletion and
insertion curves (Petsiuk et al. 2018) over cells.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from ag_core.models.video.bank_head import BankHead
from ag_core.models.video.fbo import BankLayer, NonLocalBank

GRADIENT_STEPS = 32
"""Points on the way from the empty window; with so many the cells sum to the difference within two percent of it."""

CURVE_STEPS = 50
"""A curve removes two percent of the cells at a time."""


@dataclass(frozen=True)
class WindowEvidence:
    """What the cells of a window do for one action.

    logit          with the window; empty_logit: with a window of zeros
    contributions  [W,D] part of each cell in the difference of the two, which they sum to
    """

    logit: float
    empty_logit: float
    contributions: NDArray[np.float32]


def attribute_window(
    head: BankHead, short_term: NDArray[np.float32], window: NDArray[np.float32], action: int
) -> WindowEvidence:
    """Evidence for an action of a clip with features [C] that looks into a window [W,D]."""
    of_clip, whole = _to_tensors(head, short_term, window)
    with torch.inference_mode():
        logit, empty = _score(head, of_clip, torch.stack([whole, torch.zeros_like(whole)]), action).tolist()
    with torch.enable_grad():
        steps = (torch.arange(GRADIENT_STEPS, device=whole.device) + 0.5) / GRADIENT_STEPS
        on_the_way = (steps[:, None, None] * whole).requires_grad_(True)  # [steps, W, D]
        [gradients] = torch.autograd.grad(_score(head, of_clip, on_the_way, action).sum(), on_the_way)
    return WindowEvidence(logit, empty, (gradients.mean(0) * whole).float().cpu().numpy())


@torch.inference_mode()
def score_without_columns(
    head: BankHead,
    short_term: NDArray[np.float32],
    window: NDArray[np.float32],
    action: int,
    columns: Sequence[int] | NDArray[np.int64],
) -> NDArray[np.float32]:
    """[n] logits of an action where one of the columns at a time is zero in the whole window."""
    of_clip, whole = _to_tensors(head, short_term, window)
    chosen = torch.as_tensor(np.asarray(columns, np.int64), device=whole.device)
    windows = whole.repeat(len(chosen), 1, 1)  # [n, W, D]
    windows[torch.arange(len(chosen)), :, chosen] = 0
    return _score(head, of_clip, windows, action).float().cpu().numpy()


def measure_curves(
    head: BankHead,
    short_term: NDArray[np.float32],
    window: NDArray[np.float32],
    action: int,
    cells: NDArray[np.int64],
    steps: int = CURVE_STEPS,
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """[steps + 1] logits each: cells [n,2] of the window removed in their order, and put into a window without them."""
    ends = np.linspace(0, len(cells), steps + 1).round().astype(int)
    removed, added = np.repeat(window[None], steps + 1, axis=0), np.repeat(window[None], steps + 1, axis=0)
    added[:, cells[:, 0], cells[:, 1]] = 0
    for step, end in enumerate(ends):
        rows, columns = cells[:end].T
        removed[step, rows, columns] = 0
        added[step, rows, columns] = window[rows, columns]
    of_clip = torch.from_numpy(short_term).to(_find_device(head))
    with torch.inference_mode():
        scored = [_score(head, of_clip, torch.from_numpy(each).to(of_clip.device), action) for each in (removed, added)]
    return scored[0].float().cpu().numpy(), scored[1].float().cpu().numpy()


@torch.inference_mode()
def weigh_rows_by_attention(
    operator: NonLocalBank, short_term: NDArray[np.float32], window: NDArray[np.float32]
) -> NDArray[np.float32]:
    """[W] how much attention a clip pays to each row of its window, over the layers; what evidence is compared with."""
    of_clip, whole = torch.from_numpy(short_term)[None], torch.from_numpy(window)[None]
    a, entries = operator.reduce_short_term(of_clip), operator.reduce_bank(whole)
    total = torch.zeros(len(window))
    for layer in operator.layers:
        assert isinstance(layer, BankLayer)
        likeness = layer.theta(a) @ layer.phi(entries)[0].T / entries.shape[-1] ** 0.5
        total += likeness.softmax(dim=-1)[0]
        a = layer(a, entries)
    return total.numpy()


def _score(head: BankHead, of_clip: torch.Tensor, windows: torch.Tensor, action: int) -> torch.Tensor:
    """[B] logits of an action of one clip [C] with each of the windows [B,W,D]."""
    head.eval()
    logits: torch.Tensor = head(of_clip.expand(len(windows), -1), windows)
    return logits[:, action]


def _to_tensors(
    head: BankHead, short_term: NDArray[np.float32], window: NDArray[np.float32]
) -> tuple[torch.Tensor, torch.Tensor]:
    where = _find_device(head)
    return torch.from_numpy(short_term).to(where), torch.from_numpy(window).to(where)


def _find_device(head: BankHead) -> torch.device:
    return next(head.parameters()).device
