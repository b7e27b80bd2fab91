"""`train`: fit one of the networks on a home world and write its weights."""

import argparse
import os
import signal
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ag_core.progress import ProgressReporter, track_progress

if TYPE_CHECKING:
    from ag_core.experiments.datasets import PictureCache, WorldVideo
    from ag_core.experiments.training_loop import Progress, Recipe

WHAT = {
    "detector": "the Faster R-CNN, on the dense view",
    "relations": "the relation heads (frequency and RelDN), on the detector's region features",
    "clip": "the clip network, on short pieces of video",
    "action": "the feature-bank heads LFB, SGFB and oracle, on features of everything above",
}


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command, its four kinds and their options."""
    parser = subparsers.add_parser("train", help="train detector, relations, clip or action on a home world")
    kinds = parser.add_subparsers(dest="kind", required=True)
    for kind, text in WHAT.items():
        one = kinds.add_parser(kind, help=text, description=f"Train {text}.")
        one.add_argument("--data", type=Path, required=True, metavar="DIR", help="home world made by `world`")
        out = "folder for lfb.safetensors, sgfb.safetensors, oracle.safetensors" if kind == "action" else "weights file"
        one.add_argument("--out", type=Path, required=True, help=out)
        one.add_argument("--preset", default="demo", help="size of the network (default %(default)s)")
        budget = one.add_mutually_exclusive_group(required=True)
        budget.add_argument("--minutes", type=float, help="wall time to train; the learning rate ends at zero then")
        budget.add_argument("--steps", type=int, help="number of steps to train instead")
        one.add_argument("--batch", type=int, help="examples in a step")
        one.add_argument("--rate", type=float, help="peak learning rate")
        one.add_argument("--seed", type=int, default=0)
        one.add_argument("--threads", type=int, help="processor threads (default: one a core)")
        one.add_argument("--resume", action="store_true", help="go on from an interrupted training of the same --out")
        if kind in ("relations", "action"):
            one.add_argument("--weights", type=Path, metavar="DIR", help="folder of earlier weights (default: shipped)")
        if kind == "relations":
            one.add_argument("--every", type=int, default=2, help="use every N-th detector frame (default %(default)s)")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Train and write the weights; an interruption keeps a state for --resume."""
    # Threads that wait for one another by spinning make a shared machine ten times slower; read when torch loads.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    import torch

    # A terminated training ends like one stopped from the keyboard: its state is written first.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    torch.set_flush_denormal(True)
    if options.threads:
        torch.set_num_threads(options.threads)
    {"detector": _detector, "relations": _relations, "clip": _clip, "action": _action}[options.kind](options)


def _detector(options: argparse.Namespace) -> None:
    import torch

    from ag_core.catalog import find_detector
    from ag_core.experiments.datasets import HomeWorld
    from ag_core.experiments.detector import DetectorFrames, detector_losses
    from ag_core.experiments.training_loop import fit
    from ag_core.models.checkpoints import save_checkpoint
    from ag_core.models.detector import build_faster_rcnn

    preset = find_detector("home-world").preset(options.preset)
    recipe = _recipe(options, rate=1e-3)
    frames = DetectorFrames.of(HomeWorld.open(options.data), "train")
    _prepare(frames.cache, frames.videos)
    torch.manual_seed(options.seed)
    model = build_faster_rcnn(preset)
    losses = detector_losses(model, frames, options.batch or 8)
    progress = fit(model, losses, recipe, _state_path(options), options.resume)
    save_checkpoint(options.out, model.state_dict(), _metadata(options, preset.name, progress), half_precision=True)
    print(f"{options.out}: {progress.step} steps on {len(frames)} frames")


def _relations(options: argparse.Namespace) -> None:
    import torch

    from ag_core.catalog import find_detector, find_relation_head
    from ag_core.experiments.datasets import HomeWorld, detector_pictures
    from ag_core.experiments.relations import cached_examples, labelled_objects, relation_losses
    from ag_core.experiments.training_loop import fit
    from ag_core.files import hash_file
    from ag_core.models.checkpoints import save_checkpoint
    from ag_core.models.detector import FasterRcnnDetector, load_faster_rcnn
    from ag_core.models.region_features import RegionFeatureExtractor
    from ag_core.models.relation import build_relation_head, relation_loss

    preset = find_relation_head("reldn").preset(options.preset)
    weights = _weights(options) / "detector.safetensors"
    model = load_faster_rcnn(weights, find_detector("home-world").preset(options.preset))
    world = HomeWorld.open(options.data)
    videos = world.of_split("train")
    classes, relations = labelled_objects(videos)
    frequency = build_relation_head("frequency").fit(classes, relations)
    facts = {"preset": preset.name, "data": options.data.name, "command": "train relations", "head": "frequency"}
    save_checkpoint(options.out.with_name("frequency.safetensors"), frequency.state_dict(), facts)
    _prepare(detector_pictures(world), videos)
    examples = []
    made = cached_examples(
        world,
        videos,
        RegionFeatureExtractor(model),
        FasterRcnnDetector(model),
        hash_file(weights)[:12],
        options.every,
    )
    with ProgressReporter() as report:
        for found in track_progress(made, len(videos), "region features", report):
            examples += found
    torch.manual_seed(options.seed)
    head = build_relation_head("reldn", preset).fit(classes, relations)
    losses = relation_losses(head, relation_loss("reldn"), examples, options.batch or 32)
    progress = fit(head, losses, _recipe(options, rate=1e-3, bfloat16=False), _state_path(options), options.resume)
    facts = _metadata(options, preset.name, progress) | {"head": "reldn"}
    save_checkpoint(options.out, head.state_dict(), facts, half_precision=True)
    print(f"{options.out}: {progress.step} steps on {len(examples)} frames; frequency.safetensors lies beside it")


def _clip(options: argparse.Namespace) -> None:
    import torch

    from ag_core.catalog import find_clip_network
    from ag_core.experiments.clip import Clips, clip_losses, seen_actions, start_at_prior
    from ag_core.experiments.datasets import HomeWorld
    from ag_core.experiments.training_loop import fit
    from ag_core.models.checkpoints import save_checkpoint
    from ag_core.models.video import build_video_model

    preset = find_clip_network("i3d").preset(options.preset)
    clips = Clips.of(HomeWorld.open(options.data), "train", preset)
    _prepare(clips.cache, clips.videos)
    torch.manual_seed(options.seed)
    model = build_video_model("i3d", preset)
    start_at_prior(model.head, clips.grid_labels())
    losses = clip_losses(model, clips, options.batch or 8)
    progress = fit(model, losses, _recipe(options, rate=1e-3), _state_path(options), options.resume)
    facts = _metadata(options, preset.name, progress) | {"trained_on": ",".join(seen_actions(clips.videos))}
    save_checkpoint(options.out, model.state_dict(), facts, half_precision=True)
    print(f"{options.out}: {progress.step} steps on {len(clips.videos)} videos")


def _action(options: argparse.Namespace) -> None:
    import torch

    from ag_core.catalog import ACTION_MODELS, find_clip_network
    from ag_core.experiments.action import extractor, head_examples, head_losses
    from ag_core.experiments.clip import Clips, seen_actions, start_at_prior
    from ag_core.experiments.datasets import HomeWorld
    from ag_core.experiments.training_loop import fit
    from ag_core.models.checkpoints import save_checkpoint
    from ag_core.models.video import build_bank_head

    preset = find_clip_network("i3d").preset(options.preset)
    world = HomeWorld.open(options.data)
    features = extractor(world, _weights(options), options.preset)
    for split in ("val", "train"):
        clips = Clips.of(world, split, preset)
        _prepare(clips.cache, clips.videos)
        made = map(features, clips.videos)
        with ProgressReporter() as report:
            found = list(track_progress(made, len(clips.videos), f"features of {split}", report))
    seen = ",".join(seen_actions(clips.videos))
    for bank in (model.id for model in ACTION_MODELS.values() if model.bank):
        examples = head_examples(bank, clips, found)
        torch.manual_seed(options.seed)
        head = build_bank_head(bank, preset)
        start_at_prior(head, examples.labels)
        recipe = _recipe(options, rate=1e-3, bfloat16=False)
        state = _state_path(options, bank)
        losses = head_losses(head, examples, options.batch or 64)
        progress = fit(head, losses, recipe, state, options.resume and state.exists())
        facts = _metadata(options, preset.name, progress) | {"trained_on": seen, "bank": bank}
        save_checkpoint(options.out / f"{bank}.safetensors", head.state_dict(), facts, half_precision=True)
        print(f"{options.out / bank}.safetensors: {progress.step} steps on {len(examples.video)} clips")


def _weights(options: argparse.Namespace) -> Path:
    from ag_core.settings import WEIGHTS

    return options.weights or WEIGHTS


def _recipe(options: argparse.Namespace, rate: float, bfloat16: bool = True) -> "Recipe":
    from ag_core.experiments.training_loop import Budget, Recipe, bfloat16_is_faster

    budget = Budget(options.minutes, options.steps)
    return Recipe(budget, options.rate or rate, bfloat16=bfloat16 and bfloat16_is_faster(), seed=options.seed)


def _state_path(options: argparse.Namespace, part: str = "") -> Path:
    """Where an interrupted training (or one part of it) waits: beside the data, never among the weights."""
    return options.data / ".cache" / f"training-{options.out.stem}{part and '-'}{part}.pt"


def _prepare(cache: "PictureCache", videos: "Sequence[WorldVideo]") -> None:
    """Decode what is missing."""
    with ProgressReporter() as report:
        for _ in track_progress(cache.prepare(videos), len(videos), "decoding", report):
            pass


def _metadata(options: argparse.Namespace, preset: str, progress: "Progress") -> dict[str, str]:
    """What a weights file says of itself; no path of this machine."""
    return {
        "preset": preset,
        "data": options.data.name,
        "command": f"train {options.kind} --seed {options.seed}",
        "steps": str(progress.step),
        "minutes": f"{progress.seconds / 60:.1f}",
    }
