"""TensorFlow.js graphs as ONNX files: the same numbers as torch gives, and a sentence for what is not known."""

import base64
import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch.nn import functional

from ag_core.errors import UserError
from ag_core.models.foreign.tfjs import convert_graph_model
from ag_core.models.onnx_writing import write_onnx

Array = NDArray[Any]
RNG = np.random.default_rng(0)


def draw(*sizes: int) -> Array:
    return RNG.standard_normal(sizes).astype(np.float16)


ARRAYS: dict[str, Array] = {
    "around": np.array([[0, 0], [0, 0], [1, 1], [1, 1]], np.int32),
    "last": np.array([0, 2, 3, 1], np.int32),
    "second": np.array([0, 3, 1, 2], np.int32),
    "flat": np.array([0, 2, 1], np.int32),
    "kernel": draw(3, 3, 3, 6),
    "bias": draw(6),
    "lowest": np.array(-np.inf, np.float16),
    "axis": np.array(1, np.int32),
    "half": np.array([4, 4], np.int32),
    "parts": np.array([5, 7], np.int32),
    "shape": np.array([1, 5, -1], np.int32),
    "places": np.zeros((0, 1), np.int32),
    "rank": np.array([3], np.int32),
    "none": np.zeros(0, np.int32),
    "zero": np.array(0, np.int32),
}
WINDOW = {
    "padding": {"s": base64.b64encode(b"VALID").decode()},
    "data_format": {"s": base64.b64encode(b"NHWC").decode()},
    "strides": {"list": {"i": ["1", "2", "2", "1"]}},
    "ksize": {"list": {"i": ["1", "3", "3", "1"]}},
}
HALF_PIXELS = {"half_pixel_centers": {"b": True}}
NODES: list[tuple[str, str, list[str], dict[str, Any]]] = [
    ("Placeholder", "images", [], {}),
    ("Pad", "padded", ["images", "around"], {}),
    ("Transpose", "turned", ["padded", "last"], {}),
    ("Conv2D", "conv", ["turned", "kernel"], WINDOW),
    ("Add", "biased", ["conv", "bias"], {}),
    ("Transpose", "back", ["biased", "second"], {}),
    ("LeakyRelu", "bent", ["back"], {"alpha": {"f": 0.1}}),
    ("PadV2", "wide", ["bent", "around", "lowest"], {}),
    ("Transpose", "wide_last", ["wide", "last"], {}),
    ("MaxPool", "pooled", ["wide_last"], WINDOW),
    ("Transpose", "pooled_second", ["pooled", "second"], {}),
    ("Transpose", "bent_last", ["bent", "last"], {}),
    ("ResizeBilinear", "resized", ["bent_last", "half"], HALF_PIXELS),
    ("Transpose", "resized_second", ["resized", "second"], {}),
    ("AddV2", "summed", ["resized_second", "pooled_second"], {}),
    ("ConcatV2", "joined", ["summed", "pooled_second", "axis"], {}),
    ("SplitV", "split", ["joined", "parts", "axis"], {}),
    ("Sigmoid", "scores", ["split"], {}),
    ("SparseToDense", "nothing", ["places", "rank", "none", "zero"], {}),
    ("AddV2", "sizes", ["shape", "nothing"], {}),
    ("Reshape", "rows", ["scores", "sizes"], {}),
    ("Transpose", "cells", ["rows", "flat"], {}),
    ("Identity", "Identity", ["cells"], {}),
]


def make_model(
    nodes: list[tuple[str, str, list[str], dict[str, Any]]], more: dict[str, Array] | None = None
) -> tuple[bytes, bytes]:
    """A graph model as TensorFlow.js writes it: its JSON file, and its weights, floats in half precision."""
    arrays = ARRAYS | (more or {})
    graph = [{"op": op, "name": name, "input": read, "attr": attributes} for op, name, read, attributes in nodes]
    graph += [{"op": "Const", "name": name} for name in arrays]
    listed = [
        {"name": name, "shape": list(values.shape)}
        | (
            {"dtype": "int32"}
            if values.dtype == np.int32
            else {"dtype": "float32", "quantization": {"dtype": "float16"}}
        )
        for name, values in arrays.items()
    ]
    sizes = {"images:0": [1, 3, 16, 16], "Identity:0": [1, 16, 5]}
    described = {name: {"tensorShape": {"dim": [{"size": str(size)} for size in of]}} for name, of in sizes.items()}
    model = {
        "modelTopology": {"node": graph},
        "weightsManifest": [{"paths": ["w.bin"], "weights": listed}],
        "signature": {
            "inputs": {"images:0": described["images:0"]},
            "outputs": {"Identity:0": described["Identity:0"]},
        },
    }
    return json.dumps(model).encode(), b"".join(values.tobytes() for values in arrays.values())


def test_the_onnx_file_gives_the_same_numbers(tmp_path: Path) -> None:
    graph = convert_graph_model(*make_model(NODES))
    kinds = [node.kind for node in graph.nodes]
    assert kinds == [
        "Conv",
        "LeakyRelu",
        "Resize",
        "MaxPool",
        "Add",
        "Concat",
        "Split",
        "Sigmoid",
        "Reshape",
        "Transpose",
        "Identity",
    ]  # no transposition of images is left, no padding, no bias on its own
    write_onnx(tmp_path / "small.onnx", graph)
    network = cv2.dnn.readNetFromONNX(str(tmp_path / "small.onnx"))
    image = RNG.standard_normal((1, 3, 16, 16)).astype(np.float32)
    network.setInput(image)
    kernel, bias = (torch.from_numpy(ARRAYS[name].astype(np.float32)) for name in ("kernel", "bias"))
    bent = functional.conv2d(torch.from_numpy(image), kernel.permute(3, 2, 0, 1), bias, stride=2, padding=1)
    bent = functional.leaky_relu(bent, 0.1)
    pooled = functional.max_pool2d(bent, 3, 2, 1)
    resized = functional.interpolate(bent, size=(4, 4), mode="bilinear")
    joined = torch.cat([resized + pooled, pooled], 1)
    wanted = joined[:, :5].sigmoid().reshape(1, 5, -1).permute(0, 2, 1)
    assert np.abs(network.forward() - wanted.numpy()).max() < 1e-5


def test_a_part_of_a_graph_with_fused_convolutions_gives_the_same_numbers(tmp_path: Path) -> None:
    def describe(ops: list[str], step: int = 1) -> dict[str, Any]:
        fused = {"list": {"s": [base64.b64encode(op.encode()).decode() for op in ops]}}
        same = {"s": base64.b64encode(b"SAME").decode()}
        return WINDOW | {"padding": same, "strides": {"list": {"i": ["1", step, step, "1"]}}, "fused_ops": fused}

    nodes: list[tuple[str, str, list[str], dict[str, Any]]] = [
        ("Cast", "scaled", ["images"], {}),  # not known here, and not needed
        ("_FusedConv2D", "first", ["scaled", "kernel", "bias"], describe(["BiasAdd", "Relu6"], step=2)),
        ("FusedDepthwiseConv2dNative", "each", ["first", "depth", "bias"], describe(["BiasAdd", "Relu"])),
        ("DepthwiseConv2dNative", "bare", ["each", "depth"], describe([])),
        ("_FusedConv2D", "mixed", ["bare", "mix", "bias"], describe(["BiasAdd"])),
        ("AddV2", "sum", ["mixed", "each"], {}),
    ]
    more = {"depth": draw(3, 3, 6, 1), "mix": draw(1, 1, 6, 6)}
    graph = convert_graph_model(*make_model(nodes, more), {"scaled": [1, 3, 9, 12]}, {"sum": [1, 6, 5, 6]})
    write_onnx(tmp_path / "part.onnx", graph)
    network = cv2.dnn.readNetFromONNX(str(tmp_path / "part.onnx"))
    image = RNG.standard_normal((1, 3, 9, 12)).astype(np.float32)
    network.setInput(image)
    weights = {name: torch.from_numpy(values.astype(np.float32)) for name, values in (ARRAYS | more).items()}
    depth = weights["depth"].permute(2, 3, 0, 1)
    padded = functional.pad(torch.from_numpy(image), (0, 1, 1, 1))  # an odd number of pixels lacks: more at the end
    first = functional.conv2d(padded, weights["kernel"].permute(3, 2, 0, 1), weights["bias"], 2).clamp(0, 6)
    each = functional.conv2d(first, depth, weights["bias"], padding=1, groups=6).relu()
    bare = functional.conv2d(each, depth, padding=1, groups=6)
    wanted = functional.conv2d(bare, weights["mix"].permute(3, 2, 0, 1), weights["bias"]) + each
    assert np.abs(network.forward() - wanted.numpy()).max() < 1e-4

    nodes[1] = ("_FusedConv2D", "first", ["scaled", "kernel", "bias"], describe(["BiasAdd", "Elu"]))
    with pytest.raises(UserError, match=r"does BiasAdd, Elu behind a convolution, which is not known here"):
        convert_graph_model(*make_model(nodes, more), {"scaled": [1, 3, 9, 12]}, {"sum": [1, 6, 5, 6]})


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"LeakyRelu": "Softplus"}, "the operator Softplus of this TensorFlow.js model is not known here"),
        ({"PadV2": "Pad"}, "pads in a way that is not known here"),
    ],
)
def test_unknown_graphs_are_refused(change: dict[str, str], said: str) -> None:
    nodes = [
        (change.get(op, op), name, read[: 2 if change.get(op) == "Pad" else None], how) for op, name, read, how in NODES
    ]
    with pytest.raises(UserError, match=said):
        convert_graph_model(*make_model(nodes))


def test_weights_that_do_not_fit_are_refused() -> None:
    model, weights = make_model(NODES)
    with pytest.raises(UserError, match=r"the weights have [\d,]+ bytes, and those that are listed [\d,]+; fetch them"):
        convert_graph_model(model, weights + b"more")
    with pytest.raises(UserError, match=r"this is no TensorFlow\.js graph model that can be converted"):
        convert_graph_model(b"{}", weights)
