"""What every training begins with: who hears of it, and its videos, loaded, held out in part and decoded."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ag_core.experiments.datasets import LabelledVideo, LabelledVideos, TrainingData
from ag_core.experiments.kept_arrays import FrameCache
from ag_core.experiments.training_loop import TrainingProgress
from ag_core.experiments.training_options import TrainingOptions
from ag_core.progress import Progress, track_progress


def _ignore(*_: object) -> None:
    """The listener that hears nothing."""


@dataclass(frozen=True)
class Listeners:
    """Who hears of progress: `stage` the name of a preparation, how much is done and of how much; `steps` a training's
    progress; `note` a sentence about the data."""

    stage: Progress = _ignore
    steps: Callable[[TrainingProgress], None] = _ignore
    note: Callable[[str], None] = _ignore


def hold_out_videos(loaded: LabelledVideos, options: TrainingOptions) -> tuple[LabelledVideos, LabelledVideos | None]:
    """The videos to learn from, and those that are held out; None where nothing is."""
    return (loaded, None) if options.hold_out is None else loaded.hold_out(options.hold_out)


def load_videos(data: TrainingData, listeners: Listeners, fold: int | None = None) -> LabelledVideos:
    loaded = data.load() if fold is None else data.load().choose_fold(fold)
    listeners.note(loaded.describe())
    return loaded


def decode_videos(
    cache: FrameCache[LabelledVideo], videos: Sequence[LabelledVideo], options: TrainingOptions, listeners: Listeners
) -> None:
    """Decode what is missing, in one of the processes that train."""
    with options.compute.processes.take_turns():
        for _ in track_progress(cache.prepare(videos), len(videos), "decoding", listeners.stage):
            pass
