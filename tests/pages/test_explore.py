"""The video view of Explore: the open table alone is made, tables keep to their records, and graphs can be exported."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from ag_core.annotations.building.build import build_store
from ag_core.graphs.formats import FORMATS
from ag_core.queries.facets import VideoFilter, count_quality, count_videos, find_videos
from ag_core.queries.quality import QUALITY
from ag_core.records import ActionInterval, SceneGraph
from ag_core.results.prediction import Prediction
from ag_core.settings import settings
from ag_core.taxonomy import RELATIONS, RELATIONS_OF_GROUP, Group, find_action_index, format_name
from ag_core.ui import cached, cached_queries, tables
from ag_core.ui.explore import filters
from ag_core.ui.formatting import format_download_name, format_object
from ag_core.ui.player.viewing import build_viewing, is_upright
from ag_core.ui.widgets import export_menu
from ag_core.ui.widgets.running_clip import RunningClip
from tests.conftest import stand_in_prediction
from tests.pages.test_pages import notes, open_page, read_payload
from tests.video.test_frames import damage_frames, write_video

MENU, SCOPE = "explore_export_menu", "explore_export_scope"


def watch(**query: str) -> AppTest:
    return open_page("pages/1_Explore.py", v="EF2GH", **query)


def export_labels(app: AppTest) -> list[str]:
    known = {one.label for one in FORMATS.values()}
    return [button.proto.label for button in app.get("download_button") if button.proto.label in known]


def test_only_the_open_table_is_made(app_home: Path) -> None:
    app = watch(table="Boxes")
    assert len(app.dataframe) == 1 and "x1" in app.dataframe[0].value.columns
    assert app.dataframe[0].value["object"].tolist()[:3] == ["person", "bed", "pillow"]
    app = watch()
    app.session_state["table"] = "All triplets"
    app.run()
    assert len(app.dataframe) == 1 and set(app.dataframe[0].value["frame"]) == {3, 9, 15, 27}
    assert app.dataframe[0].value.columns.tolist() == tables.TRIPLET_COLUMNS
    app.session_state["table"] = "Actions"
    app.run()
    assert app.dataframe[0].value["action_id"].tolist() == ["c011"]
    app.session_state["table"] = "About"
    app.run()
    assert len(app.dataframe) == 0 and any("**Scene**: Bedroom" in text.value for text in app.markdown)


def test_an_odd_file_is_told_beside_its_player(
    empty_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "videos").mkdir()
    path = write_video(tmp_path / "videos" / "AB1CD.mp4", options={"g": "10", "bf": "0"})
    damage_frames(path, [14])
    build_store(tmp_path / "s.duckdb", videos=path.parent)
    monkeypatch.setenv("AG_STORE", str(tmp_path / "s.duckdb"))
    settings.cache_clear()
    app = open_page("pages/1_Explore.py", v="AB1CD")
    assert not app.exception
    assert any("The file is damaged in" in caption.value for caption in app.caption)


def test_the_menu_lists_what_the_scope_allows(app_home: Path) -> None:
    app = watch(t="1.2")
    assert export_labels(app) == []
    app.session_state[MENU] = True
    app.run()
    assert export_labels(app) == [one.label for one in FORMATS.values() if one.of_video]
    assert "4 frames, from the annotation" in notes(app)
    app.session_state[SCOPE] = export_menu.FRAME
    app.run()
    assert export_labels(app) == [one.label for one in FORMATS.values() if one.of_frame]
    assert "Frame 15, from the annotation" in notes(app)
    app.session_state["tables"] = "prediction"
    app.run()
    assert "Frame 12, predicted by" in notes(app)
    assert not app.exception


def test_before_the_first_graph_the_menu_says_so(app_home: Path) -> None:
    app = watch(t="0.01")
    app.session_state[MENU] = True
    app.session_state[SCOPE] = export_menu.FRAME
    app.run()
    assert export_labels(app) == []
    assert any("No graph begins before this frame" in caption.value for caption in app.caption)


def test_a_part_or_the_whole_becomes_a_clip(app_home: Path) -> None:
    app = watch(t="1.2")
    app.session_state[MENU] = True
    app.run()
    mp4, gif = (f"explore_export_clip_{name}" for name in ("mp4", "gif"))
    assert app.button(key=mp4).label == "Clip with boxes (MP4)"
    app.session_state[SCOPE] = export_menu.PART
    app.run()
    assert export_labels(app) == [] and not app.button(key=gif).disabled
    assert "The whole video, from the annotation" in notes(app)  # it is shorter than a part as it is first offered
    app.session_state["explore_export_part_EF2GH"] = (1.0, 1.5)
    app.run()
    app.button(key=mp4).click().run()
    clip: RunningClip = app.session_state["running_clip"]
    clip.wait(300)
    app.run()
    assert not app.exception and clip.finished and clip.total == 6
    assert "Save MP4" in " ".join(button.proto.label for button in app.get("download_button"))
    app.session_state[SCOPE] = export_menu.FRAME
    app.run()
    assert not [button for button in app.button if button.key == mp4]


def test_a_clip_of_a_long_video_is_an_mp4() -> None:
    def page() -> None:
        from ag_core.records import Video
        from ag_core.ui.widgets.clip_menu import show_clip_buttons
        from ag_core.ui.widgets.running_clip import ClipRequest

        show_clip_buttons(ClipRequest("", Video("AB1CD", 40.0), "annotation", 0.0, None, False, []), 40.0, "key")

    mp4, gif = AppTest.from_function(page).run().button
    assert gif.disabled and "A GIF may last 30 s" in gif.help and not mp4.disabled


def test_a_link_marks_what_is_right(app_home: Path) -> None:
    app = watch(judged="true", sel="sitting on")
    assert not app.exception and not app.warning
    player: Any = app.get("bidi_component")[0]
    assert player.value["selected"] == {"kind": "relation", "label": "sitting on", "class": None}
    sent = player.proto.mixed.json if player.proto.HasField("mixed") else player.proto.json
    assert (
        '"judging":true' in sent.replace(" ", "") and "No frame of this video is both annotated and predicted" in sent
    )


def test_a_file_is_made_when_it_is_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    made = stand_in_prediction("EF2GH")
    makers: dict[str, Callable[[], bytes]] = {}

    def press(label: str, make: Callable[[], bytes], *, file_name: str, **options: object) -> None:
        makers[file_name] = make

    monkeypatch.setattr(st, "download_button", press)
    for frame in (None, 12):
        for one in FORMATS.values():
            if one.of_frame if frame else one.of_video:
                maker = export_menu._bind_export(one.name, made.frames, made.video, "prediction", frame, False)
                export_menu._show_button(one, made.video, maker, frame, "key")
    name = format_download_name("triplets", "EF2GH_frame12", "json")
    assert {row["frame"] for row in json.loads(makers[name]())["triplets"]} == {12}
    assert len(makers) == len(set(makers)) == 13
    assert all(make() for make in makers.values())


def by_hand(graphs: list[SceneGraph], least: float = 0.5) -> pd.DataFrame:
    rows = []
    for graph in graphs:
        for row in range(len(graph)):
            thing = format_object(int(graph.object_classes[row]))
            for group, names in RELATIONS_OF_GROUP.items():
                probabilities = {name: graph.relations[row, RELATIONS.index(name)] for name in names}
                for name, probability in sorted(probabilities.items(), key=lambda item: -item[1]):
                    ends = (thing, "person") if group is Group.SPATIAL else ("person", thing)
                    said = (ends[0], format_name(name), ends[1], group.value, round(float(probability), 4))
                    rows += [(graph.frame, round(graph.time_s, 3), *said)] if probability >= least else []
    return pd.DataFrame(rows, columns=tables.TRIPLET_COLUMNS)


def test_triplets_are_those_of_a_plain_loop() -> None:
    graphs = stand_in_prediction("EF2GH").graphs()
    nobody = SceneGraph(40, 3.3, None, 0.0, np.zeros(0), np.zeros((0, 4)), np.zeros(0), np.zeros((0, 25)))
    for source in ("annotation", "prediction"):
        pd.testing.assert_frame_equal(tables.build_triplet_table([*graphs, nobody], source), by_hand(graphs))
        assert tables.build_triplet_table([], source).empty
        assert tables.build_triplet_table([nobody], source).columns.tolist() == tables.TRIPLET_COLUMNS


def test_boxes_have_a_row_for_everything_that_counts() -> None:
    graphs = stand_in_prediction("EF2GH").graphs()[:1]
    hidden = SceneGraph(40, 3.25, None, 0.0, [2], [[np.nan] * 4], [1.0], np.zeros((1, 25)))
    table = tables.build_object_table([*graphs, hidden], "annotation")
    assert table["object"].tolist() == ["person", "bed", "pillow", "bed"]
    assert table.iloc[0].tolist() == [6, 0.417, "person", 30.0, 30.0, 60.0, 62.0, 0.97]
    assert np.isnan(table.iloc[3]["x1"]) and table.iloc[3]["frame"] == 40
    assert tables.build_object_table([], "annotation").empty
    unclear = replace(graphs[0], person_score=0.07, object_scores=np.array([0.1, 0.9], np.float32))
    assert tables.build_object_table([unclear], "prediction")["object"].tolist() == ["pillow"]
    assert len(tables.build_object_table([unclear], "annotation")) == 3


def test_actions_stand_by_start() -> None:
    spans = [("c106", 5.0, 6.0), ("c151", 1.0, 3.0), ("c107", 1.0, 3.0), ("c123", 1.0, 2.0)]
    intervals = [ActionInterval("V", find_action_index(name), start, end) for name, start, end in spans]
    assert tables.build_interval_table(intervals)["action_id"].tolist() == ["c123", "c107", "c151", "c106"]
    assert tables.build_interval_table([]).empty


@pytest.mark.parametrize(
    ("width", "height", "upright"), [(270, 480, True), (480, 270, False), (None, 480, False), (pd.NA, pd.NA, False)]
)
def test_upright_clips(width: object, height: object, upright: bool) -> None:
    assert is_upright(pd.Series({"width": width, "height": height}, dtype=object)) is upright


def test_a_prediction_is_named_by_its_models() -> None:
    viewing = build_viewing(stand_in_prediction("AB1CD"), None)
    assert viewing.name_source("prediction") == "prediction:faster-rcnn+reldn"
    assert viewing.name_source("annotation") == "annotation"


def test_what_the_player_is_given_is_worked_out_once(showcase: Path) -> None:
    viewing = build_viewing(Prediction.load(showcase / "predictions" / "AB1CD.json"), None)
    first = viewing.build_payload(src_url=None, t0=1.0)
    assert viewing.build_payload(src_url=None, t0=1.0) is first
    assert viewing.build_payload(src_url=None, t0=2.0)["t0"] == 2.0 and first["t0"] == 1.0


def test_quality_filters_narrow_the_wall_and_links_keep_them(app_home: Path) -> None:
    app = open_page("pages/1_Explore.py")
    counts = count_quality(cached.open_store(), VideoFilter())
    pills = {one.partition(" :gray")[0] for one in app.button_group(key="add_quality").options} if counts else set()
    assert pills == {QUALITY[name].label for name in counts}
    label = QUALITY["invisible"].label
    app = open_page("pages/1_Explore.py", quality=[label])
    assert not app.exception and app.multiselect(key="quality").value == [label]
    found = count_videos(cached.open_store(), VideoFilter(quality=("invisible",)))
    said = f"{found} of 3 videos match" if found else "No video matches"
    assert said in notes(app) + " ".join(one.value for one in app.header)
    [warning] = open_page("pages/1_Explore.py", quality=["blurred"]).warning
    assert "quality 'blurred'" in warning.value


def test_more_shows_all_values_of_a_facet(app_home: Path) -> None:
    app = open_page("pages/1_Explore.py")
    rows = cached_queries.load_facets(cached.get_store_key(), VideoFilter())
    relations = int((rows["kind"] == "relation").sum())
    assert relations > filters.MAX_PILLS and len(app.button_group(key="add_relation").options) == filters.MAX_PILLS
    button = app.button(key="explore_more_relation_button")
    assert button.label == f"{relations - filters.MAX_PILLS} more"
    button.click().run()
    assert len(app.button_group(key="add_relation").options) == relations
    assert app.button(key="explore_more_relation_button").label == "fewer"


def test_a_random_video_opens_and_is_remembered(app_home: Path) -> None:
    app = open_page("pages/1_Explore.py", text="bedroom")
    app.button(key="explore_random").click().run()
    assert not app.exception
    [opened] = [app.query_params["v"]] if isinstance(app.query_params["v"], str) else app.query_params["v"]
    assert opened in set(find_videos(cached.open_store(), VideoFilter(text="bedroom"))["video_id"])
    app.button(key="explore_back").click().run()
    assert app.button(key=f"seen_{opened}") and any("Seen last (kept until" in one.value for one in app.caption)
    app.button(key=f"seen_{opened}").click().run()
    assert app.query_params["v"] in (opened, [opened])


def test_similar_videos_come_first_and_say_what_they_share(app_home: Path) -> None:
    app = watch()
    links = {one.proto.label: one.proto.query_string for one in app.get("page_link")}
    assert links["Run the models"].endswith("run_video=EF2GH")
    app.button(key="explore_similar").click().run()
    assert app.query_params["like"] in ("EF2GH", ["EF2GH"]) and "v" not in app.query_params
    app = open_page("pages/1_Explore.py", like="EF2GH")
    assert not app.exception and not app.warning
    kinds = cached_queries.choose_typical_kinds(cached.get_store_key(), "EF2GH", "annotation")
    first = next(one.value for one in app.caption if "triplets shared" in one.value)
    assert first == f"{len(kinds)} of {len(kinds)} triplets shared"
    assert next(one for one in app.button if str(one.key).startswith("open_")).key == "open_EF2GH"
    app.button(key="explore_unlike").click().run()
    assert "like" not in app.query_params and not any("triplets shared" in one.value for one in app.caption)
    [warning] = open_page("pages/1_Explore.py", like="juggling cup").warning
    assert "'juggling cup'" in warning.value


def test_a_video_that_was_found_by_a_search_leads_back_to_it(app_home: Path) -> None:
    app = watch(back="holding cup", play="true")
    links = {one.proto.label: one.proto.query_string for one in app.get("page_link")}
    assert links["Back to the hits"] == "sequence=holding+cup"
    assert read_payload(app)["plays"] is True and read_payload(watch())["plays"] is False
    app.button(key="explore_back").click().run()
    assert "back" not in app.query_params and "v" not in app.query_params
