"""Texts on their way to the screen."""

import numpy as np
import pytest

from ag_core.records import FrameClock
from ag_core.ui.formatting import escape_markdown, format_rate, format_sentence


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("count(*) [x]", r"count(\*) \[x\]"),
        ("![x](https://example.org/x.png)", r"!\[x\](`https://example.org/x.png`)"),
        ("make one with `python -m ag_core build-store`", "make one with `python -m ag_core build-store`"),
        ("a_b `c_d` e_f", r"a\_b `c_d` e\_f"),
        ("one ` alone_", r"one \` alone\_"),
        ("``![x](y)``", r"\`\`!\[x\](y)\`\`"),
        ("back\\slash `![x](y)", r"back\\slash \`!\[x\](y)"),
    ],
)
def test_markdown_shows_a_text_as_it_is(text: str, shown: str) -> None:
    assert escape_markdown(text) == shown


def test_a_rate_that_varies_is_called_so() -> None:
    assert format_rate(None) == "unknown" and format_rate(FrameClock(29.97, 3)) == "29.97 frames per second"
    assert format_rate(FrameClock(30.0, 3, np.array([0, 0.1, 0.5]))) == "varies, mostly 30 frames per second"


def test_an_address_in_a_message_stays_whole() -> None:
    said = escape_markdown("fetch https://download.example.org/models/faster_rcnn_resnet50-258fb6c6.pth, then *start*")
    assert said == "fetch `https://download.example.org/models/faster_rcnn_resnet50-258fb6c6.pth`, then \\*start\\*"
    assert escape_markdown("see (http://a_b.org/x_y).") == "see (`http://a_b.org/x_y`)."
    assert escape_markdown("`a_b` and a_b") == "`a_b` and a\\_b"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("notvideo.mp4 cannot be read", "notvideo.mp4 cannot be read."),
        ("the query has 9 letters; say less", "The query has 9 letters; say less."),
        ("a/b.mkv is a folder", "a/b.mkv is a folder."),
        ("ab12c is not here", "ab12c is not here."),
        ("weights, too", "Weights, too."),
        ("each step happens", "Each step happens."),
        ("Done!", "Done!"),
        ("", "."),
    ],
)
def test_a_sentence_begins_with_a_capital_but_a_name_stays(text: str, sentence: str) -> None:
    assert format_sentence(text) == sentence
