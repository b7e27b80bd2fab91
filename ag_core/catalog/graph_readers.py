"""The readers of actions in scene graphs alone; and with them all that may score actions in a prediction."""

from dataclasses import replace
from pathlib import Path

from ag_core import presets
from ag_core.catalog.entries import REAL_ANNOTATIONS, ActionModelEntry, GraphReaderEntry, Style, index_by_id
from ag_core.catalog.video_models import ACTION_MODELS

GRAPH_READER = "graph"

IN_RUN = "@"
"""Between the id of a scorer and the model run that it belongs to."""

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
    """A scorer's name on screen; an unknown id, as a store of elsewhere may hold, stays as it is.

    Of a scorer within another model run (`name_in_run`) with that run.
    """
    scorer, _, run = model.partition(IN_RUN)
    label = list_scorers()[scorer].label if scorer in list_scorers() else scorer
    return f"{label} ({run.removeprefix('prediction:').replace('+', ' + ')})" if run else label


def get_model_style(model: str) -> Style:
    """A scorer's colours and line; dotted within another model run, grey for an unknown one."""
    scorer, _, run = model.partition(IN_RUN)
    style = list_scorers()[scorer].style if scorer in list_scorers() else Style("#66718A", "#9AA5B8")
    return replace(style, line="dot") if run else style


def name_in_run(model: str, run: str) -> str:
    """A scorer's id where the scores of a model run stand beside those of another."""
    return f"{model}{IN_RUN}{run}"
