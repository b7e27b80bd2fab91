"""MoveNet Lightning as an ONNX file, from the two files of its TensorFlow.js version.

That is Google's single-pose model as a graph model with weights in half precision. Only the network is taken, from the
scaled picture to its four maps; which point is where is computed from them in `ag_core.models.movenet`.
"""

from collections.abc import Sequence
from pathlib import Path

from ag_core.models.foreign.tfjs import convert_graph_model
from ag_core.models.onnx_writing import write_onnx

SIDE, CELLS = 192, 48
_FIRST = "StatefulPartitionedCall/sub_1"
_LAST = {
    "StatefulPartitionedCall/center_0/conv2d_4/BiasAdd": 1,
    "StatefulPartitionedCall/kpt_heatmap_0/conv2d_5/BiasAdd": 17,
    "StatefulPartitionedCall/kpt_regress_0/conv2d_6/BiasAdd": 34,
    "StatefulPartitionedCall/kpt_offset_0/conv2d_7/BiasAdd": 34,
}
"""Where the network ends, with the channels of each map."""


def convert_movenet(files: Sequence[Path], out: Path) -> None:
    """Write the network of two files, its graph and its weights, as an ONNX file.

    UserError as `convert_graph_model`.
    """
    graph, weights = (file.read_bytes() for file in files)
    inputs = {_FIRST: [1, 3, SIDE, SIDE]}
    outputs = {name: [1, channels, CELLS, CELLS] for name, channels in _LAST.items()}
    write_onnx(out, convert_graph_model(graph, weights, inputs, outputs))
