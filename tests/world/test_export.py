"""What is written as Charades and Action Genome is read back by the readers of the real files, unchanged."""

import pickle
from pathlib import Path

import av
import numpy as np
import pytest

from ag_core.data.action_genome import read_action_genome
from ag_core.data.charades import read_charades
from ag_core.data.frames import probe_video
from ag_core.data.store import AnnotationStore, build_store
from ag_core.records import time_of_frame
from ag_core.taxonomy import ACTIONS, RELATIONS, object_index, relation_index
from ag_core.world.export import ag_view, charades_class_files, dense_graphs, write_film, write_set
from ag_core.world.truth import WorldTruth
from tests.world.stand_in import FPS, FRAMES, StandInFilm, stand_in_truth

REAL = Path(__file__).parents[2] / ".." / "shared" / "data"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("home")
    write_film(StandInFilm(), folder)
    write_film(StandInFilm("val", 2), folder, "ZZ9ZZ")
    write_set(folder, ["AB1CD", "ZZ9ZZ"], {"profile": "stand-in"})
    return folder


def test_frames_are_the_midpoints_of_five_equal_parts():
    truth = stand_in_truth()
    times = sorted({start + (k + 0.5) / 5 * (end - start) for _, start, end in truth.actions for k in range(5)})
    assert [shown.frame for shown in ag_view(truth)] == sorted({round(t * FPS) + 1 for t in times})


def test_the_sparse_view_holds_what_is_involved_one_of_a_class():
    truth = stand_in_truth()
    early, late = ag_view(truth)[0], ag_view(truth)[-1]
    cup, chair, table = (object_index(name) for name in ("cup/glass/bottle", "chair", "table"))
    # The touched chair, not the larger one; the table has no part in drinking and is not touched.
    assert [(truth.classes[row], row) for row in early.instances] == [(chair, 4), (cup, 1)]
    # Tidying the table: named though out of sight.
    assert {int(truth.classes[row]): seen for row, seen in zip(late.instances, late.visible)} == {
        chair: True,
        cup: True,
        table: False,
    }


def test_the_dense_view_holds_every_clearly_visible_object():
    graphs = dense_graphs(stand_in_truth(), every=2)
    assert [graph.frame for graph in graphs] == list(range(1, FRAMES + 1, 2))
    assert len(graphs[0]) == 4 and len(graphs[-1]) == 3
    assert graphs[0].person_box_xyxy is not None and graphs[0].visible.all()
    assert graphs[0].relations[0, relation_index("holding")] == 1


def test_a_film_is_a_playable_file_with_every_frame_and_a_key_each_second(home: Path):
    video = probe_video(home / "videos" / "AB1CD.mp4")
    assert (video.n_frames, video.fps, video.width, video.height) == (FRAMES, FPS, 160, 96)
    with av.open(str(home / "videos" / "AB1CD.mp4")) as container:
        stream = container.streams.video[0]
        assert (stream.codec_context.name, stream.codec_context.pix_fmt, stream.start_time) == ("h264", "yuv420p", 0)
        keys = [number for number, packet in enumerate(container.demux(stream)) if packet.is_keyframe]
    assert keys[:3] == [0, 12, 24]
    content = (home / "videos" / "AB1CD.mp4").read_bytes()
    assert content.index(b"moov") < content.index(b"mdat")  # the player can start before the file is complete


def test_the_reader_of_charades_finds_what_the_truth_says(home: Path):
    truth = WorldTruth.load(home / "dense" / "AB1CD.npz")
    table = read_charades(home / "charades" / "Charades_v1_train.csv")
    video = table.videos[0]
    assert (video.video_id, video.script, video.scene, video.split) == ("AB1CD", truth.script, "Kitchen", "train")
    assert video.duration_s == pytest.approx(FRAMES / FPS)
    assert [(i.action, i.start_s, i.end_s) for i in table.intervals] == truth.actions
    assert read_charades(home / "charades" / "Charades_v1_test.csv").videos[0].split == "test"
    assert not table.issues


def test_the_reader_of_action_genome_finds_what_the_truth_says(home: Path):
    table = read_action_genome(home / "annotations")
    assert not table.issues
    assert set(table.frames["split"]) == {"train", "test"}
    listed = (home / "annotations" / "frame_list.txt").read_text().split()
    assert len(listed) == len(table.frames)
    with (home / "annotations" / "object_bbox_and_relationship.pkl").open("rb") as file:
        released = pickle.load(file)
    assert list(released) == listed
    hidden = next(entry for entry in released[listed[-1]] if entry["class"] == "table")
    assert hidden["metadata"] == {"tag": f"ZZ9ZZ.mp4/table/{listed[-1][-10:-4]}", "set": "test"}
    assert hidden["bbox"] is hidden["contacting_relationship"] is None and hidden["visible"] is False


def test_export_and_store_give_back_the_graphs_of_the_truth(home: Path, tmp_path: Path):
    build_store(tmp_path / "home.duckdb", home / "charades", home, videos=home / "videos")
    truth = WorldTruth.load(home / "dense" / "AB1CD.npz")
    with AnnotationStore(tmp_path / "home.duckdb") as store:
        assert store.video("AB1CD").n_frames == FRAMES
        assert store.issues().empty
        graphs = store.graphs_of("AB1CD")
    assert [graph.frame for graph in graphs] == [shown.frame for shown in ag_view(truth)]
    for graph, shown in zip(graphs, ag_view(truth)):
        rows, seen = list(shown.instances), np.array(shown.visible)
        assert graph.time_s == time_of_frame(graph.frame, FPS)
        assert graph.object_classes.tolist() == truth.classes[rows].tolist()
        assert graph.visible.tolist() == list(shown.visible)
        assert np.allclose(graph.object_boxes_xyxy[seen], truth.boxes_xyxy[graph.frame - 1, rows][seen], atol=1e-3)
        assert np.array_equal(graph.relations[seen], truth.relations[graph.frame - 1, rows][seen])
        assert np.allclose(graph.person_box_xyxy, truth.boxes_xyxy[graph.frame - 1, 0])


@pytest.mark.parametrize("name", sorted(charades_class_files()))
def test_class_files_equal_the_released_ones(name: str):
    real = REAL / "charades-annotations" / name
    if not real.is_file():
        pytest.skip("needs the real Charades class files in ../shared/data")
    assert charades_class_files()[name] == real.read_text().split("\n")[: len(charades_class_files()[name])]


def test_class_lists_equal_the_released_ones(home: Path):
    for name in ("object_classes.txt", "relationship_classes.txt"):
        real = REAL / "ag-scene-graphs" / name
        if not real.is_file():
            pytest.skip("needs the real class lists in ../shared/data")
        assert (home / "annotations" / name).read_text().split() == real.read_text().split()
    assert len(charades_class_files()["Charades_v1_classes.txt"]) == len(ACTIONS) and len(RELATIONS) == 25
