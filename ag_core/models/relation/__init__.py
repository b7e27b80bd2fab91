"""Relation heads, built from the catalog. Each is a plain `RelationHead`; the baseline is not a special case."""

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from torch import Tensor

from ag_core.catalog import HOME_WORLD, explain_missing_head, find_detector, find_relation_head
from ag_core.errors import UserError
from ag_core.models.checkpoints import check_earlier_weights, load_checkpoint
from ag_core.models.pairs import PairBatch
from ag_core.models.references import import_reference, select_own_arguments
from ag_core.models.relation.frequency import FrequencyHead
from ag_core.models.relation.head import RelationHead, RelationLogits
from ag_core.models.relation.losses import Mean, PairTargets, mean_or_zero
from ag_core.models.relation.reldn import RelDnHead
from ag_core.presets import RelationPreset

__all__ = [
    "FrequencyHead",
    "PairLosses",
    "RelDnHead",
    "RelationHead",
    "RelationLogits",
    "build_relation_head",
    "find_relation_loss",
    "load_relation_head",
]


class PairLosses(Protocol):
    """A head's loss: terms by name, to be added up. `mean` takes the means over pairs."""

    def __call__(
        self, batch: PairBatch, logits: RelationLogits, targets: PairTargets, mean: Mean = mean_or_zero
    ) -> dict[str, Tensor]: ...


def build_relation_head(head: str, preset: RelationPreset | None = None) -> RelationHead:
    """A head of the catalog with fresh weights, at demo size unless another preset of it is given.

    UserError lists the known heads.
    """
    entry = find_relation_head(head)
    build: Callable[..., RelationHead] = import_reference(entry.build)
    return build(**select_own_arguments(entry.preset() if preset is None else preset, RelationPreset))


def load_relation_head(
    head: str, folder: Path, preset: RelationPreset | None = None, detector_weights: Path | None = None
) -> tuple[RelationHead, dict[str, str]]:
    """A head with the weights in `folder`, and what its file says of itself.

    UserError as `load_checkpoint`, where there are none, and where it was trained on region features of another
    detector than that in `detector_weights`, which is the same folder unless given.
    """
    entry = find_relation_head(head)
    chosen: RelationPreset = entry.preset() if preset is None else preset
    built = build_relation_head(head, chosen)
    path = entry.weights_path(folder)
    if not path.is_file():
        raise UserError(explain_missing_head(head, folder))
    metadata = load_checkpoint(path, built, chosen.name, head)
    detector_file = find_detector(HOME_WORLD).weights_path(detector_weights or folder)
    check_earlier_weights(path, metadata, "detector", detector_file)
    return built, metadata


def find_relation_loss(head: str) -> PairLosses:
    """The loss that a head of the catalog is trained with; UserError lists the known heads."""
    loss: PairLosses = import_reference(find_relation_head(head).loss)
    return loss
