"""Ours for actions from annotated graphs: verbs that are shared over objects, and kernel regression on what they leave.

A verb regression says what a person has to do with the action's own object; a graph kernel learns from the remaining
errors of the training frames whatever is special to one action. Neither has a random start.
"""

from collections.abc import Iterable

from torch import Tensor

from ag_core.models.graph_kernel import GraphKernel, KernelOptions
from ag_core.models.verb_regression import VerbRegression


class VerbKernel:
    """Scores of the 157 actions for contexts [N,S,35,26]; about 0 to 1, but not bounded."""

    def __init__(self, options: KernelOptions = KernelOptions()) -> None:
        self.verbs, self.kernel = VerbRegression(), GraphKernel(options)

    def fit(self, context: Tensor, labels: Tensor) -> None:
        """Learn from labels [N,157] of 0 and 1."""
        self.verbs.fit(context, labels)
        self.kernel.fit(context, labels - self.verbs.predict(context))

    def fit_examples(
        self, context: Tensor, labels: Tensor, examples: Tensor, shown: Tensor, base: Iterable[int]
    ) -> None:
        """Learn the verbs from the base actions of all frames, and all else from a few examples.

        examples  context [E,S,35,26] of the examples; shown [E,157] their labels
        """
        self.verbs.fit(context, labels, base)
        self.kernel.fit(examples, shown - self.verbs.predict(examples))

    def predict(self, context: Tensor) -> Tensor:
        """[M,157] scores."""
        return self.verbs.predict(context) + self.kernel.predict(context)
