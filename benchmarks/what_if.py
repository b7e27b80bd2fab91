"""How fast page Compare answers why and what if, and whether its evidence is evidence.

    python -m benchmarks.what_if [--videos 24] [--markdown docs/performance.md]

Answers come through the queue and the process that the app uses, as a reader waits for them: the first question about
a video, which computes its clip features, and then questions with random edits. Evidence is tried on the best actions
of each video, in the clip that gave each its score: cells of the window (triplet and time) are removed, and put into
an empty window, in the order of the evidence, of attention times confidence, of confidence alone, and by chance. The
area under the score, as a share of the whole score, should fall fast in deletion and rise fast in insertion.
"""

import argparse
import random
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from ag_core.jobs.queue import JobQueue
from ag_core.jobs.what_if import Question, WhatIfJobs, WhatIfQuestion, WhatIfQueue, WhyQuestion
from ag_core.models.feature_bank import FeatureBank, build_graph_bank
from ag_core.models.video.evidence import attribute_window, measure_curves, weigh_rows_by_attention
from ag_core.models.video.fbo import NonLocalBank
from ag_core.models.video.scoring import to_probabilities
from ag_core.rescoring import Rescorer, prepare_video
from ag_core.results.graph_edits import GraphEdit
from ag_core.results.prediction import Prediction
from ag_core.settings import settings
from ag_core.taxonomy import N_CLASSES, N_RELATIONS
from benchmarks.report import into_document, machine, time_of

MODEL = "sgfb"
MARKS = "<!-- what-if -->", "<!-- end of what-if -->"
GOAL_S = 0.2
CHANCE_ORDERS = 5


@dataclass(frozen=True)
class Answers:
    """Seconds that a reader waits: for first questions, for edits, for evidence."""

    first_s: list[float]
    edited_s: list[float]
    explained_s: list[float]


@dataclass(frozen=True)
class Areas:
    """Of one action in one clip: deletion and insertion area by the name of the order."""

    deletion: dict[str, float]
    insertion: dict[str, float]


def list_videos(most: int) -> list[tuple[Path, Path]]:
    """Files of the first shipped videos, and of their predictions."""
    folder = settings().showcase
    return [(film, folder / "predictions" / f"{film.stem}.json") for film in sorted((folder / "videos").glob("*.mp4"))][
        :most
    ]


def draw_edits(prediction: Prediction, rng: random.Random) -> tuple[GraphEdit, ...]:
    """One to four edits of what may be there, each of some seconds."""
    length_s, edits = prediction.video.duration_s, []
    for _ in range(rng.randint(1, 4)):
        start_s = rng.uniform(0, length_s)
        relation = rng.choice([None, rng.randrange(N_RELATIONS)])
        score, end_s = rng.choice([0.0, 0.5, 1.0]), rng.uniform(start_s, length_s)
        edits.append(GraphEdit(rng.randrange(1, N_CLASSES), relation, score, start_s, end_s))
    return tuple(edits)


def wait_for(queue: WhatIfQueue, question: Question) -> float:
    """Seconds until the answer is here."""
    started = time.perf_counter()
    job = queue.wait(queue.submit(question))
    queue.get_result(job.id)
    return time.perf_counter() - started


def measure_answers(videos: Sequence[tuple[Path, Path]], features: Path, questions: int) -> Answers:
    """Ask about each video; the process starts with the first question of all, which counts as one."""
    rng, queue = random.Random(0), JobQueue(WhatIfJobs(features))
    answers = Answers([], [], [])
    try:
        for film, file in videos:
            prediction = Prediction.load(file)
            answers.first_s.append(wait_for(queue, WhatIfQuestion(film, file, MODEL)))
            for _ in range(questions):
                edits = draw_edits(prediction, rng)
                answers.edited_s.append(wait_for(queue, WhatIfQuestion(film, file, MODEL, edits)))
            best = np.argsort(-prediction.action_scores()[MODEL].scores)[:3].tolist()
            for action in best:
                answers.explained_s.append(wait_for(queue, WhyQuestion(film, file, MODEL, action)))
    finally:
        queue.close()
    return answers


def measure_areas(rescorer: Rescorer, action: int, seed: int) -> Areas:
    """Both areas of every order for an action in the view of the video that gave its score."""
    why = rescorer.explain(action)
    clip = int(np.flatnonzero(np.isclose(rescorer.plan.centres_s, why.time_s))[-1])
    window = FeatureBank(rescorer.plan.bank_times_s, build_graph_bank(rescorer.graphs)).cut_window(why.time_s)
    of_clip = rescorer.features[rescorer.plan.clip_of[rescorer.model.entry.clip_network][clip]]
    head, cells = rescorer.model.head, np.argwhere(window > 0)
    held = window[tuple(cells.T)]
    evidence = attribute_window(head, of_clip, window, action).contributions[tuple(cells.T)]
    assert isinstance(head.operator, NonLocalBank)
    attention = weigh_rows_by_attention(head.operator, of_clip, window)[cells[:, 0]] * held
    rng = np.random.default_rng(seed)
    orders: dict[str, list[NDArray[np.int64]]] = {
        "evidence": [np.argsort(-evidence, kind="stable")],
        "attention x confidence": [np.argsort(-attention, kind="stable")],
        "confidence": [np.argsort(-held, kind="stable")],
        "chance": [rng.permutation(len(cells)) for _ in range(CHANCE_ORDERS)],
    }
    areas = Areas({}, {})
    for name, all_of_kind in orders.items():
        curves = [measure_curves(head, of_clip, window, action, cells[order]) for order in all_of_kind]
        for found, index in ((areas.deletion, 0), (areas.insertion, 1)):
            found[name] = float(np.mean([to_probabilities(pair[index]).mean() for pair in curves])) / why.score
    return areas


def list_areas(videos: Sequence[tuple[Path, Path]], features: Path, actions: int) -> Iterator[Areas]:
    """The areas of the best actions of every video; clip features are there already."""
    for number, (film, file) in enumerate(videos):
        prediction = Prediction.load(file)
        rescorer = prepare_video(film, prediction, MODEL, features)
        for action in np.argsort(-prediction.action_scores()[MODEL].scores)[:actions].tolist():
            yield measure_areas(rescorer, action, number)


def to_markdown(answers: Answers, areas: Sequence[Areas], n_videos: int) -> str:
    """Both tables for docs/performance.md."""
    lines = [f"{machine()}. {n_videos} shipped videos of 12 s.", "", "| answer | asked | median | 95 % within | most |"]
    lines.append("| --- | ---: | ---: | ---: | ---: |")
    for name, seconds in (
        ("the process's first", answers.first_s[:1]),
        ("first about a video", answers.first_s[1:]),
        ("what if", answers.edited_s),
        ("why", answers.explained_s),
    ):
        if seconds:
            marks = [statistics.median(seconds), float(np.quantile(seconds, 0.95)), max(seconds)]
            lines.append(f"| {name} | {len(seconds)} | {' | '.join(map(time_of, marks))} |")
    lines += ["", f"Goal: what if within {time_of(GOAL_S)}.", ""]
    lines += [f"Areas over {len(areas)} actions, as shares of the whole score:", ""]
    lines += ["| order of the cells | deletion (low is good) | insertion (high is good) | evidence is better in |"]
    lines += ["| --- | ---: | ---: | ---: |"]
    for name in areas[0].deletion:
        removed, added = ([getattr(one, kind)[name] for one in areas] for kind in ("deletion", "insertion"))
        better = sum(
            one.deletion["evidence"] < one.deletion[name] and one.insertion["evidence"] > one.insertion[name]
            for one in areas
        )
        share = "" if name == "evidence" else f"{better} of {len(areas)}"
        lines.append(f"| {name} | {np.mean(removed):.3f} | {np.mean(added):.3f} | {share} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Measure, print, and fill the document that is named."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--videos", type=int, default=24)
    parser.add_argument("--questions", type=int, default=20, help="of each video")
    parser.add_argument("--actions", type=int, default=5, help="of each video, whose evidence is tried")
    parser.add_argument("--markdown", type=Path, help="a document to fill between its marks")
    options = parser.parse_args()
    torch.set_num_threads(1)
    videos = list_videos(options.videos)
    with tempfile.TemporaryDirectory() as folder:
        answers = measure_answers(videos, Path(folder), options.questions)
        areas = list(list_areas(videos, Path(folder), options.actions))
    text = to_markdown(answers, areas, len(videos))
    print(text)
    if options.markdown:
        into_document(options.markdown, text, MARKS)


if __name__ == "__main__":
    main()
