"""STTran's published networks as ours: the detector faster_rcnn_ag.pth and the relation model (methods D2, D3).

Both become presets named `sttran`. What stays different is said by the two lists of differences, which every
conversion prints.
"""

from collections.abc import Mapping

import torch
from torch import Tensor

from ag_core.models.foreign.taking import ForeignTensors, Taken
from ag_core.taxonomy import RELATIONS, RELEASED_RELATIONS

DETECTOR_PREFIXES = {
    "backbone.conv1.": "RCNN_base.0.",
    "backbone.bn1.": "RCNN_base.1.",
    "backbone.layer1.": "RCNN_base.4.",
    "backbone.layer2.": "RCNN_base.5.",
    "backbone.layer3.": "RCNN_base.6.",
    "rpn.head.conv.": "RCNN_rpn.RPN_Conv.",
    "rpn.head.bbox_pred.": "RCNN_rpn.RPN_bbox_pred.",
    "roi_heads.box_head.layer4.": "RCNN_top.0.",
    "roi_heads.box_predictor.cls_score.": "RCNN_cls_score.",
    "roi_heads.box_predictor.bbox_pred.": "RCNN_bbox_pred.",
}

DETECTOR_DIFFERENCES = (
    "suppression and clipping of boxes do not count their last pixel, and images are padded to a multiple of 16",
    "detections are kept from a score of 0.05 on, as of every detector here; the original kept them from 0.1 on",
)

RELATION_PREFIXES = {
    "enter_subject.": "subj_fc.",
    "enter_object.": "obj_fc.",
    "encode_places.layers.": "conv.",
    "encode_frame.attention.": "glocal_transformer.local_attention.layers.0.self_attn.",
    "encode_frame.think.0.": "glocal_transformer.local_attention.layers.0.linear1.",
    "encode_frame.think.3.": "glocal_transformer.local_attention.layers.0.linear2.",
    "encode_frame.after_attention.": "glocal_transformer.local_attention.layers.0.norm1.",
    "encode_frame.after_thought.": "glocal_transformer.local_attention.layers.0.norm2.",
    "frame_embedding.": "glocal_transformer.position_embedding.",
    "refine_classes.place.": "object_classifier.pos_embed.",
    "refine_classes.judge.0.": "object_classifier.decoder_lin.0.",
    "refine_classes.judge.1.": "object_classifier.decoder_lin.1.",
}

DECODER_PREFIXES = {
    "attention.": "multihead2.",
    "think.0.": "linear1.",
    "think.3.": "linear2.",
    "after_attention.": "norm3.",
}

RELATION_DIFFERENCES = (
    "boxes keep the detector's classes: the original's classifier of boxes reads pixels where ours reads shares of the "
    "frame, and ours adds to the detector's logits, so its last layer is 0 (predcls is not touched by this)",
    "the contact label other_relationship is left out",
    "the region features must come from STTran's detector, converted too",
)


def convert_detector(state: ForeignTensors, wanted: Mapping[str, Tensor]) -> dict[str, Taken]:
    """Every tensor of the C4 detector: images in RGB instead of BGR, one logit an anchor instead of two."""
    taken = state.take_renamed(wanted, DETECTOR_PREFIXES)
    stem, scores = "RCNN_base.0.weight", "RCNN_rpn.RPN_cls_score."
    taken["backbone.conv1.weight"] = state.convert("channels from BGR to RGB", state[stem].flip(1), stem)
    for part in ("weight", "bias"):
        background, foreground = state[scores + part].chunk(2)
        how = "foreground minus background"
        taken[f"rpn.head.cls_logits.{part}"] = state.convert(how, foreground - background, scores + part)
    return taken


def convert_relations(state: ForeignTensors, wanted: Mapping[str, Tensor]) -> dict[str, Taken]:
    """Every tensor of our STTran: the sum of map and masks through one layer as the sum of two layers."""
    taken = state.take_renamed(wanted, RELATION_PREFIXES)
    layers = {name.split(".")[1] for name in wanted if name.startswith("decode_window.")}
    for layer in layers:
        foreign = f"glocal_transformer.global_attention.layers.{layer}."
        prefixes = {f"decode_window.{layer}.{mine}": foreign + theirs for mine, theirs in DECODER_PREFIXES.items()}
        taken |= state.take_renamed(wanted, prefixes)

    # What went through the 1 x 1 convolution and then through vr_fc goes through one layer
    reduce, enter = state["union_func1.weight"].flatten(1), state["vr_fc.weight"]  # [C', C], [W, C' S]
    cells = enter.unflatten(1, (len(reduce), -1))  # [W, C', S]
    joined = torch.einsum("wcs,ci->wis", cells, reduce).flatten(1)
    taken["enter_union.weight"] = state.convert("two layers as one", joined, "vr_fc.weight", "union_func1.weight")
    shift = state["vr_fc.bias"] + torch.einsum("wcs,c->w", cells, state["union_func1.bias"])
    taken["enter_union.bias"] = state.convert("two layers as one", shift, "vr_fc.bias", "union_func1.bias")
    taken["enter_places.weight"] = state.convert("the same layer for the masks", enter, "vr_fc.weight")

    # Names: without a background in front
    for own, foreign in {"name_subject": "obj_embed", "name_object": "obj_embed2"}.items():
        source = f"{foreign}.weight"
        taken[f"{own}.weight"] = state.convert("without the background", state[source][1:], source)

    # Relationships: the three groups side by side without other_relationship, then relatedness, which is not judged
    kept = [RELEASED_RELATIONS.index(name) for name in RELATIONS]
    for part in ("weight", "bias"):
        sources = tuple(f"{group}_rel_compress.{part}" for group in "asc")
        rows = torch.cat([state[source] for source in sources])[: len(RELEASED_RELATIONS)]
        rows = torch.cat([rows[kept], torch.zeros_like(rows[:1])])
        taken[f"judge.{part}"] = state.convert("without other_relationship; relatedness 0", rows, *sources)

    words = "object_classifier.obj_embed.weight"
    taken["refine_classes.words.weight"] = state.convert("turned over", state[words].T, words)
    for part in ("weight", "bias"):
        name = f"refine_classes.judge.3.{part}"
        taken[name] = state.convert("0, so that boxes keep their classes", torch.zeros_like(wanted[name]))
    return taken
