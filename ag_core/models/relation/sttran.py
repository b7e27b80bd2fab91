"""STTran: the spatial-temporal transformer for dynamic scene graphs (Cong et al. 2021), a head of whole videos.

A pair is person, object and union features, where the two boxes lie in their union, and what they are called. A
spatial encoder relates the pairs of a frame; a temporal decoder relates those of two neighbouring frames, in windows
that slide by one frame. A frame's answer is that of the window in which it comes second (methods C10).

Differences from the original: the union is a feature vector instead of a map of 7 x 7 cells, but where `union_size`
says that it is that map. Map and masks were added and went through linear layers alone, so their sum became a sum of
two linear layers. Words are learned from nothing;
the classes have no background; a relatedness is judged beside the relationships; boxes are told to the classifier as
shares of the frame, and its logits are added to the detector's. A video of one frame, for which the original has no
window, is a window of its own. The shared cross-entropies take the place of the margin loss.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ag_core.models.pairs import PairBatch, rank_frames
from ag_core.models.relation.groups import PaddedGroups
from ag_core.models.relation.head import N_OUTPUTS, RelationHead, RelationLogits
from ag_core.models.relation.place_masks import CELLS, PlaceEncoder
from ag_core.taxonomy import N_CLASSES

DROPOUT = 0.1
PLACE_WIDTH = 128


class ClassRefiner(nn.Module):
    """Class logits [N,36] from what a box looks like, what the detector takes it for, and where it lies."""

    def __init__(self, feature_size: int, embedding_size: int, width: int) -> None:
        super().__init__()
        self.words = nn.Linear(N_CLASSES, embedding_size, bias=False)
        self.place = nn.Sequential(nn.BatchNorm1d(4), nn.Linear(4, PLACE_WIDTH), nn.ReLU(), nn.Dropout(DROPOUT))
        self.judge = nn.Sequential(
            nn.Linear(feature_size + embedding_size + PLACE_WIDTH, width),
            nn.BatchNorm1d(width),
            nn.ReLU(),
            nn.Linear(width, N_CLASSES),
        )

    def forward(self, batch: PairBatch) -> Tensor:
        frames = batch.frame_sizes_wh[batch.frame_of_box.clamp(min=0)]
        low, high = batch.boxes[:, :2] / frames, batch.boxes[:, 2:] / frames
        where = self.place(torch.cat([(low + high) / 2, high - low], dim=1))
        named = self.words(batch.object_logits.softmax(dim=1))
        logits: Tensor = self.judge(torch.cat([batch.object_features, named, where], dim=1))
        return logits


class SpatialEncoder(nn.Module):
    """One transformer layer, normalised after each sum: self-attention, then two linear layers."""

    def __init__(self, width: int, heads: int, inner: int) -> None:
        super().__init__()
        self.attention = nn.MultiheadAttention(width, heads, DROPOUT, batch_first=True)
        self.think = _make_feedforward(width, inner)
        self.after_attention, self.after_thought = nn.LayerNorm(width), nn.LayerNorm(width)
        self.drop = nn.Dropout(DROPOUT)

    def forward(self, pairs: Tensor, known: Tensor) -> Tensor:
        """[G,L,W] from pairs [G,L,W], of which only the known [G,L] are heard."""
        heard, _ = self.attention(pairs, pairs, pairs, key_padding_mask=~known, need_weights=False)
        pairs = self.after_attention(pairs + self.drop(heard))
        encoded: Tensor = self.after_thought(pairs + self.drop(self.think(pairs)))
        return encoded


class TemporalDecoder(nn.Module):
    """One layer over windows: queries and keys know which frame of the window they are of, values do not.

    As in the original, only the sum with the attention is normalised.
    """

    def __init__(self, width: int, heads: int, inner: int) -> None:
        super().__init__()
        self.attention = nn.MultiheadAttention(width, heads, DROPOUT, batch_first=True)
        self.think = _make_feedforward(width, inner)
        self.after_attention = nn.LayerNorm(width)
        self.drop = nn.Dropout(DROPOUT)

    def forward(self, pairs: Tensor, order: Tensor, known: Tensor) -> Tensor:
        """[G,L,W] from pairs [G,L,W] and the embedding [G,L,W] of the frame that each is of."""
        asked = pairs + order
        heard, _ = self.attention(asked, asked, pairs, key_padding_mask=~known, need_weights=False)
        pairs = self.after_attention(pairs + self.drop(heard))
        decoded: Tensor = pairs + self.drop(self.think(pairs))
        return decoded


def _make_feedforward(width: int, inner: int) -> nn.Sequential:
    return nn.Sequential(nn.Linear(width, inner), nn.ReLU(), nn.Dropout(DROPOUT), nn.Linear(inner, width))


@dataclass(frozen=True)
class Windows:
    """Pairs in windows of two neighbouring frames of a video; every row is a pair in a window.

    pair    [E] the pair
    window  [E] its window
    second  [E] 1 where the pair's frame is the second of the window, else 0
    kept    [E] whether the pair's answer is taken from here: each pair's is from one window
    """

    pair: Tensor
    window: Tensor
    second: Tensor
    kept: Tensor

    @staticmethod
    def of(batch: PairBatch) -> "Windows":
        """Frames are neighbours by their times, with pairs or without; a video of one frame is one window."""
        ranks, counts = rank_frames(batch)
        first = batch.video_of_frame * len(ranks) + ranks  # a number for the window that begins with each frame
        first, ranks, counts = (of_frame[batch.frame_of_pair] for of_frame in (first, ranks, counts))
        as_first = torch.nonzero((ranks < counts - 1) | (counts == 1))[:, 0]
        as_second = torch.nonzero(ranks > 0)[:, 0]
        return Windows(
            pair=torch.cat([as_first, as_second]),
            window=torch.cat([first[as_first], first[as_second] - 1]),
            second=torch.cat([torch.zeros_like(as_first), torch.ones_like(as_second)]),
            kept=torch.cat([ranks[as_first] == 0, torch.ones_like(as_second, dtype=torch.bool)]),
        )


class SttranHead(RelationHead):
    """STTran over region features of `feature_size` D.

    part_width       of person, object and union each; embedding_size of their names: a pair has 3 and 2 of these
    mask_channels    of the last convolution over the masks
    heads, inner     of every attention, and width of its feed-forward layers
    decoder_layers   of the temporal decoder
    class_width      hidden width of the classifier of boxes
    union_size       numbers that describe a union; None for D
    """

    whole_video = True
    refines_objects = True

    def __init__(
        self,
        feature_size: int,
        part_width: int,
        embedding_size: int,
        mask_channels: int,
        heads: int,
        inner: int,
        decoder_layers: int,
        class_width: int,
        union_size: int | None = None,
    ) -> None:
        super().__init__()
        self.refine_classes = ClassRefiner(feature_size, embedding_size, class_width)
        self.enter_subject = nn.Linear(feature_size, part_width)
        self.enter_object = nn.Linear(feature_size, part_width)
        self.enter_union = nn.Linear(union_size or feature_size, part_width)
        self.encode_places = PlaceEncoder(mask_channels)
        self.enter_places = nn.Linear(CELLS * mask_channels, part_width, bias=False)
        self.name_subject = nn.Embedding(N_CLASSES, embedding_size)
        self.name_object = nn.Embedding(N_CLASSES, embedding_size)
        self.pair_width = 3 * part_width + 2 * embedding_size
        self.encode_frame = SpatialEncoder(self.pair_width, heads, inner)
        self.frame_embedding = nn.Embedding(2, self.pair_width)
        self.decode_window = nn.ModuleList(
            TemporalDecoder(self.pair_width, heads, inner) for _ in range(decoder_layers)
        )
        self.judge = nn.Linear(self.pair_width, N_OUTPUTS)  # the three groups side by side, then relatedness

    def forward(self, batch: PairBatch) -> RelationLogits:
        if not len(batch.pairs):
            return RelationLogits.from_outputs(batch.boxes.new_zeros(0, N_OUTPUTS), batch.object_logits)
        pairs = self.describe_pairs(batch)  # [P, W]

        # Pairs of a frame hear of one another
        frames = PaddedGroups.of(batch.frame_of_pair)
        pairs = frames.collect(self.encode_frame(frames.spread(pairs), frames.known))

        # Pairs of two neighbouring frames hear of one another
        windows = Windows.of(batch)
        padded = PaddedGroups.of(windows.window)
        seen = padded.spread(pairs[windows.pair])
        order = padded.spread(self.frame_embedding(windows.second))
        for decode in self.decode_window:
            seen = decode(seen, order, padded.known)
        answers = torch.zeros_like(pairs)
        answers[windows.pair[windows.kept]] = padded.collect(seen)[windows.kept]

        classes = batch.object_logits + self.refine_classes(batch)
        return RelationLogits.from_outputs(self.judge(answers), classes)

    def describe_pairs(self, batch: PairBatch) -> Tensor:
        """[P,W] what is known of each pair by itself: 1,936 numbers at the paper's size."""
        subjects, objects = batch.pairs.unbind(dim=1)
        people = self.name_subject(torch.zeros_like(subjects))  # the subject is always the person, class 0
        parts = [
            self.enter_subject(batch.object_features[subjects]),
            self.enter_object(batch.object_features[objects]),
            self.enter_union(batch.union_features) + self.enter_places(self.encode_places(batch)),
            people,
            self.name_object(batch.object_classes),
        ]
        return torch.cat(parts, dim=1)
