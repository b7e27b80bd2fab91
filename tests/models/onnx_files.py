"""Small ONNX files of the right shape for YOLOX and NanoDet: every cell answers the same numbers."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from ag_core.models.onnx_writing import OnnxGraph, OnnxNode, write_onnx

STRIDES = (8, 16, 32)


def write_constant_detector(
    path: Path,
    answers: Mapping[int, float],
    *,
    columns: int = 85,
    size_hw: tuple[int, int] | None = (64, 64),
    transposed: bool = True,
    strides: Sequence[int] = STRIDES,
    parts: Sequence[int] = (),
    image: Sequence[int | str] | None = None,
) -> Path:
    """Write a network that answers `answers` (by column, 0 elsewhere) for every cell of its strides.

    size_hw  of the images that the file says it takes; None leaves it open
    parts    columns of each of several outputs a stride, as an older NanoDet has them; without it all are joined
    image    what the file says of its input instead
    """
    bias = np.zeros(columns, np.float32)
    bias[list(answers)] = list(answers.values())
    graph = OnnxGraph({"images": image or [1, 3, *(["h", "w"] if size_hw is None else size_hw)]})
    for stride in strides:
        graph.weights[f"w{stride}"] = np.zeros((columns, 3, stride, stride), np.float32)
        graph.weights[f"b{stride}"] = bias
        graph.weights[f"s{stride}"] = np.array([1, columns, -1], np.int64)
        sides = {"kernel_shape": [stride, stride], "strides": [stride, stride]}
        graph.nodes.append(OnnxNode("Conv", ["images", f"w{stride}", f"b{stride}"], [f"c{stride}"], sides))
        graph.nodes.append(OnnxNode("Reshape", [f"c{stride}", f"s{stride}"], [f"r{stride}"]))
        if parts:
            graph.nodes.append(OnnxNode("Transpose", [f"r{stride}"], [f"t{stride}"], {"perm": [0, 2, 1]}))
            names = [f"part{place}_{stride}" for place in range(len(parts))]
            graph.nodes.append(OnnxNode("Split", [f"t{stride}"], names, {"axis": 2, "split": list(parts)}))
            graph.outputs |= {name: [1, "cells", part] for name, part in zip(names, parts)}
    if not parts:
        last = "joined" if transposed else "output"
        graph.nodes.append(OnnxNode("Concat", [f"r{stride}" for stride in strides], [last], {"axis": 2}))
        if transposed:
            graph.nodes.append(OnnxNode("Transpose", [last], ["output"], {"perm": [0, 2, 1]}))
        graph.outputs["output"] = [1, "cells", columns]
    write_onnx(path, graph)
    return path
