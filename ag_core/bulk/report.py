"""What a run over many videos did, as a value and as a file: counts, failures, and where the time went."""

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ag_core.annotations.building.finished_videos import FinishedVideo
from ag_core.annotations.readers.issues import Issue
from ag_core.bulk.predicting import Outcome
from ag_core.files import write_atomically

REPORT_NAME = "action-genome-explorer/run-report"
REPORT_VERSION = 2


@dataclass(frozen=True)
class Failure:
    """A video that has no rows in the lake, and why."""

    video_id: str
    file: str
    reason: str


@dataclass(frozen=True)
class StageCost:
    """A stage of predicting a video: worker-seconds of this call, their share, and how fast the stage alone would be
    with one worker."""

    seconds: float
    share: float
    videos_per_hour: float
    frames_per_second: float


@dataclass(frozen=True)
class SharedCard:
    """What is known of the predictions of some videos, in the sentences that `predict` gives; how many these are."""

    videos: int
    sentences: tuple[str, ...]


@dataclass(frozen=True)
class RunReport:
    """A call of `predict-many`.

    state      'complete', 'interrupted', or 'refused' with the reason in `refusal`
    videos     of the source, or of the share of it; `finished_before` of them were there already, `predicted` are new,
               `failed` have no rows
    graphs, frames, video_hours  of all finished videos: graphs made, frames and length of the files
    wall_s     of this call's predicting, of which `first_s` went by before the first video was done; videos_per_hour
               and video_per_wall are its pace: videos, and seconds of video a second
    stages     of this call, by name
    cards      what is known of the predictions of all finished videos, the most frequent first
    """

    state: str
    refusal: str
    source: str
    engine: str
    workers: int
    threads: int
    videos: int
    finished_before: int
    predicted: int
    failed: int
    graphs: int
    frames: int
    video_hours: float
    wall_s: float
    first_s: float
    videos_per_hour: float
    video_per_wall: float
    stages: dict[str, StageCost]
    failures: tuple[Failure, ...]
    cards: tuple[SharedCard, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The file's content as plain values."""
        return {"format": REPORT_NAME, "version": REPORT_VERSION, **asdict(self)}

    def save(self, path: Path) -> None:
        """Write the file, whole or not at all."""
        write_atomically(path, json.dumps(self.to_json(), indent=1) + "\n")

    def to_text(self) -> str:
        """A few lines for a person."""
        lines = [
            f"{self.predicted + self.finished_before} of {self.videos} videos, {self.finished_before} of them from "
            f"before; {self.graphs:,} graphs of {self.video_hours:.3g} hours; {self.failed} failed"
        ]
        if self.predicted:
            lines.append(
                f"{self.videos_per_hour:,.0f} videos an hour, {self.video_per_wall:.2f} s of video a second, with "
                f"{self.workers} workers of {self.threads} threads"
            )
            costs = (f"{stage} {cost.share:.0%}" for stage, cost in self.stages.items() if cost.share >= 0.005)
            lines.append(f"where the workers' time went: {', '.join(costs)}")
        for card in self.cards[:MAX_PRINTED]:
            lines.append(f"what is known of {card.videos} of the predictions:")
            lines += [f"- {sentence}" for sentence in card.sentences]
        if len(self.cards) > MAX_PRINTED:
            lines.append(f"what is known of the others: {len(self.cards) - MAX_PRINTED} more cards, in the report")
        lines += [f"failed: {failure.video_id}: {failure.reason}" for failure in self.failures[:MAX_PRINTED]]
        if len(self.failures) > MAX_PRINTED:
            lines.append(f"failed: {len(self.failures) - MAX_PRINTED} more, in the report")
        return "\n".join(lines)


MAX_PRINTED = 10
"""Of the failures, and of the cards, on a screen; the file has all."""


def total_stages(outcomes: Iterable[Outcome]) -> dict[str, StageCost]:
    """What each stage took in all, in the order of a prediction."""
    outcomes = list(outcomes)
    seconds: Counter[str] = Counter()
    for outcome in outcomes:
        seconds.update(outcome.seconds)
    whole, frames = sum(seconds.values()), sum(outcome.video.frames for outcome in outcomes)
    return {
        stage: StageCost(
            round(took, 3),
            round(took / whole, 4) if whole else 0.0,
            round(len(outcomes) / took * 3600, 1) if took else 0.0,
            round(frames / took, 1) if took else 0.0,
        )
        for stage, took in seconds.items()
    }


def group_cards(videos: Iterable[FinishedVideo]) -> tuple[SharedCard, ...]:
    """The cards of finished videos, each once with the number of its videos, the most frequent first."""
    counts = Counter(video.card for video in videos if video.card)
    return tuple(SharedCard(count, sentences) for sentences, count in counts.most_common())


def list_failures(videos: Iterable[tuple[FinishedVideo, str]], issues: Iterable[Issue]) -> tuple[Failure, ...]:
    """The failed ones of finished videos with the names of their files, and what the source passed over; by id."""
    failed = [Failure(video.video_id, name, video.failure) for video, name in videos if video.failure]
    passed_over = [Failure(issue.key, issue.file, issue.reason) for issue in issues]
    return tuple(sorted([*failed, *passed_over], key=lambda failure: (failure.video_id, failure.file)))
