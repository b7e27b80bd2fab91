"""Named frozen recipes: the networks at paper size and at demo size. Plain numbers only; nothing here knows torch.

A recipe's `name` is written into the checkpoints trained from it, and a checkpoint is refused by any other recipe.
Variants are made with `dataclasses.replace`, with a name of their own.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

from ag_core.errors import UserError

Preset = TypeVar("Preset")


@dataclass(frozen=True)
class DetectorPreset:
    """A Faster R-CNN with a feature pyramid.

    backbone           'small' (own residual network) or 'resnet101'
    base_width         channels of the first stage of the small backbone
    strides            pyramid levels in use, pixels per cell; the small backbone offers 4, 8, 16, 32
    pyramid_channels   channels of every pyramid level
    anchor_sizes       side lengths in pixels, one tuple per pyramid level, equally many in each
    box_head_width     length D of a region's feature vector
    canonical_size     box side in pixels pooled from stride 16
    min_size, max_size short and long side in pixels to which images are scaled (aspect kept)
    proposals_*        region proposals before and after suppression
    """

    name: str
    backbone: str
    base_width: int
    strides: tuple[int, ...]
    pyramid_channels: int
    anchor_sizes: tuple[tuple[int, ...], ...]
    box_head_width: int
    canonical_size: int
    min_size: int
    max_size: int
    proposals_train: tuple[int, int]
    proposals_test: tuple[int, int]
    anchors_per_image: int
    regions_per_image: int
    detections_per_image: int = 100


@dataclass(frozen=True, kw_only=True)
class C4DetectorPreset(DetectorPreset):
    """A Faster R-CNN in the C4 layout on a ResNet of `base_width`: one map, and the last stage in the box head.

    blocks           bottlenecks of its four stages
    proposal_width   channels of the head that proposes regions
    overlap          of two boxes of a class, above which the worse one is dropped
    """

    blocks: tuple[int, int, int, int]
    proposal_width: int
    overlap: float


@dataclass(frozen=True)
class RelationPreset:
    """A relation head without numbers of its own. The fields that a subclass adds are its head's arguments."""

    name: str


@dataclass(frozen=True)
class RegionHeadPreset(RelationPreset):
    """A relation head that looks at region features of `feature_size`, the detector's box_head_width."""

    feature_size: int


@dataclass(frozen=True)
class RelDnPreset(RegionHeadPreset):
    """RelDN: the widths of its visual and spatial branches."""

    visual_widths: tuple[int, int]
    spatial_width: int


@dataclass(frozen=True)
class MessagePreset(RegionHeadPreset):
    """A head whose boxes and pairs exchange messages: the width of their states, and how many rounds there are."""

    width: int
    iterations: int


@dataclass(frozen=True)
class GraphRcnnPreset(RegionHeadPreset):
    """Graph R-CNN: the width of its nodes, and whether neighbours are weighed or count equally."""

    width: int
    attention: bool


@dataclass(frozen=True)
class SttranPreset(RegionHeadPreset):
    """STTran.

    part_width       numbers for person, object and union each; embedding_size: for the name of each of the two
    mask_channels    channels of the last convolution over the masks of the boxes
    heads, inner     heads of every attention, width of its feed-forward layers
    decoder_layers   layers over windows of two frames
    class_width      hidden width of the classifier of boxes
    """

    part_width: int
    embedding_size: int
    mask_channels: int
    heads: int
    inner: int
    decoder_layers: int
    class_width: int


@dataclass(frozen=True)
class MapSttranPreset(SttranPreset):
    """STTran that looks at the whole map of a union, flattened to `union_size` numbers."""

    union_size: int


@dataclass(frozen=True)
class PairMemoryPreset(RegionHeadPreset):
    """Pair memory.

    map_channels   of the head maps: the detector's pyramid_channels
    width          of a pair
    heads, layers  of the attention within a frame and through the video
    dropout        of features, attention and thought
    balance        0 to 1: how far rare relationships are evened out
    """

    map_channels: int
    width: int
    heads: int
    layers: int
    dropout: float
    balance: float


BANK_OPERATORS = ("non-local", "mean", "max")
"""What a bank head can take from its window."""


@dataclass(frozen=True, kw_only=True)
class VideoPreset:
    """A clip network with a bank head behind it: what every video model says (methods C12, C16).

    The fields that a subclass adds are its clip network's arguments; it also says how long a clip's feature is.

    frames, size_wh    the clip: frames and their pixels
    frame_step_s       seconds between frames; None spreads them evenly over the whole video
    pathway_strides    of each pathway of the network: every how many of the clip's frames it sees
    regions_per_frame  most regions that the network looks at in a frame of the clip; 0 for a network of whole frames
    operator           what a bank head takes from its window, one of BANK_OPERATORS
    latent_size, bank_layers        width and depth of the non-local bank operator
    bank_dropout, dropout           inside the operator, and before the classifier
    """

    name: str
    frames: int
    frame_step_s: float | None
    size_wh: tuple[int, int]
    pathway_strides: tuple[int, ...] = (1,)
    regions_per_frame: int = 0
    operator: str = "non-local"
    latent_size: int
    bank_layers: int = 2
    bank_dropout: float = 0.2
    dropout: float = 0.3

    @property
    def feature_size(self) -> int:
        """Length of a clip's feature vector."""
        raise NotImplementedError(f"{type(self).__name__} must say how long a clip's feature is")


@dataclass(frozen=True, kw_only=True)
class I3dPreset(VideoPreset):
    """An I3D ResNet with non-local blocks.

    blocks             bottlenecks of res2 to res5
    temporal_blocks    per stage, the blocks whose first convolution spans three frames
    nonlocal_blocks    (stage number 2 to 5, block) pairs followed by a non-local block
    nonlocal_group     frames per group inside res3's non-local blocks; None for all
    base_width         channels of the stem and inner width of res2
    stem_kernel        frames, height, width; stem_stride likewise
    last_stride        spatial stride of res5
    """

    blocks: tuple[int, int, int, int]
    temporal_blocks: tuple[tuple[int, ...], ...]
    nonlocal_blocks: tuple[tuple[int, int], ...]
    nonlocal_group: int | None
    base_width: int
    stem_kernel: tuple[int, int, int]
    stem_stride: tuple[int, int, int]
    last_stride: int

    @property
    def feature_size(self) -> int:
        """Length of a clip's feature vector: res5 has 32 times the base width."""
        return 32 * self.base_width


DEMO_DETECTOR = DetectorPreset(
    name="detector-demo",
    backbone="small",
    base_width=24,
    strides=(8, 16, 32),
    pyramid_channels=64,
    anchor_sizes=((14, 26), (44, 72), (120, 200)),
    box_head_width=256,
    canonical_size=112,
    min_size=270,
    max_size=480,
    proposals_train=(400, 150),
    proposals_test=(300, 100),
    anchors_per_image=128,
    regions_per_image=64,
    detections_per_image=50,
)

DEMO_STRIDE_4_DETECTOR = replace(
    DEMO_DETECTOR,
    name="detector-demo-stride-4",
    strides=(4, 8, 16, 32),
    anchor_sizes=((12, 20), (30, 46), (68, 104), (150, 220)),
)
"""For small objects: a level with a cell every four pixels, and anchors of half the size."""

PAPER_DETECTOR = DetectorPreset(
    name="detector-paper",
    backbone="resnet101",
    base_width=64,
    strides=(4, 8, 16, 32, 64),
    pyramid_channels=256,
    anchor_sizes=((32,), (64,), (128,), (256,), (512,)),
    box_head_width=1024,
    canonical_size=224,
    min_size=600,
    max_size=1000,
    proposals_train=(2000, 1000),
    proposals_test=(1000, 300),
    anchors_per_image=256,
    regions_per_image=512,
)

STTRAN_DETECTOR = C4DetectorPreset(
    name="detector-sttran",
    backbone="resnet101",
    base_width=64,
    strides=(16,),
    pyramid_channels=1024,
    anchor_sizes=((64, 128, 256, 512),),
    box_head_width=2048,
    canonical_size=224,
    min_size=600,
    max_size=2000,
    proposals_train=(12000, 2000),
    proposals_test=(6000, 100),
    anchors_per_image=256,
    regions_per_image=128,
    blocks=(3, 4, 23, 3),
    proposal_width=512,
    overlap=0.4,
)
"""The detector that STTran's authors published for Action Genome."""

DEMO_RELDN = RelDnPreset("relation-demo", 256, (384, 256), 64)
PAPER_RELDN = RelDnPreset("relation-paper", 1024, (1536, 1024), 64)
DEMO_FREQUENCY = RelationPreset("relation-demo")
PAPER_FREQUENCY = RelationPreset("relation-paper")
DEMO_VRD = RegionHeadPreset("vrd-demo", 256)
PAPER_VRD = RegionHeadPreset("vrd-paper", 1024)
DEMO_IMP = MessagePreset("imp-demo", 256, 128, 3)
PAPER_IMP = MessagePreset("imp-paper", 1024, 512, 3)
DEMO_MSDN = MessagePreset("msdn-demo", 256, 128, 2)
PAPER_MSDN = MessagePreset("msdn-paper", 1024, 1024, 2)
DEMO_GRAPH_RCNN = GraphRcnnPreset("graph-rcnn-demo", 256, 128, True)
PAPER_GRAPH_RCNN = GraphRcnnPreset("graph-rcnn-paper", 1024, 1024, True)
DEMO_GRAPH_RCNN_EQUAL = GraphRcnnPreset("graph-rcnn-equal-demo", 256, 128, False)
PAPER_GRAPH_RCNN_EQUAL = GraphRcnnPreset("graph-rcnn-equal-paper", 1024, 1024, False)

DEMO_STTRAN = SttranPreset("sttran-demo", 256, 64, 32, 16, 8, 512, 3, 128)
PAPER_STTRAN = SttranPreset("sttran-paper", 1024, 512, 200, 256, 8, 2048, 3, 1024)
RELEASED_STTRAN = MapSttranPreset("sttran-released", 2048, 512, 200, 256, 8, 2048, 3, 1024, 1024 * 49)
"""On the region features of STTRAN_DETECTOR, as its authors trained it."""

DEMO_PAIR_MEMORY = PairMemoryPreset("pair-memory-demo", 256, 64, 128, 4, 2, 0.2, 0.15)
PAPER_PAIR_MEMORY = PairMemoryPreset("pair-memory-paper", 1024, 256, 512, 8, 3, 0.2, 0.15)

DEMO_VIDEO = I3dPreset(
    name="video-demo",
    blocks=(1, 2, 2, 1),
    temporal_blocks=((0,), (0,), (0, 1), (0,)),
    nonlocal_blocks=((3, 1), (4, 1)),
    nonlocal_group=4,
    base_width=16,
    stem_kernel=(3, 5, 5),
    stem_stride=(2, 2, 2),
    last_stride=1,
    frames=16,
    frame_step_s=1 / 6,
    size_wh=(160, 96),
    latent_size=128,
)

PAPER_VIDEO = I3dPreset(
    name="video-paper",
    blocks=(3, 4, 23, 3),
    temporal_blocks=((0, 1, 2), (0, 2), tuple(range(0, 23, 2)), (1,)),
    nonlocal_blocks=((3, 1), (3, 3), (4, 6), (4, 13), (4, 20)),
    nonlocal_group=4,
    base_width=64,
    stem_kernel=(5, 7, 7),
    stem_stride=(1, 2, 2),
    last_stride=1,
    frames=32,
    frame_step_s=1 / 6,
    size_wh=(224, 224),
    latent_size=512,
)


def find_preset(presets: Mapping[str, Preset], name: str) -> Preset:
    """One of `presets` by its short name; UserError lists the known ones."""
    if name not in presets:
        raise UserError(f"there is no preset {name!r}; known presets are {', '.join(presets)}")
    return presets[name]
