"""The readers of actions in scene graphs alone; and with them all that may score actions in a prediction."""

from pathlib import Path

from ag_core import presets
from ag_core.catalog.entries import REAL_ANNOTATIONS, ActionModelEntry, GraphReaderEntry, Style, index_by_id
from ag_core.catalog.video_models import ACTION_MODELS

GRAPH_READER = "graph"

GRAPH_READERS: dict[str, GraphReaderEntry] = index_by_id(
    GraphReaderEntry(
        id=GRAPH_READER,
        label="Graph alone",
        about="reads the scene graph and nothing else, learned on real annotations",
        build="ag_core.models.graph_reader:GraphReader",
        presets={"demo": presets.DEMO_GRAPH_READER},
        weights_file="graph-reader.safetensors",
        trained_on=REAL_ANNOTATIONS,
        style=Style("#A03C8C", "#E79AD6"),
    ),
)


def list_scorers() -> dict[str, ActionModelEntry | GraphReaderEntry]:
    """All that may score actions in a prediction, by id."""
    return {**ACTION_MODELS, **GRAPH_READERS}


def list_ready_readers(weights: Path) -> list[GraphReaderEntry]:
    """The graph readers whose weights lie in a folder of weights."""
    return [entry for entry in GRAPH_READERS.values() if entry.weights_path(weights).is_file()]


def get_model_label(model: str) -> str:
    """A scorer's name on screen; an unknown id, as a store of elsewhere may hold, stays as it is."""
    return list_scorers()[model].label if model in list_scorers() else model
