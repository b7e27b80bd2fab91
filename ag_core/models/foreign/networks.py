"""The networks of others that become ours: how each is recognised, what it becomes, and what stays different."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from torch import Tensor

from ag_core.catalog import HOME_WORLD
from ag_core.errors import UserError
from ag_core.models.foreign.sttran import (
    DETECTOR_DIFFERENCES,
    RELATION_DIFFERENCES,
    convert_detector,
    convert_relations,
)
from ag_core.models.foreign.taking import ForeignTensors, Taken
from ag_core.models.foreign.torchvision import convert_coco_detector, convert_resnet
from ag_core.models.foreign.video import convert_bank_head, convert_clip_network
from ag_core.models.foreign.video_layouts import (
    CAFFE2,
    MMACTION_I3D,
    MMACTION_SLOWFAST,
    PYSLOWFAST,
    PYTORCHVIDEO_I3D,
    PYTORCHVIDEO_SLOWFAST,
    VideoLayout,
)


@dataclass(frozen=True)
class ForeignNetwork:
    """A network of others that can become one of ours.

    label        what it is, in words
    model        id in the catalog of what it becomes, of which preset
    parts        prefixes that names in its file begin with, each at least once; without: prefixes that none begins with
    convert      foreign tensors and ours by name to what becomes of them
    whole        whether every tensor of ours must come from it; else what does not is left to be learned
    trained_on   what it was trained on, in words; where nobody knows, the rows of `classifier` tell
    differences  what is not as in the original, a part of a sentence each
    """

    label: str
    model: str
    preset: str
    parts: tuple[str, ...]
    convert: Callable[[ForeignTensors, Mapping[str, Tensor]], dict[str, Taken]]
    whole: bool
    trained_on: str = ""
    differences: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    classifier: str = ""

    def matches(self, state: Mapping[str, Tensor]) -> bool:
        """Whether some tensors are this network."""
        has = {part: any(name.startswith(part) for name in state) for part in (*self.parts, *self.without)}
        return all(has[part] for part in self.parts) and not any(has[part] for part in self.without)

    def name_training_data(self, state: Mapping[str, Tensor]) -> str:
        """What it was trained on; of a video network what the number of its classes tells."""
        if self.trained_on:
            return self.trained_on
        classes = len(state[self.classifier]) if self.classifier in state else 0
        known = {157: "Charades", 174: "Something-Something", 400: "Kinetics-400", 600: "Kinetics-600"}
        return known.get(classes, f"videos of {classes} classes" if classes else "videos")


_NORMALISED = "images are brought to our detector's mean and spread, so that the outermost pixels see another border"
_TO_LEARN = "the predictor of classes and boxes is left to be learned: COCO's 80 classes are others"

_LIKE_LFB = (
    "the last stage keeps its resolution and non-local blocks of res3 look at groups of four frames, as in LFB; "
    "weights that were trained otherwise answer otherwise, and are a start of training"
)
_ALPHA = (
    "the fast pathway sees four frames for one of the slow one, as in 8 x 8 and 16 x 8; weights that were trained with "
    "eight are a start of training"
)
_STRIDED = "its stem keeps a part of the frames and ours all, so its classifier is left out"
_NO_RELU = "what the fast pathway tells passes a ReLU here and none there, so its classifier is left out"
_CLIP_NORMALISED = (
    "clips are brought to our mean and spread, so that their outermost pixels and frames see another border"
)


def _list_video_networks(
    label: str,
    models: tuple[str, ...],
    layout: VideoLayout,
    parts: tuple[str, ...],
    *differences: str,
    without: tuple[str, ...] = (),
) -> tuple[ForeignNetwork, ...]:
    """A clip network of a toolbox as each of the models that it can become."""
    return tuple(
        ForeignNetwork(
            label=label,
            model=model,
            preset="paper",
            parts=parts,
            without=without,
            convert=partial(convert_clip_network, layout),
            whole=False,
            differences=differences,
            classifier=layout.classifier + layout.ends["weight"],
        )
        for model in models
    )


_I3D, _SLOWFAST = ("i3d",), ("slowfast", "slowfast-nl")

FOREIGN_NETWORKS = (
    ForeignNetwork(
        label="STTran's detector",
        model=HOME_WORLD,
        preset="sttran",
        parts=("RCNN_base.", "RCNN_top."),
        convert=convert_detector,
        whole=True,
        trained_on="Action Genome",
        differences=DETECTOR_DIFFERENCES,
    ),
    ForeignNetwork(
        label="STTran's relation model",
        model="sttran",
        preset="sttran",
        parts=("glocal_transformer.",),
        convert=convert_relations,
        whole=True,
        trained_on="Action Genome",
        differences=RELATION_DIFFERENCES,
    ),
    ForeignNetwork(
        label="torchvision's COCO Faster R-CNN",
        model=HOME_WORLD,
        preset="paper",
        parts=("backbone.body.", "backbone.fpn.", "rpn.head."),
        convert=convert_coco_detector,
        whole=False,
        trained_on="COCO",
        differences=(_NORMALISED, _TO_LEARN),
    ),
    ForeignNetwork(
        label="a torchvision ResNet",
        model=HOME_WORLD,
        preset="paper",
        parts=("conv1.", "layer1.", "layer4."),
        convert=convert_resnet,
        whole=False,
        trained_on="ImageNet",
        differences=(_NORMALISED, "everything behind the body is left to be learned"),
    ),
    *_list_video_networks(
        "PySlowFast's SlowFast", _SLOWFAST, PYSLOWFAST, ("s1.pathway0_stem.", "s1.pathway1_stem."), _ALPHA
    ),
    *_list_video_networks(
        "PySlowFast's I3D", _I3D, PYSLOWFAST, ("s1.pathway0_stem.",), _LIKE_LFB, without=("s1.pathway1_stem.",)
    ),
    *_list_video_networks(
        "PyTorchVideo's SlowFast", _SLOWFAST, PYTORCHVIDEO_SLOWFAST, ("blocks.0.multipathway_blocks.1.",), _ALPHA
    ),
    *_list_video_networks(
        "PyTorchVideo's I3D", _I3D, PYTORCHVIDEO_I3D, ("blocks.0.conv.", "blocks.5.res_blocks."), _LIKE_LFB
    ),
    *_list_video_networks("caffe2's SlowFast", _SLOWFAST, CAFFE2, ("conv1_w", "t_conv1_w", "t_res5_0_"), _ALPHA),
    *_list_video_networks("caffe2's I3D", _I3D, CAFFE2, ("conv1_w", "res5_0_"), _LIKE_LFB, without=("t_conv1_w",)),
    *_list_video_networks(
        "mmaction2's SlowFast",
        _SLOWFAST,
        MMACTION_SLOWFAST,
        ("backbone.slow_path.", "backbone.fast_path."),
        _ALPHA,
        _NO_RELU,
        _CLIP_NORMALISED,
    ),
    *_list_video_networks(
        "mmaction2's I3D",
        _I3D,
        MMACTION_I3D,
        ("backbone.conv1.conv.", "backbone.layer4."),
        _LIKE_LFB,
        _STRIDED,
        _CLIP_NORMALISED,
    ),
    ForeignNetwork(
        label="caffe2's LFB",
        model="lfb",
        preset="paper",
        parts=("lfb_1x1_", "lfb_nl0_", "pred_"),
        convert=convert_bank_head,
        whole=True,
        trained_on="Charades",
        differences=("its clip network is another file: convert the weights of its first stage, too, with --as i3d",),
    ),
)


def find_network(state: Mapping[str, Tensor], model: str, path: Path) -> ForeignNetwork:
    """Which network some tensors are, of those that become a model.

    UserError where they are none that is known, which lists those that are, or one that becomes another model.
    """
    found = [network for network in FOREIGN_NETWORKS if network.matches(state)]
    if not found:
        known = ", ".join(dict.fromkeys(network.label for network in FOREIGN_NETWORKS))
        raise UserError(f"{path} holds no network that is known here; known are {known}")
    fitting = [network for network in found if network.model == model]
    if not fitting:
        becomes = " or ".join(network.model for network in found)
        raise UserError(f"{path} holds {found[0].label}, which becomes {becomes}, not {model}")
    return fitting[0]
