"""The recipes of the clip networks, and of the bank heads behind them."""

from dataclasses import dataclass, replace

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
    region_step        every how many of the clip's frames are searched for regions
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
    region_step: int = 1
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


@dataclass(frozen=True, kw_only=True)
class BodyPreset(VideoPreset):
    """A clip network on the frozen maps of an I3D, whose own recipe is `body`."""

    body: I3dPreset

    @property
    def frames_per_map(self) -> int:
        """Frames of a clip for one map of the body, which pools pairs of the frames that its stem leaves."""
        return 2 * self.body.stem_stride[0]


@dataclass(frozen=True, kw_only=True)
class TimeceptionPreset(BodyPreset):
    """Timeception: segments of so many frames, groups and number of its layers, width of the layer before the last."""

    segment_frames: int
    groups: int
    layers: int
    hidden: int

    def __post_init__(self) -> None:
        if self.frames % self.segment_frames or self.segment_frames % self.frames_per_map:
            raise ValueError(
                f"{self.name} needs frames in segments of {self.segment_frames}, and these in groups of "
                f"{self.frames_per_map}"
            )

    @property
    def feature_size(self) -> int:
        """Length of a video's feature vector."""
        return self.hidden


@dataclass(frozen=True, kw_only=True)
class StrgPreset(BodyPreset):
    """Videos as region graphs: width of a node, and layers of each of the three graphs."""

    width: int
    layers: int

    def __post_init__(self) -> None:
        if self.region_step != self.frames_per_map:
            raise ValueError(f"{self.name} needs region_step {self.frames_per_map}: regions in one frame of every map")

    @property
    def feature_size(self) -> int:
        """Length of a clip's feature vector: the body's beside what the graphs tell."""
        return self.body.feature_size + self.width


@dataclass(frozen=True, kw_only=True)
class SlowFastPreset(VideoPreset):
    """A SlowFast network: `pathway_strides` are (alpha, 1), the slow pathway first.

    blocks           bottlenecks of res2 to res5, in both pathways
    slow_temporal    in the slow pathway: how many first blocks of each stage span three frames; fast_temporal likewise
    nonlocal_blocks  (stage number 2 to 5, block) pairs followed by a non-local block, in the slow pathway
    base_width       channels of the slow stem and inner width of its res2; fast_width likewise
    alpha            frames of the fast pathway for one of the slow one
    lateral_kernel   frames that a lateral connection sees at once
    """

    blocks: tuple[int, int, int, int]
    slow_temporal: tuple[int, int, int, int]
    fast_temporal: tuple[int, int, int, int]
    nonlocal_blocks: tuple[tuple[int, int], ...]
    base_width: int
    fast_width: int
    alpha: int
    lateral_kernel: int

    def __post_init__(self) -> None:
        if self.pathway_strides != (self.alpha, 1) or self.frames % self.alpha:
            raise ValueError(
                f"{self.name} needs pathway strides ({self.alpha}, 1) and frames that {self.alpha} divides"
            )

    @property
    def feature_size(self) -> int:
        """Length of a clip's feature vector: res5 has 32 times the width in each pathway."""
        return 32 * (self.base_width + self.fast_width)


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

DEMO_SLOWFAST = SlowFastPreset(
    name="slowfast-demo",
    blocks=(1, 2, 3, 1),
    slow_temporal=(0, 0, 3, 1),
    fast_temporal=(1, 2, 3, 1),
    nonlocal_blocks=(),
    base_width=16,
    fast_width=4,
    alpha=4,
    lateral_kernel=5,
    frames=16,
    frame_step_s=1 / 6,
    size_wh=(160, 96),
    pathway_strides=(4, 1),
    latent_size=128,
)

DEMO_SLOWFAST_NL = replace(DEMO_SLOWFAST, name="slowfast-nl-demo", nonlocal_blocks=((4, 0), (4, 1), (4, 2)))

PAPER_SLOWFAST = SlowFastPreset(
    name="slowfast-paper",
    blocks=(3, 4, 23, 3),
    slow_temporal=(0, 0, 23, 3),
    fast_temporal=(3, 4, 23, 3),
    nonlocal_blocks=(),
    base_width=64,
    fast_width=8,
    alpha=4,
    lateral_kernel=5,
    frames=64,
    frame_step_s=1 / 12,
    size_wh=(224, 224),
    pathway_strides=(4, 1),
    latent_size=512,
    dropout=0.5,
)
"""SlowFast 16 x 8 R101, as it is trained on Charades: every second frame of 24 a second."""

PAPER_SLOWFAST_NL = replace(
    PAPER_SLOWFAST,
    name="slowfast-nl-paper",
    slow_temporal=(0, 0, 6, 3),
    fast_temporal=(3, 4, 6, 3),
    nonlocal_blocks=((4, 6), (4, 13), (4, 20)),
)
"""In the layout 101-50-50, the one that its authors publish with non-local blocks."""

DEMO_TIMECEPTION = TimeceptionPreset(
    name="timeception-demo",
    body=DEMO_VIDEO,
    segment_frames=8,
    groups=8,
    layers=4,
    hidden=128,
    frames=256,
    frame_step_s=None,
    size_wh=DEMO_VIDEO.size_wh,
    latent_size=128,
    dropout=0.25,
)

PAPER_TIMECEPTION = TimeceptionPreset(
    name="timeception-paper",
    body=PAPER_VIDEO,
    segment_frames=8,
    groups=16,
    layers=4,
    hidden=512,
    frames=1024,
    frame_step_s=None,
    size_wh=PAPER_VIDEO.size_wh,
    latent_size=512,
    dropout=0.25,
)

DEMO_STRG = StrgPreset(
    name="strg-demo",
    body=DEMO_VIDEO,
    width=128,
    layers=3,
    frames=DEMO_VIDEO.frames,
    frame_step_s=DEMO_VIDEO.frame_step_s,
    size_wh=DEMO_VIDEO.size_wh,
    regions_per_frame=10,
    region_step=4,
    latent_size=128,
)

PAPER_STRG = StrgPreset(
    name="strg-paper",
    body=PAPER_VIDEO,
    width=512,
    layers=3,
    frames=PAPER_VIDEO.frames,
    frame_step_s=PAPER_VIDEO.frame_step_s,
    size_wh=PAPER_VIDEO.size_wh,
    regions_per_frame=50,
    region_step=2,
    latent_size=512,
)
