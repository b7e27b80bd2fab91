"""What a link wants shown: relationships of a prediction, boxes between annotated frames."""

import pytest
from streamlit.testing.v1 import AppTest

BETWEEN_APP = """
import streamlit as st
from ag_core.ui.player.filtering import read_between
st.text(read_between())
"""

APP = """
import streamlit as st
from ag_core.ui.player.filtering import read_edge_filter
st.text(list(read_edge_filter().to_json().values()))
"""


@pytest.mark.parametrize(
    ("query", "chosen", "warning"),
    [
        ({}, "[50, 0, 'all']", ""),
        ({"from": "15", "top": "10", "per": "group"}, "[15, 10, 'group']", ""),
        ({"from": "17", "per": "object"}, "[50, 0, 'object']", "'17'"),
    ],
)
def test_a_link_says_which_relationships_are_shown(query: dict[str, str], chosen: str, warning: str) -> None:
    app = AppTest.from_string(APP)
    for name, value in query.items():
        app.query_params[name] = value
    app.run()
    assert app.text[0].value == chosen
    assert [warning in said.value for said in app.warning] == ([True] if warning else [])


@pytest.mark.parametrize(
    ("said", "chosen", "warned"),
    [(None, "interpolate", False), ("hold", "hold", False), ("slide", "interpolate", True)],
)
def test_a_link_says_what_is_drawn_between_annotated_frames(said: str | None, chosen: str, warned: bool) -> None:
    app = AppTest.from_string(BETWEEN_APP)
    if said is not None:
        app.query_params["between"] = said
    app.run()
    assert app.text[0].value == chosen and bool(app.warning) is warned
