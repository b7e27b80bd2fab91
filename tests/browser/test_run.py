"""Page Run in a browser: a job waits, runs, is cancelled; runs again to its end; and is found the second time."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.test_app import settled

pytestmark = pytest.mark.browser

ASKED = {"run_kind": "One of the data set", "run_video": "2RZMQ", "run_rate": "0.5"}
LONG_MS = 540_000
"""Of a prediction on a busy computer."""


def jobs(page: Page) -> Locator:
    """The jobs on the page, the newest first."""
    return page.locator("[class*=st-key-ag_job_]")


@pytest.mark.timeout(1200)  # networks are loaded and run, which a busy machine stretches
def test_a_prediction_runs_is_cancelled_and_is_kept(app: Callable[..., str], visit: Callable[..., Page]) -> None:
    page = visit(f"{app('app.py')}/Run", ASKED)
    settled(page)
    start = page.get_by_role("button", name="Start", exact=True)
    start.click()
    expect(jobs(page).first).to_contain_text("2RZMQ.mp4")
    jobs(page).first.get_by_role("button", name="Cancel").click()
    expect(jobs(page).first).to_contain_text("cancelled", timeout=LONG_MS)

    start.click()
    expect(page.get_by_role("progressbar").first).to_be_visible()
    expect(page.get_by_text(re.compile(r"\d+ of \d+")).first).to_be_visible(timeout=LONG_MS)
    other = visit(f"{app('app.py')}/Run")
    expect(jobs(other).first).to_contain_text("2RZMQ.mp4")  # another session sees the same queue
    expect(page.get_by_role("heading", name="Result: 2RZMQ.mp4")).to_be_visible(timeout=LONG_MS)
    page.locator("[data-part=player] video").wait_for()
    expect(jobs(page).first).to_contain_text("done")
    expect(page.get_by_role("button", name="Download the prediction (JSON)")).to_be_visible()
    assert "job=" in page.url

    again = visit(f"{app('app.py')}/Run", ASKED)
    settled(again)
    again.get_by_role("button", name="Start", exact=True).click()
    expect(jobs(again).first).to_contain_text("found among earlier results")
    expect(again.get_by_role("heading", name="Result: 2RZMQ.mp4")).to_be_visible()
