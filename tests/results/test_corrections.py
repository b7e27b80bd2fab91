"""Corrected frames: changes of a graph, their file, and what a store makes of it."""

from pathlib import Path

import numpy as np
import pytest

from ag_core.annotations.building.build import build_store
from ag_core.annotations.readers.corrections import find_corrected_annotation
from ag_core.annotations.showcase_store import ensure_store
from ag_core.annotations.store import ANNOTATION, AnnotationStore
from ag_core.annotations.store_format import CORRECTED
from ag_core.errors import UserError
from ag_core.graphs.changes import (
    PERSON_ROW,
    add_object,
    begin_annotation,
    change_box,
    change_class,
    change_relations,
    find_row,
    is_same,
    remove_object,
)
from ag_core.graphs.edges import PREDICTED
from ag_core.records import SceneGraph
from ag_core.results.corrections import find_corrections_file, list_corrections, load_corrections, save_corrections
from ag_core.taxonomy import Group, find_object_index, find_relation_index
from tests.conftest import SIZE_WH, stand_in_prediction

CHAIR, BED = find_object_index("chair"), find_object_index("bed")


def corrected_graph(frame: int = 7) -> SceneGraph:
    """A predicted graph, put right at a later frame: the pillow is a chair, the person sits on it, the bed is gone."""
    graph = begin_annotation(stand_in_prediction("EF2GH").frames[0], PREDICTED, frame, (frame - 1) / 12)
    graph = change_class(graph, 1, CHAIR)
    graph = change_box(graph, 1, [90, 20, 30, 300], SIZE_WH)
    graph = change_relations(graph, 1, Group.CONTACT, ["sitting_on", "leaning_on"])
    return remove_object(graph, 0)


def test_changes_give_a_graph_that_is_annotated_and_leave_the_old_one() -> None:
    predicted = stand_in_prediction("EF2GH").frames[0]
    before = predicted.object_classes.copy(), predicted.relations.copy()
    graph = corrected_graph()
    assert (graph.frame, graph.person_score, graph.object_scores.tolist()) == (7, 1.0, [1.0])
    assert graph.object_classes.tolist() == [CHAIR]
    assert graph.object_boxes_xyxy.tolist() == [[30, 20, 90, SIZE_WH[1]]]  # corners in order, inside the frame
    held = {"unsure", "on_the_side_of", "sitting_on", "leaning_on"}
    assert set(np.flatnonzero(graph.relations[0]).tolist()) == set(map(find_relation_index, held))
    assert np.array_equal(predicted.object_classes, before[0]) and np.array_equal(predicted.relations, before[1])
    two = add_object(graph, CHAIR, [0, 0, 10, 10], SIZE_WH)
    assert (find_row(two, CHAIR, 1), find_row(two, 0, 0), find_row(two, BED, 0)) == (1, PERSON_ROW, None)
    alone = remove_object(two, PERSON_ROW)
    assert alone.person_box_xyxy is None and not alone.relations.any() and len(alone) == 2
    with pytest.raises(UserError, match="inside the frame"):
        change_box(graph, PERSON_ROW, [200, 0, 260, 40], SIZE_WH)
    assert is_same(graph, corrected_graph()) and not is_same(graph, two) and not is_same(two, alone)
    assert len(begin_annotation(None, PREDICTED, 1, 0.0)) == 0


def test_corrections_are_kept_by_the_content_of_the_video(app_home: Path, showcase: Path, tmp_path: Path) -> None:
    video = showcase / "videos" / "EF2GH.mp4"
    corrections = load_corrections(video, "EF2GH")
    assert corrections.frames == ()
    kept = corrections.with_frame(corrected_graph(20)).with_frame(corrected_graph(7)).with_frame(corrected_graph(20))
    path = save_corrections(kept)
    renamed = tmp_path / "renamed.mp4"
    renamed.write_bytes(video.read_bytes())
    again = load_corrections(renamed, "renamed")
    assert [graph.frame for graph in again.frames] == [7, 20] and again.video.video_id == "renamed"
    found = again.graph_at(7)
    assert found is not None and np.array_equal(found.relations, corrected_graph().relations)
    path.write_text(path.read_text()[:-40])
    with pytest.raises(UserError, match="is not JSON"):
        load_corrections(video, "EF2GH")
    ensure_store()  # opens without them
    save_corrections(kept.without_frame(7).without_frame(20))
    assert list_corrections() == [] and not find_corrections_file(video).exists()


def test_corrections_are_a_source_and_the_annotation_stays(app_home: Path, showcase: Path, tmp_path: Path) -> None:
    with AnnotationStore(ensure_store()) as store:
        before = store.graphs_of("EF2GH")
    save_corrections(load_corrections(showcase / "videos" / "EF2GH.mp4", "EF2GH").with_frame(corrected_graph()))
    with AnnotationStore(ensure_store()) as store:
        [graph] = store.graphs_of("EF2GH", CORRECTED)
        assert store.sources_of("AB1CD")[0] == ANNOTATION and CORRECTED not in store.sources_of("AB1CD")
        for old, new in zip(before, store.graphs_of("EF2GH"), strict=True):
            assert np.array_equal(old.relations, new.relations) and old.frame == new.frame
    assert (graph.frame, graph.time_s) == (7, 0.5)
    assert np.array_equal(graph.relations, corrected_graph().relations)
    assert np.array_equal(graph.object_boxes_xyxy, corrected_graph().object_boxes_xyxy)
    further = find_corrected_annotation(app_home / "corrections")
    assert further is not None
    build_store(tmp_path / "alone.duckdb", further=[further])
    with AnnotationStore(tmp_path / "alone.duckdb") as store:
        assert store.sources() == [CORRECTED] and len(store.graphs_of("EF2GH", CORRECTED)) == 1
