"""`evaluate`: score detector, relation heads and action models; print one JSON object and log it if asked."""

import argparse
import json
import os
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ag_core.errors import UserError

if TYPE_CHECKING:
    from ag_core.evaluation.graph_recall import GraphRecall
    from ag_core.experiments.datasets import WorldVideo
    from ag_core.records import SceneGraph


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command, what it can evaluate, and the options of each."""
    parser = subparsers.add_parser("evaluate", help="score detector, relations, actions or the real frequency prior")
    kinds = parser.add_subparsers(dest="kind", required=True)
    detector = kinds.add_parser("detector", help="AP of boxes at overlap 0.5 per class on the val videos")
    relations = kinds.add_parser("relations", help="scene-graph recall on the val videos, all protocols")
    action = kinds.add_parser("action", help="Charades mAP of LFB, SGFB and oracle on the val videos")
    real = kinds.add_parser("frequency-real", help="the frequency prior on real Action Genome graphs, predcls")
    relations.add_argument("--head", default="reldn", help="relation head (default %(default)s)")
    relations.add_argument("--mode", default="predcls", choices=("predcls", "sgcls", "sgdet"))
    real.add_argument(
        "--graphs",
        type=Path,
        required=True,
        metavar="DIR",
        help="folder of ag_frames_train.jsonl and ag_frames_val.jsonl",
    )
    for one in (detector, relations, action):
        one.add_argument("--data", type=Path, required=True, metavar="DIR", help="home world made by `world`")
        one.add_argument("--weights", type=Path, metavar="DIR", help="folder of weights (default: the shipped ones)")
        one.add_argument("--preset", default="demo", help="size of the networks (default %(default)s)")
        one.add_argument("--threads", type=int, help="processor threads (default: one a core)")
    for one in (detector, relations):
        one.add_argument("--frames", type=int, metavar="N", help="only N frames, spread evenly (default: all)")
    for one in (detector, relations, action, real):
        one.add_argument("--log", type=Path, metavar="FILE", help="append the result to this file, one JSON a line")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Evaluate, print the row, and append it to the log."""
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    kinds = {"detector": _detector, "relations": _relations, "action": _action, "frequency-real": _frequency_real}
    if getattr(options, "threads", None):
        import torch

        torch.set_num_threads(options.threads)
    row = kinds[options.kind](options)
    data = options.graphs if options.kind == "frequency-real" else options.data
    row = {"what": row.pop("what"), "data": data.name, **row}
    row |= {"command": _command(options, data.name), "date": datetime.now(UTC).isoformat(timespec="seconds")}
    row["metrics"] = row.pop("metrics")
    print(json.dumps(row, indent=1, ensure_ascii=False))
    if options.log is not None:
        append_row(options.log, row)


def append_row(log: Path, row: dict[str, Any]) -> None:
    """Add one JSON line to a log of results."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("a") as file:
        file.write(json.dumps(row, ensure_ascii=False) + "\n")


def _command(options: argparse.Namespace, data: str) -> str:
    """The command without folders, for a reader to repeat elsewhere."""
    said = {"detector": ("frames",), "relations": ("head", "mode", "frames")}.get(options.kind, ())
    parts = [f" --{name} {getattr(options, name)}" for name in said if getattr(options, name) is not None]
    return (
        f"evaluate {options.kind} {'--graphs' if options.kind == 'frequency-real' else '--data'} {data}{''.join(parts)}"
    )


def _detector(options: argparse.Namespace) -> dict[str, Any]:
    import numpy as np

    from ag_core.catalog import find_detector
    from ag_core.evaluation.average_precision import compute_detection_precision
    from ag_core.experiments.datasets import HomeWorld, true_detections
    from ag_core.models.checkpoints import read_metadata
    from ag_core.models.detector import FasterRcnnDetector
    from ag_core.taxonomy import OBJECT_CLASSES

    weights = _weights(options) / "detector.safetensors"
    detector = FasterRcnnDetector.from_checkpoint(weights, preset=find_detector("home-world").preset(options.preset))
    chosen = _spread(_val_frames(HomeWorld.open(options.data).of_split("val")), options.frames)
    truth = [true_detections(graph) for _, graph in chosen]
    found = [detector.detect([picture])[0] for picture in _pictures(chosen)]
    result = compute_detection_precision(found, truth)
    present = np.flatnonzero(result.counts)
    return {
        "what": "detector faster-rcnn",
        "protocol": "AP@0.5 per class, area under the interpolated curve, mean over classes present; dense view of val",
        "n": {"frames": len(chosen), "boxes": int(result.counts.sum())},
        "seed": _seed(read_metadata(weights)),
        "metrics": {
            "mAP@0.5": _percent(result.mean),
            "classes": len(present),
            "AP@0.5": {OBJECT_CLASSES[c]: _percent(result.per_class[c]) for c in present},
            "boxes": {OBJECT_CLASSES[c]: int(result.counts[c]) for c in present},
            "median short side in pixels": {OBJECT_CLASSES[c]: round(float(result.short_sides[c]), 1) for c in present},
        },
    }


def _relations(options: argparse.Namespace) -> dict[str, Any]:
    from ag_core.catalog import find_detector, find_relation_head
    from ag_core.evaluation.graph_recall import Constraint, compute_graph_recall
    from ag_core.experiments.datasets import HomeWorld
    from ag_core.models.checkpoints import load_checkpoint
    from ag_core.models.detector import FasterRcnnDetector, load_faster_rcnn
    from ag_core.models.region_features import RegionFeatureExtractor
    from ag_core.models.relation import build_relation_head
    from ag_core.models.scene_graph import Mode, SceneGraphPredictor

    model = load_faster_rcnn(
        _weights(options) / "detector.safetensors", find_detector("home-world").preset(options.preset)
    )
    preset = find_relation_head(options.head).preset(options.preset)
    head = build_relation_head(options.head, preset)
    metadata = load_checkpoint(_weights(options) / f"{options.head}.safetensors", head, preset.name, options.head)
    predictor = SceneGraphPredictor(FasterRcnnDetector(model), RegionFeatureExtractor(model), head)
    chosen = _spread(_val_frames(HomeWorld.open(options.data).of_split("val")), options.frames)
    truth: dict[str, list[SceneGraph]] = {}
    predictions: dict[str, list[SceneGraph]] = {}
    for (video, graph), picture in zip(chosen, _pictures(chosen)):
        truth.setdefault(video.video_id, []).append(graph)
        predictions.setdefault(video.video_id, []).extend(
            predictor.predict([picture], [graph.frame], [graph.time_s], [graph], Mode(options.mode))
        )
    rows = [_recall_row(compute_graph_recall(truth, predictions, constraint)) for constraint in Constraint]
    return {
        "what": f"relations {options.head} {options.mode}",
        "protocol": "recall of (person, relationship, object) triplets, both boxes IoU >= 0.5 with pixel-inclusive "
        "sides, 25 relationships; dense view of val",
        "n": {key: rows[0][key] for key in ("frames", "videos", "triplets")},
        "seed": _seed(metadata),
        "metrics": {row["protocol"]: {k: v for k, v in row.items() if k not in _COUNTS} for row in rows},
    }


_COUNTS = ("protocol", "frames", "videos", "triplets")


def _recall_row(result: "GraphRecall") -> dict[str, Any]:
    import numpy as np

    from ag_core.taxonomy import RELATIONS

    row: dict[str, Any] = {"protocol": str(result.constraint), "frames": result.n_frames, "videos": result.n_videos}
    row["triplets"] = int(result.counts.sum())
    row["frames without prediction"] = result.frames_without_prediction
    means = {
        "image": result.frame_mean,
        "video": result.video_mean,
        "mean_pooled": result.relation_mean,
        "mean_by_image": result.relation_mean_by_frame,
    }
    row |= {name: {f"R@{k}": _percent(value) for k, value in of_k.items()} for name, of_k in means.items()}
    largest = max(result.per_relation)
    of_relation = zip(RELATIONS, result.per_relation[largest])
    row[f"per_relation R@{largest}"] = {
        name: round(100 * float(value), 1) for name, value in of_relation if not np.isnan(value)
    }
    return row


def _action(options: argparse.Namespace) -> dict[str, Any]:
    import numpy as np

    from ag_core.catalog import ACTION_MODELS, find_clip_network
    from ag_core.evaluation.average_precision import compute_action_precision
    from ag_core.experiments.action import extractor, head_examples, video_scores
    from ag_core.experiments.clip import Clips
    from ag_core.experiments.datasets import HomeWorld
    from ag_core.models.checkpoints import load_checkpoint
    from ag_core.models.video import build_bank_head, build_video_model
    from ag_core.taxonomy import ACTIONS

    preset, weights = find_clip_network("i3d").preset(options.preset), _weights(options)
    world = HomeWorld.open(options.data)
    extract = extractor(world, weights, options.preset)
    clips = Clips.of(world, "val", preset)
    features = [extract(video) for video in clips.videos]
    labels = np.array([video.labels for video in clips.videos])
    parts = {part: np.array([video.truth.part == part for video in clips.videos]) for part in ("iid", "comp")}
    metrics: dict[str, Any] = {}
    seed = None
    for name in ACTION_MODELS:
        if name == "i3d":
            model = build_video_model(name, preset)
            load_checkpoint(weights / "clip.safetensors", model, preset.name)
            head = model.head
        else:
            path = weights / f"{name}.safetensors"
            if name == "oracle" and not path.exists():
                continue
            head = build_bank_head(name, preset)
            seed = _seed(load_checkpoint(path, head, preset.name, name))
        examples = head_examples("lfb" if name == "i3d" else name, clips, features, at_views=True)
        scores = video_scores(head, examples)
        result = compute_action_precision(scores, labels)
        of_part = {
            part: _percent(compute_action_precision(scores[rows], labels[rows]).mean)
            for part, rows in parts.items()
            if labels[rows].any()
        }
        metrics[name] = {
            "mAP": _percent(result.mean),
            "mAP of parts": of_part,
            "weighted mAP": _percent(result.weighted),
            "AP": {ACTIONS[c].id: _percent(result.per_class[c]) for c in result.classes},
        }
    metrics["chance"] = _percent(result.chance)
    metrics["classes"] = len(result.classes)
    metrics["positive videos"] = {ACTIONS[c].id: int(result.positives[c]) for c in result.classes}
    return {
        "what": "action models",
        "protocol": "Charades video mAP (not interpolated, stable ties), classes with positives; 10 views, maximum; "
        "oracle from the dense view's annotated graphs; chance is the mean prevalence",
        "n": {"videos": len(clips.videos), "labelled": int(labels.any(axis=1).sum())}
        | {part: int(rows.sum()) for part, rows in parts.items()},
        "seed": seed,
        "metrics": metrics,
    }


def _frequency_real(options: argparse.Namespace) -> dict[str, Any]:
    import numpy as np

    from ag_core.evaluation.graph_recall import Constraint, compute_graph_recall
    from ag_core.models.relation.frequency import relation_frequencies

    train, _ = real_graphs(options.graphs / "ag_frames_train.jsonl")
    truth, left_out = real_graphs(options.graphs / "ag_frames_val.jsonl")
    known = [graph for graphs in train.values() for graph in graphs]
    table = relation_frequencies(
        np.concatenate([graph.object_classes for graph in known]),
        np.concatenate([graph.relations > 0 for graph in known]),
    )
    predictions = {
        video: [_with_relations(graph, table[graph.object_classes]) for graph in graphs]
        for video, graphs in truth.items()
    }
    rows = [_recall_row(compute_graph_recall(truth, predictions, constraint)) for constraint in Constraint]
    return {
        "what": "frequency prior on real Action Genome graphs, predcls",
        "protocol": "objects given, boxes distinct stand-ins (the sample has none); 25 relationships: "
        "other_relationship is left out of training and truth; split by the sample's authors inside Charades train, "
        "frames chosen by them: not the published test set",
        "n": {key: rows[0][key] for key in ("frames", "videos", "triplets")}
        | {"train frames": len(known), "labels left out": left_out},
        "seed": None,
        "metrics": {row["protocol"]: {k: v for k, v in row.items() if k not in _COUNTS} for row in rows},
    }


def real_graphs(path: Path) -> "tuple[dict[str, list[SceneGraph]], int]":
    """Graphs by video of a file with one frame a line, and how many other_relationship labels were left out."""
    import numpy as np

    from ag_core.records import SceneGraph
    from ag_core.taxonomy import N_RELATIONS, is_other_relationship, object_index, relation_index

    if not path.exists():
        raise UserError(f"{path.name} is not in {path.parent}; give the folder of the real scene-graph sample")
    graphs: dict[str, list[SceneGraph]] = {}
    left_out = 0
    for line in path.read_text().splitlines():
        frame = json.loads(line)
        relations = np.zeros((len(frame["objects"]), N_RELATIONS))
        for row, thing in zip(relations, frame["objects"]):
            names = [name for key, found in thing.items() if key.endswith("_relationship") for name in found]
            known = [name for name in names if not is_other_relationship(name)]
            row[[relation_index(name) for name in known]] = 1
            left_out += len(names) - len(known)
        # Boxes that never overlap: the sample has none, and given objects need only be told apart.
        left = 100.0 * np.arange(1, len(relations) + 1)
        boxes = np.stack([left, 0 * left, left + 50, 0 * left + 50], axis=1)
        graphs.setdefault(frame["video"], []).append(
            SceneGraph(
                frame=int(frame["frame"]),
                time_s=frame["time_s"],
                person_box_xyxy=np.array([0, 0, 50, 50], np.float32),
                person_score=1.0,
                object_classes=np.array([object_index(thing["class"]) for thing in frame["objects"]], np.int64),
                object_boxes_xyxy=boxes.astype(np.float32),
                object_scores=np.ones(len(boxes), np.float32),
                relations=relations.astype(np.float32),
            )
        )
    return graphs, left_out


def _with_relations(graph: "SceneGraph", relations: Any) -> "SceneGraph":
    from dataclasses import replace

    return replace(graph, relations=relations)


def _weights(options: argparse.Namespace) -> Path:
    from ag_core.settings import WEIGHTS

    return options.weights or WEIGHTS


def _val_frames(videos: "Sequence[WorldVideo]") -> "list[tuple[WorldVideo, SceneGraph]]":
    return [(video, graph) for video in videos for graph in video.detector_graphs]


def _spread(frames: list, most: int | None) -> list:
    """At most `most` of the frames, evenly spread over all of them."""
    if most is None or most >= len(frames):
        return frames
    if most < 1:
        raise UserError(f"--frames {most} leaves nothing to evaluate; give 1 or more")
    return [frames[int((index + 0.5) * len(frames) / most)] for index in range(most)]


def _pictures(chosen: "Sequence[tuple[WorldVideo, SceneGraph]]") -> Any:
    """The picture of each chosen frame, in order; a file is decoded once for all its frames."""
    from itertools import groupby

    from ag_core.video.frames import read_frames

    for _, group in groupby(chosen, key=lambda pair: pair[0].video_id):
        pairs = list(group)
        for _, picture in read_frames(pairs[0][0].path, [graph.frame for _, graph in pairs]):
            yield picture


def _percent(value: Any) -> float:
    return round(100 * float(value), 2)


def _seed(metadata: dict[str, str]) -> int | None:
    """The seed of a training, from the command in its weights file."""
    words = metadata.get("command", "").split()
    return int(words[words.index("--seed") + 1]) if "--seed" in words else None
