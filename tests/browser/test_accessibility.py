"""axe finds nothing serious on the pages, in the light theme and in the dark one, and headings follow one another.

Run once `make lint` or `make test` has fetched axe-core (tests/javascript/package.json).
"""

from collections.abc import Callable
from typing import Any, Literal

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import PROJECT
from tests.browser.test_app import settled

pytestmark = pytest.mark.browser

AXE = PROJECT / "tests" / "javascript" / "node_modules" / "axe-core" / "axe.min.js"
EXAMINED = (
    "",
    "Explore",
    "Compare",
    "Search",
    "Statistics",
    "SQL",
    "Few-shot",
    "Benchmarks",
    "Run",
    "Make",
    "Doctor",
    "Glossary",
)

EXAMINE = """async rules => {
    const options = rules.length
        ? { runOnly: rules }
        : { runOnly: ["wcag2a", "wcag2aa", "wcag22aa"], rules: { "heading-order": { enabled: true } } };
    const where = { exclude: [".vega-embed", ".js-plotly-plot"] };
    const found = await axe.run(where, { ...options, resultTypes: ["violations"], iframes: false, preload: false });
    return found.violations
        .filter(({ id, impact }) => id === "heading-order" || impact === "serious" || impact === "critical")
        .flatMap(({ id, nodes }) => nodes.map(({ target, any }) => [id, target.flat().at(-1), any[0]?.message ?? ""]));
}"""
"""What is serious, by rule, element and reason; of all rules of WCAG 2.2 A and AA, or of some alone.

Charts, whose colours tests/ui/test_colours.py measures, are left out: they have a thousand elements."""


def change_theme(page: Page, scheme: Literal["light", "dark"]) -> None:
    """The page in the other theme, once its ground has changed."""
    page.emulate_media(color_scheme=scheme)
    page.wait_for_function(
        """dark => {
            const ground = getComputedStyle(document.querySelector("[data-testid=stApp]")).backgroundColor;
            return ground.match(/\\d+/g).every(part => Number(part) < 128) === dark;
        }""",
        arg=scheme == "dark",
    )


def test_axe_finds_nothing_serious(app: Callable[..., str], visit: Callable[..., Page]) -> None:
    if not AXE.is_file():
        pytest.skip("axe-core is not here; make lint fetches it, as does npm ci in tests/javascript")
    page = visit(app("app.py"))
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found: list[tuple[str, str, Any]] = []
    shown: Literal["light", "dark"] = "light"
    for name in EXAMINED:
        if name:
            page.get_by_test_id("stSidebar").get_by_role("link", name=name, exact=True).click()
            expect(page.get_by_role("heading", name=name, level=1)).to_be_visible()
        settled(page)
        found += [(name, shown, one) for one in page.evaluate(EXAMINE, [])]
        shown = "dark" if shown == "light" else "light"
        change_theme(page, shown)
        settled(page)
        found += [(name, shown, one) for one in page.evaluate(EXAMINE, ["color-contrast"])]
    assert found == []
