"""The training of action heads: features of the frozen networks once, then a head for every kind of bank."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import torch

from ag_core.catalog import (
    ACTION_MODELS,
    ActionModelEntry,
    find_clip_network,
    find_clip_networks,
)
from ag_core.errors import UserError
from ag_core.experiments.action import (
    VideoFeatures,
    build_extractor,
    build_head_examples,
    make_head_losses,
    measure_head,
)
from ag_core.experiments.averaged_training import AveragedTraining
from ag_core.experiments.clip import (
    SAVED,
    Clips,
    list_seen_actions,
    start_at_prior,
)
from ag_core.experiments.datasets import LabelledVideos, TrainingData
from ag_core.experiments.earlier_weights import find_weights_of_features
from ag_core.experiments.training_inputs import Listeners, decode_videos, hold_out_videos, load_videos
from ag_core.experiments.training_loop import SavedState, fit
from ag_core.experiments.training_options import TrainingOptions, open_saved_state
from ag_core.experiments.training_report import TrainedModel, build_metadata, describe_training
from ag_core.models.checkpoints import (
    check_earlier_weights,
    describe_earlier_weights,
    load_checkpoint,
    read_metadata,
    save_checkpoint,
)
from ag_core.models.video import build_bank_head
from ag_core.presets import VideoPreset
from ag_core.progress import track_progress


def train_action(
    data: TrainingData, options: TrainingOptions, listeners: Listeners = Listeners()
) -> tuple[TrainedModel, ...]:
    """Train the head of every action model with a bank, on features of the networks in `options.weights`.

    One result a head, in the catalog's order. Averaged weights, held-out videos and curves as in `train_detector`.
    """
    models = [model for model in ACTION_MODELS.values() if model.bank is not None]
    states = {model.id: _find_head_state(model, data, options) for model in models}
    waiting = [state for state in states.values() if state.path.exists()]
    if options.resume and not waiting:
        raise UserError("there is no interrupted training of this --out; start without --resume")
    for state in waiting:
        if options.resume:
            state.check()
        elif not state.belongs():
            state.remove()  # else a --resume of this training would meet what another one left
    loaded = load_videos(data, listeners)
    loaded.check_actions()
    parts = [part for part in hold_out_videos(loaded, options) if part is not None]
    trained = []
    for network in find_clip_networks(models):
        extract = build_extractor(
            *(data, options.weights, options.preset, network.id, options.compute),
            *(options.cross_predicted, options.relation_head),
        )
        found = []
        for part in parts:
            clips = Clips.from_videos(part, network.preset(options.preset))
            decode_videos(clips.cache, clips.videos, options, listeners)
            made = map(extract, clips.videos)
            with options.compute.processes.take_turns():
                features = list(track_progress(made, len(clips.videos), "features", listeners.stage))
            found.append(ClipsWithFeatures(clips, features))
        of_network = [model for model in models if model.clip_network == network.id]
        trained += [_train_head(m, found, loaded, options, states[m.id], listeners) for m in of_network]
    if options.compute.processes.is_first:
        for state in states.values():
            state.remove()
    return tuple(trained)


@dataclass(frozen=True)
class ClipsWithFeatures:
    """Clips of videos, and the features of each video."""

    clips: Clips
    features: Sequence[VideoFeatures]


def _train_head(
    model: ActionModelEntry,
    found: Sequence[ClipsWithFeatures],
    loaded: LabelledVideos,
    options: TrainingOptions,
    state: SavedState,
    listeners: Listeners,
) -> TrainedModel:
    """Train on the first of what was found; what is held out, if anything, is the second."""
    preset, counted = _choose_head_preset(model, options), options.counted_classes
    examples, *held_out = (build_head_examples(model.id, part.clips, part.features) for part in found)
    torch.manual_seed(options.seed)
    head = build_bank_head(model.id, preset)
    start = _find_start(model, options)
    if start is None:
        start_at_prior(head, examples.labels)
    else:
        load_checkpoint(start, head, preset.name, model.id)
        listeners.note(f"{start}: {model.label} goes on from these weights")
    head.to(options.compute.device)
    losses = make_head_losses(head, examples, options.batch_of("action"), options.compute, counted)
    measure = None
    if held_out:
        prior = examples.labels.mean(axis=0)
        measure = partial(measure_head, examples=held_out[0], prior=prior, compute=options.compute, counted=counted)
    path = model.weights_path(options.out)
    average = AveragedTraining.of(head, measure, SAVED, path, listeners.note)
    resume = options.resume and state.path.exists()
    hear, follow = (listeners.steps, listeners.note), (average.companions, options.compute.processes)
    progress = fit(head, losses, options.recipe(bears_bfloat16=False), state, resume, *hear, *follow)
    trained = describe_training(path, progress, len(examples.video), "clips")
    if not options.compute.processes.is_first:
        return trained
    weights, judged = average.choose_weights()
    facts = build_metadata("action", model.id, preset.name, loaded, options, progress) | judged
    learned_from = found[0].clips.videos
    facts |= {"trained_on": ",".join(list_seen_actions(learned_from, counted)), "operator": preset.operator}
    below = find_weights_of_features(model, loaded.data, options)
    facts |= describe_earlier_weights(below if start is None else below | {"start": start})
    save_checkpoint(path, weights, facts, half_precision=True)
    return trained


def _find_start(model: ActionModelEntry, options: TrainingOptions) -> Path | None:
    """The weights that a head goes on from, None where it begins anew.

    UserError where they have another operator, or learned on features of another clip network.
    """
    if options.start_from is None:
        return None
    network = find_clip_network(model.clip_network)
    path, below = model.weights_path(options.start_from), network.weights_path(options.weights)
    read_metadata(below)  # which says what to do where it is not there
    facts, wanted = read_metadata(path), _choose_head_preset(model, options).operator
    if (operator := facts.get("operator", wanted)) != wanted:
        raise UserError(f"{path} has the bank operator {operator}; go on with --operator {operator}, or start anew")
    check_earlier_weights(path, facts, network.role, below)
    return path


def _choose_head_preset(model: ActionModelEntry, options: TrainingOptions) -> VideoPreset:
    """The recipe of an action model's head, with the bank operator that was chosen."""
    preset: VideoPreset = model.preset(options.preset)
    return preset if options.operator is None else replace(preset, operator=options.operator)


def _find_head_state(model: ActionModelEntry, data: TrainingData, options: TrainingOptions) -> SavedState:
    """Where the training of one action head waits; it stands on the networks that made its features."""
    earlier = list(find_weights_of_features(model, data, options).values())
    # Without resume, for a head may not have begun.
    of_head = replace(
        options, out=model.weights_path(options.out), resume=False, start_from=_find_start(model, options)
    )
    return open_saved_state(f"action {model.id}", _choose_head_preset(model, options), data, of_head, earlier)
