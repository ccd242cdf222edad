"""How tests look at a page: what its console complains of, and what a screen reader's rules find."""

from pathlib import Path
from typing import Any

from playwright.async_api import BrowserContext, ConsoleMessage, Page

AXE = Path(__file__).parents[2] / "web" / "node_modules" / "axe-core" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


async def open_page(context: BrowserContext, url: str) -> tuple[Page, list[str]]:
    """A page, and what its console complains of."""
    page, complaints = await context.new_page(), list[str]()

    def note(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            complaints.append(message.text)

    page.on("console", note)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    await page.goto(url)
    return page, complaints


async def violations(page: Page, within: str = "html") -> list[str]:
    """What axe finds, one line each. It comes in by the debugger, so the page's policy need not allow it."""
    await page.evaluate(AXE.read_text(encoding="utf-8"))
    options = {"runOnly": RULES, "resultTypes": ["violations"]}
    found: Any = await page.evaluate("([within, options]) => axe.run(within, options)", [within, options])
    return [
        f"{broken['id']}: {node['target']} {node['failureSummary']}"
        for broken in found["violations"]
        for node in broken["nodes"]
    ]
