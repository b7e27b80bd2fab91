"""From clip features and windows of a bank to action scores: the one way, for a prediction and for a published mAP."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from ag_core.models.checkpoints import check_answers
from ag_core.models.feature_bank import BankWindows
from ag_core.models.video.bank_head import BankHead

CLIPS_AT_ONCE = 256


class Windows(Protocol):
    """Windows [n,W,D] of a feature bank, one a clip: an array, or a bank's windows that are cut when asked for."""

    def __getitem__(self, rows: slice, /) -> NDArray[np.float32]:
        """[m,W,D] of some clips."""
        ...


@torch.inference_mode()
def score_clips(
    head: BankHead, features: NDArray[np.float32], windows: Windows | None, device: torch.device | str = "cpu"
) -> NDArray[np.float32]:
    """[n,157] logits of clips with features [n,C], each with its window; None for a head without a bank.

    UserError for windows of a bank that was made for another model.
    """
    head.eval()
    if isinstance(windows, BankWindows):
        head.check_bank(windows.bank.width, windows.bank.kind)
    parts = [np.zeros((0, head.classifier.out_features), np.float32)]
    for start in range(0, len(features), CLIPS_AT_ONCE):
        rows = slice(start, start + CLIPS_AT_ONCE)
        window = None if windows is None else torch.from_numpy(windows[rows]).to(device)
        parts.append(head(torch.from_numpy(features[rows]).to(device), window).float().cpu().numpy())
    return check_answers(np.concatenate(parts), "the head of an action model")


def score_videos(logits: NDArray[np.float32], video_of_clip: Sequence[int] | NDArray[np.int64]) -> NDArray[np.float32]:
    """[videos,157] the largest logit of each class over a video's clips; videos are numbered from 0, all with clips."""
    scores = np.full((int(np.max(video_of_clip)) + 1, logits.shape[1]), -np.inf, np.float32)
    np.maximum.at(scores, np.asarray(video_of_clip, np.int64), logits)
    return scores


def to_probabilities(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    """Each class on its own: the sigmoid of logits of any shape."""
    probabilities: NDArray[np.float32] = torch.from_numpy(logits).sigmoid().numpy()
    return probabilities
