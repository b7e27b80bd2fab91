"""Learning from corrected frames: what the process keeps, what is counted on frames it had not seen, and its end."""

import json
from pathlib import Path

import pytest

from ag_core.errors import Cancelled
from ag_core.experiments import adaptation
from ag_core.experiments.adaptation import split_into_runs
from ag_core.jobs.learning import LearningJobs, LearningRequest
from ag_core.jobs.learning_worker import LearningWork
from ag_core.models.relation import load_relation_head
from ag_core.results.corrections import Corrections, list_corrected_videos, load_corrections, save_corrections
from ag_core.results.own_weights import list_own_weights
from ag_core.results.prediction_cache import PredictionSettings, find_weights_files, with_own_weights
from tests.conftest import write_clip
from tests.results.test_corrections import corrected_graph


def correct(folder: Path, frames: int) -> Corrections:
    """A video that is none of the home world, with some corrected frames, kept in the home."""
    write_clip(folder / "mine.mp4", (200, 60, 60))
    corrections = load_corrections(folder / "mine.mp4", "mine")
    for frame in range(7, 7 + 6 * frames, 6):
        corrections = corrections.with_frame(corrected_graph(frame))
    save_corrections(corrections)
    return corrections


def test_a_head_learns_and_is_kept_by_its_weights(
    app_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(adaptation, "STEPS", 5)
    video, stages = tmp_path / "mine.mp4", list[tuple[str, int, int]]()
    assert [one.n_learnable for one in [correct(tmp_path, 3)]] == [3]
    assert len(list_corrected_videos(real=True)) == 1 and list_corrected_videos(real=False) == []
    kind = LearningJobs()
    file = app_home / "corrections" / f"{load_corrections(video, 'mine').sha256[:32]}.json"
    request = LearningRequest(((video, file),))
    kind.check_request(request)
    job = kind.describe_job(request, kind.get_key(request))
    work = LearningWork()
    message = work.do(job, lambda stage, done, total: stages.append((stage, done, total)), lambda: False)
    learned = kind.read_result(message)
    assert (learned.name, learned.n_held_out, learned.n_objects, learned.evidence) == ("mine-3-frames", 3, 3, 0.5)
    before, after = learned.total(False), learned.total(True)
    assert before.right + before.missed == after.right + after.missed == 3 * 4
    assert after != before
    assert stages[-1] == ("learning", 19, 20)
    chosen = with_own_weights(PredictionSettings(), [learned.name])
    path = find_weights_files(chosen)["relations"]
    _, facts = load_relation_head("reldn", path.parent)
    assert json.loads(facts["learned"]) == learned.to_json()
    with pytest.raises(Cancelled):
        work.do(job, lambda *_: None, lambda: True)
    assert [own.name for own in list_own_weights()] == [learned.name]


def test_neighbours_are_held_out_together_and_of_few_frames_none() -> None:
    assert split_into_runs(2) == []
    assert split_into_runs(3) == [[0], [1], [2]]
    assert split_into_runs(7) == [[0, 1], [2, 3], [4], [5], [6]]
