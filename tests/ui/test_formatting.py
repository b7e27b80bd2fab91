"""Texts on their way to the screen."""

import numpy as np
import pytest

from ag_core.records import FrameClock
from ag_core.ui.formatting import escape_markdown, format_rate


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("count(*) [x]", r"count(\*) \[x\]"),
        ("![x](https://example.org/x.png)", r"!\[x\](https://example.org/x.png)"),
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
