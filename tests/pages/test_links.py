"""Every state of a page is in its link, a fresh visitor finds it by the link, and a link that asks for more says so."""

import ast
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from ag_core.results.film_cache import FilmRequest
from ag_core.settings import PROJECT, settings
from tests.pages.test_pages import PAGES, notes, open_page
from tests.stores import SECOND_RUN, TIMED, make_store

EXPLORE, COMPARE, SEARCH, STATISTICS, SQL, RUN, MAKE, DOCTOR = (
    "pages/1_Explore.py", "pages/2_Compare.py", "pages/3_Search.py", "pages/4_Statistics.py", "pages/5_SQL.py",
    "pages/8_Run.py", "pages/9_Make.py", "pages/10_Doctor.py",
)  # fmt: skip
CUP = "cup/glass/bottle"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with the annotation of two videos and two model runs of one."""
    return make_store("several_models", tmp_path_factory.mktemp("links"))


@pytest.fixture
def own_store(store: Path, app_home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The store of `store` is the open one."""
    monkeypatch.setenv("AG_STORE", str(store))
    settings.cache_clear()
    return store


def visit(page: str, query: Mapping[str, str | list[str]]) -> AppTest:
    """A page as a visitor meets it who comes by a link."""
    app = AppTest.from_file(str(PROJECT / "app.py"), default_timeout=120)
    for name, value in query.items():
        app.query_params[name] = value
    return app.switch_page(page).run()


def read_player_start(app: AppTest) -> tuple[float, Any]:
    """The time at which the player begins, and what is selected in it."""
    player: Any = app.get("bidi_component")[0]
    return player.value["t"], player.value["selected"]


STATES: list[tuple[str, Mapping[str, str | list[str]], Callable[[AppTest], Any], Any]] = [
    (EXPLORE, {"object": ["bed"]}, lambda app: app.multiselect(key="object").value, ["bed"]),
    (EXPLORE, {"relation": ["holding"]}, lambda app: app.multiselect(key="relation").value, ["holding"]),
    (EXPLORE, {"action": ["c107"]}, lambda app: app.multiselect(key="action").value, ["c107"]),
    (EXPLORE, {"split": "test"}, lambda app: app.selectbox(key="split").value, "test"),
    (EXPLORE, {"text": "kitchen"}, lambda app: app.text_input(key="text").value, "kitchen"),
    (EXPLORE, {"source": "Prediction: yolox + frequency"}, lambda app: app.selectbox(key="source").value, SECOND_RUN),
    (EXPLORE, {"v": TIMED, "run": "yolox + frequency"}, lambda app: app.selectbox(key="run").value, SECOND_RUN),
    (EXPLORE, {"v": TIMED, "table": "Boxes"}, lambda app: app.session_state["table"], "Boxes"),
    (EXPLORE, {"v": TIMED, "tables": "Prediction"}, lambda app: app.button_group(key="tables").value, "prediction"),
    (COMPARE, {"v": TIMED, "model": "yolox + frequency"}, lambda app: app.selectbox(key="model").value, SECOND_RUN),
    (
        COMPARE,
        {"v": TIMED, "against": "Prediction: yolox + frequency"},
        lambda app: app.multiselect(key="against").value,
        [SECOND_RUN],
    ),
    (
        COMPARE,
        {"v": TIMED, "against": "Prediction: yolox + frequency", "triplets": "This moment"},
        lambda app: app.button_group(key="triplets").value,
        "This moment",
    ),
    (COMPARE, {"v": TIMED, "models": ["SGFB"]}, lambda app: app.multiselect(key="models").value, ["sgfb"]),
    (COMPARE, {"v": TIMED, "ask": "Best actions"}, lambda app: app.session_state["ask"], "Best actions"),
    (COMPARE, {"v": TIMED, "drawn": ["c059"]}, lambda app: app.multiselect(key="drawn").value, ["c059"]),
    (
        COMPARE,
        {"v": TIMED, "feature": "Annotated graph"},
        lambda app: app.button_group(key="feature").value,
        "annotation",
    ),
    (SEARCH, {"sequence": "holding cup"}, lambda app: app.text_area(key="sequence").value, "holding cup"),
    (
        STATISTICS,
        {"whose": "Prediction: yolox + frequency"},
        lambda app: app.selectbox(key="whose").value,
        SECOND_RUN,
    ),
    (STATISTICS, {"tab": "Actions", "beside": "bed"}, lambda app: app.selectbox(key="beside").value, "bed"),
    (
        STATISTICS,
        {"tab": "Sampling", "video": TIMED, "interval": "2. Drinking from a cup/glass/bottle"},
        lambda app: app.selectbox(key="interval").value,
        1,
    ),
    (STATISTICS, {"tab": "Over time", "group": "spatial"}, lambda app: app.button_group(key="group").value, "spatial"),
    (
        SQL,
        {"q": "select 1 as one", "rows": "100"},
        lambda app: (app.text_area(key="q").value, app.selectbox(key="rows").value),
        ("select 1 as one", "100"),
    ),
    (
        RUN,
        {"run_kind": "One of the data set", "run_video": TIMED, "run_detector": "ONNX file"},
        lambda app: app.selectbox(key="run_video").value,
        TIMED,
    ),
    (RUN, {"run_rate": "4.0"}, lambda app: app.number_input(key="run_rate").value, 4.0),
    (RUN, {"run_min_size": "16"}, lambda app: app.number_input(key="run_min_size").value, 16),
    (MAKE, FilmRequest(3).to_link(), lambda app: app.number_input(key="make_seed").value, 3),
    (DOCTOR, {"area": ["Videos"]}, lambda app: app.button_group(key="area").value, ["Videos"]),
    (DOCTOR, {"small": "true"}, lambda app: app.toggle(key="small").value, True),
]
"""A page, its link, and where on the page its state is found."""


@pytest.mark.parametrize(
    ("page", "query", "read", "expected"), STATES, ids=lambda one: None if callable(one) else str(one)[:60]
)
def test_a_link_restores_a_state(
    page: str, query: Mapping[str, str | list[str]], read: Callable[[AppTest], Any], expected: Any, own_store: Path
) -> None:
    app = visit(page, query)
    assert not app.exception and not app.warning
    assert read(app) == expected


@pytest.mark.parametrize("page", [EXPLORE, COMPARE])
def test_a_players_link_restores_time_and_selection(page: str, own_store: Path) -> None:
    at, selected = read_player_start(open_page(page, v=TIMED, t="1.25", sel=CUP))
    assert at == 1.25 and selected == {"kind": "object", "label": CUP, "class": CUP}
    at, selected = read_player_start(open_page(page, v=TIMED, t="0.000", sel="c107"))
    assert at == 0 and selected["kind"] == "action" and selected["id"] == "c107"


UNKNOWN: list[tuple[str, Mapping[str, str | list[str]], str]] = [
    (EXPLORE, {"object": ["unicorn"]}, "object 'unicorn'"),
    (EXPLORE, {"relation": ["holding", "juggling"]}, "relationship 'juggling'"),
    (EXPLORE, {"action": ["c999"]}, "action 'c999'"),
    (EXPLORE, {"split": "dev"}, "split 'dev'"),
    (EXPLORE, {"source": "nobody"}, "source 'nobody'"),
    (EXPLORE, {"page": "7"}, "page '7'"),
    (EXPLORE, {"v": TIMED, "t": "soon"}, "time 'soon'"),
    (EXPLORE, {"v": TIMED, "t": "nan"}, "time 'nan'"),
    (EXPLORE, {"v": TIMED, "sel": "unicorn"}, "'unicorn', which is no object or action of this video"),
    (EXPLORE, {"v": TIMED, "m": "dense"}, "graphs 'dense'"),
    (EXPLORE, {"v": TIMED, "judged": "perhaps"}, "setting of the marks of what is right 'perhaps'"),
    (EXPLORE, {"v": TIMED, "run": "oracle"}, "model run 'oracle'"),
    (EXPLORE, {"v": TIMED, "table": "Chairs"}, "table 'Chairs'"),
    (COMPARE, {"v": TIMED, "against": "nobody"}, "source 'nobody'"),
    (COMPARE, {"v": TIMED, "against": "Prediction: yolox + frequency", "triplets": "all"}, "range of triplets 'all'"),
    (COMPARE, {"v": TIMED, "drawn": ["c999"]}, "action 'c999'"),
    (COMPARE, {"v": TIMED, "models": ["GPT"]}, "model 'GPT'"),
    (COMPARE, {"v": TIMED, "ask": "Who"}, "tab 'Who'"),
    (COMPARE, {"v": TIMED, "feature": "Neither"}, "graph 'Neither'"),
    (STATISTICS, {"tab": "Nothing"}, "tab 'Nothing'"),
    (STATISTICS, {"whose": "nobody"}, "source 'nobody'"),
    (STATISTICS, {"tab": "Over time", "of": "unicorn"}, "object 'unicorn'"),
    (STATISTICS, {"tab": "Over time", "group": "taste"}, "group 'taste'"),
    (STATISTICS, {"tab": "Objects and relationships", "shape": "circle"}, "drawn as 'circle'"),
    (SQL, {"q": "select 1", "rows": "7"}, "limit of rows '7'"),
    (RUN, {"run_detector": "eyes"}, "detector 'eyes'"),
    (RUN, {"run_kind": "One of the data set", "run_video": "NOONE"}, "video 'NOONE'"),
    (DOCTOR, {"area": ["Weather"]}, "area 'Weather'"),
    (DOCTOR, {"small": "maybe"}, "setting of the switch 'maybe'"),
    (STATISTICS, {"tab": "Objects and relationships", "lines": "many"}, "number of lines 'many'"),
    (RUN, {"run_rate": "900"}, "number of graphs per second '900'"),
]


@pytest.mark.parametrize(("page", "query", "said"), UNKNOWN, ids=lambda one: str(one)[:60])
def test_a_link_to_what_is_not_there_says_so(
    page: str, query: Mapping[str, str | list[str]], said: str, own_store: Path
) -> None:
    app = visit(page, query)
    assert not app.exception
    spoken = " ".join(one.value.replace("\\", "") for one in app.warning)
    assert said in spoken


@pytest.mark.parametrize(
    ("page", "name"), [(EXPLORE, "v"), (COMPARE, "v"), (COMPARE, "compared"), (STATISTICS, "video")]
)
def test_a_link_to_an_unknown_video_shows_no_other(page: str, name: str, own_store: Path) -> None:
    app = open_page(page, **{name: "NOONE", **({"tab": "Sampling"} if page == STATISTICS else {})})
    assert not app.exception and "No such video" in [one.value for one in app.header]
    assert not app.get("bidi_component") and "Figure 2): " not in notes(app)


def test_another_video_begins_at_its_own_start(own_store: Path) -> None:
    app = open_page(COMPARE, v=TIMED, t="1.5", sel=CUP, drawn=["c059"])
    app.selectbox(key="compared").set_value("EF2GH").run()
    assert not app.exception and "t" not in app.query_params and "sel" not in app.query_params


def test_links_between_pages_keep_what_was_chosen(own_store: Path) -> None:
    app = open_page(EXPLORE, v=TIMED, run="yolox + frequency")
    links = {one.proto.label: one.proto.query_string for one in app.get("page_link")}
    assert links["Compare models"] == f"v={TIMED}&model=yolox+%2B+frequency"
    app = open_page(COMPARE, v="EF2GH")
    links = {one.proto.label: one.proto.query_string for one in app.get("page_link")}
    assert links["Run the models"] == "run_kind=One+of+the+data+set&run_video=EF2GH"


def test_every_page_lets_one_act_make_one_entry_in_the_history(app_home: Path) -> None:
    for page in PAGES:
        scripts = [one.proto.body for one in open_page(page).get("html") if "<script>" in one.proto.body]
        assert len(scripts) == 1 and "history.pushState" in scripts[0]


def test_a_video_opens_with_the_model_run_that_was_asked(own_store: Path) -> None:
    app = visit(EXPLORE, {"source": "Prediction: yolox + frequency"})
    app.button(key=f"open_{TIMED}").click().run()
    assert not app.exception and not app.warning
    assert app.selectbox(key="run").value == SECOND_RUN and app.button_group(key="tables").value == "prediction"
    search = visit(SEARCH, {"sequence": f'holding cup where source "{SECOND_RUN}"'})
    said = notes(search)
    assert f"v={TIMED}&amp;t=0.417&amp;sel=cup%2Fglass%2Fbottle%3A+holding&amp;" in said
    assert "&amp;run=yolox+%2B+frequency&amp;m=prediction&amp;tables=Prediction&amp;back=" in said


def test_another_video_can_be_chosen_where_the_link_named_none(own_store: Path) -> None:
    app = visit(COMPARE, {"v": "NOONE"})
    assert app.selectbox(key="compared").value is None
    app.selectbox(key="compared").set_value(TIMED).run()
    assert not app.exception and len(app.get("bidi_component")) == 1


LESSON = ("taught", "material", "example", "right", "wrong")


def test_no_two_pages_share_a_parameter_of_a_widget() -> None:
    # Streamlit takes the parameters of a page's widgets out of the address of the next page, and of the one that Back
    # returns to, whosever they are there.
    pages = [PROJECT / page for page in PAGES]
    by_hand = {
        "v",
        "t",
        "sel",
        "m",
        "judged",
        "job",
        "like",
        "back",
        "play",
        "film",
        *FilmRequest(3).to_link(),
        *LESSON,
    }
    owner: dict[str, Path] = dict.fromkeys(by_hand, PROJECT)
    of_parts = {
        "pages/1_Explore.py": {"object", "relation", "action", "source", "split", "text", "run", "quality", "groups"},
        "pages/2_Compare.py": {"compared", "model", "models", "against", "triplets", "drawn", "feature"},
        "pages/4_Statistics.py": {
            "whose",
            "log",
            "shape",
            "weight",
            "lines",
            "of",
            "beside",
            "group",
            "every",
            "video",
        },
        "pages/6_Few-shot.py": {"few_split", "ranked", "found"},
        "pages/7_Benchmarks.py": {
            "scores",
            "task",
            "constraint",
            "counted",
            "part",
            "head",
            "relationship",
            "predicted",
        },
        "pages/10_Doctor.py": {"small", "fine"},
        "pages/3_Search.py": {"sequence"},
    }
    for page in pages:
        calls = [node for node in ast.walk(ast.parse(page.read_text())) if isinstance(node, ast.Call)]
        bound = {
            str(ast.literal_eval(key))
            for call in calls
            if any(word.arg == "bind" for word in call.keywords)
            for key in [word.value for word in call.keywords if word.arg == "key"]
            if isinstance(key, ast.Constant)
        }
        for name in bound | of_parts.get(page.relative_to(PROJECT).as_posix(), set()):
            assert owner.setdefault(name, page) == page, f"{name} of {page.name} is a parameter of another page"
