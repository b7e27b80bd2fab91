"""NanoDet-g as an ONNX file, from the two files of its TensorFlow.js version.

That is RangiLyu's NanoDet-g, trained on COCO, as a graph model with weights in half precision.
"""

from collections.abc import Sequence
from pathlib import Path

from ag_core.models.foreign.tfjs import convert_graph_model
from ag_core.models.onnx_writing import write_onnx


def convert_nanodet(files: Sequence[Path], out: Path) -> None:
    """Write the detector of two files, its graph and its weights, as an ONNX file.

    UserError as `convert_graph_model`.
    """
    graph, weights = files
    write_onnx(out, convert_graph_model(graph.read_bytes(), weights.read_bytes()))
