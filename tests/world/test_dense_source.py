"""A home world as a store: the exact truth is a source beside the sparse annotation, and nothing of it changes."""

from pathlib import Path

import numpy as np
import pytest

from ag_core.__main__ import main
from ag_core.annotations.building.inputs import FurtherAnnotation
from ag_core.annotations.store import AnnotationStore
from ag_core.annotations.store_format import DENSE
from ag_core.errors import UserError
from ag_core.ui import cached
from ag_core.world.dense_source import build_home_world_store, holds_home_world, read_exact_truth
from ag_core.world.export import build_dense_graphs, write_film, write_set
from ag_core.world.truth import WorldTruth
from tests.world.stand_in import FPS, StandInFilm


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("home")
    write_film(StandInFilm(), folder)
    write_film(StandInFilm("val", 2), folder, "ZZ9ZZ")
    write_set(folder, ["AB1CD", "ZZ9ZZ"], {"profile": "stand-in"})
    return folder


def test_the_dense_source_is_the_truth(home: Path) -> None:
    with AnnotationStore(build_home_world_store(home)) as store:
        assert store.sources() == ["annotation", DENSE]
        assert set(store.rows("select kind from sources")) == {("annotation",)}
        targets = store.targets_of(["AB1CD", "ZZ9ZZ"], DENSE)
        assert targets.splits == ("train", "test") and targets.parts == (None, "iid")
        assert store.targets_of(["ZZ9ZZ"]).parts == ("iid",)
        for index, video_id in enumerate(targets.video_ids):
            truth = WorldTruth.load(home / "dense" / f"{video_id}.npz")
            assert targets.actions_of(index) == truth.actions
            assert targets.paths[index] == (home / "videos" / f"{video_id}.mp4").resolve()
            assert targets.frame_counts[index] / targets.fps[index] == truth.duration_s
            found = [targets.graph(frame) for frame in targets.frames_of(index)]
            for mine, true in zip(found, build_dense_graphs(truth), strict=True):
                assert (mine.frame, mine.time_s, mine.person_score) == (true.frame, true.time_s, true.person_score)
                for name in ("person_box_xyxy", "object_classes", "object_boxes_xyxy", "object_scores", "relations"):
                    assert np.array_equal(getattr(mine, name), getattr(true, name))


def test_what_is_too_faint_for_the_truth_is_known(tmp_path: Path) -> None:
    """The stand-in's table goes out of sight; here the cup, of 16 x 20 pixels, shrinks and a chair hides as well."""
    film = StandInFilm()
    cup, table, chair = 1, 2, 3
    film.truth.boxes_xyxy[4, cup] = 60, 40, 70, 60
    film.truth.visibility[4, chair] = 0.2
    write_film(film, tmp_path)
    write_set(tmp_path, ["AB1CD"], {"profile": "stand-in"})
    with AnnotationStore(build_home_world_store(tmp_path)) as store:
        targets = store.targets_of(["AB1CD"], DENSE)
        faint = {int(targets.frame_numbers[i]): targets.faint_objects_of(i) for i in targets.frames_of(0)}
        assert {frame for frame, found in faint.items() if len(found)} == {5}
        assert faint[5].classes.tolist() == sorted(film.truth.classes[[cup, chair]])
        assert sorted(faint[5].boxes_xyxy.tolist()) == film.truth.boxes_xyxy[4, [cup, chair]].tolist()
        assert table not in faint[5].classes
        [(at_ms,)] = store.rows("select distinct t_ms from faint_objects")
        assert at_ms == round(1000 * 4 / FPS)
        every, unseen = read_exact_truth(tmp_path / "dense" / "AB1CD.npz")
        assert [graph.frame for graph in every] == list(range(1, film.truth.n_frames + 1))
        assert sorted(unseen[5].boxes_xyxy.tolist()) == sorted(faint[5].boxes_xyxy.tolist())
        sources, left_out = cached.load_sources((str(store.path), 0), "AB1CD", None)
        assert [graph.frame for graph in sources[DENSE]] == [graph.frame for graph in every[::2]]
        assert left_out.keys() == faint.keys() and len(left_out[5]) == 2


def test_the_command_builds_the_same_store_once(home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["build-store", "--home-world", str(home), "--out", str(tmp_path / "home.duckdb")]
    assert main(words) == 0
    assert "dense: 2 videos" in capsys.readouterr().out
    assert main(words) == 0
    assert "nothing to do" in capsys.readouterr().out


def test_what_is_no_finished_home_world_is_refused(home: Path, tmp_path: Path) -> None:
    assert holds_home_world(home) and not holds_home_world(tmp_path)
    with pytest.raises(UserError, match="holds no home world"):
        build_home_world_store(tmp_path)
    (tmp_path / "dense").symlink_to(home / "dense")
    with pytest.raises(UserError, match="no annotation files yet"):
        build_home_world_store(tmp_path)


@pytest.mark.parametrize("name", ["annotation", "prediction:a+b"])
def test_a_further_annotation_has_a_name_of_its_own(name: str) -> None:
    with pytest.raises(ValueError, match="a name of its own"):
        FurtherAnnotation(name, (), 1, lambda paths: {})
