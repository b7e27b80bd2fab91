"""The page Search: clicking and typing say the same, the link holds it, and hits lead into the player."""

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from ag_core.annotations.building.build import build_store
from ag_core.queries.sequence.language import format_sequence, parse_sequence
from ag_core.queries.sequence.query import SqlQuery
from ag_core.settings import PROJECT, settings
from ag_core.taxonomy import RELATIONS, find_relation_index
from ag_core.ui import cached, cached_queries, shipped_files
from ag_core.ui.widgets import search_hits
from ag_core.ui.widgets.sequence_builder import format_relation_option
from tests.pages.test_pages import notes, open_page, read_payload

PAGE = "pages/3_Search.py"
DRINK = "drinking from cup"


def text_of(app: AppTest) -> str:
    return str(app.text_area(key="sequence").value)


def headings(app: AppTest) -> list[str]:
    return [heading.value for heading in app.header]


@pytest.fixture
def home(app_home: Path) -> Iterator[Path]:
    yield app_home
    cached_queries.load_sequence_hits.clear()


def test_a_newcomer_sees_an_example(home: Path) -> None:
    app = open_page(PAGE)
    assert not app.exception and not app.error and not app.warning
    assert text_of(app) == shipped_files.load_sequence_examples()[0]["text"]
    assert headings(app) == ["0 hits", "No hit"]  # the two clips of the test have a cup that is always held
    assert any("Step 1 (not contacting cup) has no interval at all" in one.value for one in app.markdown)


def test_a_late_word_of_a_row_that_is_gone_changes_nothing(home: Path) -> None:
    """A browser under load may report a change of a row after that row was removed; and press Undo twice."""
    app = open_page(PAGE, sequence=f"holding cup then {DRINK}")
    before = text_of(app)
    app.session_state["search_sequence"] = parse_sequence("holding cup")
    app.checkbox(key="search_1_0_not").check().run()
    assert not app.exception and text_of(app) == before
    app.checkbox(key="search_1_0_not").check().run()
    assert "not drinking from cup" in text_of(app)
    app.session_state["search_undo"] = []
    app.button(key="search_undo_button").click().run()
    assert not app.exception and "not drinking from cup" in text_of(app)


def test_a_link_shows_its_moments_and_they_lead_into_the_player(home: Path) -> None:
    app = open_page(PAGE, sequence=f"{DRINK} then sitting on bed")
    assert headings(app)[0] == "0 hits"
    app = open_page(PAGE, sequence='looking_at & holding cup for at least 1 s where scene "KITCH" and action c107')
    assert headings(app) == ["1 hit"]
    printed = notes(app)
    assert "AB1CD · 0:00.167 to 0:02.167" in printed
    [link] = set(re.findall(r'class="head" href="Explore\?([^"]*)"', printed))
    query = parse_qs(link.replace("&amp;", "&"))
    assert query["v"] == ["AB1CD"] and query["t"] == ["0.167"] and query["play"] == ["true"]
    assert query["sel"] == ["cup/glass/bottle: looking at"] and parse_sequence(query["back"][0]) == parse_sequence(
        text_of(app)
    )
    links = [one.proto.label for one in app.get("page_link")]
    assert {"Run the models", "Compare models", "Find similar"} <= set(links)
    found = open_page("pages/1_Explore.py", **{name: values[0] for name, values in query.items()})
    assert not found.exception and not found.warning
    assert read_payload(found)["selected"] == "cup/glass/bottle: looking at" and read_payload(found)["plays"]
    assert "frames 3 to 27 · Kitchen" in printed
    assert "asked in" in printed and "Whose frames: Annotation." in printed
    player = open_page("pages/1_Explore.py", v="AB1CD", t="0.167")
    assert not player.exception and len(player.get("bidi_component")) == 1


@pytest.mark.parametrize("example", range(7))
def test_every_example_is_canonical_and_shown_in_the_builder(home: Path, example: int) -> None:
    examples = shipped_files.load_sequence_examples()
    assert len(examples) == 7
    text = examples[example]["text"]
    assert format_sequence(parse_sequence(text)) == text
    app = open_page(PAGE)
    app.button_group(key="search_example").set_value(examples[example]["name"]).run()
    assert not app.exception and not app.error
    assert text_of(app) == text
    shown = [
        [app.multiselect(key=f"search_{place}_{index}_{what}").value for index, _ in enumerate(step.conditions)]
        for place, step in enumerate(parse_sequence(text).steps)
        for what in ("relations", "classes")
    ]
    meant = [
        [list(getattr(condition, what)) for condition in step.conditions]
        for step in parse_sequence(text).steps
        for what in ("relations", "classes")
    ]
    assert shown == meant


def test_clicking_writes_the_text_and_the_answer(home: Path) -> None:
    app = open_page(PAGE, sequence="holding bed")
    assert headings(app)[0] == "0 hits"
    cup, holds, drinks, looks = (parse_sequence(text).steps[0].conditions[0] for text in (
        "cup", "holding anything", "drinking from anything", "looking at anything"
    ))  # fmt: skip
    app.multiselect(key="search_0_0_classes").set_value(list(cup.classes)).run()
    assert text_of(app) == "holding cup" and headings(app) == ["1 hit"]
    app.multiselect(key="search_0_0_relations").set_value([*holds.relations, *looks.relations]).run()
    assert text_of(app) == "holding|looking at cup"
    app.button_group(key="search_0_0_together").set_value(True).run()
    assert text_of(app) == "holding & looking at cup"
    app.checkbox(key="search_0_0_not").check().run()
    assert text_of(app) == "not holding & looking at cup"
    assert "An absent relationship means only that nobody annotated it." in notes(app)
    app.number_input(key="search_length_0_least").set_value(1.5).run()
    assert text_of(app) == "not holding & looking at cup for at least 1.5 s"
    app.button(key="search_add").click().run()
    app.number_input(key="search_gap_1_most").set_value(5.0).run()
    app.checkbox(key="search_1_0_not").uncheck().run()
    app.multiselect(key="search_1_0_relations").set_value(list(drinks.relations)).run()
    app.text_input(key="search_scene").set_value("Kitchen").run()
    app.multiselect(key="search_actions_0").set_value([107, 106]).run()
    app.selectbox(key="search_split").set_value("train").run()
    assert text_of(app) == (
        "not holding & looking at cup for at least 1.5 s\n"
        "then within 5 s drinking from cup for at least 1.5 s\n"
        'where action c107|c106 and scene "Kitchen" and split train'
    )
    assert not app.exception and not app.error
    assert app.query_params["sequence"] == text_of(app)


def test_steps_move_and_go_and_come_back(home: Path) -> None:
    app = open_page(PAGE, sequence="holding cup then within 2 s sitting on bed")

    def choose(place: int, what: str) -> None:
        app.menu_button[place].set_value(what).run()

    choose(1, "Move up")
    assert text_of(app) == "sitting on bed\nthen within 2 s holding cup"
    choose(0, "Remove")
    assert text_of(app) == "holding cup"
    app.button(key="search_undo_button").click().run()
    assert text_of(app) == "sitting on bed\nthen within 2 s holding cup"
    app.button(key="search_undo_button").click().run()
    assert parse_sequence(text_of(app)) == parse_sequence("holding cup then within 2 s sitting on bed")
    assert app.button(key="search_undo_button").disabled


def test_a_limit_that_makes_no_sense_is_refused_and_the_text_stays(home: Path) -> None:
    app = open_page(PAGE, sequence="holding cup for at least 5 s")
    app.number_input(key="search_length_0_most").set_value(2.0).run()
    assert "swap the two" in app.warning[0].value
    assert text_of(app) == "holding cup for at least 5 s"
    assert app.number_input(key="search_length_0_most").value is None


def test_the_builder_offers_relationships_in_their_direction() -> None:
    labels = {name: format_relation_option(find_relation_index(name)) for name in RELATIONS}
    assert labels["holding"] == "holding" and labels["not_looking_at"] == "not looking at"
    assert labels["beneath"] == "… beneath person" and labels["in_front_of"] == "… in front of person"
    assert sum(label.startswith("…") for label in labels.values()) == 6


def test_a_wrong_text_is_explained_and_the_last_sequence_stays_in_the_builder(home: Path) -> None:
    app = open_page(PAGE, sequence=DRINK)
    app.text_area(key="sequence").set_value("drinking from mug").run()
    assert not app.exception
    assert app.error[0].value.startswith("At position 15 'mug' cannot stand")
    assert headings(app) == ["Not understood"]
    assert app.multiselect(key="search_0_0_classes").value == list(parse_sequence(DRINK).steps[0].conditions[0].classes)
    app.text_area(key="sequence").set_value("").run()
    assert text_of(app) == DRINK


def test_an_unknown_source_is_named(home: Path) -> None:
    app = open_page(PAGE, sequence='holding cup where source "prediction:none"')
    assert not app.exception
    assert headings(app)[-1] == "No such source"
    known = cached.list_sources(cached.get_store_key())[1]
    app = open_page(PAGE, sequence=f'holding cup where source "{known}"')
    assert headings(app) == ["1 hit"]
    assert app.selectbox(key="search_source").value == known


PICTURE = "![x](https://example.org/x.png)"


@pytest.mark.parametrize("text", [f'cup where source "{PICTURE}"', f'cup where split "{PICTURE}"', f"cup {PICTURE}"])
def test_a_link_brings_no_picture_from_elsewhere(home: Path, text: str) -> None:
    app = open_page(PAGE, sequence=text)
    assert not app.exception
    said = [one.value for one in (*app.error, *app.markdown, *app.caption)]
    assert any("x" in one for one in said) and not any(
        re.search(r"(?<!\\)[\[\]]", one) for one in said if "example" in one
    )


def test_videos_of_unknown_rate_answer_without_limits_and_are_counted_with(
    home: Path, showcase: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    untimed = home / "untimed.duckdb"
    build_store(untimed, charades=showcase / "charades", action_genome=showcase / "annotations")
    monkeypatch.setenv("AG_STORE", str(untimed))
    settings.cache_clear()
    app = open_page(PAGE, sequence="holding cup")
    assert headings(app) == ["1 hit"]
    assert "frames 3 to 27" in notes(app) and 'href="Explore?v=AB1CD&amp;sel=' in notes(app)
    assert "left out" not in notes(app)
    app = open_page(PAGE, sequence="holding cup for at least 1 s")
    assert headings(app)[0] == "0 hits"
    assert "2 annotated videos are left out: their frame rate is unknown" in notes(app)


def test_a_page_number_beyond_the_last_shows_the_first(home: Path) -> None:
    app = AppTest.from_file(str(PROJECT / "app.py"), default_timeout=120)
    app.query_params["sequence"], app.query_params["page"] = "anything", "7"
    app.switch_page(PAGE).run()
    assert not app.exception
    assert headings(app) == ["2 hits"]
    assert notes(app).count('class="ag-hit"') == 2


def test_the_sql_is_shown_and_opens_in_sql(home: Path) -> None:
    app = open_page(PAGE, sequence=DRINK)
    assert app.code[0].value.startswith("with step_1 as materialized (")
    assert '<ol class="ag-parameters"><li>&#x27;annotation&#x27;</li>' in notes(app)
    links = [link.proto for link in app.get("page_link") if "its values" in link.proto.label]
    assert len(links) == 1
    assert "step_1" in str(links[0].query_string)


def test_downloads_are_offered_and_hold_no_paths(home: Path) -> None:
    app = open_page(PAGE, sequence="anything")
    assert [button.proto.label for button in app.get("download_button")] == ["CSV", "JSON"]
    found = search_hits.drop_paths(cached_queries.load_sequence_hits(cached.get_store_key(), "anything", 10, 0).table)
    assert found["video_id"].tolist() == ["AB1CD", "EF2GH"]
    assert "path" not in found.columns


# Drawing, without the page

ROW = pd.Series(
    {
        "video_id": "A<B", "start_s": 1.0, "end_s": 4.5, "frame": 11, "scene": "Kitchen (A room)", "split": "test",
        "duration_s": 10.0, "n_frames": 100, "path": "/somewhere/A.mp4",
        "step_1_start_ms": 1000, "step_1_end_ms": 2000, "step_1_first_frame": 11, "step_1_last_frame": 21,
        "step_2_start_ms": 4500, "step_2_end_ms": 4500, "step_2_first_frame": 46, "step_2_last_frame": 46,
    }
)  # fmt: skip


def test_a_strip_places_each_stretch_on_the_video() -> None:
    html = search_hits.render_hit(ROW, ["holding cup", '<i>"cup"'], "Explore", dark=False)
    assert "left:10.00%;width:10.00%" in html
    assert f"left:45.00%;width:{search_hits.NARROWEST_PERCENT:.2f}%" in html
    assert "Step 2, &lt;i&gt;&quot;cup&quot;: 0:04.500 to 0:04.500, frame 46" in html
    assert "A&lt;B · 0:01.000 to 0:04.500" in html and "<i>" not in html and "somewhere" not in html
    link = urlsplit(html.split('href="')[3].split('"')[0].replace("&amp;", "&"))
    assert (link.path, parse_qs(link.query)) == ("Explore", {"v": ["A<B"], "t": ["4.500"]})
    assert search_hits.render_hit(ROW, ["a", "b"], "Explore", dark=True) != search_hits.render_hit(
        ROW, ["a", "b"], "Explore", dark=False
    )


def test_without_a_clock_a_strip_counts_frames() -> None:
    untimed = ROW.copy()
    for name in ("start_s", "end_s", "step_1_start_ms", "step_1_end_ms", "step_2_start_ms", "step_2_end_ms"):
        untimed[name] = None
    html = search_hits.render_hit(untimed, ["a", "b"], "Explore", dark=False)
    assert "left:10.00%;width:11.00%" in html and f"left:45.00%;width:{search_hits.NARROWEST_PERCENT:.2f}%" in html
    assert "frame 1<" in html and "frame 100<" in html and "amp;t=" not in html and "0:0" not in html


def test_a_stretch_past_the_end_of_the_video_is_still_drawn() -> None:
    long = ROW.copy()
    long["duration_s"] = 2.0
    html = search_hits.render_hit(long, ["a", "b"], "Explore", dark=False)
    assert f"left:{100 - search_hits.NARROWEST_PERCENT:.2f}%" in html


def test_why_nothing_was_found() -> None:
    sequence = parse_sequence("holding cup then within 2 s door where action c107")
    counts = pd.DataFrame({"step": [1, 2], "intervals": [3, 0], "videos": [2, 0]})
    assert search_hits.explain_no_hits(sequence, counts).startswith("step 2 (door) has no interval at all")
    counts["intervals"] = 1
    said = search_hits.explain_no_hits(sequence, counts)
    assert said.startswith("each step happens, but never one after the other") and "take the action away" in said
    assert "length" in search_hits.explain_no_hits(parse_sequence("holding cup where action c107"), counts.head(1))


def test_counts_and_parameters_in_words() -> None:
    assert search_hits.format_count(1, 1) == "1 interval in 1 video"
    assert search_hits.format_count(1234, 2) == "1,234 intervals in 2 videos"
    assert search_hits.format_count(0, 0) == "never happens here"
    assert search_hits.render_parameters(SqlQuery("? ?", ("<b>", 7))) == (
        '<ol class="ag-parameters"><li>&#x27;&lt;b&gt;&#x27;</li><li>7</li></ol>'
    )


@pytest.mark.parametrize(
    ("text", "selected"),
    [
        ("holding cup", "cup/glass/bottle: holding"),
        ("cup", "cup/glass/bottle"),
        ("holding anything", "holding"),
        ("not holding cup", ""),
        ("not holding cup and touching dish", "dish: touching"),
    ],
)
def test_a_hit_selects_what_its_step_asks(text: str, selected: str) -> None:
    [step] = parse_sequence(text).steps
    assert search_hits.select_condition(step) == selected
