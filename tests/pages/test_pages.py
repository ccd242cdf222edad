"""The pages in a real browser, against a real server: what a newcomer and a manager see."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import BrowserContext, ConsoleMessage, Page, expect

from coach.demo.player import play_for_ever
from tests.conftest import Serve
from tests.talk import Live, turn

pytestmark = pytest.mark.timeout(90)
SPEED = 8.0


@contextlib.asynccontextmanager
async def demo(live: Live) -> AsyncIterator[None]:
    """The shipped demo calls, faster than life."""
    async with asyncio.TaskGroup() as group:
        playing = group.create_task(play_for_ever(live.address, None, SPEED, set(live.coach.packs)))
        try:
            yield
        finally:
            playing.cancel()


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


async def test_demo_page_shows_a_call_being_coached(serve: Serve, english: BrowserContext) -> None:
    async with serve(providers=["scripted"], script="first_ms=50,token_ms=10") as live, demo(live):
        page, complaints = await open_page(english, f"{live.address}/")
        say = page.locator("live-coach [part=say]").first
        await expect(say).to_be_visible(timeout=60_000)
        await expect(page.locator("live-coach [part=suggestion]").first).not_to_be_empty(timeout=60_000)
        await expect(page.locator("mark").first).to_be_visible(timeout=60_000)
        assert complaints == []


async def test_dashboard_whispers_into_the_widget(serve: Serve, english: BrowserContext) -> None:
    async with serve() as live:
        bridge = await live.join("big-deal", role="source", source="phone", language="en", metadata={"seller": "Grace"})
        await bridge.send(turn(1, "honestly it is way too expensive for us"))
        await bridge.until("ack")
        widget, complaints = await open_page(english, f"{live.address}/?session=big-deal")
        await expect(widget.locator("live-coach [part=say]").first).to_be_visible()
        wall, more = await open_page(english, f"{live.address}/dashboard")
        await wall.get_by_text("Grace").first.click()
        await expect(wall.get_by_text("way too expensive").first).to_be_visible()
        box = wall.get_by_label("Whisper")
        await box.fill("offer the leasing plan")
        await box.press("Enter")
        await expect(widget.locator("live-coach [part=whisper]").first).to_contain_text("offer the leasing plan")
        assert complaints == [] and more == []


async def test_widget_works_on_a_page_with_one_script_tag(serve: Serve, english: BrowserContext) -> None:
    async with serve() as live:
        page, complaints = await open_page(english, f"{live.address}/embed.html")
        await expect(page.locator("live-coach [part=panel]")).to_be_visible()
        while not (sessions := list(live.coach.registry.live())):
            await asyncio.sleep(0)
        bridge = await live.join(sessions[0].id, role="source", source="phone")
        await bridge.send(turn(1, "honestly it is way too expensive for us"))
        await expect(page.locator("live-coach [part=say]").first).to_be_visible()
        await page.locator("live-coach [part=panel]").focus()
        await page.keyboard.press("u")
        watcher = await live.watch(sessions[0].id)
        if watcher.welcome["state"]["cards"]:
            await watcher.until(lambda e: e["type"] == "card" and e.get("why") == "used")
        assert complaints == []


async def test_widget_resumes_after_the_server_was_away(serve: Serve, english: BrowserContext) -> None:
    async with serve() as live:
        port = int(live.address.rsplit(":", 1)[1])
        page, _ = await open_page(english, f"{live.address}/?session=long-call")
        bridge = await live.join("long-call", role="source", source="phone")
        await bridge.send(turn(1, "honestly it is way too expensive for us"))
        await bridge.until("ack")
        await expect(page.get_by_text("way too expensive").first).to_be_visible()
    async with serve(port=port) as live:
        bridge = await live.join("long-call", role="source", source="phone")
        await bridge.send(turn(2, "and I would have to talk to my wife first"))
        await bridge.until("ack")
        await expect(page.get_by_text("talk to my wife").first).to_be_visible(timeout=30_000)
        assert await page.get_by_text("way too expensive").count() >= 1
