"""Stills of videos travel inside their elements: nothing that the server may have forgotten when the browser asks."""

import base64
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from tests.pages.test_pages import open_page


def addresses(app: AppTest) -> list[str]:
    return [url for image in app.image for url in image.value]


def test_a_still_is_its_own_address_and_a_missing_one_is_said() -> None:
    def page() -> None:
        from ag_core.ui.widgets.video_still import show_still

        show_still(b"picture", "A cup")
        show_still(None, "Nothing")

    app = AppTest.from_function(page).run()
    [address] = addresses(app)
    assert base64.b64decode(address.removeprefix("data:image/jpeg;base64,")) == b"picture"
    [missing] = app.get("html")
    assert "no video file" in missing.proto.body


@pytest.mark.parametrize(
    ("page", "query"),
    [
        ("pages/1_Explore.py", {}),
        ("pages/3_Search.py", {"sequence": "anything"}),
        ("pages/4_Statistics.py", {"tab": "Sampling"}),
    ],
)
def test_pages_show_videos_by_such_stills(page: str, query: dict[str, str], app_home: Path) -> None:
    app = open_page(page, **query)
    shown = addresses(app)
    assert shown and not app.exception
    assert all(address.startswith("data:image/jpeg;base64,") for address in shown)
