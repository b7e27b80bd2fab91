"""What the models of annotated graphs have in common, and what each does by hand-made examples."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from ag_core.models.graph_context import AFTER, BEFORE, OTHERS, OWN, PRESENCE, build_context, keep_frame, keep_objects
from ag_core.models.graph_kernel import GraphKernel, KernelOptions
from ag_core.models.graph_networks import GraphLinear, GraphMlp, SparseLinear
from ag_core.models.score_sharing import share_scores
from ag_core.models.verb_kernel import VerbKernel
from ag_core.models.verb_regression import VerbRegression
from ag_core.taxonomy import N_ACTIONS, find_action_index, find_object_index, find_relation_index

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


def test_scores_are_shared_with_neighbours_and_all_others_of_the_video() -> None:
    scores, video = torch.tensor([[1.0], [0.0], [4.0], [7.0]]), torch.tensor([0, 0, 0, 1])
    shared = share_scores(scores, video, others=0.5, neighbours=0.1)
    expected = [1 + 0.5 * 2 + 0.1 * 0, 0 + 0.5 * 2.5 + 0.1 * 2.5, 4 + 0.5 * 0.5 + 0.1 * 0, 7]
    torch.testing.assert_close(shared[:, 0], torch.tensor(expected))
    assert share_scores(scores[:0], video[:0]).shape == (0, 1)
