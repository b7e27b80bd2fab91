"""Every model once: detectors, relation heads, clip networks and action models. Knows no torch and loads nothing.

An entry says what a model is called and looks like, what it needs, its presets, its weights file, and where its class
is (`build`, as 'module:name', imported only when the model is built). Pages, commands, caches, the worker, the JSON
schema and the tests read these tables; docs/adding_a_model.md shows how a model joins them.
"""

from ag_core.catalog.detectors import (
    DETECTORS,
    HOME_WORLD,
    find_detector,
)
from ag_core.catalog.entries import (
    COCO_DATA,
    DEFAULT_CLIP_NETWORK,
    DEFAULT_LOSS,
    DEFAULT_RELATION_HEAD,
    HOME_WORLD_DATA,
    REFINING_LOSS,
    TRANSITIONS,
    TRANSITIONS_FILE,
    ActionModelEntry,
    BankKind,
    ClipNetworkEntry,
    DetectorEntry,
    Entry,
    EntryType,
    Family,
    Need,
    RelationHeadEntry,
    Style,
    find_entry,
)
from ag_core.catalog.relation_heads import (
    RELATION_HEADS,
    explain_missing_head,
    find_relation_head,
    list_ready_heads,
)
from ag_core.catalog.video_models import (
    ACTION_MODELS,
    CLIP_NETWORKS,
    ORACLE,
    SGFB,
    find_action_model,
    find_clip_network,
    find_clip_networks,
    get_model_label,
    list_predicting_models,
)

__all__ = [
    "ACTION_MODELS",
    "CLIP_NETWORKS",
    "COCO_DATA",
    "DEFAULT_CLIP_NETWORK",
    "DEFAULT_LOSS",
    "DEFAULT_RELATION_HEAD",
    "DETECTORS",
    "HOME_WORLD",
    "HOME_WORLD_DATA",
    "ORACLE",
    "REFINING_LOSS",
    "RELATION_HEADS",
    "SGFB",
    "TRANSITIONS",
    "TRANSITIONS_FILE",
    "ActionModelEntry",
    "BankKind",
    "ClipNetworkEntry",
    "DetectorEntry",
    "Entry",
    "EntryType",
    "Family",
    "Need",
    "RelationHeadEntry",
    "Style",
    "explain_missing_head",
    "find_action_model",
    "find_clip_network",
    "find_clip_networks",
    "find_detector",
    "find_entry",
    "find_relation_head",
    "get_model_label",
    "list_predicting_models",
    "list_ready_heads",
]
