"""Videos whose frames are not evenly spaced, from the file through the store to every question about time."""

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from ag_core.annotations.building.build import build_store
from ag_core.annotations.clock import LENGTH, TIME_OF, write_frame_at
from ag_core.annotations.lake.writing import write_lake
from ag_core.annotations.statistics.sampling import count_frames_at_midpoints
from ag_core.annotations.store import ANNOTATION, AnnotationStore
from ag_core.doctor.check_runner import list_finding_rows
from ag_core.experiments.datasets import TrainingData
from ag_core.records import FrameClock
from tests.annotations.readers.test_charades import written
from tests.annotations.released import object_entry, person_entry, write_release
from tests.annotations.test_store import prediction
from tests.browser.counter_clip import write_counter_clip

PHONE, EVEN = "PHONE", "STEADY"
SHOWN_AT = [*range(60), *range(60, 120, 6), *range(300, 330)]
"""Thirtieths of a second: 30 frames a second for 2 s, 5 for 2 s, a pause, and 30 again."""

TIMES_S = np.array(SHOWN_AT) / 30
NUMBERS = (1, 31, 62, 65, 70, 71, 100)
PREDICTED = "prediction:faster-rcnn+reldn"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> AnnotationStore:
    """A release of two videos with their files, and a prediction of one."""
    folder = tmp_path_factory.mktemp("clock")
    videos = folder / "videos"
    videos.mkdir()
    write_counter_clip(videos / f"{PHONE}.mp4", Fraction(30), len(SHOWN_AT), shown_at=SHOWN_AT)
    write_counter_clip(videos / f"{EVEN}.mp4", Fraction(30), 60)
    written(folder, "".join(f"{i},S,Kitchen,6,7,Yes,A person.,cup,,c107 2.20 3.80,11.00\r\n" for i in (PHONE, EVEN)))
    boxes = {
        f"{video_id}.mp4/{number:06d}.png": [object_entry("chair", (10, 20, 40, 40))]
        for video_id, numbers in ((PHONE, NUMBERS), (EVEN, (1, 31, 60)))
        for number in numbers
    }
    write_release(folder, boxes, {key: person_entry() for key in boxes})
    made = prediction(PHONE)
    clock = FrameClock(30.0, len(SHOWN_AT), TIMES_S)
    graphs = tuple(replace(graph, time_s=clock.time_of(graph.frame)) for graph in made.frames)
    video = replace(made.video, fps=30.0, n_frames=len(SHOWN_AT), duration_s=11.0, frame_times_s=TIMES_S)
    replace(made, video=video, frames=graphs).save(folder / "phone.json")
    build_store(
        folder / "s.duckdb",
        charades=folder,
        action_genome=folder,
        videos=videos,
        predictions=[folder / "phone.json"],
    )
    return AnnotationStore(folder / "s.duckdb")


def test_frames_stand_at_the_times_of_their_file(store: AnnotationStore) -> None:
    clock = store.video(PHONE).clock
    assert clock is not None and clock.fps == 30
    np.testing.assert_allclose(clock.times_s, TIMES_S, atol=1e-4)
    for source in (ANNOTATION, PREDICTED):
        graphs = store.graphs_of(PHONE, source)
        assert [graph.time_s for graph in graphs] == pytest.approx([TIMES_S[g.frame - 1] for g in graphs], abs=1e-4)
    rows = store.rows(
        "select frame, t_ms from frames join videos using (source, video) where video_id = ? and source = ?",
        [PHONE, ANNOTATION],
    )
    assert rows == [(number, round(1000 * TIMES_S[number - 1])) for number in NUMBERS]
    targets = store.targets_of([PHONE, EVEN])
    assert [targets.graph(frame).time_s for frame in targets.frames_of(0)] == pytest.approx(
        [TIMES_S[number - 1] for number in NUMBERS], abs=1e-4
    )
    assert targets.clocks[1] == FrameClock(30.0, 60)


def test_sql_turns_frames_into_times_and_back_as_a_clock_does(store: AnnotationStore) -> None:
    for video_id in (PHONE, EVEN):
        clock = store.video(video_id).clock
        assert clock is not None and clock.n_frames is not None
        beyond = clock.n_frames + 5
        rows = store.rows(
            f"""select frame, {TIME_OF}, {LENGTH} from videos, range(1, {beyond}) as numbers(frame)
                where video_id = ? and source = ?""",
            [video_id, ANNOTATION],
        )
        for frame, time_s, length_s in rows:
            assert time_s == pytest.approx(clock.time_of(frame)) and length_s == pytest.approx(clock.duration_s)
        moments = [*np.linspace(-1, 13, 120).round(4).tolist(), *clock.times_s.round(3).tolist()]
        rows = store.rows(
            f"""select moment, {write_frame_at("moment")} from videos, unnest(?::double[]) as moments(moment)
                where video_id = ? and source = ?""",
            [moments, video_id, ANNOTATION],
        )
        assert [frame for _, frame in rows] == [clock.frame_at(moment) for moment, _ in rows]


def test_an_action_meets_the_frames_of_its_seconds(store: AnnotationStore, tmp_path: Path) -> None:
    # 2.2 to 3.8 s are frames 62 to 70; by number and rate they would be 67 to 115.
    # The midpoints lie in or next to 62, 65 and 70 of the phone, and the last frame of the other.
    assert count_frames_at_midpoints(store, ANNOTATION) == (3 + 1, len(NUMBERS) + 3)
    data = TrainingData.open(store.path, "train", cache=tmp_path)
    phone = next(video for video in data.load().videos if video.video_id == PHONE)
    assert phone.duration_s == pytest.approx(11.0, abs=0.001)
    assert [graph.time_s for graph in phone.graphs if 2.2 <= graph.time_s <= 3.8] == pytest.approx([2.2, 2.8, 3.8])


def test_a_lake_has_the_times_too(store: AnnotationStore, tmp_path: Path) -> None:
    write_lake(store.path, tmp_path / "lake")
    with AnnotationStore(tmp_path / "lake") as lake:
        assert lake.video(PHONE).clock == store.video(PHONE).clock


def test_the_doctor_names_what_is_not_even(store: AnnotationStore) -> None:
    assert list_finding_rows(store, "rate-varies")["video_id"].tolist() == [PHONE]
    assert list_finding_rows(store, "clock-mended").empty
    assert list_finding_rows(store, "predicted-rate-differs").empty
    assert list_finding_rows(store, "length-differs")["video_id"].tolist() == [EVEN]
