"""Relation heads by name. Each is a plain `RelationHead`; the baseline is not a special case."""

from collections.abc import Callable

from ag_core.errors import UserError
from ag_core.models.relation.frequency import FrequencyHead
from ag_core.models.relation.head import RelationHead, RelationLogits
from ag_core.models.relation.reldn import RelDnHead
from ag_core.presets import DEMO_RELATION, RelationPreset

__all__ = ["RELATION_HEADS", "FrequencyHead", "RelDnHead", "RelationHead", "RelationLogits", "build_relation_head"]

RELATION_HEADS: dict[str, Callable[[RelationPreset], RelationHead]] = {
    "frequency": lambda preset: FrequencyHead(),
    "reldn": lambda preset: RelDnHead(preset.feature_size, preset.visual_widths, preset.spatial_width),
}
"""Name to a function from a preset to a head with fresh weights."""


def build_relation_head(name: str, preset: RelationPreset = DEMO_RELATION) -> RelationHead:
    """A head with fresh weights; UserError lists the known names."""
    if name not in RELATION_HEADS:
        raise UserError(f"there is no relation head {name!r}; known heads are {', '.join(RELATION_HEADS)}")
    return RELATION_HEADS[name](preset)
