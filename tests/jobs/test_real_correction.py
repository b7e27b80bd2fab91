"""A real video, corrected as a person sees it: kept, found in a store as a source of its own, and learned from."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ag_core.__main__ import main
from ag_core.annotations.store import AnnotationStore
from ag_core.annotations.store_format import CORRECTED
from ag_core.experiments import adaptation
from ag_core.jobs.learning import LearningJobs, LearningRequest
from ag_core.jobs.learning_worker import LearningWork
from ag_core.models.detector import load_detector
from ag_core.models.scene_graph import boxes_from_detections
from ag_core.records import SceneGraph
from ag_core.results.corrections import find_corrections_file, list_corrected_videos, load_corrections, save_corrections
from ag_core.results.own_weights import list_own_weights
from ag_core.results.prediction_cache import PredictionSettings, find_weights_files, with_own_weights
from ag_core.taxonomy import N_RELATIONS, find_object_index, find_relation_index
from ag_core.video.frames import read_frames
from tests.video.test_frames import DATA

TRUE = ("not_looking_at", "behind", "not_contacting")
"""She stands before her chair all the time, with her back to it."""


@pytest.mark.skipif(not DATA.is_dir(), reason="the real videos and the YOLOX file of shared/data are not here")
def test_a_real_video_is_corrected_stored_and_learned_from(
    app_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(adaptation, "STEPS", 5)
    video, chair = DATA / "videos-intel-iot" / "asl_book.mkv", find_object_index("chair")
    detector = load_detector(str(DATA / "weights" / "yolox_nano.onnx"))
    corrections = load_corrections(video, "asl_book")
    for number, pixels in read_frames(video, [10, 30, 50, 70, 90]):
        found = boxes_from_detections(detector.detect([pixels])[0], score_threshold=0.3)
        chairs = found.objects[found.objects.classes == chair][:1]
        assert found.person_box_xyxy is not None and len(chairs)
        relations = np.zeros((1, N_RELATIONS), np.float32)
        relations[0, [find_relation_index(name) for name in TRUE]] = 1
        ones = np.ones(1, np.float32)
        graph = SceneGraph(
            number, (number - 1) / 30, found.person_box_xyxy, 1.0, chairs.classes, chairs.boxes_xyxy, ones, relations
        )
        corrections = corrections.with_frame(graph)
    save_corrections(corrections)
    kept = load_corrections(video, "asl_book")
    assert [graph.frame for graph in kept.frames] == [10, 30, 50, 70, 90] and kept.n_learnable == 5

    command = ["build-store", "--corrections", str(app_home / "corrections"), "--out", str(tmp_path / "s.duckdb")]
    assert main(command) == 0
    with AnnotationStore(tmp_path / "s.duckdb") as store:
        said = store.rows("select source, relation, count(*) from named_relations group by all order by relation")
    assert said == [(CORRECTED, name, 5) for name in sorted(TRUE)]

    assert [one.sha256 for one in list_corrected_videos(real=True)] == [corrections.sha256]
    kind, file = LearningJobs(), find_corrections_file(video)
    request = LearningRequest(((video, file),))
    kind.check_request(request)
    job = kind.describe_job(request, kind.get_key(request))
    learned = kind.read_result(LearningWork().do(job, lambda *_: None, lambda: False))
    assert learned.n_held_out == learned.n_objects == 5 and learned.evidence is not None
    assert learned.total(True).missed <= learned.total(False).missed
    assert [own.name for own in list_own_weights()] == [learned.name]
    chosen = replace(with_own_weights(PredictionSettings(), [learned.name]), evidence=0.5)
    assert find_weights_files(chosen)["relations"].parent.name == learned.name

    save_corrections(corrections.without_frame(10))
    assert len(load_corrections(video, "asl_book").frames) == 4
    assert len(list((app_home / "corrections").glob("*.json"))) == 1
