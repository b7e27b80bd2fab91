"""Audits of a home world: how far an input that should not suffice gets, and what an input adds to another.

Each audit trains the same small network in the same loop for the same number of steps on another view of the exact
truth (or one picture), under the protocol of the action models: clips of 2.5 s, ten a video, the largest score. So what
differs between two audits is what they see. Nothing here is a model of the project, and nothing depends on one.
"""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from ag_core.experiments.clip import action_loss
from ag_core.experiments.datasets import PictureCache, WorldVideo
from ag_core.experiments.training_loop import Budget, Losses, Recipe, fit
from ag_core.models.feature_bank import graph_bank
from ag_core.presets import DEMO_VIDEO
from ag_core.records import frame_to_time
from ag_core.taxonomy import N_ACTIONS, N_CLASSES, N_RELATIONS
from ag_core.video.clips import clip_frames, view_times
from ag_core.world.export import SEEN_SHARE, SEEN_SHORT_SIDE, ag_view
from ag_core.world.truth import JOINTS, WorldTruth
from ag_core.world_audit.graph_distance import GraphSample

EVERY = 2
"""Moments are every second frame, as in the dense view: six a second."""

MOMENTS, MOMENT_S = DEMO_VIDEO.frames, DEMO_VIDEO.frame_step_s
"""A clip is 16 moments a sixth of a second apart, exactly what the clip network looks at."""

WIDTH = 96
STEPS, BATCH = 400, 64
SEEDS = (0, 1, 2)


@dataclass(frozen=True)
class Audit:
    """One input.

    sees     the parts of the truth, by their names in INPUTS, side by side; or 'picture', decoded
    moments  of the clip that are seen, the middle ones evenly: 16 all, 1 the middle; 0: all of the video, its maximum
    order    False: the moments come in random order, in training and in the test
    linear   True: the maximum over the moments and one linear layer, nothing else
    """

    key: str
    name: str
    sees: tuple[str, ...]
    moments: int = MOMENTS
    order: bool = True
    linear: bool = False


AUDITS: tuple[Audit, ...] = (
    Audit("presence_video", "presence in the whole video, linear", ("presence",), moments=0, linear=True),
    Audit("presence_linear", "presence, linear", ("presence",), linear=True),
    Audit("presence", "presence", ("presence",)),
    Audit("joints", "joints", ("joints",)),
    Audit("silhouette", "silhouette", ("silhouette",), moments=8),
    Audit("picture", "one picture", ("picture",), moments=1),
    Audit("joints_objects", "joints and objects", ("joints", "presence", "graphs")),
    Audit("graphs_one", "true graph of one moment", ("graphs",), moments=1),
    Audit("graphs_unordered", "true graphs in random order", ("graphs",), order=False),
    Audit("graphs_ordered", "true graphs in order", ("graphs",)),
)

COMPARISONS: tuple[tuple[str, str], ...] = (
    ("joints_objects", "presence"),
    ("joints_objects", "presence_video"),
    ("joints_objects", "joints"),
    ("graphs_ordered", "graphs_unordered"),
    ("graphs_ordered", "graphs_one"),
)
"""Pairs of audits: how much the first is above the second."""


# What an audit sees of a video, one row every second frame


def presence(video: WorldVideo) -> NDArray[np.float32]:
    """[F,36] whether each object class is clearly visible: 16 pixels and 30 % of it, as in the dense view."""
    rows = np.zeros((len(video.graphs), N_CLASSES), np.float32)
    for row, graph in zip(rows, video.graphs):
        row[graph.object_classes] = 1
    return rows


def graphs(video: WorldVideo) -> NDArray[np.float32]:
    """[F,875] the true graphs as the feature bank holds them."""
    return graph_bank(video.graphs)


def joints(video: WorldVideo) -> NDArray[np.float32]:
    """[F,106] the body without its place: joints about the pelvis in metres, turned to face one way, and speeds.

    17 joints (51), their change since the row before in metres a second (51), height of the pelvis, speed of the
    pelvis to the right and forward, and turn in radians a second.
    """
    return body_features(video.truth.joints[::EVERY].astype(np.float64), video.truth.fps / EVERY).astype(np.float32)


def body_features(points: NDArray[np.float64], rate_hz: float) -> NDArray[np.float64]:
    """[F,106] of joints [F,17,3] in metres, `rate_hz` rows a second, as `joints` says."""
    pelvis = points[:, JOINTS.index("pelvis")]
    across = points[:, JOINTS.index("right hip")] - points[:, JOINTS.index("left hip")]
    yaw = np.unwrap(np.arctan2(across[:, 1], across[:, 0]))
    cosine, sine = np.cos(yaw), np.sin(yaw)
    # Rows: the person's right, forward and up, in the room.
    turn = np.zeros((len(points), 3, 3))
    turn[:, 0, 0], turn[:, 0, 1], turn[:, 1, 0], turn[:, 1, 1], turn[:, 2, 2] = cosine, sine, -sine, cosine, 1
    body = np.einsum("fij,fkj->fki", turn, points - pelvis[:, None])
    walked = np.einsum("fij,fj->fi", turn, _change(pelvis) * rate_hz)
    parts = [body, _change(body) * rate_hz, pelvis[:, 2:], walked[:, :2], _change(yaw[:, None]) * rate_hz]
    return np.concatenate([part.reshape(len(points), -1) for part in parts], axis=1)


def silhouettes(video: WorldVideo) -> NDArray[np.bool_]:
    """[F,27,48] where the person is seen."""
    return video.truth.silhouette[::EVERY]


def _change(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The difference of each row to the row before; zero for the first."""
    return np.diff(values, axis=0, prepend=values[:1])


INPUTS: dict[str, Callable[[WorldVideo], NDArray]] = {
    "presence": presence,
    "joints": joints,
    "silhouette": silhouettes,
    "graphs": graphs,
}


@dataclass(frozen=True)
class Views:
    """What one audit sees of some videos: rows(video number) -> [F,...]; and how to cut clips out of them."""

    videos: Sequence[WorldVideo]
    audit: Audit
    rows: Callable[[int], NDArray]

    def example(self, number: int, centre_s: float) -> tuple[NDArray, NDArray[np.bool_]]:
        """The moments [T,...] of the clip around a time, and the labels [157] of the whole clip."""
        video, rows = self.videos[number], self.rows(number)
        if not self.audit.moments:
            return rows, video.labels
        truth = video.truth
        frames = clip_frames(centre_s, truth.fps, truth.n_frames, MOMENTS, MOMENT_S)
        first, last = (frame_to_time(frame, truth.fps) for frame in (frames[0], frames[-1]))
        seen = np.array(frames)[_middle(self.audit.moments)]
        return rows[(seen - 1) // EVERY], video.labels_between(first, last)


def _middle(count: int) -> NDArray[np.int64]:
    """`count` of the clip's moments, evenly spread: all of 16, or the middle one."""
    return ((np.arange(count) + 0.5) / count * MOMENTS).astype(np.int64)


def views_of(audit: Audit, videos: Sequence[WorldVideo], pictures: PictureCache) -> Views:
    """What an audit sees of videos: decoded pictures as they are asked for, everything else at once."""
    if audit.sees == ("picture",):
        return Views(videos, audit, lambda number: pictures.pictures(videos[number])[::EVERY])
    if len(audit.sees) == 1:
        kept = [INPUTS[audit.sees[0]](video) for video in videos]
    else:
        kept = [np.concatenate([INPUTS[name](video) for name in audit.sees], axis=1) for video in videos]
    if not audit.moments:
        kept = [rows.max(axis=0, keepdims=True) for rows in kept]
    return Views(videos, audit, kept.__getitem__)


# The network of all audits


class PictureEncoder(nn.Module):
    """Pictures [N,C,H,W] to [N,width]: three convolutions, the first in steps of `stride` pixels, and a coarse grid."""

    def __init__(self, channels: int, stride: int, width: int) -> None:
        super().__init__()
        self.convolutions = nn.Sequential(
            nn.Conv2d(channels, 16, 5, stride, 2),
            nn.ReLU(),
            nn.Conv2d(16, 32, 3, 2, 1),
            nn.ReLU(),
            nn.Conv2d(32, 64, 3, 2, 1),
            nn.ReLU(),
            nn.AdaptiveAvgPool2d((3, 5)),
        )
        self.linear = nn.Linear(64 * 15, width)

    def forward(self, pictures: Tensor) -> Tensor:
        return self.linear(self.convolutions(pictures).flatten(1))


class VectorEncoder(nn.Module):
    """Vectors [N,D] to [N,width], after scaling each entry as it varies in training."""

    def __init__(self, mean: Tensor, deviation: Tensor, width: int) -> None:
        super().__init__()
        self.mean, self.scale = mean, 1 / deviation.clamp(min=0.1)
        self.linear = nn.Linear(len(mean), width)

    def forward(self, vectors: Tensor) -> Tensor:
        return self.linear((vectors - self.mean) * self.scale)


class AuditNet(nn.Module):
    """Moments [B,T,...] to logits [B,157]: encoder, two convolutions over time, maximum and mean, classifier."""

    def __init__(self, encoder: nn.Module, width: int, linear: bool, prior: Tensor) -> None:
        super().__init__()
        self.encoder = encoder
        self.linear = linear
        if not linear:
            self.over_time = nn.ModuleList(nn.Conv1d(width, width, 3, padding=1) for _ in range(2))
            self.dropout = nn.Dropout(0.3)
            self.classifier = nn.Linear(2 * width, N_ACTIONS)
            nn.init.normal_(self.classifier.weight, std=0.01)
        self.bias = nn.Parameter(prior.clone())

    def forward(self, moments: Tensor) -> Tensor:
        if self.linear:
            return self.encoder(moments.amax(dim=1)) + self.bias
        encoded = functional.relu(self.encoder(moments.flatten(0, 1)))
        steps = encoded.unflatten(0, moments.shape[:2]).transpose(1, 2)  # [B,width,T]
        for convolution in self.over_time:
            steps = steps + functional.relu(convolution(steps))
        pooled = torch.cat([steps.amax(dim=2), steps.mean(dim=2)], dim=1)
        return self.classifier(self.dropout(pooled)) + self.bias


def build_net(views: Views) -> AuditNet:
    """The network for what an audit sees; starts at the prior and scale of its training clips."""
    audit = views.audit
    examples = [
        views.example(number, centre)
        for number, video in enumerate(views.videos)
        for centre in (view_times(video.truth.duration_s, 3) if audit.moments else (0.0,))
    ]
    share = (np.sum([labels for _, labels in examples], axis=0) + 0.1) / (len(examples) + 1)
    prior = torch.from_numpy(np.log(share / (1 - share))).float()
    shape = examples[0][0].shape[1:]
    width = N_ACTIONS if audit.linear else WIDTH
    encoder: nn.Module
    if len(shape) == 1:
        values = torch.from_numpy(np.concatenate([moments for moments, _ in examples]))
        encoder = VectorEncoder(values.mean(dim=0), values.std(dim=0), width)
        if audit.linear:
            nn.init.zeros_(encoder.linear.weight)
            nn.init.zeros_(encoder.linear.bias)
    else:
        encoder = PictureEncoder(3, 4, width) if len(shape) == 3 else PictureEncoder(1, 3, width)
    return AuditNet(encoder, width, audit.linear, prior)


def tensor_of(moments: NDArray) -> Tensor:
    """Moments [B,T,...] for the network: vectors as they are, pictures [B,T,C,H,W] from -0.5 to 0.5."""
    if moments.ndim == 3:
        return torch.from_numpy(moments)
    if moments.dtype == np.bool_:
        return torch.from_numpy(moments[:, :, None]).float() - 0.5
    return torch.from_numpy(np.moveaxis(moments, -1, 2)).float() / 255 - 0.5


def train(views: Views, seed: int, steps: int = STEPS, batch: int = BATCH) -> AuditNet:
    """A network trained on random clips of the videos, one of a video; the recipe is the same for all audits."""
    torch.manual_seed(seed)
    net = build_net(views).train()

    def losses(random: np.random.Generator) -> Losses:
        chosen = random.choice(len(views.videos), batch, replace=len(views.videos) < batch)
        examples = [views.example(n, random.uniform(0, views.videos[n].truth.duration_s)) for n in chosen]
        moments = np.stack([_in_order(moments, views.audit, random) for moments, _ in examples])
        labels = torch.from_numpy(np.stack([labels for _, labels in examples]))
        return {"action": action_loss(net(tensor_of(moments)), labels)}

    recipe = Recipe(Budget(steps=steps), learning_rate=2e-3, weight_decay=1e-2, seed=seed)
    fit(net, losses, recipe, report=lambda progress: None)
    return net


@torch.inference_mode()
def scores(net: AuditNet, views: Views) -> NDArray[np.float32]:
    """[V,157] the largest logit over the ten test views of each video."""
    net.eval()
    random = np.random.default_rng(0)
    found = []
    for number, video in enumerate(views.videos):
        centres = view_times(video.truth.duration_s) if views.audit.moments else (0.0,)
        moments = [_in_order(views.example(number, centre)[0], views.audit, random) for centre in centres]
        found.append(net(tensor_of(np.stack(moments))).amax(dim=0).numpy())
    return np.stack(found)


def _in_order(moments: NDArray, audit: Audit, random: np.random.Generator) -> NDArray:
    return moments if audit.order else moments[random.permutation(len(moments))]


@dataclass(frozen=True)
class AuditResult:
    """The scores [S,V,157] of an audit's trainings, one a seed, for the val videos; seconds that all of it took."""

    audit: Audit
    scores: NDArray[np.float32]
    seconds: float


def run_audit(
    audit: Audit,
    train_videos: Sequence[WorldVideo],
    val_videos: Sequence[WorldVideo],
    pictures: PictureCache,
    seeds: Sequence[int] = SEEDS,
    steps: int = STEPS,
) -> AuditResult:
    """Train an audit once a seed and score the val videos."""
    started = time.monotonic()
    known, asked = (views_of(audit, videos, pictures) for videos in (train_videos, val_videos))
    found = np.stack([scores(train(known, seed, steps), asked) for seed in seeds])
    return AuditResult(audit, found, time.monotonic() - started)


# Statistics of truths


def graph_sample(truths: Iterable[WorldTruth]) -> GraphSample:
    """The visible objects of the sparse view, as annotators of the release would have seen them."""
    counts, classes, relations = [], [np.zeros(0, np.int64)], [np.zeros((0, N_RELATIONS), bool)]
    for truth in truths:
        for shown in ag_view(truth):
            rows = np.array(shown.instances, np.int64)[np.array(shown.visible, bool)]
            counts.append(len(rows))
            classes.append(truth.classes[rows].astype(np.int64))
            relations.append(truth.relations[shown.frame - 1, rows])
    return GraphSample(np.array(counts, np.int64), np.concatenate(classes), np.concatenate(relations))


def seen_classes(video: WorldVideo) -> NDArray[np.bool_]:
    """[36] the object classes that are clearly visible at some moment of a video."""
    return presence(video).max(axis=0) > 0


def seen_boxes(truths: Iterable[WorldTruth]) -> tuple[NDArray[np.int64], NDArray[np.float32], NDArray[np.float32]]:
    """Class, shorter side in pixels and visibility of every visible box of every second frame; at least one truth."""
    parts: list[tuple[NDArray, NDArray, NDArray]] = []
    for truth in truths:
        boxes, visibility = truth.boxes_xyxy[::EVERY], truth.visibility[::EVERY]
        sides = (boxes[..., 2:] - boxes[..., :2]).min(axis=2)
        seen = (truth.area[::EVERY] > 0) & (sides >= SEEN_SHORT_SIDE) & (visibility >= SEEN_SHARE)
        classes = np.broadcast_to(truth.classes, seen.shape)
        parts.append((classes[seen].astype(np.int64), sides[seen], visibility[seen]))
    found, short_sides, shares = (np.concatenate(column) for column in zip(*parts))
    return found, short_sides, shares
