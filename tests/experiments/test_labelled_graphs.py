"""Graphs with the actions of their moments, from a sample and from a store."""

import json
from pathlib import Path

import numpy as np
import pytest

from ag_core.annotations.store import AnnotationStore
from ag_core.errors import UserError
from ag_core.experiments.datasets import TrainingData
from ag_core.experiments.labelled_graphs import TRAIN_FILE, read_graph_splits
from ag_core.taxonomy import find_action_index, find_object_index, find_relation_index
from tests.toys.graph_sample import write_graph_sample

REAL = Path(__file__).parents[2] / ".." / "shared" / "data" / "ag-scene-graphs"


def test_a_sample_gives_its_graphs_and_actions(tmp_path: Path) -> None:
    splits = read_graph_splits(write_graph_sample(tmp_path / "made"))
    assert (len(splits.train), splits.train.n_videos, splits.name, splits.scored) == (72, 24, "made", "val")
    cup, holding = find_object_index("cup/glass/bottle") - 1, find_relation_index("holding")
    held = splits.train.matrices[:, cup, holding] > 0
    np.testing.assert_array_equal(splits.train.labels[:, find_action_index("c107")], held)
    assert splits.train.presence[:, cup].sum() > held.sum() > 0


def test_frames_come_in_their_order_whatever_the_order_of_the_file(tmp_path: Path) -> None:
    write_graph_sample(tmp_path)
    before = read_graph_splits(tmp_path).train
    lines = (tmp_path / TRAIN_FILE).read_text().splitlines()
    (tmp_path / TRAIN_FILE).write_text("\n".join(lines[row] for row in (2, 0, 1, *range(3, len(lines)))))
    after = read_graph_splits(tmp_path).train
    np.testing.assert_array_equal(before.matrices, after.matrices)
    np.testing.assert_array_equal(before.labels, after.labels)


def test_a_frame_without_a_list_of_actions_is_refused(tmp_path: Path) -> None:
    write_graph_sample(tmp_path)
    lines = (tmp_path / TRAIN_FILE).read_text().splitlines()
    first = json.loads(lines[0])
    del first["charades_actions_active"]
    (tmp_path / TRAIN_FILE).write_text("\n".join([json.dumps(first), *lines[1:]]))
    with pytest.raises(UserError, match="frame 1 of T0000 does not say which actions are active"):
        read_graph_splits(tmp_path)
    first["charades_actions_active"] = "c026"
    (tmp_path / TRAIN_FILE).write_text("\n".join([json.dumps(first), *lines[1:]]))
    with pytest.raises(UserError, match="line 1: charades_actions_active is no list"):
        read_graph_splits(tmp_path)


def test_a_store_gives_the_actions_whose_interval_holds_the_frame(data: TrainingData) -> None:
    splits = read_graph_splits(data.store, data.source)
    with AnnotationStore(data.store) as store:
        video = store.rows("select video_id from videos where split = 'train' order by video limit 1")[0][0]
        graphs, intervals = store.graphs_of(video, data.source), store.intervals_of(video)
    rows = np.flatnonzero(splits.train.video == 0)
    assert len(rows) == len(graphs) and splits.scored == "test" and splits.train.n_videos == 4
    for row, graph in zip(rows, graphs):
        active = {one.action for one in intervals if one.start_s <= graph.time_s <= one.end_s}
        assert set(np.flatnonzero(splits.train.labels[row])) == active
        np.testing.assert_array_equal(splits.train.matrices[row], graph.confidence_matrix())


@pytest.mark.skipif(not REAL.is_dir(), reason="needs the real graphs in ../shared/data")
def test_the_real_sample_is_as_its_source_says() -> None:
    splits = read_graph_splits(REAL)
    assert (len(splits.train), splits.train.n_videos) == (6220, 3176)
    assert (len(splits.val), splits.val.n_videos) == (1970, 1023)
    assert splits.val.labels.sum(axis=1).mean() == pytest.approx(3.54, abs=0.01)
