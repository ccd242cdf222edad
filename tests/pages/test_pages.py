"""The pages in a real browser, against a real server: what a newcomer and a manager see."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import BrowserContext, expect

from coach.demo.player import play_for_ever
from tests.conftest import Serve
from tests.pages.look import open_page
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
