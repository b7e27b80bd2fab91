"""Pair memory: its size, directions and tracks by hand, what hears of what, and how rare relationships fare."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from ag_core.models.pairs import join_batches, make_one_hot_logits
from ag_core.models.relation import FrequencyHead, build_relation_head, pair_memory
from ag_core.models.relation.groups import PaddedGroups
from ag_core.models.relation.losses import compute_refining_losses
from ag_core.models.relation.pair_memory import PairMemoryHead, find_tracks, measure_distances, point_to_objects
from ag_core.presets import DEMO_PAIR_MEMORY
from ag_core.taxonomy import GROUP_SLICES, N_CLASSES, N_RELATIONS, Group
from tests.models.relation.pair_batches import C, D, make_batch, make_targets


@pytest.fixture
def head() -> PairMemoryHead:
    torch.manual_seed(0)
    return PairMemoryHead(D, C, width=8, heads=2, layers=1, mask_channels=4, dropout=0.1, balance=0.5).eval()


def test_parameters_at_demo_size() -> None:
    w = DEMO_PAIR_MEMORY.width
    masks = (8 * 2 * 49 + 8 + 16) + (16 * 8 * 9 + 16 + 32) + 49 * 16 * w
    enter = (3 * 256 * w + w) + (28 * w + w + w * w + w) + masks + 36 * w
    attention = (w * 3 * w + 3 * w) + (w * w + w)
    layer = 2 * attention + (3 * 4 + 4) + 3 * 2 * w + (w * 2 * w + 2 * w) + (2 * w * w + w)
    gaze = (64 * 16 * w + w) + (7 * w + w) + (2 * w * w + w)
    judges = sum(2 * inputs + inputs * w + w + w * n + n for inputs, n in ((2 * w, 3), (w, 6), (w, 16)))
    named = 2 * (w + 256) + ((w + 256) * w + w) + (w * 36 + 36)
    expected = enter + 2 * layer + gaze + judges + named + (w + 1) + (3 * 256 * 25 + 25) + 36 * 25
    assert sum(p.numel() for p in build_relation_head("pair-memory").parameters()) == expected


def test_a_direction_by_hand() -> None:
    """A person of 40 x 100 at (10, 20): the head is at (30, 32). The object's middle is 60 right and 80 below it."""
    boxes = torch.tensor([[10.0, 20, 50, 120], [80, 102, 100, 122]])
    [found] = point_to_objects(replace(make_batch((1,)), boxes=boxes))
    expected = [0.6, 0.8, 0.6, 0.8, 0, np.log(0.2), np.log(0.4)]
    assert torch.allclose(found, torch.tensor(expected, dtype=torch.float32), atol=1e-5)


def test_tracks_are_one_class_in_one_video() -> None:
    batch = make_batch((2, 2, 1))
    classes = torch.tensor([0, 5, 7, 0, 7, 5, 0, 7])
    batch = replace(batch, object_logits=make_one_hot_logits(classes))
    first = find_tracks(batch)
    assert (first[:, None] == first).long().tolist() == [
        [1, 0, 0, 1, 0],
        [0, 1, 1, 0, 1],
        [0, 1, 1, 0, 1],
        [1, 0, 0, 1, 0],
        [0, 1, 1, 0, 1],
    ]
    both = find_tracks(join_batches([batch, batch]))
    assert not (both[:5, None] == both[5:]).any()


def test_long_videos_are_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    batch = replace(make_batch((1,) * 5), object_logits=make_one_hot_logits(torch.tensor([0, 5] * 5)))
    monkeypatch.setattr(pair_memory, "MAX_MEMORY", 2)
    assert find_tracks(batch).unique_consecutive(return_counts=True)[1].tolist() == [2, 2, 1]


def test_distances_by_hand() -> None:
    """Two frames, half a second apart; the object goes 30 right and 40 down in a frame with a diagonal of 50."""
    boxes = torch.tensor([[0.0, 0, 9, 9], [0, 0, 2, 2], [0, 0, 9, 9], [30, 40, 32, 42]])
    batch = replace(make_batch((1, 1)), boxes=boxes, frame_sizes_wh=torch.tensor([[30.0, 40], [30, 40]]))
    apart = measure_distances(batch, PaddedGroups.of(torch.tensor([0, 0])))
    late = float(np.log(1.5))
    expected = [[[[0.0, 0, 0], [late, late, 1]], [[late, -late, 1], [0, 0, 0]]]]
    assert torch.allclose(apart, torch.tensor(expected), atol=1e-6)


def test_a_pair_hears_of_its_frame_and_of_itself(head: PairMemoryHead) -> None:
    """Frames of a cup and a book, a cup, a book and a chair: what is heard when the first cup looks otherwise."""
    batch = make_batch((2, 1, 1, 1))
    classes = torch.tensor([0, 10, 4, 0, 10, 0, 4, 0, 7])
    batch = replace(batch, object_logits=make_one_hot_logits(classes))
    changed = batch.union_features.clone()
    changed[0] += 5
    difference = head(batch).predicates - head(replace(batch, union_features=changed)).predicates
    heard = difference.abs().amax(dim=1) > 1e-6
    # The book of the first frame hears of the cup, and with one layer the second book of the first as it was then.
    assert heard.tolist() == [True, True, True, True, False]


def test_the_head_cue_reaches_attention_alone(head: PairMemoryHead) -> None:
    batch = make_batch()
    other = replace(batch, head_maps=batch.head_maps + 3)
    changed = (head(batch).predicates - head(other).predicates).abs().amax(dim=0) > 1e-6
    attention = GROUP_SLICES[Group.ATTENTION]
    assert changed[attention].all() and not changed[attention.stop :].any()


def test_rare_relationships_are_evened_out_by_hand(head: PairMemoryHead) -> None:
    """Of four cups one is held: the log odds of (1 + 1) / (4 + 2) are log(1/2), and half is added while training."""
    relations = np.zeros((4, N_RELATIONS), bool)
    relations[:, 1] = True
    relations[0, 14] = True
    head.fit(np.full(4, 10), relations)
    assert head.prior[14].item() == pytest.approx(np.log(0.5), abs=1e-5)
    assert head.prior[:3].tolist() == pytest.approx(np.log([1 / 7, 5 / 7, 1 / 7]), abs=1e-5)
    batch = make_batch()
    answered = head(batch).predicates
    head.drop.p = 0
    for module in head.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0
        if isinstance(module, pair_memory.Attention):
            module.dropout = 0
    head.train().see_masks.eval()
    learned = head(batch).predicates
    assert torch.allclose(learned - answered, 0.5 * head.prior.expand(5, -1), atol=1e-5)


def test_training_starts_at_the_frequencies(head: PairMemoryHead) -> None:
    random = np.random.default_rng(0)
    classes, relations = random.integers(1, N_CLASSES, 200), random.random((200, N_RELATIONS)) < 0.3
    head.fit(classes, relations)
    known = FrequencyHead().fit(classes, relations)
    assert torch.allclose(head.usual.table.weight + head.balance * head.prior, known.table, atol=1e-5)


def test_balance_can_be_given_back_after_training() -> None:
    """What a head learns does not depend on it: answers differ by the log odds alone, so that no training is needed."""
    random = np.random.default_rng(0)
    classes, relations = random.integers(1, N_CLASSES, 200), random.random((200, N_RELATIONS)) < 0.3
    batch = make_batch()
    targets = make_targets([True] * 4 + [False], p0=[0, 4, 14], p1=[1, 5], p2=[2, 9], p3=[1, 3, 17])
    answers = []
    for balance in (0.05, 0.5):
        torch.manual_seed(0)
        head = PairMemoryHead(D, C, width=8, heads=2, layers=1, mask_channels=4, dropout=0.1, balance=balance)
        optimizer = torch.optim.AdamW(head.fit(classes, relations).parameters(), lr=1e-3)
        for _ in range(5):
            optimizer.zero_grad()
            torch.stack(list(compute_refining_losses(batch, head(batch), targets).values())).sum().backward()
            optimizer.step()
        answers.append(head.eval()(batch).predicates + balance * head.prior)
    assert torch.allclose(answers[0], answers[1], atol=1e-3)
