"""STTran: its size, masks, windows, and what hears of what."""

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from ag_core.models.pairs import PairBatch, join_batches, rank_frames
from ag_core.models.relation import build_relation_head
from ag_core.models.relation.place_masks import draw_masks
from ag_core.models.relation.sttran import SttranHead, TemporalDecoder, Windows
from ag_core.presets import PAPER_STTRAN
from tests.models.relation.pair_batches import C, D, make_batch
from tests.toys.tiny_heads import list_tiny_heads


@pytest.fixture
def head() -> SttranHead:
    torch.manual_seed(0)
    built = build_relation_head("sttran", list_tiny_heads(D, C)["sttran"])
    assert isinstance(built, SttranHead)
    return built.eval()


def test_parameters_at_paper_size() -> None:
    head = build_relation_head("sttran", PAPER_STTRAN)
    assert isinstance(head, SttranHead)
    width = head.pair_width
    assert width == 1936
    describe = 3 * (1024 * 512 + 512) + 12544 * 512 + 2 * 36 * 200
    convolve = (2 * 128 * 49 + 128) + 2 * 128 + (128 * 256 * 9 + 256) + 2 * 256
    attention = (3 * width * width + 3 * width) + (width * width + width)
    feedforward = (width * 2048 + 2048) + (2048 * width + width)
    layers = 4 * (attention + feedforward) + (2 + 3) * 2 * width + 2 * width
    classify = 36 * 200 + 2 * 4 + (4 * 128 + 128) + ((1024 + 200 + 128) * 1024 + 1024) + 2 * 1024 + 1024 * 36 + 36
    judge = width * 26 + 26
    expected = describe + convolve + layers + classify + judge
    assert sum(p.numel() for p in head.parameters()) == expected


def test_masks_by_hand() -> None:
    """A union of 54 x 27 pixels: a cell is 2 x 1. The box covers columns 0 to 10 and half of the next, rows 3 to 5."""
    [mask] = draw_masks(torch.tensor([[100.0, 53, 121, 56]]), torch.tensor([[100.0, 50, 154, 77]]))
    assert mask.shape == (27, 27)
    assert mask[3:6, :10].unique().tolist() == [0.5]
    assert mask[4, 10] == 0 and mask[4, 11] == -0.5
    assert mask[2].unique().tolist() == mask[6].unique().tolist() == [-0.5]


def test_frames_are_ranked_by_their_time() -> None:
    batch = replace(
        make_batch((1, 1, 1, 1)),
        times_s=torch.tensor([4.0, 1.0, 2.0, 0.0]),
        video_of_frame=torch.tensor([0, 1, 0, 0]),
    )
    ranks, counts = rank_frames(batch)
    assert (ranks.tolist(), counts.tolist()) == ([2, 0, 1, 0], [3, 1, 3, 3])


def read_windows(batch: PairBatch) -> list[tuple[list[int], list[int], list[int]]]:
    """Of each window the pairs, which of them are of its second frame, and whose answers are taken from it."""
    windows = Windows.of(batch)
    found = []
    for window in windows.window.unique():
        rows = windows.window == window
        pairs, second, kept = windows.pair[rows], windows.second[rows], windows.kept[rows]
        found.append((pairs.tolist(), pairs[second == 1].tolist(), pairs[kept].tolist()))
    return found


def test_windows_slide_by_one_frame_and_the_later_one_answers() -> None:
    assert read_windows(make_batch((1, 2, 1))) == [
        ([0, 1, 2], [1, 2], [0, 1, 2]),  # of the first window both frames are kept
        ([1, 2, 3], [3], [3]),
    ]


def test_a_video_of_one_frame_and_a_frame_without_pairs_have_windows() -> None:
    assert read_windows(make_batch((2,))) == [([0, 1], [], [0, 1])]
    assert read_windows(make_batch((1, 0, 1))) == [([0], [], [0]), ([1], [1], [1])]
    both = join_batches([make_batch((1,)), make_batch((1, 1))])
    assert read_windows(both) == [([0], [], [0]), ([1, 2], [2], [1, 2])]


def find_heard(head: SttranHead, batch: PairBatch, pair: int) -> list[bool]:
    """Which pairs' answers change with what one pair's union looks like."""
    changed = batch.union_features.clone()
    changed[pair] += 5
    other = replace(batch, union_features=changed)
    difference = (head(batch).predicates - head(other).predicates).abs().amax(dim=1)
    found: Tensor = difference > 1e-6
    return found.tolist()


def test_a_frame_hears_of_itself_and_the_one_before(head: SttranHead) -> None:
    batch = make_batch((1, 2, 1, 1))
    assert find_heard(head, batch, 0) == [True, True, True, False, False]
    assert find_heard(head, batch, 1) == [True, True, True, True, False]  # the first frame hears of the second
    assert find_heard(head, batch, 4) == [False, False, False, False, True]


def test_values_do_not_know_the_frame() -> None:
    """Uniform attention over equal pairs gives the same answer in both frames, whatever the embedding is."""
    torch.manual_seed(0)
    decoder = TemporalDecoder(8, 2, 4).eval()
    pairs, known = torch.randn(1, 1, 8).repeat(1, 2, 1), torch.ones(1, 2, dtype=torch.bool)
    first = decoder(pairs, torch.zeros_like(pairs), known)
    assert torch.allclose(first, decoder(pairs, torch.randn(1, 2, 8), known), atol=1e-6)
    assert torch.allclose(first[0, 0], first[0, 1], atol=1e-6)


def test_absent_places_of_a_window_are_not_heard() -> None:
    torch.manual_seed(0)
    decoder = TemporalDecoder(8, 2, 4).eval()
    pairs, order = torch.randn(1, 3, 8), torch.zeros(1, 3, 8)
    known = torch.tensor([[True, True, False]])
    alone = decoder(pairs[:, :2], order[:, :2], known[:, :2])
    assert torch.allclose(decoder(pairs, order, known)[:, :2], alone, atol=1e-6)


def test_a_pair_is_described_by_its_parts(head: SttranHead) -> None:
    batch = make_batch((2,))
    pairs = head.describe_pairs(batch)
    assert pairs.shape == (2, head.pair_width)
    assert torch.allclose(pairs[0, :8], head.enter_subject(batch.object_features[0]), atol=1e-6)
    assert torch.equal(pairs[1, -4:], head.name_object(batch.object_classes[1]))
