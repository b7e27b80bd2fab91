"""Correcting frames on page Explore: what is changed is kept at once, can be undone, and is found again."""

from pathlib import Path

from streamlit.testing.v1 import AppTest

from ag_core.results.corrections import load_corrections
from ag_core.taxonomy import find_object_index, find_relation_index
from tests.pages.test_pages import open_page

PLAYER = "explore_player"


def kept(showcase: Path) -> list[tuple[int, list[int], list[int]]]:
    """Frame, classes and the relationships of the first object of each corrected frame."""
    frames = load_corrections(showcase / "videos" / "EF2GH.mp4", "EF2GH").frames
    return [(one.frame, one.object_classes.tolist(), one.relations[0].nonzero()[0].tolist()) for one in frames]


def press(app: AppTest, key: str) -> None:
    app.button(key=key).click().run()
    assert not app.exception


def test_a_frame_is_corrected_undone_and_found_again(app_home: Path, showcase: Path) -> None:
    app = open_page("pages/1_Explore.py", v="EF2GH", correct="true", t="0.917")
    assert not app.exception and kept(showcase) == []
    bed, pillow, chair = map(find_object_index, ("bed", "pillow", "chair"))
    held = sorted(map(find_relation_index, ("not_looking_at", "beneath", "behind", "sitting_on")))
    press(app, "correct_confirm")
    assert kept(showcase) == [(12, [bed, pillow], held)]
    app.selectbox(key="correct_class_12_2_0").select("chair").run()
    app.button_group(key="correct_contact_12_2_0").set_value(["leaning_on"]).run()
    changed = [*held[:-1], find_relation_index("leaning_on")]
    assert not app.exception and kept(showcase) == [(12, [chair, pillow], changed)]
    assert app.session_state["correct_object"] == "chair"
    press(app, "correct_undo")
    press(app, "correct_undo")
    assert kept(showcase) == [(12, [bed, pillow], held)]
    press(app, "correct_redo")
    assert kept(showcase) == [(12, [chair, pillow], held)]
    app.number_input(key="correct_right_12_2_0").set_value(app.session_state["correct_left_12_2_0"] + 1).run()
    assert "inside the frame" in app.error[0].value and kept(showcase) == [(12, [chair, pillow], held)]
    again = open_page("pages/1_Explore.py", v="EF2GH", correct="true", t="0.917", tables="Corrected")
    assert not again.exception and again.session_state["correct_object"] == "chair"
    press(again, "correct_drop")
    assert kept(showcase) == []
