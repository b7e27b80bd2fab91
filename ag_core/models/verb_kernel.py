"""Ours for actions from annotated graphs: verbs that are shared over objects, and kernel regression on what they leave.

A verb regression says what a person has to do with the action's own object; a graph kernel learns from the remaining
errors of the training frames whatever is special to one action. Neither has a random start.
"""

from torch import Tensor

from ag_core.models.graph_kernel import GraphKernel, KernelOptions
from ag_core.models.verb_regression import VerbRegression


class VerbKernel:
    """Scores of the 157 actions for contexts [N,S,35,26]; about 0 to 1, but not bounded."""

    def __init__(self, options: KernelOptions = KernelOptions(), verbs: VerbRegression | None = None) -> None:
        self.verbs, self.kernel = verbs or VerbRegression(), GraphKernel(options)

    def fit(self, context: Tensor, labels: Tensor) -> None:
        """Learn from labels [N,157] of 0 and 1."""
        self.verbs.fit(context, labels)
        self.fit_rest(context, labels)

    def fit_rest(self, context: Tensor, labels: Tensor) -> None:
        """Learn what verbs that are fitted already leave of labels [N,157], which may be of a few frames alone."""
        self.kernel.fit(context, labels - self.verbs.predict(context))

    def predict(self, context: Tensor) -> Tensor:
        """[M,157] scores."""
        return self.verbs.predict(context) + self.kernel.predict(context)
