"""COCO detectors from ONNX files through OpenCV: YOLOX and NanoDet, told apart by the shapes of their outputs.

Needs no torch weights and no network. Only classes that Action Genome has are returned. What a file takes and gives is
checked before it is used, and one sentence says in what it differs. A file may be a network of the right shape and
still no detector: what it answers is checked when it is loaded and for every image, and refused where it cannot be
boxes and scores.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torchvision.ops import batched_nms

from ag_core.boxes import clip_boxes
from ag_core.errors import UserError
from ag_core.models import nanodet, yolox
from ag_core.models.coco import list_classes_of, list_coco_names
from ag_core.models.onnx_header import NEEDED, OnnxHeader, read_onnx_header
from ag_core.records import Detections

USUAL_SIDE = 416
"""Of the input where the file leaves it open."""
MAX_SIDE = 2048
SIDES_STEP = 32
MIN_BOX_SIDE = 0.1
"""In pixels, the precision of results: a box that is thinner in the image shows nothing, such as one in the padding."""

_ROUNDING = 1e-3
"""By so much may a score miss 0 to 1."""

_LIMIT = 1e6
"""No value of an answer, and no coordinate of a box in pixels, comes near it."""

Shape = tuple[int, ...]
Image = NDArray[np.uint8]
Floats = NDArray[np.float32]


@dataclass(frozen=True)
class OutputLayout:
    """What a kind of detector takes and gives.

    name       as in prediction files
    letterbox  image and side to the input, the scale, and where in the input the image begins (x, y)
    decode     output [cells, columns] and side to boxes [cells,4] in input pixels and scores [cells,80]
    scores     which columns are scores
    """

    name: str
    letterbox: Callable[[Image, int], tuple[Floats, float, tuple[int, int]]]
    decode: Callable[[Floats, int], tuple[Floats, Floats]]
    scores: slice


YOLOX = OutputLayout("yolox", yolox.letterbox, yolox.decode, slice(4, None))
NANODET = OutputLayout("nanodet", nanodet.letterbox, nanodet.decode, slice(0, nanodet.N_CLASSES))


def find_layout(shapes: Sequence[Shape], side: int) -> OutputLayout | None:
    """The layout of a network with these outputs for an input of `side` pixels; None for any other network."""
    whole = _join_shapes(shapes)
    if whole is None:
        return None
    cells, columns = whole
    if len(shapes) == 1 and whole == (yolox.count_cells(side), yolox.N_COLUMNS):
        return YOLOX
    bins, rest = divmod(columns - nanodet.N_CLASSES, 4)
    return NANODET if bins >= nanodet.MIN_BINS and not rest and nanodet.find_strides(side, cells) else None


def _join_shapes(shapes: Sequence[Shape]) -> tuple[int, int] | None:
    """Cells and columns of all outputs together; None where they are not rows of cells."""
    if not all(len(shape) == 3 and shape[0] == 1 for shape in shapes):
        return None
    if len(shapes) == 1:
        return shapes[0][1], shapes[0][2]
    scores = {shape[1]: shape[2] for shape in shapes if shape[2] == nanodet.N_CLASSES}
    sides = {shape[1]: shape[2] for shape in shapes if shape[2] != nanodet.N_CLASSES}
    paired = len(scores) + len(sides) == len(shapes) and scores.keys() == sides.keys() and len(set(sides.values())) == 1
    return (sum(scores), nanodet.N_CLASSES + next(iter(sides.values()))) if paired else None


def join_outputs(outputs: Sequence[Floats]) -> Floats:
    """One output [cells, columns] of what `find_layout` knows: levels with more cells first, scores before boxes."""
    if len(outputs) == 1:
        only: Floats = outputs[0][0]
        return only
    ordered = sorted(outputs, key=lambda one: (-one.shape[1], one.shape[2] != nanodet.N_CLASSES))
    return np.concatenate([np.concatenate(pair, axis=2)[0] for pair in zip(ordered[::2], ordered[1::2])])


class OnnxDetector:
    """A YOLOX or NanoDet ONNX file as a `Detector`; one image costs tens of milliseconds on one core.

    layout  which of them it is. UserError, at loading and from `detect`, for a file that is neither, with what it is
    instead, or whose answers are no boxes and scores.
    """

    def __init__(self, path: Path, score_threshold: float = 0.05, overlap: float = 0.5) -> None:
        self.path = Path(path)
        self.score_threshold, self.overlap = score_threshold, overlap
        self._class_of_column = list_classes_of(list_coco_names())
        self.side = find_side(self.path, read_onnx_header(self.path))
        try:
            self._network = cv2.dnn.readNetFromONNX(str(path))
            self._names = self._network.getUnconnectedOutLayersNames()
            shapes = [output.shape for output in self._run(self._make_plain(0))]
        except cv2.error as error:
            reason = " ".join(str(error.err or error).split())[:120]
            raise UserError(f"{path} is an ONNX file that OpenCV cannot run ({reason}); {NEEDED}") from error
        layout = find_layout(shapes, self.side)
        if layout is None:
            raise UserError(f"{path} {explain_outputs(shapes, self.side)}; {NEEDED}")
        self.layout = layout
        for level in (0, 255):  # what is no detector shows it on black or on white
            self._forward(self._make_plain(level))

    def _make_plain(self, level: int) -> Floats:
        return np.full((1, 3, self.side, self.side), level, np.float32)

    def _run(self, blob: Floats) -> list[Floats]:
        self._network.setInput(blob)
        return [np.asarray(output) for output in self._network.forward(self._names)]

    def _forward(self, blob: Floats) -> Floats:
        """The checked output [cells, columns]."""
        output = join_outputs(self._run(blob))
        if not (np.abs(output) < _LIMIT).all():  # nan is not below it; OpenCV may make huge numbers of what is none
            raise UserError(
                f"{self.path} answers with values that are no numbers (nan or infinite); its weights are damaged, "
                "so fetch it again"
            )
        scores = output[:, self.layout.scores]
        if scores.min() < -_ROUNDING or scores.max() > 1 + _ROUNDING:
            raise UserError(
                f"{self.path} gives scores from {scores.min():.3g} to {scores.max():.3g}, and scores lie between 0 and "
                "1; export the model with its sigmoids, as the authors' own export does"
            )
        return output

    def detect(self, images: Sequence[Image]) -> list[Detections]:
        """One `Detections` per RGB image [H,W,3], best first, boxes clipped to the image."""
        return [self._detect(image) for image in images]

    def _detect(self, image: Image) -> Detections:
        blob, scale, corner = self.layout.letterbox(image, self.side)
        boxes, scores = self.layout.decode(self._forward(blob), self.side)
        scores = scores.clip(0, 1)
        rows, columns = np.nonzero((scores > self.score_threshold) & (self._class_of_column >= 0))
        if not (np.abs(boxes[rows]) < _LIMIT).all():
            raise UserError(f"{self.path} answers with boxes of no size; its weights are damaged, so fetch it again")
        placed = (boxes[rows] - np.array([*corner, *corner], np.float32)) / np.float32(scale)
        clipped = clip_boxes(placed, image.shape[1], image.shape[0])
        found = Detections(clipped, self._class_of_column[columns], scores[rows, columns])
        found = found[(clipped[:, 2:] - clipped[:, :2]).min(axis=1, initial=np.inf) >= MIN_BOX_SIDE]
        tensors = (torch.from_numpy(part) for part in (found.boxes_xyxy, found.scores, found.classes))
        return found[batched_nms(*tensors, self.overlap).numpy()]


def load_onnx_detector(path: Path, device: torch.device | str = "cpu") -> OnnxDetector:
    """The detector in a file. OpenCV runs it on the processor, whatever device the other models are on."""
    return OnnxDetector(path)


def find_side(path: Path, header: OnnxHeader) -> int:
    """The side of the square images that a network takes. UserError where it takes anything else."""
    wanted = "a detector here takes float32 images of [1, 3, 416, 416] or another square"
    if len(header.inputs) != 1:
        names = ", ".join(value.name for value in header.inputs)
        raise UserError(
            f"{path} takes {len(header.inputs)} inputs ({names}), and a detector takes images alone; {NEEDED}"
        )
    (images,) = header.inputs
    if images.element_type not in ("", "float32"):
        raise UserError(f"{path} takes images of {images.element_type}, and {wanted}; export it for float32")
    if not images.sizes:
        return USUAL_SIDE
    if len(images.sizes) != 4 or images.sizes[1] not in (0, 3) or images.sizes[0] > 1:
        layout = " (colours last)" if images.sizes[-1] == 3 else ""
        raise UserError(f"{path} takes images of {_format_shape(images.sizes)}{layout}, and {wanted}; {NEEDED}")
    height, width = images.sizes[2:]
    if not (height and width):
        return USUAL_SIDE
    if height != width or height % SIDES_STEP or height > MAX_SIDE:
        raise UserError(
            f"{path} takes images of {width} x {height}, and {wanted} of a multiple of {SIDES_STEP} up to {MAX_SIDE}; "
            "export it at 416 or 640"
        )
    return height


def explain_outputs(shapes: Sequence[Shape], side: int) -> str:
    """In what the outputs of a network differ from those of a detector that can be read; begins with a verb."""
    given = " and ".join(map(_format_shape, shapes[:3])) + (f" and {len(shapes) - 3} more" if shapes[3:] else "")
    cells, columns = yolox.count_cells(side), yolox.N_COLUMNS
    wanted = f"YOLOX at {side} gives [1, {cells}, {columns}]"
    if any(len(shape) == 4 and min(shape[2:]) > 1 for shape in shapes):
        return f"gives maps {given}, as a network for segmentation does, and {wanted}"
    if len(shapes) == 1 and len(shapes[0]) == 2:
        return f"gives {given}, as a network that names whole pictures does, and {wanted}"
    if len(shapes) == 1 and len(shapes[0]) == 3:
        rows, found = shapes[0][1:]
        if rows == cells and found != columns:
            return f"gives {given}, which in YOLOX's layout is {found - 5} classes instead of COCO's 80"
        if nanodet.find_strides(side, rows) is not None:
            return f"gives {given}; NanoDet for COCO's 80 classes gives 80 + 4 x (R + 1) columns, such as 112"
        if rows < found:
            return f"gives {given}, with cells in columns as newer YOLO exports have them, and {wanted}"
        if found == columns:
            return f"gives {given}, cells of another size of images than the {side} x {side} it takes, and {wanted}"
    return f"gives {given}, and {wanted}"


def _format_shape(shape: Shape) -> str:
    return f"[{', '.join(str(size) if size else 'open' for size in shape)}]"
