"""Frames of a batch taken in another order: the same boxes and pairs, renumbered."""

import torch

from ag_core.models.pairs import HEAD_CELLS, PairBatch
from ag_core.taxonomy import N_CLASSES


def make_batch() -> PairBatch:
    """Three frames: two objects beside the person of the first, nobody in the second, one object in the third."""
    n, frames = 5, 3
    return PairBatch(
        boxes=torch.arange(n)[:, None].expand(n, 4).float(),
        object_logits=torch.arange(n)[:, None].expand(n, N_CLASSES).float(),
        object_features=torch.arange(n)[:, None].float(),
        pairs=torch.tensor([[0, 1], [0, 2], [3, 4]]),
        union_features=torch.tensor([[10.0], [20.0], [30.0]]),
        frame_of_pair=torch.tensor([0, 0, 2]),
        frame_sizes_wh=torch.full((frames, 2), 9.0),
        times_s=torch.tensor([0.0, 1.0, 2.0]),
        video_of_frame=torch.zeros(frames, dtype=torch.int64),
        head_maps=torch.arange(frames)[:, None, None, None].expand(frames, 2, HEAD_CELLS, HEAD_CELLS).float(),
    )


def test_frames_in_another_order() -> None:
    batch = make_batch()
    turned = batch.take_frames([2, 1, 0])
    assert turned.boxes[:, 0].tolist() == [3, 4, 0, 1, 2]
    assert turned.pairs.tolist() == [[0, 1], [2, 3], [2, 4]]
    assert turned.frame_of_pair.tolist() == [0, 2, 2]
    assert turned.union_features[:, 0].tolist() == [30, 10, 20]
    assert turned.times_s.tolist() == [2, 1, 0] and turned.head_maps[:, 0, 0, 0].tolist() == [2, 1, 0]
    again = turned.take_frames([2, 1, 0])
    for name, tensor in vars(batch).items():
        assert torch.equal(getattr(again, name), tensor), name


def test_some_frames_alone() -> None:
    last = make_batch().take_frames([2])
    assert last.boxes[:, 0].tolist() == [3, 4] and last.pairs.tolist() == [[0, 1]]
    empty = make_batch().take_frames([1])
    assert len(empty.boxes) == len(empty.pairs) == 0 and empty.times_s.tolist() == [1]
    assert len(make_batch().take_frames([]).times_s) == 0
