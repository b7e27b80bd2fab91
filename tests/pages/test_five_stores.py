"""Every page, command and export works on the five stores that people really have, and says what is missing."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from ag_core.__main__ import main
from ag_core.annotations.building.build import build_store
from ag_core.annotations.store import AnnotationStore
from ag_core.graphs.formats import FORMATS, export_graphs
from ag_core.settings import settings
from tests.conftest import write_charades
from tests.pages.test_pages import PAGES, notes, open_page
from tests.stores import FIRST_RUN, SECOND_RUN, STORES, TIMED, UNTIMED, make_store

EXPLORE, COMPARE, SEARCH, STATISTICS = (
    "pages/1_Explore.py",
    "pages/2_Compare.py",
    "pages/3_Search.py",
    "pages/4_Statistics.py",
)


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The five stores by name, made once."""
    folder = tmp_path_factory.mktemp("stores")
    return {kind: make_store(kind, folder) for kind in STORES}


@pytest.fixture
def use(stores: dict[str, Path], app_home: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """use(kind) makes one of the stores the one that the pages open."""

    def choose(kind: str) -> None:
        monkeypatch.setenv("AG_STORE", str(stores[kind]))
        settings.cache_clear()

    return choose


def text_of(app: AppTest) -> str:
    """All that a page says."""
    spoken = [one.value for kind in (app.header, app.caption, app.markdown, app.warning) for one in kind]
    return " ".join([notes(app), *spoken])


def watch(page: str, table: str | None = None, **query: str) -> AppTest:
    """A page that opened without a fault; `table` is the tab beside the player."""
    app = open_page(page, **query)
    if table:
        app.session_state["table"] = table
        app.run()
    assert not app.exception and not app.error
    return app


@pytest.mark.parametrize("kind", STORES)
@pytest.mark.parametrize("page", PAGES)
def test_every_page_opens(kind: str, page: str, use: Callable[[str], None]) -> None:
    use(kind)
    app = watch(page)
    assert len(app.title) == 1


@pytest.mark.parametrize("kind", STORES)
def test_every_video_can_be_watched_and_every_table_opened(kind: str, use: Callable[[str], None]) -> None:
    use(kind)
    for video_id in (TIMED, UNTIMED):
        app = watch(EXPLORE, v=video_id)
        for table in ("All triplets", "Actions", "Boxes", "About"):
            app.session_state["table"] = table
            app.run()
            assert len(app.get("bidi_component")) == 1 and not app.exception and not app.error
        watch(COMPARE, v=video_id)


def test_annotations_alone_show_their_graphs_and_say_what_is_missing(use: Callable[[str], None]) -> None:
    use("annotations_alone")
    assert text_of(watch(EXPLORE)).count("no video file") == 2
    home = text_of(watch("app.py"))
    assert f"The video file of {UNTIMED} is missing" in home or f"The video file of {TIMED} is missing" in home
    timed = text_of(watch(EXPLORE, v=TIMED, t="1.2"))
    assert f"put {TIMED}.mp4 into a folder and build the store again with `--videos FOLDER`" in timed
    assert "At 0:01.200, frame 15" in timed and "frame rate" not in timed
    untimed = text_of(watch(EXPLORE, "About", v=UNTIMED))
    assert f"The frame rate of {UNTIMED} is unknown" in untimed
    assert "**Length**: length unknown" in untimed and "**Video file**: missing" in untimed
    now = watch(EXPLORE, v=UNTIMED)
    assert "At frame 3; the newest graph" in text_of(now)
    assert set(now.dataframe[0].value["frame"]) == {3} and "time_s" not in now.dataframe[0].value
    assert "No prediction yet" in text_of(watch(COMPARE))
    assert "The open store has no video files" in text_of(watch("pages/8_Run.py"))


def test_a_few_videos_are_shown_where_they_are(use: Callable[[str], None]) -> None:
    use("few_videos")
    grid = watch(EXPLORE)
    assert text_of(grid).count("no video file") == 1
    assert "missing" not in text_of(watch(EXPLORE, v=TIMED))
    assert f"The video file of {UNTIMED} is missing" in text_of(watch(EXPLORE, v=UNTIMED))
    run = watch("pages/8_Run.py")
    run.button_group(key="run_kind").set_value("One of the data set").run()
    assert run.selectbox(key="run_video").options == [TIMED]


def test_a_file_that_went_away_is_missed(use: Callable[[str], None], stores: dict[str, Path]) -> None:
    use("few_videos")
    with AnnotationStore(stores["few_videos"]) as store:
        path = store.video(TIMED).path
    assert path is not None
    path.rename(path.with_suffix(".away"))
    try:
        said = text_of(watch(EXPLORE, v=TIMED))
        assert f"The video file {TIMED}.mp4 is not where the store was built with it" in said
    finally:
        path.with_suffix(".away").rename(path)


def test_videos_alone_can_be_watched_and_lead_to_the_models(use: Callable[[str], None]) -> None:
    use("videos_alone")
    assert "The store holds video files alone: nobody annotated them" in text_of(watch("app.py"))
    assert "2 of 2 videos match; nobody annotated or predicted them yet." in text_of(watch(EXPLORE))
    assert "Nobody annotated this video, and no model has predicted it yet." in text_of(watch(EXPLORE, v=TIMED))
    assert "Nothing to count" in text_of(watch(STATISTICS))
    assert "Nothing to search" in text_of(watch(SEARCH))


def test_a_second_models_predictions_can_be_chosen(use: Callable[[str], None]) -> None:
    use("several_models")
    first = watch(EXPLORE, "All triplets", v=TIMED)
    assert first.selectbox(key="run").value == FIRST_RUN
    first.button_group(key="tables").set_value("prediction").run()
    assert set(first.dataframe[0].value["frame"]) == set(range(6, 37, 6))
    second = watch(EXPLORE, "All triplets", v=TIMED, run="yolox + frequency")
    second.button_group(key="tables").set_value("prediction").run()
    assert set(second.dataframe[0].value["frame"]) == {6, 18, 30}
    compare = watch(COMPARE, ask="Triplets")
    assert compare.selectbox(key="compared").value == TIMED
    assert compare.multiselect(key="against").value == ["annotation"]
    assert "no frame in common" in text_of(compare)
    compare.multiselect(key="against").set_value(["annotation", FIRST_RUN]).run()
    assert not compare.exception, "three graphs stand side by side"
    compare = watch(COMPARE, v=TIMED, model="yolox + frequency", ask="Scores over time")
    assert not compare.exception and "The store keeps the scores of the whole video alone" in text_of(compare)
    assert "By models of which the store does not say what they were trained on." in text_of(compare)
    compare = watch(COMPARE, v=TIMED, model="yolox + frequency", ask="Triplets")
    compare.multiselect(key="against").set_value([FIRST_RUN]).run()
    assert not compare.exception and "Of 3 frames that both have: 12 in both, 0 only yolox" in text_of(compare)
    triplets = compare.dataframe[0].value
    assert triplets["in both"].tolist() == [3, 3, 3, 3]
    asked = {"v": TIMED, "model": "yolox + frequency", "against": "Prediction: faster-rcnn + reldn"}
    moment = watch(COMPARE, **asked, t="0.5", ask="Triplets")
    assert set(moment.dataframe[0].value.columns) == set(triplets.columns)
    moment.button_group(key="triplets").set_value("This moment").run()
    assert moment.dataframe[0].value["where"].tolist() == ["in both"] * 4 and "At 0:00.417, frame 6" in text_of(moment)
    grid = watch(EXPLORE)
    grid.selectbox(key="source").set_value(SECOND_RUN).run()
    assert "1 of 1 videos match, as predicted by yolox + frequency." in text_of(grid)
    assert len(watch(STATISTICS).selectbox(key="whose").options) == 3


def test_predictions_alone_are_found_counted_and_compared(use: Callable[[str], None]) -> None:
    use("predictions_alone")
    home = text_of(watch("app.py"))
    assert "counts of what faster-rcnn + reldn predicted (objects from 30 %, relationships from 50 % on)." in home
    assert "own annotation" not in home
    assert "2 of 2 videos match, as predicted by faster-rcnn + reldn." in text_of(watch(EXPLORE))
    search = watch(SEARCH)
    assert 'source "prediction:faster-rcnn+reldn"' in str(search.text_area(key="sequence").value)
    assert "beside the video's own annotation" not in text_of(watch(COMPARE))
    assert "No annotated videos" in text_of(watch(STATISTICS, tab="Sampling"))


@pytest.mark.parametrize("kind", STORES)
def test_every_source_is_exported_in_every_format(kind: str, stores: dict[str, Path]) -> None:
    with AnnotationStore(stores[kind]) as store:
        made = 0
        for source in store.sources():
            for video_id in store.videos(source)["video_id"]:
                video, graphs = store.video(video_id), store.graphs_of(video_id, source)
                for name, one in FORMATS.items():
                    for frame in [None] * one.of_video + [graph.frame for graph in graphs[:1]] * one.of_frame:
                        made += bool(export_graphs(name, graphs, video, source=source, frame=frame))
        assert made > 0 or kind == "videos_alone"


@pytest.mark.parametrize(
    ("kind", "arguments", "status", "said"),
    [
        ("annotations_alone", ["doctor", "STORE"], 0, ""),
        ("videos_alone", ["doctor", "STORE"], 0, ""),
        ("predictions_alone", ["doctor", "STORE"], 0, ""),
        ("annotations_alone", ["export", UNTIMED, "--at", "1"], 1, "rate of video EF2GH is unknown"),
        ("videos_alone", ["export", TIMED], 1, "'annotation' is not in the store; there are: none"),
        ("predictions_alone", ["export", TIMED], 1, f"'annotation' is not in the store; there are: {FIRST_RUN}"),
        ("several_models", ["export", TIMED, "--source", SECOND_RUN], 0, ""),
    ],
)
def test_commands_say_what_is_missing(
    kind: str,
    arguments: list[str],
    status: int,
    said: str,
    stores: dict[str, Path],
    app_home: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    words = [str(stores[kind]) if word == "STORE" else word for word in arguments]
    if arguments[0] == "export":
        words += ["--store", str(stores[kind]), "--format", "json", "--out", str(tmp_path / "graph.json")]
    ended = main(words)
    heard = capsys.readouterr().err
    assert ended == status, heard
    assert said in heard


def test_a_store_of_nothing_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["build-store", "--out", str(tmp_path / "s.duckdb")]) == 1
    assert "a store needs something to hold" in capsys.readouterr().err


def test_a_length_of_zero_is_unknown_and_leaves_the_actions_where_they_are(tmp_path: Path) -> None:
    write_charades(tmp_path / "charades")
    table = tmp_path / "charades" / "Charades_v1_test.csv"
    table.write_text(table.read_text().replace(",3.0\n", ",0\n").replace(",3.0\r\n", ",0\r\n"))
    build_store(tmp_path / "zero.duckdb", charades=tmp_path / "charades")
    with AnnotationStore(tmp_path / "zero.duckdb") as store:
        assert np.isnan(store.video(TIMED).duration_s)
        assert [interval.end_s for interval in store.intervals_of(TIMED)] == [2.0, 1.5]
