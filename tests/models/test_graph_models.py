"""What the models of annotated graphs have in common, and what each does by hand-made examples."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from ag_core.experiments.graph_training import VerbRecipe, train_verb_network
from ag_core.models.graph_context import AFTER, BEFORE, OTHERS, OWN, PRESENCE, build_context, keep_frame, keep_objects
from ag_core.models.graph_kernel import GraphKernel, KernelOptions
from ag_core.models.graph_networks import GraphLinear, GraphMlp, SparseLinear
from ag_core.models.verb_kernel import VerbKernel
from ag_core.models.verb_network import VerbNetwork, describe_pairs, find_pairs
from ag_core.models.verb_regression import VerbRegression
from ag_core.taxonomy import ACTIONS, N_ACTIONS, find_action_index, find_object_index, find_relation_index

HOLDING = find_relation_index("holding")


@pytest.fixture
def matrices() -> Tensor:
    return (torch.rand(12, 35, 25, generator=torch.Generator().manual_seed(0)) > 0.95).float()


@pytest.fixture
def video() -> Tensor:
    return torch.tensor([0, 0, 0, 1, 2, 2, 2, 2, 3, 4, 4, 5])


@pytest.fixture
def labels() -> Tensor:
    return (torch.rand(12, N_ACTIONS, generator=torch.Generator().manual_seed(1)) > 0.9).float()


def test_a_context_holds_neighbours_in_order_and_the_mean_of_the_others(matrices: Tensor, video: Tensor) -> None:
    context = build_context(matrices, video)
    assert context.shape == (12, 4, 35, 26)
    torch.testing.assert_close(context[:, OWN, :, :PRESENCE], matrices)
    torch.testing.assert_close(context[:, OWN, :, PRESENCE], matrices.amax(dim=2))
    torch.testing.assert_close(context[1, BEFORE], context[0, OWN])
    torch.testing.assert_close(context[1, AFTER], context[2, OWN])
    torch.testing.assert_close(context[1, OTHERS], (context[0, OWN] + context[2, OWN]) / 2)
    for alone in (3, 8, 11):
        assert not context[alone, BEFORE:].any()
    assert not context[0, BEFORE].any() and not context[2, AFTER].any() and not context[4, BEFORE].any()
    assert not keep_objects(context)[..., :PRESENCE].any() and keep_frame(context).shape == (12, 1, 35, 26)
    assert build_context(matrices[:0], video[:0]).shape == (0, 4, 35, 26)


@pytest.mark.parametrize("build", [GraphKernel, VerbRegression, VerbKernel])
@pytest.mark.parametrize("see", [keep_frame, lambda context: context])
def test_fitted_models_answer_finitely_equally_and_frame_by_frame(
    build: Callable[[], GraphKernel], see: Callable[[Tensor], Tensor], matrices: Tensor, video: Tensor, labels: Tensor
) -> None:
    context, model = see(build_context(matrices, video)), build()
    before = context.clone()
    model.fit(context, labels)
    scores = model.predict(context)
    assert scores.shape == (12, N_ACTIONS) and scores.isfinite().all()
    torch.testing.assert_close(context, before, rtol=0, atol=0)
    torch.testing.assert_close(model.predict(context), scores, rtol=0, atol=0)
    torch.testing.assert_close(model.predict(context[3:5]), scores[3:5])
    again = build()
    order = torch.arange(11, -1, -1)
    again.fit(context[order], labels[order])
    torch.testing.assert_close(again.predict(context), scores, rtol=1e-3, atol=1e-4)
    assert model.predict(context[:0]).shape == (0, N_ACTIONS)


def test_a_kernel_without_smoothing_remembers_and_with_much_of_it_says_the_mean(
    matrices: Tensor, video: Tensor, labels: Tensor
) -> None:
    context = build_context(matrices, video)
    exact, flat = GraphKernel(KernelOptions(smoothing=1e-4)), GraphKernel(KernelOptions(smoothing=1e6))
    for model in (exact, flat):
        model.fit(context, labels)
    torch.testing.assert_close(exact.predict(context), labels, rtol=0, atol=0.02)
    torch.testing.assert_close(flat.predict(context), labels.mean(dim=0).expand(12, -1), rtol=0, atol=1e-3)


def test_a_verb_learned_on_one_object_is_known_of_another() -> None:
    towel, book = find_object_index("towel") - 1, find_object_index("book") - 1
    hold_towel, hold_book = find_action_index("c033"), find_action_index("c026")
    matrices = torch.zeros(40, 35, 25)
    matrices[:20, towel, 0], matrices[20:, book, 0] = 1, 1
    matrices[:10, towel, HOLDING] = 1
    matrices[20:30, book, HOLDING] = 1
    context = keep_frame(build_context(matrices, torch.arange(40)))
    labels = torch.zeros(40, N_ACTIONS)
    labels[:10, hold_towel] = 1
    model = VerbRegression(smoothing=0.1)
    model.fit(context, labels, taught=[hold_towel])
    scores = model.predict(context)
    assert scores[20:30, hold_book].min() > 0.9 and scores[30:, hold_book].max() < 0.1
    assert not scores[:20, hold_book].any(), "where the object is not there the verb says nothing"


def test_networks_start_at_the_prior_and_learn_everywhere(matrices: Tensor) -> None:
    torch.manual_seed(0)
    rows, prior = matrices.flatten(1), torch.linspace(-3, 0, 7)
    linear, mlp = GraphLinear(rows.shape[1], prior), GraphMlp(rows.shape[1], prior, width=8, dropout=0.0)
    torch.testing.assert_close(linear(rows), prior.expand(12, -1))
    for network in (linear, mlp):
        network(rows).square().sum().backward()
        for name, parameter in network.named_parameters():
            assert parameter.grad is not None and parameter.grad.any(), name


def test_a_sparse_layer_gives_what_a_dense_one_gives(matrices: Tensor) -> None:
    torch.manual_seed(0)
    layer = SparseLinear(875, 5, spread=0.1)
    torch.testing.assert_close(layer(matrices.flatten(1)), matrices.flatten(1) @ layer.weight + layer.bias)


def test_pairs_are_those_of_actions_whose_object_is_there_and_of_actions_without_one() -> None:
    graphs = torch.zeros(3, 35, 25)
    book, cup = find_object_index("book") - 1, find_object_index("cup/glass/bottle") - 1
    graphs[0, book, HOLDING] = graphs[1, cup, HOLDING] = 1
    context = build_context(graphs, torch.tensor([0, 0, 1]))
    moments, actions = find_pairs(context)
    without = sum(action.object_class is None for action in ACTIONS)
    hold_book, pour = find_action_index("c026"), find_action_index("c108")
    there = {(int(moment), int(action)) for moment, action in zip(moments, actions)}
    assert (0, hold_book) in there and (1, hold_book) in there, "the frame before shows the book"
    assert (2, hold_book) not in there and sum(moment == 2 for moment, _ in there) == without
    rows = describe_pairs(context, torch.tensor([0, 1]), torch.tensor([hold_book, pour]))
    assert rows.shape == (2, 4 * 26 + 25 + 1 + 70)
    own, others, count = rows[:, :104].view(2, 4, 26), rows[:, 104:129], rows[:, 129]
    assert own[0, OWN, HOLDING] == own[0, OWN, PRESENCE] == 1 and not own[0, AFTER].any() and not others[0].any()
    assert count.tolist() == pytest.approx([0.3, 0.3])
    alone = describe_pairs(keep_frame(context), torch.tensor([0]), torch.tensor([hold_book]))
    torch.testing.assert_close(alone[0, :26], own[0, OWN])
    assert alone.shape == (1, 26 + 25 + 1 + 70) and not alone[0, -35:].any()


def test_a_verb_network_tells_verbs_apart_and_says_nothing_of_absent_objects(matrices: Tensor, video: Tensor) -> None:
    torch.manual_seed(0)
    network = VerbNetwork(width=8, dropout=0.0)
    context = build_context(matrices, video)
    moments, actions = find_pairs(context)
    network(describe_pairs(context, moments, actions), actions).square().sum().backward()
    for name, parameter in network.named_parameters():
        assert parameter.grad is not None, name
        of_product = name.startswith("action_embedding")  # what it is multiplied with begins at the verb's weight
        assert parameter.grad.any() or of_product, name
    scores = network.eval().predict(context)
    assert scores.shape == (12, N_ACTIONS) and (scores > 0).sum() == len(moments)
    assert scores[moments, actions].min() > 0 and scores.max() < 1
    torch.testing.assert_close(network.predict(context[3:4]), scores[3:4])
    assert network.predict(context[:0]).shape == (0, N_ACTIONS)


def test_a_verb_learned_with_one_object_is_known_of_another() -> None:
    random = torch.Generator().manual_seed(0)
    hold_book, hold_towel = find_action_index("c026"), find_action_index("c033")
    book, towel = (find_object_index(name) - 1 for name in ("book", "towel"))
    graphs, labels = torch.zeros(400, 35, 25), torch.zeros(400, N_ACTIONS)
    held = torch.rand(400, generator=random) > 0.5
    graphs[:, book, 0] = 1
    graphs[held, book, HOLDING], labels[held, hold_book] = 1, 1
    context = build_context(graphs, torch.arange(400))
    labels[:, hold_towel] = 1  # not to be looked at
    network = train_verb_network(context, labels, VerbRecipe(epochs=16, batch=32), 0, taught=[hold_book])
    again = train_verb_network(context, labels, VerbRecipe(epochs=16, batch=32), 0, taught=[hold_book])
    test = torch.zeros(2, 35, 25)
    test[:, towel, 0] = 1
    test[1, towel, HOLDING] = 1
    scores = network.predict(build_context(test, torch.arange(2)))[:, hold_towel]
    assert scores[1] > 0.8 > 0.2 > scores[0], "one holds the towel, the other does not"
    torch.testing.assert_close(again.predict(context), network.predict(context), rtol=0, atol=0)
