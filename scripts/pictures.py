"""Pictures of the pages for the README: `.venv/bin/python scripts/pictures.py` while `make run` runs. Needs Chromium."""

import asyncio
import shutil
from pathlib import Path

from playwright.async_api import async_playwright

URL = "http://127.0.0.1:8000"
IMAGES = Path(__file__).parent.parent / "docs" / "images"
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync"]
SHOTS = (
    ("demo", "/", "light", (1280, 800), 38),
    ("demo-dark", "/", "dark", (1280, 800), 6),
    ("dashboard", "/dashboard", "light", (1280, 640), 4),
)
QUALITY = 70


async def main() -> None:
    """Take every picture, one after the other."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        for name, path, scheme, (width, height), wait_s in SHOTS:
            context = await browser.new_context(
                locale="en-GB",
                color_scheme=scheme,  # type: ignore[arg-type]
                viewport={"width": width, "height": height},
            )
            page = await context.new_page()
            await page.goto(f"{URL}{path}")
            await page.wait_for_timeout(1000 * wait_s)
            await page.screenshot(path=IMAGES / f"{name}.jpg", type="jpeg", quality=QUALITY)
            await context.close()
        await browser.close()


asyncio.run(main())
