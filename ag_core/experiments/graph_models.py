"""The models that are compared on annotated graphs: what each sees, how it is fitted, in full and few-shot."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor, nn

from ag_core.experiments.graph_training import LINEAR, MLP, VERBS, GraphRecipe, train_graph_network, train_verb_network
from ag_core.models.graph_context import OWN, PRESENCE, keep_frame, keep_objects
from ag_core.models.graph_kernel import GraphKernel, KernelOptions
from ag_core.models.graph_networks import GraphLinear, GraphMlp
from ag_core.models.verb_kernel import VerbKernel
from ag_core.models.verb_regression import VerbRegression
from ag_core.taxonomy import N_ACTIONS

FEW_SHOT_RIDGE = 1.0
"""Of the heads learned from k examples, on features of length one; of the kernel, likewise. Not tuned."""

NETWORK_WEIGHT = 2.0
"""Of the verb network's probability beside verbs and kernel; chosen on held-out training videos."""

View = Callable[[Tensor], Tensor]
"""What a model sees of a context, or how it describes what it sees."""

Score = Callable[[Tensor, Tensor], Tensor]
"""Scores [M,157] of contexts [M,4,35,26] of frames in their order, and the video [M] of each."""


@dataclass(frozen=True)
class FewShotTask:
    """Frames to learn base actions from, and to draw examples of the novel ones from.

    context, labels    [N,4,35,26] and [N,157] of all training frames; labels of novel actions are not to be looked at
    base, novel        indices of the actions
    """

    context: Tensor
    labels: Tensor
    base: tuple[int, ...]
    novel: tuple[int, ...]

    def show(self, examples: Tensor) -> Tensor:
        """[E,157] labels of the examples [E], rows among the N, of novel actions alone."""
        shown = torch.zeros(len(examples), N_ACTIONS)
        shown[:, list(self.novel)] = self.labels[examples][:, list(self.novel)]
        return shown


Learn = Callable[[Tensor], Score]
"""What learns novel actions from examples, once the base actions are learned; takes rows of frames of the task."""


@dataclass(frozen=True)
class GraphModel:
    """A model: its id, what it is called, and how it comes to scores.

    is_random  whether the seed changes a training on all frames
    fit        from context and labels of all training frames, for every seed
    fit_base   few-shot: from the base actions of a task and a seed
    """

    id: str
    label: str
    is_random: bool
    fit: Callable[[Tensor, Tensor, Sequence[int]], list[Score]]
    fit_base: Callable[[FewShotTask, int], Learn]


def see_objects(context: Tensor) -> Tensor:
    """[N,1,35,1] which objects are in the frame."""
    return context[:, : OWN + 1, :, PRESENCE:]


def see_graph(context: Tensor) -> Tensor:
    """[N,1,35,25] the frame's confidence matrix."""
    return context[:, : OWN + 1, :, :PRESENCE]


def see_video_objects(context: Tensor) -> Tensor:
    """[N,4,35,26] without relationships."""
    return keep_objects(context)


def see_all(context: Tensor) -> Tensor:
    """[N,4,35,26] as it is."""
    return context


def _fit_networks(
    build: Callable[[int, Tensor], nn.Module],
    recipe: GraphRecipe,
    see: View,
    context: Tensor,
    labels: Tensor,
    seeds: Sequence[int],
) -> list[Score]:
    def train(seed: int) -> Score:
        network = train_graph_network(build, see(context), labels, recipe, seed)
        return lambda frames, video: torch.no_grad()(network)(see(frames).flatten(1)).sigmoid()

    return [train(seed) for seed in seeds]


def _fit_base_rows(see: View, task: FewShotTask, seed: int) -> Learn:
    """Heads on what is seen, with no base training: there is nothing to learn before."""
    return partial(_fit_ridge, lambda frames: see(frames).flatten(1), task)


def _fit_base_mlp(see: View, task: FewShotTask, seed: int) -> Learn:
    """Heads on the hidden features of a perceptron that learned the base actions."""
    labels = task.labels[:, list(task.base)]
    network = train_graph_network(GraphMlp, see(task.context), labels, MLP, seed)
    return partial(_fit_ridge, lambda frames: torch.no_grad()(network.describe)(see(frames).flatten(1)), task)


def _fit_ridge(describe: View, task: FewShotTask, examples: Tensor) -> Score:
    """A ridge regression on features of length one, learned from the examples."""

    def scale(frames: Tensor) -> Tensor:
        return nn.functional.normalize(describe(frames), dim=1)

    rows, shown = scale(task.context[examples]), task.show(examples)
    prior = shown.mean(dim=0)
    kernel = rows @ rows.T + FEW_SHOT_RIDGE * torch.eye(len(rows))
    weights = rows.T @ torch.linalg.solve(kernel, shown - prior)
    return lambda frames, video: scale(frames) @ weights + prior


def _fit_verbs(see: View, context: Tensor, labels: Tensor, seeds: Sequence[int]) -> list[Score]:
    model = VerbKernel()
    model.fit(see(context), labels)
    return [lambda frames, video: model.predict(see(frames))] * len(seeds)


def _fit_base_verbs(see: View, task: FewShotTask, seed: int) -> Learn:
    """Verbs of the base actions say something of the novel ones; the examples teach the rest."""
    seen, verbs = see(task.context), VerbRegression()
    verbs.fit(seen, task.labels, task.base)

    def learn(examples: Tensor) -> Score:
        model = VerbKernel(KernelOptions(smoothing=FEW_SHOT_RIDGE), verbs)
        model.fit_rest(seen[examples], task.show(examples))
        return lambda frames, video: model.predict(see(frames))

    return learn


def _fit_verb_networks(see: View, context: Tensor, labels: Tensor, seeds: Sequence[int]) -> list[Score]:
    def train(seed: int) -> Score:
        network = train_verb_network(see(context), labels, VERBS, seed)
        return lambda frames, video: network.predict(see(frames))

    return [train(seed) for seed in seeds]


def _fit_base_verb_network(see: View, task: FewShotTask, seed: int) -> Learn:
    """What the verbs of base actions say of novel ones; the examples teach the rest, as they do for regressions."""
    seen = see(task.context)
    network = train_verb_network(seen, task.labels, VERBS, seed, task.base)

    def learn(examples: Tensor) -> Score:
        rest = GraphKernel(KernelOptions(smoothing=FEW_SHOT_RIDGE))
        rest.fit(seen[examples], task.show(examples) - network.predict(seen[examples]))
        return lambda frames, video: network.predict(see(frames)) + rest.predict(see(frames))

    return learn


def _fit_committee(context: Tensor, labels: Tensor, seeds: Sequence[int]) -> list[Score]:
    [verbs] = _fit_verbs(see_all, context, labels, [0])
    return [_join(verbs, network) for network in _fit_verb_networks(see_all, context, labels, seeds)]


def _fit_base_committee(task: FewShotTask, seed: int) -> Learn:
    verbs, network = _fit_base_verbs(see_all, task, seed), _fit_base_verb_network(see_all, task, seed)
    return lambda examples: _join(verbs(examples), network(examples))


def _join(verbs: Score, network: Score) -> Score:
    """Both models' scores, added."""
    return lambda frames, video: verbs(frames, video) + NETWORK_WEIGHT * network(frames, video)


def _build_linear(id: str, label: str, see: View) -> GraphModel:
    return GraphModel(id, label, True, partial(_fit_networks, GraphLinear, LINEAR, see), partial(_fit_base_rows, see))


def _build_mlp(id: str, label: str, see: View) -> GraphModel:
    return GraphModel(id, label, True, partial(_fit_networks, GraphMlp, MLP, see), partial(_fit_base_mlp, see))


def _build_verbs(id: str, label: str, see: View) -> GraphModel:
    return GraphModel(id, label, False, partial(_fit_verbs, see), partial(_fit_base_verbs, see))


GRAPH_MODELS = {
    model.id: model
    for model in (
        _build_linear("objects-linear", "Objects, linear", see_objects),
        _build_mlp("objects-mlp", "Objects, MLP", see_objects),
        _build_linear("graph-linear", "Graph, linear", see_graph),
        _build_mlp("graph-mlp", "Graph, MLP", see_graph),
        _build_verbs("graph-verbs", "Graph, verbs and kernel", keep_frame),
        _build_verbs("video-objects-verbs", "Objects of the video, verbs and kernel", see_video_objects),
        _build_verbs("video-verbs", "Graphs of the video, verbs and kernel", see_all),
        GraphModel(
            "video-network",
            "Graphs of the video, verb network",
            True,
            partial(_fit_verb_networks, see_all),
            partial(_fit_base_verb_network, see_all),
        ),
        GraphModel(
            "video-all", "Graphs of the video, verbs, kernel and network", True, _fit_committee, _fit_base_committee
        ),
    )
}
"""By id, in the order of the tables; the last four see the other annotated frames of the video as well."""
