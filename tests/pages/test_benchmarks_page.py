"""The page Benchmarks: without scores it says what to run; with the reader's own, every number has its protocol."""

import re
from dataclasses import replace
from html import unescape
from pathlib import Path
from urllib.parse import parse_qsl, urlparse

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from ag_core.annotations.building.build import build_store
from ag_core.evaluation.graph_recall import RECALL_DETAILS
from ag_core.evaluation.metrics import Counts
from ag_core.evaluation.protocol import Averaging, Constraint, Owner
from ag_core.records import frame_to_time
from ag_core.results.scene_graph_scores import EdgeRow, RecallRow, SceneGraphScores
from ag_core.settings import settings
from ag_core.taxonomy import Mode, find_relation_index
from ag_core.ui import shipped_files
from ag_core.ui.benchmarks import score_files
from ag_core.ui.benchmarks.calibration import build_calibration_table
from ag_core.ui.benchmarks.frames import EVERY, FRAMES, find_runs, link_frames
from ag_core.ui.benchmarks.relations import build_relation_table
from ag_core.ui.benchmarks.scope import BenchmarkScope
from ag_core.ui.benchmarks.table_5 import (
    build_paper_table,
    build_score_tables,
    explain_few_unseen,
    shorten_head,
    take_out_spread,
)
from ag_core.ui.charts.score_plots import draw_calibration, draw_relation_scores
from tests.conftest import ANNOTATED, FPS, stand_in_prediction, write_action_genome, write_charades
from tests.pages.test_links import read_player_start, visit
from tests.pages.test_pages import notes
from tests.results.test_scene_graph_scores import EDGES, RECALL, SCORED
from tests.stores import TIMED

PAGE = "pages/7_Benchmarks.py"


def make_scores() -> SceneGraphScores:
    """Two heads in two modes under two constraints; the edges of one are known."""
    recalls: list[RecallRow] = []
    edges: list[EdgeRow] = []
    for head, label in (("reldn", "RelDN"), ("frequency", "Frequency prior")):
        for mode in (Mode.PREDCLS, Mode.SGDET):
            scored = replace(SCORED, head=head, label=label, mode=mode)
            for constraint in (Constraint.WITH_CONSTRAINT, Constraint.NO_CONSTRAINT):
                values = {("R", Averaging.FRAME): {20: (10.0, 20.0, 30.0), 50: (40.0, 40.0, 40.0)}}
                made = replace(RECALL, scored=scored, constraint=constraint, values=values)
                recalls.append(replace(made, per_relation={50: {"holding": (50.0, 60.0, 70.0)}}))
            if head == "reldn":
                values_of_edges = {**EDGES.values, "calibration error": (1.0, 2.0, 3.0)}
                of_relation = {**EDGES.per_relation, "precision of edges": {"holding": (80.0, 85.0, 90.0)}}
                bins = {"holding": ((70, 0.05, 2), (3, 0.95, 2))}
                values_of_edges["recall of edges"] = (7.0, 8.0, 9.0)
                edges.append(replace(EDGES, scored=scored, values=values_of_edges, per_relation=of_relation, bins=bins))
    return SceneGraphScores(tuple(recalls), tuple(edges), {"vrd": "vrd.safetensors"})


@pytest.fixture
def own_scores(app_home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The reader's file of scores; none is shipped."""
    monkeypatch.setattr(score_files, "SHIPPED", app_home / "none")
    path = settings().own_benchmark("scene_graphs")
    path.parent.mkdir(parents=True, exist_ok=True)
    make_scores().save(path)
    return path


def texts(app: AppTest) -> str:
    """All that can be read on the page beside tables and charts."""
    words = [str(one.value) for part in (app.markdown, app.caption, app.header) for one in part]
    return " ".join([notes(app), *words])


def test_without_scores_the_page_says_what_to_run(app_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(score_files, "SHIPPED", app_home / "none")
    settings().own_benchmark("scene_graphs").unlink(missing_ok=True)
    app = visit(PAGE, {})
    assert not app.exception
    said = texts(app)
    assert "No scores yet" in said
    assert "python -m ag_core evaluate scene-graphs" in said and str(settings().own_benchmark("scene_graphs")) in said
    assert len(app.dataframe) == 3 and "Table 5" in said  # the paper's numbers stand there all the same


def test_the_readers_scores_stand_beside_the_papers(own_scores: Path) -> None:
    app = visit(PAGE, {})
    assert not app.exception and not app.warning
    ours, edges, paper = (one.value for one in app.dataframe)
    assert edges["head"].tolist() == ["RelDN"]
    assert ours["head"].tolist() == ["RelDN", "Frequency prior"]
    recall = next(name for name in ours.columns if name.startswith("R@20"))
    assert ours[recall].tolist() == [20, 20] and ours[f"± {recall}"].tolist() == [10, 10]
    assert paper["method"].tolist()[-1] == "RelDN" and len(paper.columns) == 5
    said = texts(app)
    for words in (
        "Yours; PredCls",
        "with constraint",
        "25 relationships",
        "mine iid dense view",
        "9 frames",
        "Table 5",
    ):
        assert words in said, words
    assert "Not scored, since no weights were found: VRD" in said


def test_the_link_keeps_the_choice(own_scores: Path) -> None:
    app = visit(PAGE, {"task": "SGDet", "constraint": "no constraint", "scores": "Yours"})
    assert app.button_group(key="task").value == "SGDet" and app.selectbox(key="constraint").value == "no constraint"
    assert "SGDet; no constraint" in texts(app) and not app.warning
    assert "constraint 'loose'" in visit(PAGE, {"constraint": "loose"}).warning[0].value
    nobody = visit(PAGE, {"constraint": "semi constraint"})
    assert "No relation head was scored with this choice" in texts(nobody) and not nobody.exception


@pytest.mark.parametrize("tab", ["Relationships", "Calibration"])
def test_each_relationship_of_a_head_is_drawn(own_scores: Path, tab: str) -> None:
    app = visit(PAGE, {"benchmark": tab, "head": "RelDN"})
    assert not app.exception and not app.warning and app.get("vega_lite_chart")
    assert {"Relationships": "Precision of edges", "Calibration": "Calibration error of RelDN is 2.0 %"}[tab] in texts(
        app
    )
    other = visit(PAGE, {"benchmark": tab, "head": "Frequency prior"})
    assert not other.exception and "only where the truth leaves nothing out" in texts(other)


@pytest.fixture
def judged_store(own_scores: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The open store has the annotation of two videos, and of one a prediction of the annotated frames with a fault."""
    write_charades(tmp_path / "charades")
    write_action_genome(tmp_path / "annotations")
    prediction = stand_in_prediction(TIMED)
    graphs = [
        replace(graph, frame=frame, time_s=frame_to_time(frame, FPS))
        for graph, frame in zip(prediction.frames, ANNOTATED)
    ]
    relations = graphs[1].relations.copy()
    relations[0, [find_relation_index("holding"), find_relation_index("wiping")]] = 0.1, 0.8
    graphs[1] = replace(graphs[1], relations=relations)
    replace(prediction, frames=tuple(graphs)).save(tmp_path / "prediction.json")
    build_store(
        tmp_path / "judged.duckdb",
        charades=tmp_path / "charades",
        action_genome=tmp_path / "annotations",
        predictions=[tmp_path / "prediction.json"],
    )
    monkeypatch.setenv("AG_STORE", str(tmp_path / "judged.duckdb"))
    settings.cache_clear()


def test_from_a_bar_to_the_frames_behind_it_and_into_the_player(judged_store: None) -> None:
    app = visit(PAGE, {"benchmark": "Relationships", "head": "RelDN", "task": "SGDet"})
    app.selectbox(key="benchmarks_recall_mark").set_value("holding").run()
    (address,) = re.findall(r'class="ag-link" href="(.*?)"', texts(app))
    app = visit(PAGE, dict(parse_qsl(urlparse(unescape(address)).query)))
    assert not app.exception and not app.warning and app.selectbox(key="relationship").value == "holding"
    said = texts(app)
    assert "checked against the annotation: 3 right (TP), 0 false (FP), 1 missed (FN) in 4 frames of 1 video." in said
    (table,) = (one.value for one in app.dataframe)
    assert table[["video", "frame", "right", "false", "missed"]].values.tolist() == [
        [TIMED, 9, 0, 0, 1], [TIMED, 3, 1, 0, 0], [TIMED, 15, 1, 0, 0], [TIMED, 27, 1, 0, 0],
    ]  # fmt: skip
    link = urlparse(table["watch"][0])
    query = dict(parse_qsl(link.query))
    assert link.path == "Explore" and query["sel"] == "holding" and query["judged"] == "true"
    player = visit("pages/1_Explore.py", query)
    assert not player.exception and not player.warning
    assert read_player_start(player) == (0.333, {"kind": "relation", "label": "holding", "class": None})
    app.selectbox(key="relationship").set_value(EVERY).run()
    assert "15 right (TP), 1 false (FP), 1 missed (FN)" in texts(app)


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({"head": "RelDN", "task": "PredCls"}, "The open store has no PredCls predictions by RelDN"),
        ({"head": "Frequency prior", "task": "SGDet"}, "--heads frequency --tasks sgdet --data STORE"),
    ],
)
def test_without_predictions_the_frames_tab_says_what_to_do(
    judged_store: None, query: dict[str, str], said: str
) -> None:
    app = visit(PAGE, {"benchmark": FRAMES, **query})
    assert not app.exception and not app.dataframe and said in texts(app)
    if query["task"] == "PredCls":
        app.button(key="frames_sgdet").click().run()
        assert app.button_group(key="task").value == "SGDet" and len(app.dataframe) == 1


def test_runs_of_a_head_are_found_by_their_names() -> None:
    own = ["prediction:yolox+reldn", "prediction:yolox+reldn+smoothed", "prediction:faster-rcnn+reldn@abc123"]
    given = ["prediction:predcls+reldn", "prediction:sgcls+reldn"]
    sources = ["annotation", *given, own[2], own[1], own[0], "prediction:reldn+imp"]
    assert find_runs(sources, "reldn", Mode.SGDET) == own
    assert [find_runs(sources, "reldn", mode) for mode in (Mode.PREDCLS, Mode.SGCLS)] == [given[:1], given[1:]]


def test_the_register_marks_contradictions(own_scores: Path) -> None:
    app = visit(PAGE, {"benchmark": "Published"})
    assert not app.exception
    (table,) = (one.value for one in app.dataframe)
    of_tempura = table[(table["method"] == "TEMPURA") & (table["measure"] == "mR@10") & (table["task"] == "SGDet")]
    with_constraint = of_tempura[of_tempura["constraint"] == "with constraint"]
    assert sorted(with_constraint["printed"]) == [15.5, 18.5, 22.6] and with_constraint["elsewhere"].str.len().min() > 0


def test_a_file_that_is_none_is_told(own_scores: Path) -> None:
    own_scores.write_text("{}")
    app = visit(PAGE, {})
    assert "these are no scene-graph scores" in app.error[0].value and not app.exception


def test_shipped_scores_are_ours() -> None:
    ours = make_scores().with_owner(Owner.OURS_HOME)
    assert {metric.origin.owner for metric in ours.list_metrics()} == {Owner.OURS_HOME}


def test_little_to_measure_zero_shot_recall_on_is_said() -> None:
    rows = [replace(RECALL, n_unseen=None), replace(RECALL, n_unseen=Counts(videos=5, frames=11, triplets=14))]
    assert "rests on the 14 triplets that train never shows" in explain_few_unseen(rows)
    assert explain_few_unseen([replace(RECALL, n_unseen=Counts(videos=50, triplets=400))]) == ""
    assert explain_few_unseen(rows[:1]) == ""


def test_heads_of_columns_are_short() -> None:
    assert shorten_head("R@20 in %, mean within each video, then over videos") == "R@20, by video"
    assert shorten_head("false edges per frame, mean over frames") == "false edges per frame, by frame"
    assert shorten_head(f"zR@20 in %, mean over frames, {RECALL_DETAILS}; only unseen ones") == "zR@20, by frame"


def test_what_all_spreads_are_is_said_once() -> None:
    table = pd.DataFrame(
        {"head": ["VRD", "IMP", "MSDN"], "spread": ["in brackets the range", "", "in brackets the range"]}
    )
    shown, said = take_out_spread(table)
    assert list(shown) == ["head"] and said == " Behind ±: the range."
    two = table.assign(spread=["in brackets the range", "", "in brackets the interval"])
    assert take_out_spread(two)[0] is two and take_out_spread(shown) == (shown, "")


def test_tables_of_a_choice() -> None:
    chosen = BenchmarkScope("Yours", make_scores(), Mode.SGDET, Constraint.WITH_CONSTRAINT, 25, "iid")
    tables = build_score_tables(chosen)
    assert list(tables) == ["recall", "edges"]
    (reldn,) = tables["edges"].to_sortable_records()
    precision = next(name for name in reldn if name.startswith("precision"))
    assert (reldn[precision], reldn[f"± {precision}"]) == (60, 10)
    assert build_score_tables(replace(chosen, part="comp")) == {}
    assert {m.protocol.mode for _, row in build_paper_table(Mode.SGDET).rows for m in row if m} == {Mode.SGDET}
    address = urlparse(link_frames(chosen, "RelDN"))
    assert address.path == "Benchmarks" and dict(parse_qsl(address.query)) == {
        "scores": "Yours", "task": "SGDet", "constraint": "with constraint", "part": "iid", "counted": "25",
        "benchmark": FRAMES, "head": "RelDN", "relationship": EVERY,
    }  # fmt: skip
    relations = build_relation_table(chosen.recalls[0].list_relation_metrics(50))
    assert relations[["relation", "group", "number", "low"]].values.tolist() == [["holding", "contact", 60, 50]]
    assert relations["cases"].tolist() == [12]
    curves = build_calibration_table(chosen.edges["reldn"])
    assert curves[["relation", "confidence", "pairs"]].values.tolist() == [["holding", 0.05, 70]]
    for dark in (False, True):
        assert draw_relation_scores(relations, dark=dark).to_dict() and draw_calibration(curves, dark=dark).to_dict()
    assert shipped_files.load_published_scene_graphs()["rows"]
