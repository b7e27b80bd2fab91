"""The recipes of the detectors."""

from dataclasses import dataclass, replace


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
    proposals_train=(800, 300),
    regions_per_image=128,
)
"""For small objects: a level with a cell every four pixels, anchors of half the size, and twice the regions to learn
from, of which large objects would take nearly all."""

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
