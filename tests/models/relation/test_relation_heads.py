"""The contract of every relation head, the losses by hand, and the frequencies by hand."""

from dataclasses import fields, replace

import numpy as np
import pytest
import torch

from ag_core.catalog import RELATION_HEADS, Need
from ag_core.errors import UserError
from ag_core.models.pairs import PairBatch, join_batches, make_one_hot_logits
from ag_core.models.relation import FrequencyHead, RelDnHead, build_relation_head, find_relation_loss
from ag_core.models.relation.frequency import count_relation_frequencies
from ag_core.models.relation.head import RelationHead, RelationLogits, to_object_probabilities
from ag_core.models.relation.losses import PairTargets, compute_grouped_losses
from ag_core.models.relation.reldn import compute_contrastive_loss
from ag_core.presets import RelationPreset, RelDnPreset
from ag_core.taxonomy import GROUP_SLICES, N_CLASSES, N_RELATIONS, Group

D = 12
TINY = {"reldn": RelDnPreset("relation-test", D, (10, 8), 6), "frequency": RelationPreset("relation-test")}


def make_batch(objects_per_frame: tuple[int, ...] = (2, 3), seed: int = 0) -> PairBatch:
    """Frames with one person (first) and some objects each."""
    random = torch.Generator().manual_seed(seed)
    classes: list[int] = []
    pairs: list[tuple[int, int]] = []
    frame_of_pair: list[int] = []
    for frame, n in enumerate(objects_per_frame):
        person = len(classes)
        classes += [0, *(torch.randint(1, N_CLASSES, (n,), generator=random).tolist())]
        pairs += [(person, person + 1 + i) for i in range(n)]
        frame_of_pair += [frame] * n
    corners = torch.rand(len(classes), 2, generator=random) * 50
    return PairBatch(
        boxes=torch.cat([corners, corners + 5 + torch.rand(len(classes), 2, generator=random) * 40], dim=1),
        object_logits=make_one_hot_logits(torch.tensor(classes, dtype=torch.int64)),
        object_features=torch.randn(len(classes), D, generator=random),
        pairs=torch.tensor(pairs, dtype=torch.int64).reshape(-1, 2),
        union_features=torch.randn(len(pairs), D, generator=random),
        frame_of_pair=torch.tensor(frame_of_pair, dtype=torch.int64),
        frame_sizes_wh=torch.full((len(objects_per_frame), 2), 100.0),
        times_s=torch.arange(len(objects_per_frame)) / 2,
        video_of_frame=torch.zeros(len(objects_per_frame), dtype=torch.int64),
    )


def permuted(batch: PairBatch, order: torch.Tensor) -> PairBatch:
    return replace(
        batch,
        pairs=batch.pairs[order],
        union_features=batch.union_features[order],
        frame_of_pair=batch.frame_of_pair[order],
    )


@pytest.fixture(params=list(RELATION_HEADS))
def head_id(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def head(head_id: str) -> RelationHead:
    torch.manual_seed(0)
    random = np.random.default_rng(0)
    built = build_relation_head(head_id, TINY[head_id])
    built.fit(random.integers(1, N_CLASSES, 200), random.random((200, N_RELATIONS)) < 0.3)
    return built


def test_shapes_and_finite_values(head: RelationHead) -> None:
    logits = head(make_batch())
    assert logits.predicates.shape == (5, N_RELATIONS)
    assert logits.objects.shape == (7, N_CLASSES)
    assert logits.relatedness.shape == (5,)
    assert all(getattr(logits, field.name).isfinite().all() for field in fields(logits))


def test_input_untouched_and_second_call_equal(head: RelationHead) -> None:
    batch = make_batch()
    kept = [getattr(batch, field.name).clone() for field in fields(batch)]
    first, second = head.eval()(batch), head(batch)
    assert torch.equal(first.predicates, second.predicates)
    assert all(torch.equal(getattr(batch, field.name), old) for field, old in zip(fields(batch), kept))


def test_permuting_pairs_permutes_the_output(head: RelationHead) -> None:
    batch, order = make_batch(), torch.tensor([3, 0, 4, 1, 2])
    straight, shuffled = head.eval()(batch), head(permuted(batch, order))
    assert torch.allclose(straight.predicates[order], shuffled.predicates, atol=1e-5)
    assert torch.allclose(straight.relatedness[order], shuffled.relatedness, atol=1e-5)


def test_frames_do_not_influence_one_another(head: RelationHead) -> None:
    both = make_batch((2, 3))
    alone = PairBatch(
        boxes=both.boxes[:3],
        object_logits=both.object_logits[:3],
        object_features=both.object_features[:3],
        pairs=both.pairs[:2],
        union_features=both.union_features[:2],
        frame_of_pair=both.frame_of_pair[:2],
        frame_sizes_wh=both.frame_sizes_wh[:1],
        times_s=both.times_s[:1],
        video_of_frame=both.video_of_frame[:1],
    )
    head.eval()
    assert torch.allclose(head(both).predicates[:2], head(alone).predicates, atol=1e-5)


@pytest.mark.parametrize("objects_per_frame", [(), (0,), (0, 0)])
def test_no_pairs(head: RelationHead, objects_per_frame: tuple[int, ...]) -> None:
    logits = head(make_batch(objects_per_frame))
    assert logits.predicates.shape == (0, N_RELATIONS)
    assert logits.probabilities().shape == (0, N_RELATIONS)


def test_probabilities(head: RelationHead) -> None:
    probabilities = head(make_batch()).probabilities()
    assert torch.allclose(probabilities[:, GROUP_SLICES[Group.ATTENTION]].sum(dim=1), torch.ones(5))
    assert ((probabilities >= 0) & (probabilities <= 1)).all()


def test_state_there_and_back(head: RelationHead, head_id: str) -> None:
    other = build_relation_head(head_id, TINY[head_id])
    other.load_state_dict(head.state_dict())
    assert torch.equal(other.eval()(make_batch()).predicates, head.eval()(make_batch()).predicates)


def test_gradients_reach_every_part_of_reldn() -> None:
    head = RelDnHead(D, (10, 8), 6)
    batch = make_batch()
    targets = PairTargets(torch.rand(5, N_RELATIONS) < 0.4, torch.tensor([True, True, False, True, False]))
    logits = head(batch)
    terms = find_relation_loss("reldn")(batch, logits, targets)
    assert list(terms) == ["attention", "spatial", "contact", "related", "contrast"]
    torch.stack(list(terms.values())).sum().backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in head.parameters())


def test_the_catalog_knows_which_heads_see_whole_videos(head: RelationHead, head_id: str) -> None:
    assert (Need.WHOLE_VIDEO in RELATION_HEADS[head_id].needs) == head.whole_video


def test_unknown_head_lists_the_known() -> None:
    with pytest.raises(UserError, match="reldn, frequency"):
        build_relation_head("imp")


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("boxes", torch.zeros(7, 5), "shape"),
        ("union_features", torch.zeros(4, D), "shape"),
        ("pairs", torch.full((5, 2), 7), "outside"),
        ("pairs", torch.zeros(5, 2), "int64"),
        ("frame_of_pair", torch.full((5,), 2), "outside"),
    ],
)
def test_batches_are_checked(field: str, value: torch.Tensor, message: str) -> None:
    with pytest.raises(ValueError, match=f"{field}.*{message}"):
        replace(make_batch(), **{field: value})


def test_batches_are_joined_by_video_or_as_one_video() -> None:
    first, second = make_batch((2, 1)), make_batch((3,), seed=1)
    joined = join_batches([first, second])
    assert joined.video_of_frame.tolist() == [0, 0, 1]
    assert joined.frame_of_pair.tolist() == [0, 0, 1, 2, 2, 2]
    assert torch.equal(joined.target_boxes, torch.cat([first.target_boxes, second.target_boxes]))
    assert join_batches([first, second], one_video=True).video_of_frame.tolist() == [0, 0, 0]


def test_logits_are_checked() -> None:
    with pytest.raises(ValueError, match="RelationLogits"):
        RelationLogits(torch.zeros(2, 25), torch.zeros(3, 36), torch.zeros(1))


def test_objects_are_never_people() -> None:
    probabilities = to_object_probabilities(torch.tensor([[9.0] + [0.0] * 35]))
    assert probabilities[0, 0] == 0
    assert probabilities.sum() == pytest.approx(1)
    batch = replace(make_batch(), object_logits=torch.eye(N_CLASSES)[:1].repeat(7, 1))
    assert (batch.object_classes > 0).all()


def test_frequencies_by_hand() -> None:
    relations = np.zeros((3, N_RELATIONS), bool)
    relations[:2, 0] = True  # twice looking, once not
    relations[2, 1] = True
    relations[0, 4] = True
    table = count_relation_frequencies(np.array([7, 7, 7]), relations)
    assert table[7, :3].tolist() == pytest.approx([3 / 6, 2 / 6, 1 / 6])
    assert table[7, 4] == pytest.approx(2 / 5)
    assert table[7, 5] == pytest.approx(1 / 5)
    assert table[8, :4].tolist() == pytest.approx([1 / 3, 1 / 3, 1 / 3, 1 / 2])


def test_frequency_head_says_the_frequencies() -> None:
    random = np.random.default_rng(1)
    classes, relations = random.integers(1, N_CLASSES, 300), random.random((300, N_RELATIONS)) < 0.2
    batch = make_batch()
    said = FrequencyHead().fit(classes, relations)(batch).probabilities()
    expected = count_relation_frequencies(classes, relations)[batch.object_classes.numpy()]
    assert np.allclose(said.numpy(), expected, atol=1e-5)


def targets_of(related: list[bool], **relations: list[int]) -> PairTargets:
    predicates = torch.zeros(len(related), N_RELATIONS, dtype=torch.bool)
    for pair, indices in relations.items():
        predicates[int(pair[1:]), indices] = True
    return PairTargets(predicates, torch.tensor(related))


def test_grouped_loss_by_hand() -> None:
    logits = RelationLogits(torch.zeros(2, 25), torch.zeros(3, 36), torch.zeros(2))
    loss = compute_grouped_losses(make_batch((2,)), logits, targets_of([True, False], p0=[0, 4]))
    assert loss["attention"].item() == pytest.approx(np.log(3))
    assert loss["spatial"].item() == pytest.approx(np.log(2))
    assert loss["contact"].item() == pytest.approx(np.log(2))
    assert torch.stack(list(loss.values())).sum().item() == pytest.approx(np.log(3) + 3 * np.log(2))


def test_unrelated_pairs_do_not_count_as_predicates() -> None:
    random = torch.Generator().manual_seed(0)
    predicates = torch.randn(2, 25, generator=random)
    truth = targets_of([True, False], p0=[1, 3, 9])
    batch = make_batch((2,))
    first = compute_grouped_losses(batch, RelationLogits(predicates, torch.zeros(3, 36), torch.zeros(2)), truth)
    predicates[1] += 5
    second = compute_grouped_losses(batch, RelationLogits(predicates, torch.zeros(3, 36), torch.zeros(2)), truth)
    assert sum(first.values()) == sum(second.values())


def test_losses_without_pairs_are_zero() -> None:
    empty = RelationLogits(torch.zeros(0, 25), torch.zeros(0, 36), torch.zeros(0))
    targets = targets_of([])
    assert sum(compute_grouped_losses(make_batch(()), empty, targets).values()) == 0
    assert compute_contrastive_loss(make_batch(()), empty, targets) == 0


def test_contrasts_by_hand() -> None:
    """One frame, three pairs: two related cups (.6 and .9), one unrelated cup (.5), predicted to be held."""
    batch = replace(make_batch((3,)), object_logits=make_one_hot_logits(torch.tensor([0, 10, 10, 10])))
    affinity = torch.tensor([0.6, 0.9, 0.5])
    predicates = torch.zeros(3, 25)
    predicates[2, 14] = 1
    logits = RelationLogits(predicates, batch.object_logits, affinity.logit())
    both_held = targets_of([True, True, False], p0=[14], p1=[14])
    # Each contrast has one group with hinge .2 - (.6 - .5) = .1, and the dummy group halves the mean.
    assert compute_contrastive_loss(batch, logits, both_held).item() == pytest.approx(0.05 * (1 + 0.5 + 0.1), abs=1e-5)
    # Another relationship than the predicted one: no contrast of predicates.
    worn = targets_of([True, True, False], p0=[22], p1=[22])
    assert compute_contrastive_loss(batch, logits, worn).item() == pytest.approx(0.05 * 1.5, abs=1e-5)
    # Other classes than the unrelated one: no contrast of classes either.
    other = replace(batch, object_logits=make_one_hot_logits(torch.tensor([0, 5, 5, 10])))
    assert compute_contrastive_loss(other, logits, worn).item() == pytest.approx(0.05, abs=1e-5)
    # Nothing unrelated: nothing to contrast.
    assert compute_contrastive_loss(batch, logits, targets_of([True] * 3)) == 0


def test_contrasts_stay_inside_a_frame() -> None:
    batch = make_batch((1, 1))
    logits = RelationLogits(torch.zeros(2, 25), batch.object_logits, torch.tensor([-3.0, 3.0]))
    assert compute_contrastive_loss(batch, logits, targets_of([True, False], p0=[9])) == 0
