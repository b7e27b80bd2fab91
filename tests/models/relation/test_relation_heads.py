"""The contract of every relation head, the losses by hand, and the frequencies by hand."""

import re
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest
import torch

from ag_core.catalog import DETECTORS, HOME_WORLD, RELATION_HEADS, Need, list_ready_heads
from ag_core.errors import UserError
from ag_core.models.pairs import join_batches, make_one_hot_logits
from ag_core.models.relation import (
    FrequencyHead,
    RelDnHead,
    build_relation_head,
    find_relation_loss,
    load_relation_head,
)
from ag_core.models.relation.frequency import count_relation_frequencies
from ag_core.models.relation.head import RelationHead, RelationLogits, to_object_probabilities
from ag_core.models.relation.losses import PairTargets, compute_grouped_losses, compute_refining_losses
from ag_core.models.relation.reldn import compute_contrastive_loss
from ag_core.taxonomy import GROUP_SLICES, N_CLASSES, N_RELATIONS, Group
from tests.models.relation.pair_batches import C, D, clone_values, make_batch, make_targets, name_objects, permute_pairs
from tests.toys.tiny_heads import list_tiny_heads

TINY = list_tiny_heads(D, C)


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
    kept = clone_values(batch)
    first, second = head.eval()(batch), head(batch)
    assert torch.equal(first.predicates, second.predicates)
    assert all(torch.equal(getattr(batch, field.name), old) for field, old in zip(fields(batch), kept))


def test_permuting_pairs_permutes_the_output(head: RelationHead) -> None:
    batch, order = make_batch(), torch.tensor([3, 0, 4, 1, 2])
    straight, shuffled = head.eval()(batch), head(permute_pairs(batch, order))
    assert torch.allclose(straight.predicates[order], shuffled.predicates, atol=1e-5)
    assert torch.allclose(straight.relatedness[order], shuffled.relatedness, atol=1e-5)


def test_frames_or_videos_do_not_influence_one_another(head: RelationHead) -> None:
    first, second = make_batch((2, 0, 3)), make_batch((1, 2), seed=1)
    both = join_batches([first, second], one_video=not head.whole_video)
    head.eval()
    together, apart = head(both).predicates, [head(batch).predicates for batch in (first, second)]
    assert torch.allclose(together, torch.cat(apart), atol=1e-5)


def test_heads_of_whole_videos_relate_their_frames(head: RelationHead) -> None:
    both = name_objects(make_batch((2, 3)))
    changed = replace(both, union_features=both.union_features * torch.tensor([1.0, 1, 3, 3, 3])[:, None])
    head.eval()
    difference = (head(both).predicates - head(changed).predicates)[:2].abs().max().item()
    assert (difference > 1e-6) == head.whole_video


def test_one_frame(head: RelationHead) -> None:
    for n in (1, 4):
        logits = head.eval()(make_batch((n,)))
        assert logits.predicates.shape == (n, N_RELATIONS) and logits.predicates.isfinite().all()


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


def test_gradients_reach_every_parameter(head: RelationHead, head_id: str) -> None:
    batch, targets = name_objects(make_batch()), make_random_targets(5)
    terms = find_relation_loss(head_id)(batch, head(batch), targets)
    total = torch.stack(list(terms.values())).sum()
    if list(head.parameters()):
        total.backward()
    without = [name for name, p in head.named_parameters() if p.grad is None or not p.grad.abs().sum() > 0]
    assert total.isfinite() and without == []


def make_random_targets(n: int) -> PairTargets:
    """Truth of n pairs, the third of them unrelated."""
    related = torch.arange(n) != 2
    classes = torch.randint(1, N_CLASSES, (n,))
    return PairTargets((torch.rand(n, N_RELATIONS) < 0.4) & related[:, None], related, classes)


def test_only_heads_that_refine_objects_answer_with_other_classes(head: RelationHead, head_id: str) -> None:
    batch, targets = make_batch(), make_random_targets(5)
    logits = head(batch)
    assert torch.equal(logits.objects, batch.object_logits) != head.refines_objects
    assert ("objects" in find_relation_loss(head_id)(batch, logits, targets)) == head.refines_objects


def test_reldn_has_contrasts_beside_the_shared_terms() -> None:
    batch = make_batch()
    terms = find_relation_loss("reldn")(batch, RelDnHead(D, (10, 8), 6)(batch), make_random_targets(5))
    assert list(terms) == ["attention", "spatial", "contact", "related", "contrast"]


def test_the_catalog_knows_which_heads_see_whole_videos(head: RelationHead, head_id: str) -> None:
    assert (Need.WHOLE_VIDEO in RELATION_HEADS[head_id].needs) == head.whole_video


@pytest.mark.parametrize("size", ["demo", "paper"])
def test_presets_fit_the_detector_of_their_size(head_id: str, size: str) -> None:
    preset, detector = RELATION_HEADS[head_id].preset(size), DETECTORS[HOME_WORLD].preset(size)
    assert getattr(preset, "feature_size", detector.box_head_width) == detector.box_head_width
    assert getattr(preset, "map_channels", detector.pyramid_channels) == detector.pyramid_channels


def test_the_document_lists_every_head_with_its_size() -> None:
    text = (Path(__file__).parents[3] / "docs" / "training.md").read_text()
    listed = dict(re.findall(r"^\| `([a-z-]+)` \| .* \| ([\d,]+ \| [\d,]+) \|$", text, re.MULTILINE))
    counted = {
        head: " | ".join(
            f"{sum(p.numel() for p in build_relation_head(head, entry.preset(size)).parameters()):,}"
            for size in ("demo", "paper")
        )
        for head, entry in RELATION_HEADS.items()
    }
    assert listed == counted


def test_unknown_head_lists_the_known() -> None:
    with pytest.raises(UserError, match="known are reldn, frequency, vrd"):
        build_relation_head("motifs")


def test_a_head_without_weights_says_how_to_train_it(tmp_path: Path) -> None:
    (tmp_path / "frequency.safetensors").touch()
    assert [entry.id for entry in list_ready_heads(tmp_path)] == ["frequency"]
    said = r"vrd\.safetensors of the relation head VRD is missing; train it with .*--head vrd .*, or choose frequency$"
    with pytest.raises(UserError, match=said):
        load_relation_head("vrd", tmp_path)


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


def test_grouped_loss_by_hand() -> None:
    logits = RelationLogits(torch.zeros(2, 25), torch.zeros(3, 36), torch.zeros(2))
    loss = compute_grouped_losses(make_batch((2,)), logits, make_targets([True, False], p0=[0, 4]))
    assert loss["attention"].item() == pytest.approx(np.log(3))
    assert loss["spatial"].item() == pytest.approx(np.log(2))
    assert loss["contact"].item() == pytest.approx(np.log(2))
    assert torch.stack(list(loss.values())).sum().item() == pytest.approx(np.log(3) + 3 * np.log(2))


def test_refining_loss_by_hand() -> None:
    objects = torch.zeros(3, 36)
    objects[1, 5] = np.log(34)
    objects[:, 0] = 99  # the person is no choice
    logits = RelationLogits(torch.zeros(2, 25), objects, torch.zeros(2))
    truth = replace(make_targets([True, False], p0=[0, 4]), object_classes=torch.tensor([5, 7]))
    loss = compute_refining_losses(make_batch((2,)), logits, truth)
    assert loss["objects"].item() == pytest.approx(np.log(2))
    wrong = replace(truth, object_classes=torch.tensor([6, 7]))
    assert compute_refining_losses(make_batch((2,)), logits, wrong)["objects"].item() == pytest.approx(np.log(68))


def test_unrelated_pairs_do_not_count_as_predicates() -> None:
    random = torch.Generator().manual_seed(0)
    predicates = torch.randn(2, 25, generator=random)
    truth = make_targets([True, False], p0=[1, 3, 9])
    batch = make_batch((2,))
    first = compute_grouped_losses(batch, RelationLogits(predicates, torch.zeros(3, 36), torch.zeros(2)), truth)
    predicates[1] += 5
    second = compute_grouped_losses(batch, RelationLogits(predicates, torch.zeros(3, 36), torch.zeros(2)), truth)
    assert sum(first.values()) == sum(second.values())


def test_losses_without_pairs_are_zero() -> None:
    empty = RelationLogits(torch.zeros(0, 25), torch.zeros(0, 36), torch.zeros(0))
    targets = make_targets([])
    assert sum(compute_grouped_losses(make_batch(()), empty, targets).values()) == 0
    assert compute_contrastive_loss(make_batch(()), empty, targets) == 0


def test_contrasts_by_hand() -> None:
    """One frame, three pairs: two related cups (.6 and .9), one unrelated cup (.5), predicted to be held."""
    batch = replace(make_batch((3,)), object_logits=make_one_hot_logits(torch.tensor([0, 10, 10, 10])))
    affinity = torch.tensor([0.6, 0.9, 0.5])
    predicates = torch.zeros(3, 25)
    predicates[2, 14] = 1
    logits = RelationLogits(predicates, batch.object_logits, affinity.logit())
    both_held = make_targets([True, True, False], p0=[14], p1=[14])
    # Each contrast has one group with hinge .2 - (.6 - .5) = .1, and the dummy group halves the mean.
    assert compute_contrastive_loss(batch, logits, both_held).item() == pytest.approx(0.05 * (1 + 0.5 + 0.1), abs=1e-5)
    # Another relationship than the predicted one: no contrast of predicates.
    worn = make_targets([True, True, False], p0=[22], p1=[22])
    assert compute_contrastive_loss(batch, logits, worn).item() == pytest.approx(0.05 * 1.5, abs=1e-5)
    # Other classes than the unrelated one: no contrast of classes either.
    other = replace(batch, object_logits=make_one_hot_logits(torch.tensor([0, 5, 5, 10])))
    assert compute_contrastive_loss(other, logits, worn).item() == pytest.approx(0.05, abs=1e-5)
    # Nothing unrelated: nothing to contrast.
    assert compute_contrastive_loss(batch, logits, make_targets([True] * 3)) == 0


def test_contrasts_stay_inside_a_frame() -> None:
    batch = make_batch((1, 1))
    logits = RelationLogits(torch.zeros(2, 25), batch.object_logits, torch.tensor([-3.0, 3.0]))
    assert compute_contrastive_loss(batch, logits, make_targets([True, False], p0=[9])) == 0
