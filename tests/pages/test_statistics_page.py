"""The Statistics page, tab by tab: every chart can be chosen from, leads to Explore, and comes as data and picture."""

import json
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from xml.etree import ElementTree

import altair as alt
import pandas as pd
import pytest
import streamlit as st
from PIL import Image
from streamlit.testing.v1 import AppTest

from ag_core.annotations.building.build import build_store
from ag_core.evaluation.protocol import Owner
from ag_core.queries.facets import VideoFilter
from ag_core.queries.sequence.language import parse_sequence
from ag_core.queries.sequence.records import Condition
from ag_core.settings import PROJECT, settings
from ag_core.taxonomy import OBJECTS, find_object_index, find_relation_index
from ag_core.ui import cached, shipped_files
from ag_core.ui.charts import bipartite, figures, plots, time_axis
from ag_core.ui.charts.figures import Figure
from ag_core.ui.formatting import format_action_option
from ag_core.ui.statistics.over_time import build_transition_table, write_transition_sequences
from ag_core.ui.statistics.overview import build_table_1
from ag_core.ui.statistics.pairs import LINES, SHAPES, SHARE, WEIGHTS, build_together_table
from tests.pages.test_pages import notes

PAGE = "pages/4_Statistics.py"
TABS = {
    "Overview": ["relations", "objects"],
    "Objects and relationships": ["pairs", "together"],
    "Over time": ["transitions", "durations"],
    "Actions": ["actions", "verbs", "beside"],
    "Sampling": ["sampling"],
}
"""Each tab with its charts."""

ASKED = {
    "Overview": {"table_1_row"},
    "Objects and relationships": {"object_relation_pairs", "co_occurrence"},
    "Over time": {"transitions", "durations"},
    "Actions": {"actions_beside"},
    "Sampling": {"share_at_midpoints"},
}
"""What each tab asks the store while it is open, and the others do not."""


def open_tab(tab: str, **query: str) -> AppTest:
    app = AppTest.from_file(str(PROJECT / "app.py"), default_timeout=120)
    app.query_params["tab"] = tab
    for name, value in query.items():
        app.query_params[name] = value
    return app.switch_page(PAGE).run()


def links(app: AppTest) -> list[tuple[str, str]]:
    """Label and query of the links in the page itself."""
    return [(one.proto.label, one.proto.query_string) for one in app.get("page_link") if one.proto.query_string]


@pytest.mark.parametrize("tab", TABS)
def test_a_tab_asks_only_for_its_charts_and_shows_them_with_owner_and_files(
    tab: str, app_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scope: list[str] = []
    answer = cached.compute_statistic

    def note(key: cached.StoreKey, what: str, *rest: Any) -> Any:
        scope.append(what)
        return answer(key, what, *rest)

    monkeypatch.setattr(cached, "compute_statistic", note)
    app = open_tab(tab)
    assert set(scope) == ASKED[tab]
    assert not app.exception and not app.error
    assert len(app.get("vega_lite_chart")) == len(TABS[tab])
    assert all(chart.proto.alt for chart in app.get("vega_lite_chart"))
    keys = {button.proto.id.split("-", 3)[-1] for button in app.get("download_button")}
    for chart in TABS[tab]:
        assert {f"statistics_{chart}_{kind}" for kind in ("csv", "json", "svg", "png")} <= keys
    assert "open data" in notes(app)


@pytest.mark.parametrize(
    ("tab", "chart", "mark", "expected"),
    [
        ("Overview", "relations", "sitting on", "relation=sitting+on"),
        ("Overview", "objects", "cup/glass/bottle", "object=cup%2Fglass%2Fbottle"),
        ("Objects and relationships", "pairs", "bed · behind", "object=bed&relation=behind"),
        ("Objects and relationships", "pairs", "pillow", "object=pillow"),
        ("Objects and relationships", "together", "pillow with bed", "object=pillow&object=bed"),
        ("Over time", "transitions", "sitting on → sitting on", "object=bed&relation=sitting+on"),
        ("Over time", "durations", "sitting on", "object=bed&relation=sitting+on"),
        ("Actions", "actions", "Sitting on a bed (c135)", None),
        ("Sampling", "sampling", "frame 15, 0:01.167", "v=AB1CD&t=1.167"),
    ],
)
def test_a_chosen_mark_leads_to_explore(tab: str, chart: str, mark: str, expected: str | None, app_home: Path) -> None:
    query = {"of": "bed"} if tab == "Over time" else {}
    app = open_tab(tab, **query)
    assert not any("Explore" in label for label, _ in links(app))
    marks = app.selectbox(key=f"statistics_{chart}_mark")
    chosen = mark if expected else marks.options[0]
    marks.set_value(chosen).run()
    assert not app.exception
    [(label, found)] = [one for one in links(app) if "Explore" in one[0] or "Watch" in one[0]]
    assert label in ("See the video in Explore", "Watch this frame")
    assert found == (expected or urlencode({"action": f"{chosen[-5:-1]} {chosen[:-7]}"}))


def test_explore_takes_an_action_as_printed_and_by_its_bare_id(app_home: Path) -> None:
    for value in ("c011", format_action_option("c011")):
        explore = AppTest.from_file(str(PROJECT / "app.py"), default_timeout=120)
        explore.query_params["action"] = [value]
        explore = explore.switch_page("pages/1_Explore.py").run()
        assert explore.multiselect(key="action").value == ["c011"]
        assert "1 of 2 videos match" in notes(explore)


def test_what_a_link_says_is_what_explore_finds(app_home: Path) -> None:
    app = open_tab("Objects and relationships")
    app.selectbox(key="statistics_pairs_mark").set_value("bed · sitting on").run()
    [(label, query)] = [one for one in links(app) if "Explore" in one[0]]
    assert label == "See the video in Explore"
    explore = AppTest.from_file(str(PROJECT / "app.py"), default_timeout=120)
    for name, value in figures.build_explore_parameters(
        VideoFilter(objects=(find_object_index("bed"),), relations=(find_relation_index("sitting_on"),))
    ).items():
        assert f"{name}={value[0].replace(' ', '+')}" in query
        explore.query_params[name] = value
    explore = explore.switch_page("pages/1_Explore.py").run()
    assert "1 of 2 videos match" in notes(explore)


def test_a_click_is_carried_into_the_list(monkeypatch: pytest.MonkeyPatch) -> None:
    state: dict[str, Any] = {"one_chart": {"selection": {"pick": [{"mark": "bed"}]}}}
    monkeypatch.setattr(st, "session_state", state)
    figures.keep_choice("one", ("bag", "bed"))
    assert state["one_mark"] == "bed"
    choices: tuple[list[dict[str, str]], ...] = ([], [{"mark": "moon"}], [{}])
    for elsewhere in choices:
        state["one_chart"] = {"selection": {"pick": elsewhere}}
        state["one_mark"] = "bed"
        figures.keep_choice("one", ("bag", "bed"))
        assert state["one_mark"] is None


def test_weights_and_shapes_of_the_map(app_home: Path) -> None:
    for shape in SHAPES.values():
        for weight in WEIGHTS:
            app = open_tab("Objects and relationships", shape=shape, weight=WEIGHTS[weight])
            assert not app.exception
            assert ("Weight: share" in notes(app)) == (weight == SHARE)
            assert ("x_end" in app.get("vega_lite_chart")[0].proto.spec) == (shape == SHAPES[LINES])


def test_groups_and_objects_over_time(app_home: Path) -> None:
    app = open_tab("Over time", of="pillow", group="spatial")
    assert app.header[0].value == "What follows what: spatial, pillow"
    app.toggle(key="every").set_value(True).run()
    assert not app.exception
    assert "with all objects" in notes(app)
    app.button_group(key="group").set_value("attention").run()
    assert not app.exception


def test_transitions_lead_to_search_in_its_language() -> None:
    table = pd.DataFrame(
        [
            ("appears", "holding", 2),
            ("holding", "not_contacting", 3),
            ("holding", "ends", 1),
            ("holding", "holding", 9),
            ("in_front_of", "behind", 1),
        ],
        columns=["before", "after", "n"],
    )
    table = build_transition_table(table).assign(mark=["a", "b", "c", "d", "e"])
    assert table["share"].tolist() == pytest.approx([1, 3 / 13, 1 / 13, 9 / 13, 1])
    for name in OBJECTS:
        found = write_transition_sequences(table, name)
        assert list(found) == ["b", "e"] and found["e"] == f"{name} in front of person then {name} behind person"
        steps = [step.conditions for step in parse_sequence(found["b"]).steps]
        assert steps == [
            (Condition((find_object_index(name),), (find_relation_index(held),)),)
            for held in ("holding", "not_contacting")
        ]


def test_the_strip_tells_which_frames_lie_at_midpoints(app_home: Path) -> None:
    # Frames 3, 9, 15, 27 at 12 a second; c011 runs from 0 to 3 s: its midpoints are frames 4, 11, 19, 26, 33.
    app = open_tab("Sampling", video="EF2GH")
    assert "5 midpoints (dots), of which 2 have an annotated frame" in notes(app)
    assert "4 annotated frames (strokes), 2 of them at most 1 frame from a midpoint" in notes(app)
    captions = [caption.value for caption in app.caption]
    assert captions.count("annotated") == 2 and captions.count("not annotated") == 3
    assert len(app.get("image")) == 5
    assert ("0:00.167, frame 3", "v=EF2GH&t=0.167") in links(app)


def test_a_video_without_actions_or_rate_says_so(
    app_home: Path, showcase: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = app_home / "graphs.duckdb"
    build_store(mine, action_genome=showcase / "annotations")
    monkeypatch.setenv("AG_STORE", str(mine))
    settings.cache_clear()
    app = open_tab("Sampling")
    assert [heading.value for heading in app.header][-1] == "No strip for this video"
    app = open_tab("Over time")
    assert not app.exception
    assert any("rates are not known" in caption.value for caption in app.caption)
    app = open_tab("Actions")
    assert [heading.value for heading in app.header] == ["No actions"]


def test_predictions_are_told_apart(app_home: Path) -> None:
    open_tab("Overview")
    source = cached.open_store().sources()[1]
    for tab in TABS:
        app = open_tab(tab, source=source)
        assert not app.exception, tab
        if tab not in ("Sampling", "Actions"):
            assert "by this project" in notes(app)


def small_figure() -> Figure:
    table = pd.DataFrame({"object": ["bed", "bag"], "n": [30, 4]})
    draw = partial(_draw, table.assign(mark=table["object"]))
    return Figure("Objects", "34 boxes, counted by hand", "Bars", "objects", "test", draw, table)


def _draw(table: pd.DataFrame, dark: bool) -> alt.Chart:
    return plots.draw_count_bars(table, "object", "n", dark=dark, logarithmic=True)


def test_pictures_are_files_that_need_nothing_else() -> None:
    svg = figures.render_figure(small_figure(), "svg")
    root = ElementTree.fromstring(svg)
    texts = {element.text for element in root.iter("{http://www.w3.org/2000/svg}text")}
    assert {"Objects", "34 boxes, counted by hand", "bed", "bag", "n, logarithmic scale"} <= texts
    assert not list(root.iter("{http://www.w3.org/2000/svg}image"))
    image = Image.open(BytesIO(figures.render_figure(small_figure(), "png")))
    assert image.format == "PNG" and image.width > 2 * figures.PICTURE_WIDTH
    assert image.convert("RGB").getpixel((2, 2)) == (255, 255, 255)


PAIRS = pd.DataFrame(
    {
        "object": ["bed", "bed", "cup/glass/bottle"],
        "name": ["sitting_on", "behind", "looking_at"],
        "group": ["contact", "spatial", "attention"],
        "relations": [90, 7, 1],
        "videos": [5, 3, 1],
        "share": [0.9, 0.07, 1.0],
    }
)


def datasets(chart: alt.TopLevelMixin) -> list[list[dict[str, Any]]]:
    return list(json.loads(chart.to_json())["datasets"].values())


@pytest.mark.parametrize("dark", [False, True])
def test_the_map_draws_the_heaviest_lines_in_the_colours_of_the_groups(dark: bool) -> None:
    chart = bipartite.draw_bipartite_map(PAIRS, "relations", "relationships", dark=dark, most=2, logarithmic=True)
    text = chart.to_json()
    assert all(colour in text for colour in plots.GROUP_COLOURS[dark])
    lines, nodes, heads = sorted(datasets(chart), key=lambda rows: "x_end" not in rows[0])
    if len(heads) > len(nodes):
        nodes, heads = heads, nodes
    assert {row["mark"] for row in lines} == {"bed · sitting on", "bed · behind"}
    assert {row["mark"] for row in nodes} == {"bed", "cup/glass/bottle", "sitting on", "behind", "looking at"}
    assert [row["group"] for row in heads] == ["attention", "spatial", "contact"]
    places = {row["id"]: row["y"] for row in nodes}
    line = next(row for row in lines if row["mark"] == "bed · behind")
    assert (line["y"], line["y_end"]) == (places["object:bed"], places["relation:behind"])


def test_axes_say_that_they_are_logarithmic() -> None:
    table = pd.DataFrame({"object": ["bed", "bag"], "n": [1000, 0]})
    plain, logarithmic = (
        json.loads(plots.draw_count_bars(table, "object", "n", dark=False, logarithmic=one).to_json())
        for one in (False, True)
    )
    assert plain["encoding"]["x"]["title"] is None
    assert logarithmic["encoding"]["x"]["title"] == "n, logarithmic scale"
    assert logarithmic["encoding"]["x"]["axis"]["values"] == [1, 10, 100, 1000]
    assert [row["object"] for row in next(iter(logarithmic["datasets"].values()))] == ["bed"]  # no logarithm of zero


def test_spans_keep_their_order_and_tell_their_quantiles() -> None:
    table = pd.DataFrame(
        [
            ("behind", "spatial", 9, 4, 1.0, 1.5, 2.0, 3.0, 9.0),
            ("looking at", "attention", 5, 5, 1.0, 1.0, 1.0, 1.0, 1.0),
        ],
        columns=["relation", "group", "intervals", "lasting", "q10", "q25", "q50", "q75", "q90"],
    )
    spec = json.loads(time_axis.draw_duration_bars(table.assign(mark=table["relation"]), dark=False).to_json())
    assert spec["layer"][0]["encoding"]["y"]["sort"] == ["looking at", "behind"]
    assert {layer["encoding"]["x"]["field"] for layer in spec["layer"]} == {"q10", "q25", "q50"}


def test_table_1_puts_the_data_at_hand_first() -> None:
    mine = {"num_videos": 2, "video_hours": 0.5, "objects_annotated": True, "frames": 8, "action_instances": 3}
    table = build_table_1(mine, "mine", Owner.YOURS, shipped_files.load_paper_results()["table_1"])
    assert table["dataset"].tolist()[0] == "mine" and table["dataset"].tolist()[-1] == "Action Genome"
    assert table["numbers"].tolist() == ["yours, counted here", *["paper"] * 9]
    assert table.loc[9, "relationship_instances"] == 1_700_000 and table.loc[9, "num_videos"] == 10_000
    assert pd.isna(table.loc[9, "frames"]) and table.loc[0, "frames"] == 8
    charades = table.set_index("dataset").loc["Charades"]
    assert charades["objects_annotated"] and not charades["objects_localized"]


def test_shares_of_a_frame_are_of_the_row() -> None:
    names = pd.Index(["bag", "bed"], name="object")
    table = build_together_table(pd.DataFrame([[4, 2], [2, 8]], names, names.rename("other")))
    assert table.to_dict("records") == [
        {"object": "bag", "other": "bed", "frames": 2, "share": 0.5},
        {"object": "bed", "other": "bag", "frames": 2, "share": 0.25},
    ]
