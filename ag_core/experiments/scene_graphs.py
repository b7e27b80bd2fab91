"""Scoring relation heads side by side: every head that has weights, every mode, every protocol, in one result.

Looking at frames is what takes long, so it is done once for all heads that stand on the same detector, video by video.
The graphs of a video are kept in the cache as they are made, known by everything that decides them: an evaluation that
was ended goes on where it was, and one more head or seed costs only its own share.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from zipfile import is_zipfile

import numpy as np
from numpy.typing import NDArray

from ag_core.annotations.store import AnnotationStore
from ag_core.annotations.store_format import DENSE
from ag_core.catalog import RELATION_HEADS, TRANSITIONS_FILE, find_relation_head
from ag_core.errors import UserError
from ag_core.evaluation.edge_quality import EdgeQuality, compute_edge_quality
from ag_core.evaluation.graph_columns import N_RELEASED, OtherRelationships
from ag_core.evaluation.graph_recall import RELATION_NAMES, GraphRecall, compute_graph_recalls
from ag_core.evaluation.metrics import to_percent
from ag_core.evaluation.protocol import Origin, Owner
from ag_core.experiments.compute import Compute
from ag_core.experiments.datasets import LabelledVideo, TrainingData, choose_evenly
from ag_core.experiments.evaluation import PARTS, TRUTHS
from ag_core.experiments.head_runs import HeadRun, load_runs
from ag_core.experiments.kept_arrays import name_kept_file
from ag_core.experiments.kept_graphs import load_graphs, save_graphs
from ag_core.experiments.prediction_files import describe_models, write_prediction_files
from ag_core.experiments.steadiness import find_transitions, score_steadiness, smooth_videos
from ag_core.experiments.training_inputs import Listeners
from ag_core.graph_sequence import GraphSequence
from ag_core.models.detector import FasterRcnnDetector, load_faster_rcnn
from ag_core.models.region_features import RegionFeatureExtractor
from ag_core.models.scene_graph import ObservedFrames, SceneGraphPredictor
from ag_core.progress import track_progress
from ag_core.records import Detections, SceneGraph
from ag_core.results.scene_graph_scores import EdgeRow, RecallRow, SceneGraphScores
from ag_core.results.scored_heads import ScoredHead, Values
from ag_core.results.steadiness import SteadinessRow
from ag_core.settings import WEIGHTS
from ag_core.taxonomy import N_CLASSES, RELATIONS, Mode
from ag_core.video.frames import read_frames

MAX_SMALL_SIDE = 16
"""Objects whose shorter side in pixels is no longer are not asked for by the published rule where boxes are found."""

RELATION_KS = (20, 50)
"""At which K the recall of single relationships is kept."""


@dataclass(frozen=True)
class SceneGraphOptions:
    """What to score.

    weights     folders of weights, one for each training of the heads (their seeds); a head may be in some only
    heads       ids in the catalog; modes: what the heads are given
    max_frames  only so many frames, spread evenly; None for all
    smooth      whether graphs are made steady through time before they are scored
    owner       whose the numbers are; command: what makes them again, without `python -m ag_core`
    predictions folder that gets the scored graphs of each head's first training, HEAD-MODE/VIDEO.json; None for nowhere
    """

    weights: tuple[Path, ...] = (WEIGHTS,)
    heads: tuple[str, ...] = tuple(RELATION_HEADS)
    modes: tuple[Mode, ...] = tuple(Mode)
    preset: str = "demo"
    compute: Compute = field(default_factory=Compute)
    max_frames: int | None = None
    smooth: bool = False
    owner: Owner = Owner.YOURS
    command: str = ""
    predictions: Path | None = None


def evaluate_scene_graphs(
    data: TrainingData, options: SceneGraphOptions = SceneGraphOptions(), listeners: Listeners = Listeners()
) -> SceneGraphScores:
    """Every head that has weights, in every mode, on the annotated frames that count and on the parts of the split.

    UserError where no head has weights.
    """
    runs, missing = load_runs(options.heads, options.weights, options.preset)
    transitions = find_transitions([run.detector.parent for run in runs])
    if without := [run.detector.parent for run in runs if run.detector.parent not in transitions]:
        said = f"{without[0]} has no {TRANSITIONS_FILE}, which `train relations --head frequency` counts"
        if options.smooth:
            raise UserError(f"{said}, so that nothing can be smoothed; count it, or evaluate without --smooth")
        listeners.note(f"{said}: flicker after smoothing is left out")
    loaded = data.load()
    listeners.note(loaded.describe())
    for head, looked_for in missing.items():
        listeners.note(f"{head} has no weights ({looked_for}) and is left out")
    videos = choose_frames(loaded.annotated(), options.max_frames)
    predict_missing(data, videos, runs, options, listeners)
    seen = find_seen_triplets_of(data)
    if seen is None:
        listeners.note(f"{data.name} has no train videos of source {data.source!r}: zero-shot recall is left out")
    parts = {data.split: videos} | {
        part: chosen for part in PARTS if (chosen := [video for video in videos if video.part == part])
    }
    jobs = [(head, mode) for head in dict.fromkeys(run.head for run in runs) for mode in options.modes]
    recalls: list[RecallRow] = []
    edges: list[EdgeRow] = []
    steadiness: list[SteadinessRow] = []
    for head, mode in track_progress(jobs, len(jobs), "scores", listeners.stage):
        of_head = [run for run in runs if run.head == head]
        true = {video.video_id: find_mode_truth(video, mode, data) for video in videos}
        judged = [_read_predictions(data, run, mode, videos) for run in of_head]
        steady = []
        if all(run.detector.parent in transitions for run in of_head):
            steady = [smooth_videos(one, transitions[run.detector.parent]) for run, one in zip(of_head, judged)]
        scored_graphs = steady if options.smooth else judged
        if options.predictions is not None:
            models = describe_models(of_head[0], mode, options.preset, options.smooth)
            folder = options.predictions / f"{head}-{mode}"
            write_prediction_files(folder, videos, scored_graphs[0], mode, models)
        for part, of_part in parts.items():
            ids = [video.video_id for video in of_part]
            scored = _describe(of_head, mode, part, data, options)
            truth = {video_id: true[video_id].graphs for video_id in ids}
            others = {video_id: true[video_id].others for video_id in ids}
            steadiness.append(score_steadiness(scored, truth, _select(judged, ids), _select(steady, ids)))
            predicted = _select(scored_graphs, ids)
            recalls += _score_recall(scored, truth, others, predicted, seen)
            if data.source == DENSE:
                faint = {video_id: true[video_id].faint for video_id in ids}
                edges.append(_score_edges(scored, [compute_edge_quality(truth, one, faint) for one in predicted]))
    notes = [] if data.source == DENSE else ["edges are judged where the truth leaves nothing out, as the dense source"]
    if options.smooth:
        notes.append("all numbers but flicker are of smoothed graphs")
    return SceneGraphScores(tuple(recalls), tuple(edges), missing, tuple(notes), tuple(steadiness))


def _select(
    of_trainings: Sequence[Mapping[str, Sequence[SceneGraph]]], ids: Sequence[str]
) -> list[dict[str, Sequence[SceneGraph]]]:
    """The graphs of some videos, in every training."""
    return [{video_id: graphs[video_id] for video_id in ids} for graphs in of_trainings]


def choose_frames(videos: Sequence[LabelledVideo], most: int | None) -> list[LabelledVideo]:
    """The videos with at most so many of their counted frames in all, spread evenly; videos without any left out."""
    chosen: dict[str, list[int]] = {}
    pairs = [(video.video_id, frame) for video in videos for frame in video.counted]
    for video_id, frame in choose_evenly(pairs, most):
        chosen.setdefault(video_id, []).append(frame)
    return [replace(video, counted=tuple(chosen[video.video_id])) for video in videos if video.video_id in chosen]


@dataclass(frozen=True)
class ModeTruth:
    """What is true of the scored frames of a video in one mode.

    graphs  the true graphs; others, faint: of each, which objects carry `other_relationship`, and what is in sight but
    too small or too hidden for the truth
    """

    graphs: GraphSequence
    others: list[NDArray[np.bool_]]
    faint: list[Detections]


def find_mode_truth(video: LabelledVideo, mode: Mode, data: TrainingData) -> ModeTruth:
    """The truth of a video's counted frames: where the published rule holds and boxes or classes must be found, without
    objects of at most MAX_SMALL_SIDE pixels, and without frames that then show none (methods A4)."""
    targets, graphs, others_of, faint = video.targets, [], [], []
    for index, graph in zip(video.counted, video.counted_graphs):
        others = targets.other_relationships(targets.objects_of(index))
        if leaves_out_small(mode, data):
            large = ~((graph.object_boxes_xyxy[:, 2:] - graph.object_boxes_xyxy[:, :2]).min(axis=1) <= MAX_SMALL_SIDE)
            graph, others = _select_objects(graph, large), others[large]
            if not graph.visible.any():
                continue
        graphs.append(graph)
        others_of.append(others)
        faint.append(targets.faint_objects_of(index))
    return ModeTruth(GraphSequence.gather(graphs), others_of, faint)


def leaves_out_small(mode: Mode, data: TrainingData) -> bool:
    """Whether small objects are not asked for."""
    return data.rule.published and mode is not Mode.PREDCLS


def _select_objects(graph: SceneGraph, kept: NDArray[np.bool_]) -> SceneGraph:
    return replace(
        graph,
        object_classes=graph.object_classes[kept],
        object_boxes_xyxy=graph.object_boxes_xyxy[kept],
        object_scores=graph.object_scores[kept],
        relations=graph.relations[kept],
    )


def find_seen_triplets_of(data: TrainingData) -> NDArray[np.bool_] | None:
    """[36,26] which relationship the train videos of the source hold for which class; None without such videos."""
    with AnnotationStore(data.store) as store:
        rows = store.rows(
            """select objects.class, bit_or(objects.relation_mask) from objects join videos using (source, video)
               where source = ? and split = 'train' group by objects.class""",
            [data.source],
        )
    if not rows:
        return None
    seen = np.zeros((N_CLASSES, N_RELEASED), bool)
    for object_class, mask in rows:
        seen[object_class] = mask >> np.arange(N_RELEASED) & 1
    return seen


def predict_missing(
    data: TrainingData,
    videos: Sequence[LabelledVideo],
    runs: Sequence[HeadRun],
    options: SceneGraphOptions,
    listeners: Listeners,
) -> None:
    """Make the graphs of every video that are not kept yet; those of a video are written as soon as they are made."""
    for detector_hash in dict.fromkeys(run.detector_hash for run in runs):
        of_detector = [run for run in runs if run.detector_hash == detector_hash]
        wanted = {
            video.video_id: [
                (run, mode)
                for run in of_detector
                for mode in options.modes
                if not is_zipfile(name_graphs(data, run, mode, video))
            ]
            for video in videos
        }
        waiting = [video for video in videos if wanted[video.video_id]]
        if not waiting:
            continue
        model = load_faster_rcnn(of_detector[0].detector)
        detector = FasterRcnnDetector(model, options.compute.device)
        trunk = RegionFeatureExtractor(model)
        predictors = {
            run.key: SceneGraphPredictor(detector, trunk, run.network, options.compute.device) for run in of_detector
        }
        done, stage = len(videos) - len(waiting), "videos"
        listeners.stage(stage, done, len(videos))
        for number, video in enumerate(waiting, start=done + 1):
            missing = wanted[video.video_id]
            truths = {
                mode: find_mode_truth(video, mode, data) for mode in Mode if mode in {mode for _, mode in missing}
            }
            for mode, parts in observe_video(video, next(iter(predictors.values())), truths):
                for run in [run for run, of_mode in missing if of_mode == mode]:
                    path = name_graphs(data, run, mode, video)
                    save_graphs(path, predictors[run.key].judge_video(parts))
            listeners.stage(stage, number, len(videos))


def observe_video(
    video: LabelledVideo, predictor: SceneGraphPredictor, truths: Mapping[Mode, ModeTruth]
) -> Iterator[tuple[Mode, list[ObservedFrames]]]:
    """What is known of the frames of a video in each mode that is asked, before a head is."""
    given = {mode: {graph.frame: graph for graph in truth.graphs} for mode, truth in truths.items()}
    found: dict[Mode, list[ObservedFrames]] = {mode: [] for mode in truths}
    waiting = sorted({number for graphs in given.values() for number in graphs})
    for number, image in read_frames(video.path, list(waiting)):
        waiting.remove(number)
        with_classes: ObservedFrames | None = None
        encoded = predictor.encode([image])
        for mode in truths:
            graph = given[mode].get(number)
            if graph is None:
                continue
            if mode is Mode.SGCLS and with_classes is not None and graph is given[Mode.PREDCLS][number]:
                observed = predictor.forget_classes(with_classes)
            else:
                observed = predictor.observe([image], [graph.frame], [graph.time_s], [graph], mode, encoded)
            if mode is Mode.PREDCLS:
                with_classes = observed
            found[mode].append(observed)
    if waiting:
        raise UserError(f"{video.path.name} does not give frame {waiting[0]}; leave it out of the folder of --videos")
    yield from found.items()


def name_graphs(data: TrainingData, run: HeadRun, mode: Mode, video: LabelledVideo) -> Path:
    """Where the graphs of a video are kept."""
    folder = data.cache / f"graphs-{run.head}-{run.key}-{mode}-{data.fingerprint[:12]}"
    numbers = [graph.frame for graph in video.counted_graphs]
    return name_kept_file(folder, video, numbers, "video", "models", ending=".npz")


def _read_predictions(
    data: TrainingData, run: HeadRun, mode: Mode, videos: Sequence[LabelledVideo]
) -> dict[str, GraphSequence]:
    """The kept graphs by video; UserError, and the file is removed, where one cannot be read after all."""
    predicted = {}
    for video in videos:
        path = name_graphs(data, run, mode, video)
        graphs = load_graphs(path)
        if graphs is None:
            path.unlink(missing_ok=True)
            raise UserError(f"{path} was damaged and is removed; run the same command again, which makes it anew")
        predicted[video.video_id] = graphs
    return predicted


def _describe(
    runs: Sequence[HeadRun], mode: Mode, part: str, data: TrainingData, options: SceneGraphOptions
) -> ScoredHead:
    head = runs[0].head
    command = options.command or f"evaluate scene-graphs --data {data.name}"
    truth = TRUTHS.get(data.source, f"source {data.source}")
    truth += f", objects over {MAX_SMALL_SIDE} pixels" if leaves_out_small(mode, data) else ""
    origin = Origin(options.owner, data.name, part, truth, tuple(run.seed for run in runs), command)
    hashes = tuple(run.weights_hash[:12] for run in runs)
    label = find_relation_head(head).label + (", smoothed" if options.smooth else "")
    return ScoredHead(head, label, mode, hashes, origin)


def _score_recall(
    scored: ScoredHead,
    truth: Mapping[str, Sequence[SceneGraph]],
    others: OtherRelationships,
    predicted: Sequence[Mapping[str, Sequence[SceneGraph]]],
    seen: NDArray[np.bool_] | None,
) -> list[RecallRow]:
    """A row for each protocol, from the recalls of every training."""
    of_seeds = [compute_graph_recalls(truth, one, seen=seen, others=others) for one in predicted]
    return [_join_recalls(scored, same) for same in zip(*of_seeds)]


def _join_recalls(scored: ScoredHead, recalls: Sequence[GraphRecall]) -> RecallRow:
    first = recalls[0]
    occurring = np.flatnonzero(first.counts).tolist()
    values = [recall.list_values() for recall in recalls]
    return RecallRow(
        scored,
        first.constraint,
        first.n_relations,
        first.count_scored("R"),
        None if first.zero_shot is None else first.count_scored("zR"),
        {
            measure: {k: tuple(to_percent(one[measure][k]) for one in values) for k in of_k}
            for measure, of_k in values[0].items()
        },
        {
            k: {
                RELATION_NAMES[index]: tuple(to_percent(recall.per_relation[k][index]) for recall in recalls)
                for index in occurring
            }
            for k in RELATION_KS
        },
        {RELATION_NAMES[index]: int(first.counts[index]) for index in occurring},
    )


def _score_edges(scored: ScoredHead, qualities: Sequence[EdgeQuality]) -> EdgeRow:
    first = qualities[0]
    values = [quality.list_values() for quality in qualities]
    of_relation = [quality.list_relation_values() for quality in qualities]
    return EdgeRow(
        scored,
        first.count_scored(),
        {name: tuple(one[name] for one in values) for name in values[0]},
        {name: _join_relations([one[name] for one in of_relation]) for name in of_relation[0]},
        {relation: int(count) for relation, count in zip(RELATIONS, first.true)},
        {relation: _join_bins(qualities, index) for index, relation in enumerate(RELATIONS)},
    )


def _join_relations(of_seeds: Sequence[NDArray[np.float64]]) -> dict[str, Values]:
    """[25] of every training by relationship, where any training knows it."""
    numbers = {relation: tuple(map(float, column)) for relation, column in zip(RELATIONS, np.transpose(of_seeds))}
    return {relation: values for relation, values in numbers.items() if not np.isnan(values).all()}


def _join_bins(qualities: Sequence[EdgeQuality], relation: int) -> tuple[tuple[int, float, int], ...]:
    """The bins with pairs of one relationship, over all trainings: number of pairs, mean confidence, how many true."""
    counts = np.sum([quality.bin_counts[relation] for quality in qualities], axis=0)
    sums = np.sum([quality.bin_confidence[relation] for quality in qualities], axis=0)
    right = np.sum([quality.bin_right[relation] for quality in qualities], axis=0)
    return tuple(
        (int(count), min(1.0, float(total / count)), int(hits))
        for count, total, hits in zip(counts, sums, right)
        if count
    )
