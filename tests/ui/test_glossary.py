"""The glossary: one source for page, tooltips and document; a word leads to its entry from wherever it stands."""

import re

import pytest

from ag_core.settings import PROJECT
from ag_core.ui.glossary import explain_words, find_terms, mark_terms, render_document, search_terms
from ag_core.ui.glossary_terms import TERMS
from tests.pages.test_pages import GLOSSARY, notes, open_page

EXPLAINED = (
    "LFB", "SGFB", "SGFB oracle", "iid", "comp", "tier of honesty", "Funnel", "with constraint", "without constraint",
    "mAP", "Recall@K", "mR@K", "PredCls", "SGCls", "SGDet", "feature bank", "named_relations",
)  # fmt: skip
"""What nobody who is new can know, as screens write it."""


def test_document_is_made_of_the_same_terms() -> None:
    written = (PROJECT / "docs" / "glossary.md").read_text(encoding="utf-8")
    assert written == render_document(), "make it anew: python -m ag_core.ui.glossary > docs/glossary.md"


@pytest.mark.parametrize("words", EXPLAINED)
def test_words_are_found_as_they_are_written(words: str) -> None:
    assert len(find_terms(f"({words}, 24 videos)")) == 1


def test_spellings_and_ids_are_sound() -> None:
    for term in TERMS.values():
        assert re.fullmatch("[a-z0-9-]+", term.id) and re.compile(term.spelled).groups == 0
        assert term.meaning.endswith(".") and len(term.meaning) < 260, term.id
    assert {"held", "interpolated"} <= set(TERMS)


def test_the_first_mention_is_marked_and_nothing_within_words_or_code() -> None:
    marked = mark_terms("SGFB oracle over LFB, LFB; `--models LFB` and xLFB, R@20 beside zR@20")
    assert re.findall(r"term=([a-z-]+)", marked) == ["oracle", "lfb", "recall", "zero-shot-recall"]
    assert "`--models LFB` and xLFB" in marked and '">SGFB oracle</a> over' in marked
    assert re.sub(r"<[^>]*>", "", marked) == "SGFB oracle over LFB, LFB; `--models LFB` and xLFB, R@20 beside zR@20"
    assert explain_words("videos") == "videos" and "Glossary?term=map" in explain_words("video mAP")


def test_page_shows_finds_and_links_terms(empty_home: object) -> None:
    app = open_page(GLOSSARY, term="sgfb")
    assert not app.exception and not app.warning
    assert all(f'id="{term}"' in notes(app) for term in TERMS)
    assert notes(app).count('href="Glossary?term=sgfb"') == 2
    app.text_input(key="find").set_value("Recall relationship").run()
    assert [heading.value for heading in app.header] == list(search_terms("recall relationship")) != []
    app.text_input(key="find").set_value("zzz").run()
    assert "No entry has these words" in app.caption[0].value
    assert "'nothing'" in open_page(GLOSSARY, term="nothing").warning[0].value
