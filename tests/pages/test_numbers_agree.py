"""A number that stands in two places is one number: pairs are collected from the pages and compared.

The store has an annotation and two model runs whose objects, persons and relationships lie on both sides of every
threshold, so that each way of counting that forgets one of them gives another number.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from ag_core.annotations.building.build import build_store
from ag_core.annotations.statistics import counts, sampling, transitions
from ag_core.annotations.store import ANNOTATION, AnnotationStore
from ag_core.doctor.check_runner import list_finding_rows, run_checks
from ag_core.graphs.formats import export_graphs
from ag_core.queries.facets import VideoFilter, count_facets, count_videos
from ag_core.queries.sequence.query import count_intervals, find_hits
from ag_core.queries.sequence.records import Condition, Sequence, SequenceScope, Step
from ag_core.queries.sql.sandbox import SqlSandbox
from ag_core.records import frame_to_time
from ag_core.results.prediction import Prediction
from ag_core.settings import settings
from ag_core.taxonomy import N_RELATIONS, OBJECTS, find_object_index, find_relation_index
from ag_core.ui.widgets.pickers import format_source
from tests.conftest import CLIPS, FPS, LENGTH, stand_in_prediction, write_action_genome, write_charades
from tests.pages.test_links import visit
from tests.pages.test_pages import notes

FIRST, SECOND = "prediction:faster-rcnn+reldn", "prediction:yolox+frequency"
SOURCES = [ANNOTATION, FIRST, SECOND]
EXPLORE, SEARCH, STATISTICS, DOCTOR = (
    "pages/1_Explore.py",
    "pages/3_Search.py",
    "pages/4_Statistics.py",
    "pages/10_Doctor.py",
)


def make_uncertain(prediction: Prediction, seed: int, names: tuple[str, str]) -> Prediction:
    """The same video by other models: several objects of few classes, on both sides of every threshold."""
    random = np.random.default_rng(seed)
    pattern, graphs = prediction.frames[0], []
    for frame in range(2, LENGTH, 2):
        n = int(random.integers(1, 6))
        corners = random.uniform(0, 40, (n, 2))
        graphs.append(
            replace(
                pattern,
                frame=frame,
                time_s=frame_to_time(frame, FPS),
                person_score=float(random.choice([0.07, 0.29, 0.9, 0.9, 0.9])),
                object_classes=random.choice([find_object_index(name) for name in OBJECTS[2:6]], n),
                object_boxes_xyxy=np.hstack([corners, corners + 30]).astype(np.float32),
                object_scores=random.choice([0.1, 0.29, 0.31, 0.8], n).astype(np.float32),
                relations=random.choice([0.1, 0.49, 0.51, 0.9], (n, N_RELATIONS)).astype(np.float32),
            )
        )
    models = tuple(replace(model, name=name) for model, name in zip(prediction.models, names))
    return replace(prediction, models=models, frames=tuple(graphs))


@pytest.fixture(scope="module")
def store_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The annotation of two videos, a model run of both and one of the first; the rate of both is known."""
    folder = tmp_path_factory.mktemp("numbers")
    write_charades(folder / "charades")
    write_action_genome(folder / "annotations")
    (folder / "rates.csv").write_text("video,fps\n" + "".join(f"{video_id},{FPS}\n" for video_id in CLIPS))
    paths = []
    for number, (video_id, names) in enumerate(
        [(one, ("faster-rcnn", "reldn")) for one in CLIPS] + [(next(iter(CLIPS)), ("yolox", "frequency"))]
    ):
        paths.append(folder / f"{number}.json")
        make_uncertain(stand_in_prediction(video_id), number, names).save(paths[-1])
    build_store(
        folder / "numbers.duckdb", charades=folder / "charades", action_genome=folder / "annotations",
        rates=folder / "rates.csv", predictions=paths,
    )  # fmt: skip
    return folder / "numbers.duckdb"


@pytest.fixture
def store(store_path: Path, app_home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[AnnotationStore]:
    """The store, open beside the pages."""
    monkeypatch.setenv("AG_STORE", str(store_path))
    settings.cache_clear()
    with AnnotationStore(store_path) as opened:
        yield opened


def open_statistics(tab: str, source: str) -> AppTest:
    """A tab of Statistics for a source."""
    app = visit(STATISTICS, {"tab": tab} | ({} if source == ANNOTATION else {"whose": format_source(source)}))
    assert not app.exception and not app.warning
    return app


def read_cards(app: AppTest) -> list[int]:
    """The four totals: videos, frames, object boxes, relationships."""
    return [int(one.value.replace(",", "")) for one in app.metric]


def read_number(text: str, pattern: str) -> int:
    """The one number of a text that stands where `pattern` has its group."""
    (found,) = set(re.findall(pattern, text))
    return int(found.replace(",", ""))


@pytest.mark.parametrize("source", SOURCES)
def test_totals_are_the_same_on_cards_in_charts_in_tables_and_in_sql(source: str, store: AnnotationStore) -> None:
    overview, pairs = open_statistics("Overview", source), open_statistics("Objects and relationships", source)
    videos, frames, boxes, relations = read_cards(overview)
    mine = overview.dataframe[0].value.iloc[0]
    assert (videos, frames, boxes, relations) == (
        mine["num_videos"], mine["frames"], mine["object_instances"], mine["relationship_instances"],
    )  # fmt: skip
    assert relations == read_number(notes(overview), r"([\d,]+) relationships between")
    assert boxes == read_number(notes(overview), r"([\d,]+) visible boxes")
    assert relations == read_number(notes(pairs), r"pairs occur, ([\d,]+) relationships")
    if source == ANNOTATION:
        assert [videos, frames, boxes, relations] == read_cards(visit("app.py", {}))
    answer = SqlSandbox(store.path).run(
        f"""select (select count(*) from videos where source = '{source}') as videos,
                   (select count(*) from frames where source = '{source}') as frames,
                   (select count(*) from objects where source = '{source}' and visible) as boxes,
                   (select count(*) from relations_by_class where source = '{source}') as relations,
                   (select sum(relations) from relation_cube where source = '{source}') as cube,
                   (select sum(bit_count(relation_mask & 33554431)) from objects where source = '{source}')"""
    )
    assert [int(value) for value in answer.frame.iloc[0]] == [videos, frames, boxes, relations, relations, relations]


@pytest.mark.parametrize("source", SOURCES)
def test_what_is_counted_is_what_the_tables_of_explore_and_the_exports_hold(
    source: str, store: AnnotationStore
) -> None:
    totals = counts.count_rows(store, source)
    shown = exported = graphs = 0
    for video_id in store.videos(source)["video_id"]:
        query = {"v": video_id, "table": "All triplets"}
        query |= {} if source == ANNOTATION else {"run": source.partition(":")[2].replace("+", " + ")}
        query |= {} if source == ANNOTATION else {"tables": "Prediction"}
        app = visit(EXPLORE, query)
        assert not app.exception and not app.error
        shown += len(app.dataframe[0].value)
        of_video = store.graphs_of(video_id, source)
        graphs += len(of_video)
        text = export_graphs("triplets", of_video, store.video(video_id), source=source)
        exported += len(json.loads(text)["triplets"])
    assert shown == exported == totals["relations"] and graphs == totals["frames"]


@pytest.mark.parametrize("source", SOURCES)
def test_videos_are_counted_alike_by_charts_facets_explore_and_search(source: str, store: AnnotationStore) -> None:
    grid = visit(EXPLORE, {} if source == ANNOTATION else {"source": format_source(source)})
    assert f"{len(store.videos(source))} of {len(store.videos(source))} videos match" in notes(grid)
    facets = count_facets(store, VideoFilter(source=source)).set_index(["kind", "index"])["videos"]
    scope = SequenceScope(source=source)
    of_object = counts.count_objects(store, source).set_index("class")["videos"]
    of_relation = counts.count_relations(store, source).set_index("relation")["videos"]
    for number in of_object[of_object > 0].index:
        hits = find_hits(store, Sequence((Step((Condition((number,)),)),), where=scope), 1)
        assert of_object[number] == facets["object", number] == hits.videos
        assert of_object[number] == count_videos(store, VideoFilter(objects=(number,), source=source))
    for number in of_relation[of_relation > 0].index:
        assert of_relation[number] == facets["relation", number]
        assert of_relation[number] == count_videos(store, VideoFilter(relations=(number,), source=source))
    pairs = counts.count_object_relation_pairs(store, source)
    for number, relation, videos in zip(pairs["class"], pairs["relation"], pairs["videos"]):
        hits = find_hits(store, Sequence((Step((Condition((number,), (relation,)),)),), where=scope), 1)
        search = VideoFilter(objects=(number,), relations=(relation,), source=source)
        assert videos == hits.videos == count_videos(store, search)
    actions = counts.count_actions(store, source).set_index("action")["videos"]
    for number in actions[actions > 0].index:
        assert actions[number] == count_videos(store, VideoFilter(actions=(number,), source=source))


@pytest.mark.parametrize("source", SOURCES)
def test_intervals_are_counted_alike_by_statistics_and_search(source: str, store: AnnotationStore) -> None:
    pairs = counts.count_object_relation_pairs(store, source)
    assert len(pairs) > 4
    for number, relation in zip(pairs["class"], pairs["relation"]):
        lasting = transitions.measure_durations(store, source, number).set_index("relation")
        step = Step((Condition((number,), (relation,)),))
        found = count_intervals(store, Sequence((step,), where=SequenceScope(source=source)))
        assert found["intervals"].iloc[0] == lasting.loc[relation, "intervals"]


def test_frames_at_midpoints_are_one_number(store: AnnotationStore) -> None:
    near, total = sampling.count_frames_at_midpoints(store, ANNOTATION)
    by_video = [
        re.search(r"(\d+) annotated frames \(strokes\), (\d+) of them", notes(visit(STATISTICS, query)))
        for query in ({"tab": "Sampling", "video": video_id} for video_id in CLIPS)
    ]
    assert [sum(int(one[part]) for one in by_video if one) for part in (1, 2)] == [total, near]
    (finding,) = (one for one in run_checks(store) if one.id == "frame-off-midpoint")
    assert (finding.out_of - finding.count, finding.out_of) == (near, total) and 0 < near < total
    share = f"{100 * near / total:.1f} %"
    assert share in notes(open_statistics("Sampling", ANNOTATION)) and finding.figures.startswith(share)


def test_every_finding_counts_its_rows_and_no_more_than_there_are(store: AnnotationStore) -> None:
    for finding in run_checks(store):
        assert len(list_finding_rows(store, finding.id)) == finding.count
        assert finding.count <= finding.out_of, finding.id
    predicted = {one.id: (one.count, one.out_of) for one in run_checks(store)}
    assert predicted["predicted-video-unknown"] == (0, 2) and predicted["prediction-without-graphs"] == (0, 3)


def test_the_doctor_counts_what_home_and_statistics_count(store: AnnotationStore) -> None:
    totals = counts.count_rows(store, ANNOTATION)
    doctor = visit(DOCTOR, {})
    funnel: pd.DataFrame = doctor.dataframe[0].value.set_index("step")["together"]
    assert funnel["Annotated frames"] == totals["frames"]
    assert funnel["Relationships in kept frames"] == totals["relations"]  # here every frame is kept
    assert funnel["Object boxes in kept frames"] == totals["visible_objects"]
    parts = [name for name in funnel.index if name.startswith(("Kept videos", "dropped:"))]
    assert len(parts) == 4 and funnel[parts].sum() == funnel["Videos with annotated frames"]
    assert funnel["Frames with a visible object"] + funnel["of these without a visible object"] == totals["frames"]
    said = [one.proto.label for one in visit("app.py", {}).get("page_link") if "odd on reading" in one.proto.label]
    assert said == [f"{doctor.caption[0].value.partition(',')[0].rstrip('.')}; see the doctor"]


def test_a_chart_of_a_prediction_leads_to_videos_of_that_prediction(store: AnnotationStore) -> None:
    app = open_statistics("Overview", SECOND)
    mark = app.selectbox(key="statistics_objects_mark").options[0]
    app.selectbox(key="statistics_objects_mark").set_value(mark).run()
    (link,) = [one.proto for one in app.get("page_link") if one.proto.label.startswith("See ")]
    assert link.label == "See the video in Explore" and "source=Prediction%3A+yolox+%2B+frequency" in link.query_string


def test_the_store_lies_on_both_sides_of_every_threshold(store: AnnotationStore) -> None:
    totals = counts.count_rows(store, FIRST)
    every = store.rows("select count(*), count(*) filter (score >= 0.5) from relations where source = ?", [FIRST])
    assert 0 < totals["relations"] < every[0][1] < every[0][0] and totals["visible_objects"] < totals["objects"]
    assert find_relation_index("holding") in store.ask("select distinct relation from relations")["relation"].tolist()
