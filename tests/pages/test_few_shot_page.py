"""The page Few-shot: a lesson by clicking, its link, hits, marks and their undoing; Table 4 with scores and without."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs

import pytest
from streamlit.testing.v1 import AppTest

from ag_core.evaluation.metrics import Bounds, Counts, Metric
from ag_core.evaluation.protocol import Averaging, Origin, Owner, Protocol, Unit
from ag_core.results.few_shot_scores import FewShotScores, name_measure
from ag_core.settings import settings
from ag_core.ui import cached, queues
from ag_core.ui.few_shot.table_4 import NOVEL_VIDEOS
from tests.pages.test_pages import notes, open_page

PAGE = "pages/6_Few-shot.py"
RUN = "prediction:faster-rcnn+reldn"
LINK = {"taught": "c107", "material": RUN, "example": "AB1CD@0-2"}


@pytest.fixture
def home(app_home: Path) -> Iterator[Path]:
    yield app_home
    queues.get_lesson_queue.clear()


def click(app: AppTest, key: str) -> AppTest:
    return app.button(key=key).click().run()


def wait_for_lesson(app: AppTest) -> AppTest:
    """The page once its lesson has ended, however busy the machine is."""
    queue = queues.get_lesson_queue(cached.get_store_key())
    assert not queue.wait(app.session_state["lesson_job"].job_id, 120).active
    return app.run()


def get_link(app: AppTest, name: str) -> list[str]:
    value = app.query_params.get(name, [])
    return value if isinstance(value, list) else [value]


def has(app: AppTest, key: str) -> bool:
    return any(button.key == key for button in app.button)


def test_a_newcomer_finds_an_action_with_examples_and_the_papers_table(home: Path) -> None:
    app = open_page(PAGE)
    assert not app.exception and not app.error and not app.warning
    assert app.selectbox(key="lesson_action").value == "c011"  # of those in most videos the first
    assert "AB1CD" not in notes(app) and "EF2GH · 0:00.000 to 0:03.000" in notes(app)
    assert app.button(key="lesson_learn").label == "Learn" and not app.button(key="lesson_learn").disabled
    assert app.button(key="lesson_undo").disabled
    table = app.dataframe[0].value
    assert table["model"].tolist() == ["LFB", "SGFB", "SGFB oracle", "chance"]
    assert table["Paper, 10 examples"].tolist()[:3] == [39.6, 42.7, 50.5]
    ours = table["Ours, 10 examples"].tolist()
    assert 0 < ours[3] < min(ours[:3]), "ours on the home world ships, and is above chance"
    assert any("Yours: not run yet. `python -m ag_core evaluate few-shot" in one.value for one in app.caption)


def test_a_lesson_is_learned_marked_and_unmarked(home: Path) -> None:
    app = wait_for_lesson(click(open_page(PAGE, **LINK), "lesson_learn"))
    assert not app.exception and not app.error
    printed = notes(app)
    assert "1. EF2GH" in printed and "not annotated" in printed and "At 0 of the first" in printed
    address = printed.partition('href="Explore?')[2].partition('"')[0].replace("&amp;", "&")
    assert parse_qs(address)["v"] == ["AB1CD"]
    assert any("hit" in heading.value for heading in app.header)
    click(app, "lesson_wrong_hit_0")
    assert [text.partition("@")[0] for text in get_link(app, "wrong")] == ["EF2GH"]
    assert app.info[0].value.startswith("What you teach has changed") and not has(app, "lesson_wrong_hit_0")
    click(app, "lesson_unmark_0")
    assert not get_link(app, "wrong") and not app.info and has(app, "lesson_wrong_hit_0")
    click(app, "lesson_undo")  # the mark is back, since taking it back was the last change
    assert get_link(app, "wrong")
    click(app, "lesson_undo")
    assert not get_link(app, "wrong") and app.button(key="lesson_undo").disabled
    click(app, "lesson_right_hit_0")
    assert len(get_link(app, "right")) == 1
    app = wait_for_lesson(click(app, "lesson_learn"))
    assert not app.info and not app.exception
    marked = float(get_link(app, "right")[0].partition("@")[2])
    hits = app.session_state["lesson_job"]
    answer = queues.get_lesson_queue(cached.get_store_key()).get_result(hits.job_id)
    assert all(hit.video_id != "EF2GH" or abs(hit.time_s - marked) >= 5 for hit in answer.hits)


def test_examples_come_from_the_annotation_and_from_any_part(home: Path) -> None:
    app = open_page(PAGE, taught="c107", material="annotation")
    assert app.button(key="lesson_learn").disabled
    assert any("None yet" in one.value for one in app.caption)
    click(app, "lesson_add")
    assert get_link(app, "example") == ["AB1CD@0-2"]
    app.selectbox(key="lesson_video").set_value("EF2GH").run()
    app.slider(key="lesson_part_EF2GH").set_range(0.5, 1.5).run()
    click(app, "lesson_add_part")
    assert get_link(app, "example") == ["AB1CD@0-2", "EF2GH@0.5-1.5"]
    click(app, "lesson_example_0")
    assert get_link(app, "example") == ["EF2GH@0.5-1.5"]
    app.selectbox(key="lesson_source").set_value(RUN).run()
    assert get_link(app, "material") == [RUN] and get_link(app, "example") == ["EF2GH@0.5-1.5"]
    click(app, "lesson_clear")
    assert not get_link(app, "example") and get_link(app, "taught") == ["c107"]
    click(app, "lesson_undo")
    assert get_link(app, "example") == ["EF2GH@0.5-1.5"]
    app.selectbox(key="lesson_action").set_value("c106").run()
    assert get_link(app, "taught") == ["c106"] and not get_link(app, "example")
    assert not app.exception and not app.error


def test_an_action_of_ones_own_has_a_name_and_no_verdicts(home: Path) -> None:
    app = open_page(PAGE, taught="waving a *flag*", material=RUN, example="AB1CD@0.5")
    assert app.header[0].value == r"Teach an action: waving a \*flag\*"
    app = wait_for_lesson(click(app, "lesson_learn"))
    assert "EF2GH" in notes(app) and ">not annotated<" not in notes(app)
    assert not app.exception and not app.error


def test_a_link_that_names_what_is_not_there_says_so(home: Path) -> None:
    app = open_page(PAGE, taught="c107", material="nobody", example=["AB1CD@0-2", "AB1CD@x"], right="XX@1")
    said = " ".join(one.value for one in app.warning)
    assert "nobody" in said and "AB1CD@x" in said
    app = wait_for_lesson(click(app, "lesson_learn"))
    assert "Video XX has no graph of this source" in app.error[0].value
    assert not app.exception


def test_a_plan_too_long_for_a_link_is_kept_without_it(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ag_core.ui.few_shot.lesson_plan.MAX_LINK_LETTERS", 20)
    app = open_page(PAGE, taught="c107", material="annotation")
    click(app, "lesson_add")
    assert not get_link(app, "example") and "AB1CD · 0:00.000" in notes(app)
    assert any("do not fit into a link" in one.value for one in app.caption)


def test_table_4_shows_the_readers_scores_beside_the_papers(home: Path) -> None:
    metrics = []
    for model, number in (("LFB", 20.0), ("SGFB", 30.0), ("SGFB oracle", 40.0), ("chance", 5.0)):
        for among_novel in (False, True):
            protocol = Protocol(name_measure(5, among_novel), Unit.PERCENT, averaging=Averaging.CLASS)
            value = number + 10 * among_novel
            origin = Origin(Owner.YOURS, "home", "test", seeds=(0, 1, 2), command="evaluate few-shot --data home")
            bounds = Bounds(value - 1.5, value + 1.5, "mean and standard deviation")
            metrics.append(Metric(value, protocol, origin, Counts(videos=9), bounds, model=model))
    scores = FewShotScores(tuple(metrics), {"learned": "operator"}, {"LFB": {"5": {"c004": 20.0}}}, {})
    scores.save(settings().own_few_shot)
    app = open_page(PAGE)
    assert not app.exception and not app.error
    table = app.dataframe[0].value
    assert table["Yours, 5 examples"].tolist() == [20.0, 30.0, 40.0, 5.0]
    assert table["± Yours, 5 examples"].tolist() == [1.5] * 4
    assert table["Paper, 5 examples"].tolist()[:3] == [36.3, 37.9, 40.2]
    app.button_group(key="ranked").set_value(NOVEL_VIDEOS).run()
    assert app.dataframe[0].value["Yours, 5 examples"].tolist() == [30.0, 40.0, 50.0, 15.0]
    assert "learned: operator" in " ".join(one.value for one in app.caption)
    settings().own_few_shot.write_text("{")
    app = open_page(PAGE)
    assert "shot.json is not JSON" in app.error[0].value and not app.exception
