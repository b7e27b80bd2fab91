"""The Doctor page in a browser: a row of a finding leads to its moment, and an opened finding is in the link."""

import json
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.answers import fetch_file
from tests.browser.test_app import settled

pytestmark = pytest.mark.browser

ROW_HEIGHT = 35


def test_a_row_leads_to_its_moment(app: Callable[..., str], visit: Callable[..., Page]) -> None:
    page = visit(f"{app('app.py')}/Doctor", {"small-objects": "true"})
    settled(page)
    rows = page.get_by_test_id("stDataFrame").nth(1)
    rows.scroll_into_view_if_needed()
    expect(rows.locator("canvas").first).to_be_visible()
    rows.click(position={"x": 60, "y": 1.5 * ROW_HEIGHT})
    link = page.get_by_test_id("stPageLink").get_by_text("Open ")
    link.scroll_into_view_if_needed()
    link.click()
    page.wait_for_url("**/Explore?v=*&t=*")


def test_an_opened_finding_is_in_the_link(app: Callable[..., str], visit: Callable[..., Page]) -> None:
    page = visit(f"{app('app.py')}/Doctor")
    settled(page)
    page.locator("summary").filter(has_text="Small objects").click()
    page.wait_for_url("**/Doctor?small-objects=true")
    expect(page.get_by_text("All rows as CSV")).to_be_visible()


def test_the_report_holds_every_finding(app: Callable[..., str], visit: Callable[..., Page]) -> None:
    page = visit(f"{app('app.py')}/Doctor")
    expect(page.get_by_role("heading", name="The funnel: which frames count")).to_be_visible()
    settled(page)
    name, content = fetch_file(page.locator(".st-key-doctor_report_json button"))
    assert name.startswith("ag_doctor_report_") and name.endswith(".json")
    findings = json.loads(content)["findings"]
    titles = page.locator("[class*=st-key-ag_findings_] summary").all_inner_texts()
    for finding in findings:
        if finding["severity"] != "fine":
            assert any(finding["title"] in title for title in titles), finding["title"]
    _, text = fetch_file(page.locator(".st-key-doctor_report_md button"))
    assert all(finding["title"] in text.decode() for finding in findings)
