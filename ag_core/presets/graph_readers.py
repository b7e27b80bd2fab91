"""Recipes of the readers of scene graphs."""

from dataclasses import dataclass


@dataclass(frozen=True)
class GraphReaderPreset:
    """A reader of scene graphs: the widths of its perceptron and of its network of verbs, and how much of the hidden
    layers of each is dropped in training."""

    name: str
    width: int
    dropout: float
    verb_width: int
    verb_dropout: float


DEMO_GRAPH_READER = GraphReaderPreset("graph-reader-verbs", 512, 0.7, 192, 0.5)
