"""Recipes of the readers of scene graphs."""

from dataclasses import dataclass


@dataclass(frozen=True)
class GraphReaderPreset:
    """A reader of scene graphs: the width of its hidden layer, and how much of that is dropped in training."""

    name: str
    width: int
    dropout: float


DEMO_GRAPH_READER = GraphReaderPreset("graph-reader-demo", 512, 0.7)
