"""Every relation head at a size for tests."""

from ag_core.presets import (
    GraphRcnnPreset,
    MessagePreset,
    PairMemoryPreset,
    RegionHeadPreset,
    RelationPreset,
    RelDnPreset,
    SttranPreset,
)


def list_tiny_heads(feature_size: int, map_channels: int, name: str = "relation-tiny") -> dict[str, RelationPreset]:
    """A very small preset of every head of the catalog by its id, for region features and head maps of these sizes."""
    return {
        "reldn": RelDnPreset(name, feature_size, (10, 8), 6),
        "frequency": RelationPreset(name),
        "vrd": RegionHeadPreset(name, feature_size),
        "imp": MessagePreset(name, feature_size, 8, 2),
        "msdn": MessagePreset(name, feature_size, 8, 2),
        "graph-rcnn": GraphRcnnPreset(name, feature_size, 8, True),
        "graph-rcnn-equal": GraphRcnnPreset(name, feature_size, 8, False),
        "sttran": SttranPreset(name, feature_size, 8, 4, 4, 2, 8, 2, 8),
        "pair-memory": PairMemoryPreset(name, feature_size, map_channels, 8, 2, 1, 4, 0.1, 0.5),
    }
