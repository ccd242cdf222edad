"""Pictures of the pages for the README: `.venv/bin/python scripts/pictures.py` while `make run` runs. Needs Chromium.

Plays the demo calls again under other names, some at forty times their pace to have a history, some to look at.
"""

import asyncio
import json
import os
import shutil
import time
from pathlib import Path

import httpx
from playwright.async_api import Locator, Page, async_playwright
from websockets.asyncio.client import connect

from coach.client import CallClient
from coach.demo.player import CALLS, play, read_call

URL = os.environ.get("URL", "http://127.0.0.1:8000")
IMAGES = Path(__file__).parent.parent / "docs" / "images"
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync"]
SELLERS = {"pl": ("Maja Kowal", "Piotr Lis"), "de": ("Lena Brandt", "Timo Vogel"), "en": ("Ada Cole", "Sam Reyes")}
RUNNING = (("pl", "Zofia Król", 2.0), ("de", "Nils Krämer", 1.5), ("en", "Ruth Osei", 3.0))
# What has to be seen first: an objection, and a card's text, as it comes or when it is there.
STREAMING, STREAMED = "main:has(mark) .running:not(:empty)", "main:has(mark) .text:not(.running)"
CARD_S = 120
SHOTS = (
    ("demo", "/", "light", "en-GB", (1280, 900), STREAMED),
    ("demo-dark", "/", "dark", "pl-PL", (1280, 900), STREAMED),
    ("demo-narrow", "/", "light", "de-DE", (390, 844), STREAMED),
    ("widget", "/", "light", "en-GB", (1280, 1000), STREAMING),
    ("dashboard", "/dashboard", "light", "en-GB", (1280, 720), 5),
    ("dashboard-narrow", "/dashboard", "dark", "en-GB", (390, 780), 5),
    ("dashboard-call", "/dashboard#/call/{live}", "light", "en-GB", (1280, 900), 4),
    ("dashboard-replay", "/dashboard#/call/{over}", "dark", "en-GB", (1280, 900), 2),
)
MOST_BYTES = 80_000


async def main() -> None:
    """Fill the history, then take every picture, one after the other."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    async with asyncio.TaskGroup() as group:
        for language, names in SELLERS.items():
            for name in names * 2:
                group.create_task(_call(language, name, 40.0))
    async with asyncio.TaskGroup() as group:
        running = [group.create_task(_call(*call)) for call in RUNNING]
        await _shoot()
        for task in running:
            task.cancel()


async def _call(language: str, seller: str, speed: float) -> None:
    call = read_call(CALLS / f"{language}.json")
    hello = {
        "role": "source",
        "language": language,
        "ui_language": "en",
        "pack": call.vertical or "general",
        "metadata": {"seller": seller},
    }
    async with CallClient(URL, f"{language}-{time.time_ns()}", hello) as client:
        await play(client, call, speed)


async def _raise_hand(session: str) -> None:
    async with connect(f"{URL.replace('http', 'ws', 1)}/ws/{session}") as socket:
        for frame in ({"type": "hello", "source": "hand"}, {"type": "raise_hand", "text": "May I give ten percent?"}):
            await socket.send(json.dumps(frame))
        await socket.ping()


async def _live(http: httpx.AsyncClient) -> str:
    """The running call of the last seller of `RUNNING`."""
    calls = (await http.get("/api/sessions", params={"status": "live"})).json()["sessions"]
    return str(next(call["id"] for call in calls if call["seller"] == RUNNING[-1][1]))


async def _over(http: httpx.AsyncClient) -> str:
    """A finished call with objections."""
    calls = (await http.get("/api/history")).json()["calls"]
    return str(max(calls, key=lambda call: (call["language"] == "en", len(call["objections"])))["id"])


async def _shoot() -> None:
    async with async_playwright() as playwright, httpx.AsyncClient(base_url=URL) as http:
        browser = await playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        for name, path, scheme, locale, (width, height), first in SHOTS:
            context = await browser.new_context(
                locale=locale,
                color_scheme=scheme,  # type: ignore[arg-type]
                viewport={"width": width, "height": height},
            )
            page = await context.new_page()
            if name == "dashboard":
                await _raise_hand(await _live(http))
            names = {"live": await _live(http), "over": await _over(http)}
            await page.goto(f"{URL}{path.format(**names)}")
            if isinstance(first, str):
                await page.locator(first).first.wait_for(timeout=1000 * CARD_S)
            await page.wait_for_timeout(500 if isinstance(first, str) else 1000 * first)
            if "{over}" in path:
                await page.get_by_role("button", name="Replay").click()
                await page.wait_for_timeout(500)
            await _save(page.locator("live-coach") if name == "widget" else page, IMAGES / f"{name}.jpg")
            await context.close()
        await browser.close()


async def _save(seen: Page | Locator, path: Path) -> None:
    """As good as fits."""
    for quality in range(80, 20, -5):
        taken = await seen.screenshot(path=path, type="jpeg", quality=quality)
        if len(taken) <= MOST_BYTES:
            return


asyncio.run(main())
