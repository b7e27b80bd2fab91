"""Training as functions: data and options in, weights at the given path and a typed result out.

Every function prepares what it learns from, trains within the budget and writes its weights. Progress goes to the
listeners it is given; nothing is printed here, and nothing is written but weights, caches and the state for resuming.
"""

from functools import partial

import torch

from ag_core.catalog import (
    DEFAULT_CLIP_NETWORK,
    HOME_WORLD,
    TRANSITIONS_FILE,
    Need,
    find_clip_network,
    find_detector,
    find_relation_head,
)
from ag_core.errors import UserError
from ag_core.experiments.averaged_training import AveragedTraining
from ag_core.experiments.clip import (
    CLIP_NET,
    SAVED,
    Clips,
    list_seen_actions,
    make_clip_losses,
    measure_clip_classifier,
    start_at_prior,
    start_from_pretraining,
)
from ag_core.experiments.datasets import TrainingData, open_counted_frames
from ag_core.experiments.detector import (
    HELD_OUT_NUMBER,
    DetectorFrames,
    make_detector_losses,
    measure_detector,
)
from ag_core.experiments.earlier_weights import find_weights_below
from ag_core.experiments.pretraining import (
    ClipPretrainer,
    TargetedClips,
    find_map_shape,
    make_pretraining_losses,
    measure_pretrainer,
    measure_start,
)
from ag_core.experiments.relations import collect_labelled_objects, join_video, load_examples, make_relation_losses
from ag_core.experiments.training_inputs import Listeners, decode_videos, hold_out_videos, load_videos
from ag_core.experiments.training_loop import fit
from ag_core.experiments.training_options import TrainingOptions, open_saved_state
from ag_core.experiments.training_report import TrainedModel, build_metadata, describe_training
from ag_core.files import hash_file
from ag_core.models.checkpoints import describe_earlier_weights, save_checkpoint
from ag_core.models.detector import FasterRcnnDetector, build_faster_rcnn, load_faster_rcnn
from ag_core.models.region_features import RegionFeatureExtractor
from ag_core.models.relation import build_relation_head, find_relation_loss
from ag_core.models.relation.smoothing import count_transitions
from ag_core.models.relation.transitions_file import save_transitions
from ag_core.models.video import (
    PooledClipNetwork,
    build_clip_classifier,
    build_clip_network,
    fill_body,
)
from ag_core.models.warm_start import copy_fitting_weights
from ag_core.progress import track_progress

HELD_OUT_FRAMES = 200
"""Most frames of held-out videos on which a detector is judged in its training."""


def train_detector(data: TrainingData, options: TrainingOptions, listeners: Listeners = Listeners()) -> TrainedModel:
    """Train the Faster R-CNN on the annotated frames that count, from random weights or from what of others fits.

    The weights are an average over the last steps. With held-out videos they are those that did best on these; how it
    went lies beside them in NAME.curve.jsonl.
    """
    preset = find_detector(HOME_WORLD).preset(options.preset)
    state = open_saved_state("detector", preset, data, options)
    loaded = load_videos(data, listeners, options.fold)
    learned, held_out = hold_out_videos(loaded, options)
    frames = DetectorFrames.from_videos(learned)
    decode_videos(frames.cache, frames.videos, options, listeners)
    torch.manual_seed(options.seed)
    model = build_faster_rcnn(preset)
    earlier = {} if options.start_from is None else {"start": options.start_from}
    for path in earlier.values():
        listeners.note(f"{path}: {copy_fitting_weights(model, preset, path).describe()}")
    model.to(options.compute.device)
    losses = make_detector_losses(model, frames, options.batch_of("detector"), options.compute)
    measure = None
    if held_out is not None:
        asked = DetectorFrames.from_videos(held_out).choose_evenly(HELD_OUT_FRAMES)
        decode_videos(asked.cache, asked.videos, options, listeners)
        measure = partial(measure_detector, frames=asked, compute=options.compute)
    average = AveragedTraining.of(model, measure, HELD_OUT_NUMBER, options.out, listeners.note)
    hear, follow = (listeners.steps, listeners.note), (average.companions, options.compute.processes)
    progress = fit(model, losses, options.recipe(bears_bfloat16=True), state, options.resume, *hear, *follow)
    trained = describe_training(options.out, progress, len(frames), "frames")
    if not options.compute.processes.is_first:
        return trained
    facts = build_metadata("detector", HOME_WORLD, preset.name, loaded, options, progress)
    facts |= describe_earlier_weights(earlier)
    weights, judged = average.choose_weights()
    save_checkpoint(options.out, weights, facts | judged, half_precision=True)
    state.remove()
    return trained


def train_relations(
    data: TrainingData, options: TrainingOptions, listeners: Listeners = Listeners()
) -> tuple[TrainedModel, ...]:
    """Train a relation head on region features of the detector in `options.weights`; the frequency prior is counted.

    Returns the frequency prior, whose file lies beside `options.out`, and the head. Which relationships may follow
    which is counted into a file beside them.
    """
    entry, own_detector = find_relation_head(options.head), find_detector(HOME_WORLD)
    preset, weights = entry.preset(options.preset), own_detector.weights_path(options.weights)
    counting = find_relation_head("frequency")
    whole = Need.WHOLE_VIDEO in entry.needs
    kind = "video-relations" if whole else "relations"
    state = open_saved_state(f"{kind} {entry.id}", preset, data, options, (weights,))
    frequency_path = options.out if entry.id == counting.id else counting.weights_path(options.out.parent)
    if frequency_path.resolve() == options.out.resolve() and entry.id != counting.id:
        raise UserError(f"{options.out} is where the frequency prior of this training goes; give another --out")
    model = load_faster_rcnn(weights).to(options.compute.device)
    trunk = RegionFeatureExtractor(model)
    trunk.check_size(preset, f"preset {options.preset!r} of {entry.id}")
    loaded = load_videos(data, listeners, options.fold)
    videos = loaded.annotated()
    classes, relations = collect_labelled_objects(videos)
    frequency = build_relation_head(counting.id).fit(classes, relations)
    processes = options.compute.processes
    if processes.is_first:
        facts = build_metadata("relations", counting.id, counting.preset(options.preset).name, loaded, options)
        save_checkpoint(frequency_path, frequency.state_dict(), facts)
        if len(classes):
            transitions = count_transitions([video.counted_graphs for video in videos])
            save_transitions(frequency_path.parent / TRANSITIONS_FILE, transitions, facts)
    counted = TrainedModel(frequency_path, 0, 0.0, len(classes), "objects")
    if entry.id == counting.id:
        return (counted,)
    decode_videos(open_counted_frames(data.cache), videos, options, listeners)
    detector = FasterRcnnDetector(model, options.compute.device)
    made = load_examples(data, videos, trunk, detector, hash_file(weights)[:12], options.every)
    of_videos = track_progress(made, len(videos), "region features", listeners.stage)
    # One video after the other, so that its frames are not in memory twice.
    with processes.take_turns():
        examples = [one for found in of_videos for one in (join_video(found) if whole else found)]
    if not examples:
        raise UserError(f"no frame of {data.name} shows a person with an object; give other data, or --every 1")
    torch.manual_seed(options.seed)
    head = build_relation_head(entry.id, preset).fit(classes, relations)
    head.to(options.compute.device)
    of_head, batch = find_relation_loss(entry.id), options.batch_of(kind)
    losses = make_relation_losses(head, of_head, examples, batch, options.compute)
    hear = (listeners.steps, listeners.note)
    progress = fit(head, losses, options.recipe(bears_bfloat16=False), state, options.resume, *hear, {}, processes)
    trained = describe_training(options.out, progress, len(examples), "videos" if whole else "frames")
    if not processes.is_first:
        return counted, trained
    facts = build_metadata("relations", entry.id, preset.name, loaded, options, progress)
    facts |= describe_earlier_weights({"detector": weights})
    save_checkpoint(options.out, head.state_dict(), facts, half_precision=True)
    state.remove()
    return counted, trained


def train_pretraining(data: TrainingData, options: TrainingOptions, listeners: Listeners = Listeners()) -> TrainedModel:
    """Train a clip network to read from a clip what annotated graphs say of it: a start for `train_clip`.

    Averaged weights, held-out videos and the curve as in `train_detector`.
    """
    entry = find_clip_network(options.network)
    preset = entry.preset(options.preset)
    torch.manual_seed(options.seed)
    clip_net = build_clip_network(entry.id, preset)
    if not isinstance(clip_net, PooledClipNetwork):
        other = entry.body or DEFAULT_CLIP_NETWORK
        raise UserError(f"{entry.id} cannot be pre-trained: it stands on another network; choose --network {other}")
    state = open_saved_state(f"pretraining {entry.id}", preset, data, options)
    loaded = load_videos(data, listeners)
    loaded.annotated()
    learned, held_out = hold_out_videos(loaded, options)
    shape = find_map_shape(clip_net, preset)
    clips = TargetedClips.of(Clips.from_videos(learned, preset), shape)
    decode_videos(clips.clips.cache, clips.videos, options, listeners)
    model = ClipPretrainer(clip_net, measure_start(clips)).to(options.compute.device)
    losses = make_pretraining_losses(model, clips, options.batch_of("clip"), options.compute)
    measure = None
    if held_out is not None:
        asked = TargetedClips.of(Clips.from_videos(held_out, preset), shape)
        decode_videos(asked.clips.cache, asked.videos, options, listeners)
        measure = partial(measure_pretrainer, clips=asked, compute=options.compute)
    average = AveragedTraining.of(model, measure, SAVED, options.out, listeners.note)
    hear, follow = (listeners.steps, listeners.note), (average.companions, options.compute.processes)
    progress = fit(model, losses, options.recipe(bears_bfloat16=True), state, options.resume, *hear, *follow)
    trained = describe_training(options.out, progress, len(clips.videos), "videos")
    if not options.compute.processes.is_first:
        return trained
    weights, judged = average.choose_weights()
    facts = build_metadata("pretraining", entry.id, preset.name, loaded, options, progress) | judged
    kept = {name: tensor for name, tensor in weights.items() if name.startswith(CLIP_NET)}
    save_checkpoint(options.out, kept, facts, half_precision=True)
    state.remove()
    return trained


def train_clip(data: TrainingData, options: TrainingOptions, listeners: Listeners = Listeners()) -> TrainedModel:
    """Train the clip network on short pieces of video, from random weights or from those of a pre-training.

    Averaged weights, held-out videos and the curve as in `train_detector`.
    """
    entry = find_clip_network(options.network)
    preset = entry.preset(options.preset)
    earlier = find_weights_below(entry, preset, options)
    state = open_saved_state(f"clip {entry.id}", preset, data, options, list(earlier.values()))
    loaded, counted = load_videos(data, listeners), options.counted_classes
    loaded.check_actions()
    learned, held_out = hold_out_videos(loaded, options)
    clips = Clips.from_videos(learned, preset)
    decode_videos(clips.cache, clips.videos, options, listeners)
    torch.manual_seed(options.seed)
    model = build_clip_classifier(entry.id, preset)
    fill_body(model.clip_net, entry.id, preset, options.weights)
    start_at_prior(model.head, clips.grid_labels())
    if options.start_from is not None:
        start_from_pretraining(model, entry.id, preset, options.start_from)
        listeners.note(f"{options.start_from}: the clip network begins with these weights")
    model.to(options.compute.device)
    detector = None
    if preset.regions_per_frame:
        detector = FasterRcnnDetector.from_checkpoint(earlier["detector"], options.compute.device)
    losses = make_clip_losses(model, clips, options.batch_of("clip"), options.compute, counted, detector)
    measure = None
    if held_out is not None:
        asked = Clips.from_videos(held_out, preset)
        decode_videos(asked.cache, asked.videos, options, listeners)
        prior = clips.grid_labels().mean(axis=0)
        measure = partial(
            measure_clip_classifier,
            clips=asked,
            prior=prior,
            compute=options.compute,
            detector=detector,
            counted=counted,
        )
    average = AveragedTraining.of(model, measure, SAVED, options.out, listeners.note)
    hear, follow = (listeners.steps, listeners.note), (average.companions, options.compute.processes)
    progress = fit(model, losses, options.recipe(bears_bfloat16=True), state, options.resume, *hear, *follow)
    trained = describe_training(options.out, progress, len(clips.videos), "videos")
    if not options.compute.processes.is_first:
        return trained
    weights, judged = average.choose_weights()
    facts = build_metadata("clip", entry.id, preset.name, loaded, options, progress) | judged
    facts |= {"trained_on": ",".join(list_seen_actions(clips.videos, counted))}
    start = {} if options.start_from is None else {"start": options.start_from}
    facts |= describe_earlier_weights(earlier | start)
    save_checkpoint(options.out, weights, facts, half_precision=True)
    state.remove()
    return trained
