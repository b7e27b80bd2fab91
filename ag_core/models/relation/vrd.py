"""The visual module of VRD: visual relationship detection with language priors (Lu et al. 2016), language dropped.

One linear judge of what the smallest box around person and object looks like. It sees neither box alone, nor the
object's class, nor where the boxes lie (methods C3).

Differences from the original: the network behind the union's features is the project's frozen detector instead of a
VGG-16 of its own, and the shared loss of three groups takes the place of the ranking loss, whose other half was the
language prior.
"""

from torch import nn

from ag_core.models.pairs import PairBatch
from ag_core.models.relation.head import N_OUTPUTS, RelationHead, RelationLogits


class VrdHead(RelationHead):
    """Scores z_k . f + b_k of the union's features f; `feature_size` is their length D."""

    def __init__(self, feature_size: int) -> None:
        super().__init__()
        self.judge = nn.Linear(feature_size, N_OUTPUTS)
        nn.init.normal_(self.judge.weight, std=0.01)
        nn.init.zeros_(self.judge.bias)

    def forward(self, batch: PairBatch) -> RelationLogits:
        return RelationLogits.from_outputs(self.judge(batch.union_features), batch.object_logits)  # [P, 26]
