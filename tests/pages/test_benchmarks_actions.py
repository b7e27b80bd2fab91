"""Benchmarks, the tabs of action models: without files they say what to run; each number says whose it is."""

from pathlib import Path

import pytest

from ag_core.evaluation.protocol import Owner
from ag_core.evaluation.published_results import Reading, read_published_actions
from ag_core.experiments.graph_models import GRAPH_MODELS
from ag_core.results.action_scores import VIDEO_MAP, ActionModelScores
from ag_core.results.graph_action_scores import GraphActionScores
from ag_core.settings import ASSETS, settings
from ag_core.ui import shipped_files
from ag_core.ui.benchmarks import score_files
from ag_core.ui.benchmarks.action_tables import build_class_table, shorten_head
from ag_core.ui.benchmarks.graphs_to_actions import build_shot_table
from ag_core.ui.benchmarks.table_3 import (
    ALL_VIDEOS,
    ActionScope,
    build_measure_table,
    build_probe_table,
    build_reliability_table,
    build_side_by_side,
    describe_best,
    find_paper_row,
)
from tests.pages.test_benchmarks_page import PAGE, texts
from tests.pages.test_links import visit
from tests.results.test_action_scores import SCORES, make_scores

TABLE_3, GRAPHS = "Table 3", "Graphs to actions"


@pytest.fixture
def own_actions(app_home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The reader's file of action scores; none is shipped."""
    monkeypatch.setattr(score_files, "SHIPPED", app_home / "none")
    path = settings().own_benchmark("actions")
    path.parent.mkdir(parents=True, exist_ok=True)
    make_scores().save(path)
    return path


def test_without_scores_table_3_says_what_to_run(app_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(score_files, "SHIPPED", app_home / "none")
    settings().own_benchmark("actions").unlink(missing_ok=True)
    app = visit(PAGE, {"benchmark": TABLE_3})
    assert not app.exception
    said = texts(app)
    assert "evaluate actions --models all" in said and str(settings().own_benchmark("actions")) in said
    (table,) = (one.value for one in app.dataframe)
    assert len(table) == 8 and list(table.columns) == ["model", "Paper"]
    assert "TubeViT 66.2 % (another paper; Charades val)" in said and "of 2020" in said
    graphs = visit(PAGE, {"benchmark": GRAPHS})
    assert not graphs.exception and "evaluate graph-actions --data STORE" in texts(graphs)


def test_the_readers_models_stand_beside_the_papers(own_actions: Path) -> None:
    app = visit(PAGE, {"benchmark": TABLE_3})
    assert not app.exception and not app.warning and not app.error
    table, measures, probes, classes = (one.value for one in app.dataframe)
    assert table["model"].tolist()[-3:] == ["SGFB", "SGFB oracle", "chance"] and len(table) == 9
    rows = table.set_index("model")
    assert rows.loc["LFB", "Yours"] == 41 and rows.loc["chance", "Yours"] == 10
    assert measures["model"].tolist() == ["LFB", "SGFB", "chance", "prior"]
    assert [shorten_head(name) for name in measures.columns[:7]] == [
        "model", "video mAP", "± video mAP", "localisation mAP", "± localisation mAP",
        "log-loss, clips of 2.0 s", "± log-loss, clips of 2.0 s",
    ]  # fmt: skip
    assert probes["model"].tolist() == ["LFB", "SGFB"]
    assert classes[["id", "positives", "LFB", "SGFB"]].values.tolist() == [["c026", 3, 30, 60], ["c107", 1, 52, 42]]
    said = texts(app)
    for words in ("Yours; video mAP in %", "Paper; video mAP in %", "Effective rank of I3D is 5.6 directions", "a note",
                  "paired bootstrap", "less is better", "no weights were found: SGFB oracle"):  # fmt: skip
        assert words in said, words
    assert len(app.get("vega_lite_chart")) == 2
    part = visit(PAGE, {"benchmark": TABLE_3, "action_part": "iid"})
    assert part.dataframe[0].value.equals(table) and "mine iid dense view" in texts(part)


def test_models_that_were_scored_on_more_videos_have_a_column_of_their_own(
    app_home: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    settings().own_benchmark("actions").unlink(missing_ok=True)
    monkeypatch.setattr(score_files, "SHIPPED", tmp_path)
    for name in ("actions", *ALL_VIDEOS.values()):
        make_scores().save(tmp_path / f"{name}.json")
    (further,) = ALL_VIDEOS
    app = visit(PAGE, {"benchmark": TABLE_3, "action_scores": further})
    assert not app.exception and not app.warning
    assert list(app.dataframe[0].value.columns) == ["model", "Paper", "Ours", further]
    assert f"{further}, test" in [header.value for header in app.header]


def test_home_quotes_what_was_measured_on_the_most_videos() -> None:
    most, *others = (ActionModelScores.load(path) for path in shipped_files.SHIPPED_ACTION_SCORES)
    counts = [next(metric.n.videos or 0 for metric in scores.list_named(VIDEO_MAP)) for scores in (most, *others)]
    assert counts == sorted(counts, reverse=True) and counts[0] > counts[-1]


def test_a_damaged_file_of_action_scores_is_told(own_actions: Path) -> None:
    own_actions.write_text('{"format": "action-genome-explorer/action-scores", "version": 9}')
    app = visit(PAGE, {"benchmark": TABLE_3})
    assert "version 9; version 1 is read here" in app.error[0].value and not app.exception


def test_graphs_to_actions_shows_the_shipped_numbers(app_home: Path) -> None:
    settings().own_benchmark("graph_actions").unlink(missing_ok=True)
    app = visit(PAGE, {"benchmark": GRAPHS})
    assert not app.exception and not app.warning and not app.error
    said = texts(app)
    assert "Ours on real data" in said and "Dashed: chance" in said and len(app.get("vega_lite_chart")) == 2
    shots, among, classes = (one.value for one in app.dataframe)
    assert len(shots) == len(among) == len(GRAPH_MODELS) and len(classes) == 156 and "Graph, MLP" in classes.columns


def test_what_relations_add_is_the_difference_of_the_same_model() -> None:
    scores = GraphActionScores.load(ASSETS / "benchmarks" / "graph_actions.json")
    gains = [gain for gain in scores.list_gains() if gain.protocol.name == "difference of frame mAP"]
    assert [gain.model for gain in gains] == ["linear", "MLP", "of the video, verbs and kernel"]
    assert {(gain.origin.owner, gain.n.frames) for gain in gains} == {(Owner.OURS_REAL, 1970)}
    graph, objects = scores.find("Graph, MLP"), scores.find("Objects, MLP")
    assert graph is not None and objects is not None
    assert gains[1].number == pytest.approx(graph.number - objects.number) and gains[1].bounds is not None
    assert gains[2].bounds is None and gains[2].number > 0
    few = next(gain for gain in scores.list_gains() if gain.protocol.name == "difference of 1-shot frame mAP")
    assert few.bounds is not None and "draws of examples" in few.bounds.meaning
    assert len(scores.list_class_metrics("Graph, MLP")) == 156
    assert build_shot_table(scores, "") is not None and build_shot_table(scores, " nowhere") is None


def test_tables_of_a_choice_of_action_scores() -> None:
    columns = build_side_by_side({"Yours": SCORES})
    assert columns["Yours"]["LFB"] is SCORES.find("LFB") and columns["Paper"]["SGFB oracle"] is not None
    rows = list(columns["Paper"])
    assert find_paper_row("I3D alone", rows) == "I3D + NL" and find_paper_row("SlowFast + NL", rows) == "SlowFast + NL"
    assert find_paper_row("Mine", rows) == "Mine"
    scope = ActionScope("Yours", SCORES, "iid")
    measures, probes = build_measure_table(scope), build_probe_table(scope)
    assert "iid" in measures.format_caption() and probes is not None
    curves = build_reliability_table(SCORES)
    assert curves.values.tolist()[0] == ["LFB", 0.02, 10 / 600, 600]
    assert build_class_table({}, {}).empty
    best, *others = read_published_actions(shipped_files.load_published_actions())
    assert best.reading is Reading.NOTES and best.metric.model in describe_best() and len(others) == 2
