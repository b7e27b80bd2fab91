"""Ten questions of a newcomer: Home asks and answers each, and its link leads to where the app shows the answer."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from ag_core.ui.glossary_terms import TERMS
from ag_core.ui.newcomer import QUESTIONS, Question
from tests.pages.test_pages import notes, open_page, read_payload

SHOWN = {
    "What is a scene graph?": TERMS["scene-graph"].meaning,
    "What do the colours and the letters A, S and C say?": TERMS["groups"].meaning,
    "Why are some boxes dashed?": TERMS["held"].meaning,
    "What are LFB and SGFB, and which is right more often?": "in their top 5",
    "Why does a model believe that an action happens?": "SGFB",
    "How good are these models, and measured on what?": "Ours on the home world",
    "Where does somebody take a cup and then drink from it?": "drinking from cup",
    "How can I try a video of mine, and who sees it?": "Nothing leaves this machine",
    "Can I trust the annotation?": "The funnel: which frames count",
    "How do I take the data with me?": "CSV",
}
"""What the page of each link must show."""


def text_of(app: AppTest) -> str:
    """Everything that a page says, the verdict beside its player included."""
    parts = [app.markdown, app.caption, app.header, app.title, app.info, app.text_area]
    said = [str(one.value) for part in parts for one in part]
    said += [one.proto.label for one in app.get("download_button")]
    if app.get("bidi_component") and "beside" in app.get("bidi_component")[0].proto.mixed.json:
        said += ["".join(words for words, *_ in (read_payload(app)["beside"] or {"said": []})["said"])]
    return " ".join([notes(app), *said]).replace("&#x27;", "'")


def test_home_asks_and_answers_ten_questions(app_home: Path) -> None:
    app = open_page("app.py")
    said = text_of(app)
    links = {one.proto.label for one in app.get("page_link")}
    assert len(QUESTIONS) == 10 and list(SHOWN) == [one.asked for one in QUESTIONS]
    for question in QUESTIONS:
        assert question.asked in said and question.answer in said and question.label in links


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda one: one.label)
def test_the_link_of_a_question_shows_its_answer(app_home: Path, question: Question) -> None:
    app = open_page(question.page, **question.params)
    assert not app.exception and not app.warning
    assert SHOWN[question.asked] in text_of(app)
