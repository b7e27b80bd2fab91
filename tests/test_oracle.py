"""The oracle's scores stand beside those of a prediction and come from annotated graphs alone; misfits are said."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ag_core.errors import UserError
from ag_core.oracle import NOTE, add_oracle_scores, read_annotated_graphs
from ag_core.records import SceneGraph
from ag_core.results.prediction import Prediction
from ag_core.settings import SHOWCASE
from ag_core.world.dense_source import build_home_world_store
from tests.test_rescoring import predict_by_chance
from tests.video.test_frames import write_video


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_video(tmp_path_factory.mktemp("film") / "film.mp4", n_frames=14, rate=12)


@pytest.fixture(scope="module")
def prediction(film: Path) -> Prediction:
    return replace(predict_by_chance(film), actions=())


def test_the_annotated_graphs_decide(film: Path, prediction: Prediction) -> None:
    graphs, others = prediction.frames, [replace(graph, relations=1 - graph.relations) for graph in prediction.frames]
    first, again, second = (add_oracle_scores(prediction, film, each) for each in (graphs, graphs, others))
    assert [one.model for one in first.actions] == ["oracle"]
    assert [use.role for use in first.models][-1] == "oracle" and first.notes == (NOTE,)
    assert first.frames == prediction.frames
    np.testing.assert_array_equal(first.actions[0].over_time, again.actions[0].over_time)
    assert np.abs(first.actions[0].over_time - second.actions[0].over_time).max() > 1e-4
    anew = add_oracle_scores(first, film, others)
    assert len(anew.actions) == 1 and anew.models == first.models and anew.notes == (NOTE,)
    np.testing.assert_array_equal(anew.actions[0].over_time, second.actions[0].over_time)


def test_the_result_is_a_prediction_file(film: Path, prediction: Prediction, tmp_path: Path) -> None:
    found = add_oracle_scores(prediction, film, prediction.frames)
    found.save(tmp_path / "film.json")
    loaded = Prediction.load(tmp_path / "film.json")
    assert [one.model for one in loaded.actions] == ["oracle"] and loaded.notes == (NOTE,)


def test_a_prediction_that_was_kept_gets_them_too(film: Path, prediction: Prediction, tmp_path: Path) -> None:
    scored = add_oracle_scores(prediction, film, prediction.frames).actions[0]
    whole = replace(prediction, actions=(replace(scored, model="sgfb"),))
    whole.save(tmp_path / "film.json")
    found = add_oracle_scores(Prediction.load(tmp_path / "film.json"), film, prediction.frames)
    assert [one.model for one in found.actions] == ["sgfb", "oracle"]


def test_what_does_not_fit_is_said(film: Path, prediction: Prediction, tmp_path: Path) -> None:
    other = write_video(tmp_path / "film.mp4", n_frames=15, rate=12)
    with pytest.raises(UserError, match="is another file than its prediction was made of"):
        add_oracle_scores(prediction, other, prediction.frames)
    with pytest.raises(UserError, match="scored with other weights"):
        add_oracle_scores(replace(prediction, models=()), film, prediction.frames)


def test_graphs_are_those_of_the_store(tmp_path: Path) -> None:
    store = build_home_world_store(SHOWCASE, tmp_path / "store.duckdb")
    graphs: Sequence[SceneGraph] = read_annotated_graphs(store, "I21BM", "dense")
    assert len(graphs) > 50 and all(len(graph) for graph in graphs[:3])
    with pytest.raises(UserError, match="ABCDE has no annotated graphs in dense of"):
        read_annotated_graphs(store, "ABCDE", "dense")
