"""The recipes of the relation heads."""

from dataclasses import dataclass


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
    mask_channels  of the last convolution over the masks of where the boxes lie
    dropout        of features, attention and thought
    balance        0 to 1: how far rare relationships are evened out
    """

    map_channels: int
    width: int
    heads: int
    layers: int
    mask_channels: int
    dropout: float
    balance: float


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

DEMO_STTRAN = SttranPreset("sttran-demo", 256, 32, 16, 16, 8, 256, 3, 128)
PAPER_STTRAN = SttranPreset("sttran-paper", 1024, 512, 200, 256, 8, 2048, 3, 1024)
RELEASED_STTRAN = MapSttranPreset("sttran-released", 2048, 512, 200, 256, 8, 2048, 3, 1024, 1024 * 49)
"""On the region features of STTRAN_DETECTOR, as its authors trained it."""

DEMO_PAIR_MEMORY = PairMemoryPreset("pair-memory-demo", 256, 64, 192, 4, 2, 16, 0.1, 0.1)
PAPER_PAIR_MEMORY = PairMemoryPreset("pair-memory-paper", 1024, 256, 512, 8, 3, 64, 0.1, 0.1)
