"""A TensorFlow.js graph model as an ONNX file: the operators of small convolutional networks, nothing else.

Such a model is a JSON file with the graph and the list of the weights, and the weights one after the other in a second
file. TensorFlow keeps colours last, ONNX second: a value carries the order of its axes in TensorFlow beside the ONNX
value that lies below it, so that most of the transpositions of the graph are never written. Padding before a
convolution or pooling becomes part of it, and an addition behind a convolution becomes its bias.
"""

import base64
import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ag_core.errors import UserError
from ag_core.models.onnx_writing import Attribute, OnnxGraph, OnnxNode

COLOURS_LAST = (0, 2, 3, 1)
"""The axes of ONNX in the order of TensorFlow's images."""

Array = NDArray[Any]
Node = Mapping[str, Any]


@dataclass(frozen=True)
class GraphValue:
    """A value on its way through the graph.

    name     of the ONNX value below it
    order    which axis of the ONNX value each of its own is; None where they are in the same order
    padding  what TensorFlow put around it, [axes, 2] in its own order, and with which number; not yet written
    """

    name: str
    order: tuple[int, ...] | None = None
    padding: Array | None = None
    filling: float = 0.0

    def transposed(self, order: Sequence[int]) -> "GraphValue":
        """The same with its axes in another order."""
        below = tuple(self.order[axis] for axis in order) if self.order else tuple(order)
        padding = None if self.padding is None else self.padding[list(order)]
        return GraphValue(self.name, None if below == tuple(sorted(below)) else below, padding, self.filling)


Value = GraphValue | Array


def convert_graph_model(
    model: bytes,
    weights: bytes,
    inputs: Mapping[str, Sequence[int]] | None = None,
    outputs: Mapping[str, Sequence[int]] | None = None,
) -> OnnxGraph:
    """The graph of a model, with one input and its outputs in the order of their names.

    `inputs` and `outputs` name nodes with their ONNX sizes where only the part between them is wanted. Inputs so named
    are images with their colours second; outputs become so.
    UserError for what is no such model, for weights that do not fit, and for operators that are not known here.
    """
    try:
        described = json.loads(model)
        nodes = {node["name"]: node for node in described["modelTopology"]["node"]}
        arrays = read_weights(described["weightsManifest"], weights)
        conversion = _Conversion(nodes, arrays)
        if inputs is not None and outputs is not None:
            return conversion.convert_part(inputs, outputs)
        signature = described["signature"]
        whole = (
            {name.partition(":")[0]: _list_sizes(one) for name, one in sorted(signature[side].items())}
            for side in ("inputs", "outputs")
        )
        return conversion.convert(*whole)
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise UserError(f"this is no TensorFlow.js graph model that can be converted ({error!r})") from None


def read_weights(manifest: Sequence[Node], content: bytes) -> dict[str, Array]:
    """The weights by name, as float32 or int64. UserError where the file has more or fewer bytes than they take."""
    arrays, place = {}, 0
    for listed in (weights for group in manifest for weights in group["weights"]):
        stored = np.dtype(listed.get("quantization", listed)["dtype"]).newbyteorder("<")
        size = prod(listed["shape"]) * stored.itemsize
        values = np.frombuffer(content[place : place + size], stored).reshape(listed["shape"])
        arrays[listed["name"]] = values.astype(np.float32 if stored.kind == "f" else np.int64)
        place += size
    if place != len(content):
        raise UserError(
            f"the weights have {len(content):,} bytes, and those that are listed {place:,}; fetch them again"
        )
    return arrays


def _list_sizes(described: Node) -> list[int]:
    return [int(one["size"]) for one in described["tensorShape"]["dim"]]


class _Conversion:
    """One graph on its way to ONNX.

    made   the values of each node that was converted
    sizes  of the ONNX values that are images, [images, colours, height, width]
    """

    def __init__(self, nodes: Mapping[str, Node], arrays: Mapping[str, Array]) -> None:
        self.nodes, self.arrays = nodes, arrays
        self.graph = OnnxGraph()
        self.readers = Counter(name for node in nodes.values() for name in node.get("input", []))
        self.made: dict[str, list[Value]] = {}
        self.sizes: dict[str, list[int]] = {}

    def convert_part(self, inputs: Mapping[str, Sequence[int]], outputs: Mapping[str, Sequence[int]]) -> OnnxGraph:
        for name, sizes in inputs.items():
            self.graph.inputs[name], self.sizes[name] = sizes, list(sizes)
            self.made[name] = [GraphValue(name, COLOURS_LAST)]
        for place, (name, sizes) in enumerate(outputs.items()):
            below, _ = self._settle_image(self._find(name))
            self._add("Identity", [below], f"output-{place}")
            self.graph.outputs[f"output-{place}"] = sizes
        return self.graph

    def convert(self, inputs: dict[str, list[int]], outputs: dict[str, list[int]]) -> OnnxGraph:
        self.graph.inputs.update(inputs)
        self.sizes.update(inputs)
        self.made.update({name: [GraphValue(name)] for name in inputs})
        for name, sizes in outputs.items():
            self._add("Identity", [self._settle(self._find(name))], name)
            self.graph.outputs[name] = sizes
        return self.graph

    def _find(self, reference: str) -> Value:
        name, _, place = reference.partition(":")
        if name not in self.made:
            node = self.nodes[name]
            read = [self._find(one) for one in node.get("input", []) if not one.startswith("^")]
            make = _OPERATORS.get(node["op"])
            if make is None:
                raise UserError(f"the operator {node['op']} of this TensorFlow.js model is not known here")
            found = make(self, node, *read)
            self.made[name] = found if isinstance(found, list) else [found]
        return self.made[name][int(place or 0)]

    def _add(self, kind: str, inputs: Sequence[str], output: str, **attributes: Attribute) -> str:
        self.graph.nodes.append(OnnxNode(kind, inputs, [output], attributes))
        return output

    def _keep(self, name: str, values: Array) -> str:
        self.graph.weights[name] = np.ascontiguousarray(values)
        return name

    def _settle(self, value: Value) -> str:
        """The name of an ONNX value with the axes of this one in their order."""
        if not isinstance(value, GraphValue) or value.padding is not None:
            raise UserError("this TensorFlow.js model has a constant or a padding where none is known here")
        if value.order is None:
            return value.name
        name = f"{value.name}/{''.join(map(str, value.order))}"
        if not any(name in node.outputs for node in self.graph.nodes):
            self._add("Transpose", [value.name], name, perm=value.order)
        return name

    def _settle_image(self, value: Value, filling: float = 0.0) -> tuple[str, list[int]]:
        """The name of an ONNX value of an image, and the padding around it: top, left, bottom, right."""
        if not isinstance(value, GraphValue):
            raise UserError("this TensorFlow.js model has a constant where an image is expected")
        around = np.zeros((4, 2), np.int64) if value.padding is None else value.padding
        if around[[0, 3]].any() or (around.any() and value.filling != filling):
            raise UserError("this TensorFlow.js model pads in a way that is not known here")
        name = self._settle(GraphValue(value.name, value.order).transposed((0, 3, 1, 2)))
        return name, around[1:3].T.ravel().tolist()

    def _slide(
        self, kind: str, node: Node, image: str, pads: list[int], kernel: list[int], colours: int, groups: int = 1
    ) -> GraphValue:
        """A convolution or pooling whose window of `kernel` pixels goes over an image; weights are added by name."""
        before = self.sizes[image]
        steps, around = _read_steps(node, before[2:], kernel)
        pads = [one + other for one, other in zip(pads, around)]
        weights = [f"{node['name']}/kernel"] if kind == "Conv" else []
        how: dict[str, Attribute] = {"kernel_shape": kernel, "strides": steps, "pads": pads}
        name = self._add(kind, [image, *weights], node["name"], **how, **({"group": groups} if groups > 1 else {}))
        sides = [(before[2 + one] + pads[one] + pads[2 + one] - kernel[one]) // steps[one] + 1 for one in (0, 1)]
        self.sizes[name] = [before[0], colours, *sides]
        return GraphValue(name, COLOURS_LAST)

    # Operators of TensorFlow

    def make_constant(self, node: Node) -> Value:
        return self.arrays[node["name"]]

    def make_same(self, node: Node, value: Value) -> Value:
        return value

    def make_dense(self, node: Node, places: Array, shape: Array, values: Array, rest: Array) -> Value:
        if len(values):
            raise UserError("this TensorFlow.js model computes sizes in a way that is not known here")
        return np.full(shape.tolist(), rest)

    def make_transposed(self, node: Node, value: Value, order: Array) -> Value:
        return value.transposed(order.tolist()) if isinstance(value, GraphValue) else value.transpose(order.tolist())

    def make_padded(self, node: Node, value: GraphValue, padding: Array, filling: Array | float = 0.0) -> Value:
        return GraphValue(value.name, value.order, padding, float(filling))

    def make_convolution(self, node: Node, image: Value, weights: Array) -> Value:
        below, pads = self._settle_image(image)
        self._keep(f"{node['name']}/kernel", weights.transpose(3, 2, 0, 1))
        return self._slide("Conv", node, below, pads, list(weights.shape[:2]), weights.shape[3])

    def make_depthwise(self, node: Node, image: Value, weights: Array) -> Value:
        below, pads = self._settle_image(image)
        height, width, colours, each = weights.shape
        self._keep(f"{node['name']}/kernel", weights.transpose(2, 3, 0, 1).reshape(-1, 1, height, width))
        return self._slide("Conv", node, below, pads, [height, width], colours * each, groups=colours)

    def make_fused(self, node: Node, image: Value, weights: Array, bias: Array) -> Value:
        """A convolution with its bias, and what follows it."""
        make = self.make_convolution if node["op"] == "_FusedConv2D" else self.make_depthwise
        value = make(node, image, weights)
        assert isinstance(value, GraphValue)
        made = self.graph.nodes[-1]
        self.graph.nodes[-1] = OnnxNode(
            made.kind, [*made.inputs, self._keep(f"{node['name']}/bias", bias)], made.outputs, made.attributes
        )
        match _read_texts(node, "fused_ops"):
            case ["BiasAdd"]:
                return value
            case ["BiasAdd", "Relu"]:
                name = self._add("Relu", [value.name], f"{node['name']}/bent")
            case ["BiasAdd", "Relu6"]:
                ends = [self._keep_number(0.0), self._keep_number(6.0)]
                name = self._add("Clip", [value.name, *ends], f"{node['name']}/bent")
            case other:
                raise UserError(
                    f"this TensorFlow.js model does {', '.join(other)} behind a convolution, which is not known here"
                )
        self.sizes[name] = self.sizes[value.name]
        return GraphValue(name, value.order)

    def _keep_number(self, value: float) -> str:
        return self._keep(f"number-{value:g}", np.array(value, np.float32))

    def make_pooling(self, node: Node, image: Value) -> Value:
        below, pads = self._settle_image(image, -np.inf)
        kernel = [int(side) for side in node["attr"]["ksize"]["list"]["i"][1:3]]
        return self._slide("MaxPool", node, below, pads, kernel, self.sizes[below][1])

    def make_sum(self, node: Node, one: Value, other: Value) -> Value:
        if isinstance(one, GraphValue) and isinstance(other, GraphValue):
            if one.order != other.order:
                one, other = GraphValue(self._settle(one)), GraphValue(self._settle(other))
            name = self._add("Add", [one.name, other.name], node["name"])
            self.sizes[name] = self.sizes[one.name]
            return GraphValue(name, one.order)
        if isinstance(one, GraphValue):
            return self._add_bias(node, one, np.asarray(other))
        return self._add_bias(node, other, one) if isinstance(other, GraphValue) else np.asarray(one + other)

    def _add_bias(self, node: Node, value: GraphValue, bias: Array) -> Value:
        """A constant behind a convolution that nobody else reads becomes a part of it."""
        places = [place for place, made in enumerate(self.graph.nodes) if list(made.outputs) == [value.name]]
        made = self.graph.nodes[places[0]]
        if made.kind != "Conv" or len(made.inputs) != 2 or bias.ndim != 1 or self.readers[value.name] != 1:
            raise UserError("this TensorFlow.js model adds a constant to what is no convolution")
        name = self._keep(f"{node['name']}/bias", bias)
        self.graph.nodes[places[0]] = OnnxNode("Conv", [*made.inputs, name], made.outputs, made.attributes)
        return value

    def make_leaky(self, node: Node, value: GraphValue) -> Value:
        return self._make_each(node, value, "LeakyRelu", alpha=float(node["attr"]["alpha"]["f"]))

    def make_sigmoid(self, node: Node, value: GraphValue) -> Value:
        return self._make_each(node, value, "Sigmoid")

    def _make_each(self, node: Node, value: GraphValue, kind: str, **attributes: Attribute) -> Value:
        name = self._add(kind, [value.name], node["name"], **attributes)
        self.sizes[name] = self.sizes[value.name]
        return GraphValue(name, value.order)

    def make_joined(self, node: Node, *read: Value) -> Value:
        values = [value for value in read if isinstance(value, GraphValue)]
        order, axis = values[0].order, int(np.asarray(read[-1]))
        if any(value.order != order for value in values):
            raise UserError("this TensorFlow.js model joins images whose axes differ")
        axis = order[axis] if order else axis
        name = self._add("Concat", [value.name for value in values], node["name"], axis=axis)
        sizes = list(self.sizes[values[0].name])
        sizes[axis] = sum(self.sizes[value.name][axis] for value in values)
        self.sizes[name] = sizes
        return GraphValue(name, order)

    def make_parts(self, node: Node, value: GraphValue, lengths: Array, axis: Array) -> list[Value]:
        names = [f"{node['name']}:{place}" for place in range(len(lengths))]
        place = value.order[int(axis)] if value.order else int(axis)
        attributes = {"axis": place, "split": lengths.tolist()}
        self.graph.nodes.append(OnnxNode("Split", [value.name], names, attributes))
        for name, length in zip(names, lengths.tolist()):
            self.sizes[name] = [*self.sizes[value.name][:place], length, *self.sizes[value.name][place + 1 :]]
        return [GraphValue(name, value.order) for name in names]

    def make_reshaped(self, node: Node, value: Value, shape: Array) -> Value:
        sizes = self._keep(f"{node['name']}/shape", shape)
        return GraphValue(self._add("Reshape", [self._settle(value), sizes], node["name"]))

    def make_resized(self, node: Node, image: Value, size: Array) -> Value:
        if not node["attr"]["half_pixel_centers"]["b"]:
            raise UserError("this TensorFlow.js model measures from the corners of pixels, which is not known here")
        below, _ = self._settle_image(image)
        self.sizes[node["name"]] = [*self.sizes[below][:2], *size.tolist()]
        sizes = self._keep(f"{node['name']}/size", np.array(self.sizes[node["name"]], np.int64))
        how = {"mode": "linear", "coordinate_transformation_mode": "half_pixel"}
        return GraphValue(self._add("Resize", [below, "", "", sizes], node["name"], **how), COLOURS_LAST)


_OPERATORS: dict[str, Callable[..., Value | list[Value]]] = {
    "Const": _Conversion.make_constant,
    "Identity": _Conversion.make_same,
    "SparseToDense": _Conversion.make_dense,
    "Transpose": _Conversion.make_transposed,
    "Pad": _Conversion.make_padded,
    "PadV2": _Conversion.make_padded,
    "Conv2D": _Conversion.make_convolution,
    "DepthwiseConv2dNative": _Conversion.make_depthwise,
    "_FusedConv2D": _Conversion.make_fused,
    "FusedDepthwiseConv2dNative": _Conversion.make_fused,
    "MaxPool": _Conversion.make_pooling,
    "Add": _Conversion.make_sum,
    "AddV2": _Conversion.make_sum,
    "LeakyRelu": _Conversion.make_leaky,
    "Sigmoid": _Conversion.make_sigmoid,
    "ConcatV2": _Conversion.make_joined,
    "SplitV": _Conversion.make_parts,
    "Reshape": _Conversion.make_reshaped,
    "ResizeBilinear": _Conversion.make_resized,
}


def _read_texts(node: Node, attribute: str) -> list[str]:
    return [base64.b64decode(text).decode() for text in node["attr"][attribute]["list"]["s"]]


def _read_steps(node: Node, sides: Sequence[int], kernel: Sequence[int]) -> tuple[list[int], list[int]]:
    """By how many pixels a window goes on, down and to the right, and what it pads: top, left, bottom, right.

    UserError for other orders of axes, other paddings, and windows with gaps.
    """
    padding, order = (base64.b64decode(node["attr"][name]["s"]) for name in ("padding", "data_format"))
    gaps = node["attr"].get("dilations", {}).get("list", {}).get("i", [])
    if padding not in (b"VALID", b"SAME") or order != b"NHWC" or any(int(gap) != 1 for gap in gaps):
        raise UserError("this TensorFlow.js model pads or orders its axes in a way that is not known here")
    steps = [int(step) for step in node["attr"]["strides"]["list"]["i"][1:3]]
    if padding == b"VALID":
        return steps, [0, 0, 0, 0]
    lacking = [max((-(-side // step) - 1) * step + width - side, 0) for side, step, width in zip(sides, steps, kernel)]
    return steps, [lacking[0] // 2, lacking[1] // 2, lacking[0] - lacking[0] // 2, lacking[1] - lacking[1] // 2]
