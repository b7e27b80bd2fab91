"""What the app gives out, as tests read it: files of its buttons, answers of page SQL, the cells of a table."""

from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pandas as pd
from playwright.sync_api import Locator, Page, expect

from tests.browser.test_app import settled


def fetch_file(button: Locator) -> tuple[str, bytes]:
    """The name and the content of the file that a button gives."""
    with button.page.expect_download() as waiting:
        button.click()
    return waiting.value.suggested_filename, Path(waiting.value.path()).read_bytes()


def fetch_table(page: Page, key: str) -> pd.DataFrame:
    """The table behind the CSV button of a key."""
    settled(page)
    return pd.read_csv(BytesIO(fetch_file(page.locator(f".st-key-{key} button"))[1]))


def ask(visit: Callable[..., Page], url: str, query: str) -> pd.DataFrame:
    """What page SQL answers to a query; one row at least."""
    page = visit(f"{url}/SQL", {"q": query})
    expect(page.locator(".ag-owner", has_text=" in ").first).to_be_visible()
    return fetch_table(page, "sql_csv")


def read_cells(page: Page, number: int = 0) -> list[str]:
    """The texts of a table on screen, row by row; of a long table, of the rows in sight."""
    grid = page.get_by_test_id("stDataFrame").nth(number)
    grid.scroll_into_view_if_needed()
    grid.locator("td").first.wait_for(state="attached")
    return grid.locator("td").all_text_contents()
