"""Action Genome Explorer: actions as evolving scene graphs, from video files to screens.

The names below are the library's public face, for a notebook or a script of one's own (docs/library.md). Each is loaded
when it is first used, so `import ag_core` takes no time and no torch.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ag_core.annotations.building.build import build_store as build_store
    from ag_core.annotations.readers.action_genome import read_action_genome as read_action_genome
    from ag_core.annotations.readers.charades import read_charades as read_charades
    from ag_core.annotations.showcase_store import open_store as open_store
    from ag_core.annotations.store import AnnotationStore as AnnotationStore
    from ag_core.errors import UserError as UserError
    from ag_core.evaluation.average_precision import compute_action_precision as compute_action_precision
    from ag_core.evaluation.graph_recall import compute_graph_recall as compute_graph_recall
    from ag_core.graphs.networks import to_networkx as to_networkx
    from ag_core.models.feature_bank import build_graph_bank as build_graph_bank
    from ag_core.models.feature_bank import compute_bank_times as compute_bank_times
    from ag_core.pipeline import load_models as load_models
    from ag_core.pipeline import predict_video as predict_video
    from ag_core.records import ActionInterval as ActionInterval
    from ag_core.records import ActionScores as ActionScores
    from ag_core.records import SceneGraph as SceneGraph
    from ag_core.records import Video as Video
    from ag_core.records import latest_graph_at as latest_graph_at
    from ag_core.results.prediction import Prediction as Prediction
    from ag_core.taxonomy import ACTIONS as ACTIONS
    from ag_core.taxonomy import OBJECT_CLASSES as OBJECT_CLASSES
    from ag_core.taxonomy import RELATIONS as RELATIONS
    from ag_core.video.frames import read_frames as read_frames

__version__ = "0.2.0"

_MODULES = {
    "ACTIONS": "taxonomy",
    "ActionInterval": "records",
    "ActionScores": "records",
    "AnnotationStore": "annotations.store",
    "OBJECT_CLASSES": "taxonomy",
    "Prediction": "results.prediction",
    "RELATIONS": "taxonomy",
    "SceneGraph": "records",
    "UserError": "errors",
    "Video": "records",
    "compute_bank_times": "models.feature_bank",
    "build_store": "annotations.building.build",
    "compute_action_precision": "evaluation.average_precision",
    "compute_graph_recall": "evaluation.graph_recall",
    "build_graph_bank": "models.feature_bank",
    "latest_graph_at": "records",
    "load_models": "pipeline",
    "open_store": "annotations.showcase_store",
    "predict_video": "pipeline",
    "read_action_genome": "annotations.readers.action_genome",
    "read_charades": "annotations.readers.charades",
    "read_frames": "video.frames",
    "to_networkx": "graphs.networks",
}
"""The module of each public name, below `ag_core`."""

__all__ = ["__version__", *_MODULES]


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module 'ag_core' has no attribute {name!r}; public names are {', '.join(_MODULES)}")
    value = getattr(importlib.import_module(f"ag_core.{_MODULES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
