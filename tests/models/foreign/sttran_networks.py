"""STTran's networks at toy size, as their files name the parts (methods C1.1, C10, D2, D3), and what each computes.

Written from the description alone and without this project's models, so that a converted network can be held against
them.
"""

import torch
from torch import Tensor, nn

PIXEL_MEAN_BGR = torch.tensor([102.9801, 115.9465, 122.7717])[:, None, None]

DETECTOR_WIDTH = 4
BLOCKS = (1, 2, 2, 1)
REGION_SIZE, MAP_CHANNELS = 32 * DETECTOR_WIDTH, 16 * DETECTOR_WIDTH
PROPOSAL_WIDTH = 8
N_ANCHORS = 12


class CaffeBottleneck(nn.Module):
    """1 x 1 with the stride, 3 x 3, 1 x 1, and a shortcut."""

    def __init__(self, inputs: int, width: int, stride: int, first: bool) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, width, 1, stride, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.conv3 = nn.Conv2d(width, 4 * width, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(4 * width)
        if first:
            convolution = nn.Conv2d(inputs, 4 * width, 1, stride, bias=False)
            self.downsample: nn.Module = nn.Sequential(convolution, nn.BatchNorm2d(4 * width))
        else:
            self.downsample = nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        y = self.bn1(self.conv1(x)).relu()
        y = self.bn2(self.conv2(y)).relu()
        return torch.relu(self.bn3(self.conv3(y)) + self.downsample(x))


def make_layer(inputs: int, width: int, n: int, stride: int) -> nn.Sequential:
    rest = [CaffeBottleneck(4 * width, width, 1, False) for _ in range(n - 1)]
    return nn.Sequential(CaffeBottleneck(inputs, width, stride, True), *rest)


class ProposalNetwork(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.RPN_Conv = nn.Conv2d(MAP_CHANNELS, PROPOSAL_WIDTH, 3, 1, 1)
        self.RPN_cls_score = nn.Conv2d(PROPOSAL_WIDTH, 2 * N_ANCHORS, 1)
        self.RPN_bbox_pred = nn.Conv2d(PROPOSAL_WIDTH, 4 * N_ANCHORS, 1)

    def forward(self, base: Tensor) -> tuple[Tensor, Tensor]:
        """Probabilities of the foreground [B,A,H,W], and offsets [B,4A,H,W]."""
        seen = self.RPN_Conv(base).relu()
        scores = self.RPN_cls_score(seen).unflatten(1, (2, N_ANCHORS)).softmax(dim=1)
        return scores[:, 1], self.RPN_bbox_pred(seen)


class SttranDetector(nn.Module):
    """The parts that have weights."""

    def __init__(self, width: int = DETECTOR_WIDTH) -> None:
        super().__init__()
        self.RCNN_base = nn.Sequential(
            nn.Conv2d(3, width, 7, 2, 3, bias=False),
            nn.BatchNorm2d(width),
            nn.ReLU(),
            nn.MaxPool2d(3, 2, 0, ceil_mode=True),
            make_layer(width, width, BLOCKS[0], 1),
            make_layer(4 * width, 2 * width, BLOCKS[1], 2),
            make_layer(8 * width, 4 * width, BLOCKS[2], 2),
        )
        self.RCNN_rpn = ProposalNetwork()
        self.RCNN_top = nn.Sequential(make_layer(16 * width, 8 * width, BLOCKS[3], 2))
        self.RCNN_cls_score = nn.Linear(REGION_SIZE, 37)
        self.RCNN_bbox_pred = nn.Linear(REGION_SIZE, 148)

    def base(self, image_rgb: Tensor) -> Tensor:
        """The map [1,C,H/16,W/16] of a float image [3,H,W] from 0 to 255."""
        features: Tensor = self.RCNN_base((image_rgb.flip(0) - PIXEL_MEAN_BGR)[None])
        return features

    def describe(self, pooled: Tensor) -> Tensor:
        """[N,D] of maps [N,C,7,7]."""
        features: Tensor = self.RCNN_top(pooled).mean(3).mean(2)
        return features


WORDS, PART, MASK_CHANNELS, HEADS, INNER, CLASS_WIDTH = 4, 8, 6, 4, 16, 10
PAIR_WIDTH = 3 * PART + 2 * WORDS


class ObjectClassifier(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.obj_embed = nn.Embedding(36, WORDS)
        self.pos_embed = nn.Sequential(nn.BatchNorm1d(4), nn.Linear(4, 128), nn.ReLU(), nn.Dropout(0.1))
        self.decoder_lin = nn.Sequential(
            nn.Linear(REGION_SIZE + WORDS + 128, CLASS_WIDTH),
            nn.BatchNorm1d(CLASS_WIDTH),
            nn.ReLU(),
            nn.Linear(CLASS_WIDTH, 37),
        )


class GlobalLayer(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.multihead2 = nn.MultiheadAttention(PAIR_WIDTH, HEADS)
        self.linear1 = nn.Linear(PAIR_WIDTH, INNER)
        self.linear2 = nn.Linear(INNER, PAIR_WIDTH)
        self.norm3 = nn.LayerNorm(PAIR_WIDTH)

    def forward(self, pairs: Tensor, position: Tensor) -> Tensor:
        """[L,W] of the pairs of a window and the embedding of their frame in it."""
        heard, _ = self.multihead2((pairs + position)[:, None], (pairs + position)[:, None], pairs[:, None])
        pairs = self.norm3(pairs + heard[:, 0])
        decoded: Tensor = pairs + self.linear2(self.linear1(pairs).relu())
        return decoded


class Layers(nn.Module):
    def __init__(self, layers: list[nn.Module]) -> None:
        super().__init__()
        self.layers = nn.ModuleList(layers)


class Transformer(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.local_attention = Layers([nn.TransformerEncoderLayer(PAIR_WIDTH, HEADS, INNER)])
        self.global_attention = Layers([GlobalLayer() for _ in range(2)])
        self.position_embedding = nn.Embedding(2, PAIR_WIDTH)


class SttranRelations(nn.Module):
    """The relation model for given classes (predcls)."""

    def __init__(self) -> None:
        super().__init__()
        self.object_classifier = ObjectClassifier()
        self.union_func1 = nn.Conv2d(MAP_CHANNELS, MASK_CHANNELS, 1)
        self.conv = nn.Sequential(
            nn.Conv2d(2, MASK_CHANNELS // 2, 7, 2, 3),
            nn.ReLU(),
            nn.BatchNorm2d(MASK_CHANNELS // 2),
            nn.MaxPool2d(3, 2, 1),
            nn.Conv2d(MASK_CHANNELS // 2, MASK_CHANNELS, 3, 1, 1),
            nn.ReLU(),
            nn.BatchNorm2d(MASK_CHANNELS),
        )
        self.subj_fc = nn.Linear(REGION_SIZE, PART)
        self.obj_fc = nn.Linear(REGION_SIZE, PART)
        self.vr_fc = nn.Linear(MASK_CHANNELS * 49, PART)
        self.obj_embed = nn.Embedding(37, WORDS)
        self.obj_embed2 = nn.Embedding(37, WORDS)
        self.glocal_transformer = Transformer()
        self.a_rel_compress = nn.Linear(PAIR_WIDTH, 3)
        self.s_rel_compress = nn.Linear(PAIR_WIDTH, 6)
        self.c_rel_compress = nn.Linear(PAIR_WIDTH, 17)

    def describe(
        self, people: Tensor, objects: Tensor, unions: Tensor, masks: Tensor, labels: tuple[Tensor, Tensor]
    ) -> Tensor:
        """[P,W] from region features [P,D] twice, maps [P,C,7,7], masks [P,2,27,27] and labels (person 1) of both."""
        seen = self.vr_fc((self.union_func1(unions) + self.conv(masks)).flatten(1))
        names = [self.obj_embed(labels[0]), self.obj_embed2(labels[1])]
        return torch.cat([self.subj_fc(people), self.obj_fc(objects), seen, *names], dim=1)

    def judge_window(self, first: Tensor, second: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Attention, spatial and contact of the pairs of two neighbouring frames, those of the first frame first."""
        [encode] = self.glocal_transformer.local_attention.layers
        pairs = torch.cat([encode(frame[:, None])[:, 0] for frame in (first, second)])
        order = torch.tensor([0] * len(first) + [1] * len(second))
        position = self.glocal_transformer.position_embedding(order)
        for layer in self.glocal_transformer.global_attention.layers:
            pairs = layer(pairs, position)
        return (
            self.a_rel_compress(pairs).softmax(dim=1),
            self.s_rel_compress(pairs).sigmoid(),
            self.c_rel_compress(pairs).sigmoid(),
        )


def scramble(network: nn.Module, seed: int = 0) -> nn.Module:
    """The network in evaluation mode with random statistics too, so that no part is the identity."""
    random = torch.Generator().manual_seed(seed)
    for name, value in network.state_dict().items():
        if name.endswith("running_var") or ("bn" in name and name.endswith("weight")):
            value.copy_(torch.rand(value.shape, generator=random) + 0.5)
        elif value.is_floating_point():
            value.copy_(
                torch.randn(value.shape, generator=random) / max(1, value[0].numel() if value.ndim else 1) ** 0.5
            )
    return network.eval()
