"""The dashboard in a real browser, against a real server: as a manager uses it."""

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from playwright.async_api import BrowserContext, CDPSession, Page, Route, expect
from websockets.exceptions import ConnectionClosed

from tests.conftest import Serve
from tests.pages.look import open_page, violations
from tests.talk import SECRET, Live, Talker, token, turn

pytestmark = pytest.mark.timeout(90)
TOO_MUCH = "honestly it is way too expensive for us"
LINES = (
    "good morning thanks for calling",
    TOO_MUCH,
    "could I take it for a test drive",
    "okay then the price is fine",
    "let us meet on Monday",
)


async def call(live: Live, session: str, *lines: str, seller: str = "Grace", **hello: Any) -> Talker:
    """A running call in which the client said these lines."""
    talker = await live.join(session, metadata={"seller": seller}, **hello)
    for number, line in enumerate(lines, 1):
        await talker.say(turn(number, line))
    return talker


async def finished(live: Live, session: str, *lines: str, outcome: str = "won", **hello: Any) -> Talker:
    """A call that is over, and stored."""
    talker = await call(live, session, *lines, **hello)
    await talker.send({"type": "end", "outcome": outcome})
    await talker.until("ended")
    await live.coach.writer.flushed()
    return talker


async def test_wall_says_who_needs_help_and_a_whisper_reaches_them(serve: Serve, english: BrowserContext) -> None:
    async with serve() as live:
        await call(live, "fine", "good morning thanks for calling", seller="Anna", pack="saas")
        await call(live, "priced", TOO_MUCH, seller="Grace")
        widget = await call(live, "lost", TOO_MUCH, seller="Tom")
        page, complaints = await open_page(english, f"{live.address}/dashboard")
        await expect(page.get_by_role("link", name="Tom")).to_be_visible()
        await widget.send({"type": "raise_hand", "text": "can I give ten percent?"})
        helped = page.get_by_role("region", name="Needs help")
        await expect(helped.get_by_role("link")).to_contain_text("Asks for help: can I give ten percent?")
        await expect(page.get_by_role("region", name="Worth a look")).to_contain_text("Unanswered: Price")
        await expect(page.get_by_role("region", name="Running well")).to_contain_text("Anna")
        await page.get_by_label("Pack").select_option("saas")
        await expect(page.get_by_role("listitem")).to_have_count(1)
        await page.get_by_label("Pack").select_option("")
        await helped.get_by_role("link").focus()
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("heading", name="Tom", exact=True)).to_be_visible()
        await expect(page.locator("mark")).to_contain_text("too expensive")
        await page.get_by_label("Whisper").fill("up to five is yours")
        await page.keyboard.press("Enter")
        heard = await widget.until("whisper")
        assert heard["text"] == "up to five is yours"
        await page.get_by_role("link", name="Live calls").click()
        await expect(helped).to_have_count(0)
        assert complaints == []


async def test_tiles_stay_where_they_are_while_the_manager_points_at_one(serve: Serve, english: BrowserContext) -> None:
    async with serve() as live:
        calls = [await call(live, name, "good morning", seller=name) for name in ("one", "two", "three")]
        page, _ = await open_page(english, f"{live.address}/dashboard")
        order = page.locator(".tile-head b")
        await expect(order).to_have_text(["one", "two", "three"])
        await page.locator(".tile").first.hover()
        await calls[2].send({"type": "raise_hand"})
        await expect(page.locator(".tile.help")).to_contain_text("Asks for help")
        await expect(page.get_by_text("Order held")).to_be_visible()
        await expect(order).to_have_text(["one", "two", "three"])
        await page.mouse.move(0, 0)
        await expect(order).to_have_text(["three", "one", "two"])


async def test_finished_call_is_read_taken_along_noted_on_and_played_again(
    serve: Serve, english: BrowserContext
) -> None:
    async with serve(providers=["scripted"], script="first_ms=1,token_ms=1") as live:
        talker = await finished(live, "deal", *LINES)
        page, complaints = await open_page(english, f"{live.address}/dashboard#/call/deal")
        summary = page.get_by_role("article")
        await expect(summary).to_contain_text("too expensive")
        async with page.expect_download() as waiting:
            await page.get_by_role("button", name="JSON").click()
        taken = orjson.loads(Path(await (await waiting.value).path()).read_bytes())
        assert taken["events"] == talker.durable()
        async with page.expect_download() as waiting:
            await page.get_by_role("button", name="Markdown").click()
        assert "# Grace: Won" in Path(await (await waiting.value).path()).read_text(encoding="utf-8")
        await page.get_by_label("Note").fill("calm answer to the price")
        await page.get_by_role("button", name="Note").click()
        await expect(page.get_by_text("anonymous,")).to_be_visible()

        await page.get_by_role("button", name="Replay").click()
        lines = page.locator(".transcript .line")
        await expect(lines).to_have_count(len(LINES))
        slider = page.get_by_role("slider")
        await slider.press("Home")
        await expect(lines).to_have_count(1)
        await page.get_by_role("button", name="4×").click()
        await page.get_by_role("button", name="Play", exact=True).click()
        await expect(lines).to_have_count(len(LINES))
        await expect(page.get_by_role("button", name="Play", exact=True)).to_be_visible()
        await expect(page.locator(".cards li").first).to_be_visible()

        plot = page.get_by_role("group", name="Figures over time")
        await plot.focus()
        await page.keyboard.press("Home")
        await expect(page.locator(".said").first).to_contain_text("good morning")
        await page.keyboard.press("Enter")
        await expect(page.locator(".line.target")).to_contain_text("good morning")
        await page.reload()
        await expect(page.get_by_text("calm answer to the price")).to_be_visible()
        assert complaints == []


async def test_history_finds_what_was_said_and_figures_count_it(serve: Serve, english: BrowserContext) -> None:
    async with serve() as live:
        page, complaints = await open_page(english, f"{live.address}/dashboard#/history")
        await expect(page.get_by_role("heading", name="No call has been finished yet")).to_be_visible()
        await finished(live, "one", *LINES, seller="Anna")
        await finished(live, "two", TOO_MUCH, outcome="lost")
        await finished(live, "three", "good morning", outcome="next_step")
        await page.reload()
        rows = page.get_by_role("rowheader")
        await expect(rows).to_have_text(["Grace", "Grace", "Anna"])
        await page.get_by_label("Said in the call").fill("TEST drive")
        await expect(rows).to_have_text(["Anna"])
        await expect(page.locator("mark")).to_have_text("test drive")
        await page.get_by_label("Said in the call").fill("zebra")
        await expect(page.get_by_role("heading", name="No call fits these filters")).to_be_visible()
        await page.get_by_role("link", name="Show all calls").click()
        await page.get_by_label("Outcome").select_option("lost")
        await expect(rows).to_have_count(1)
        await page.get_by_role("link", name="Figures").click()
        price = page.get_by_role("row").filter(has=page.get_by_role("button", name="Price"))
        await expect(price.get_by_role("cell")).to_have_text(["2", "50 %", "50 %", "2"])
        await expect(page.get_by_role("group", name="Day by day").locator("canvas")).to_be_visible()
        await price.get_by_role("link").click()
        await expect(rows).to_have_text(["Grace", "Anna"])
        await rows.first.get_by_role("link").click()
        await expect(page.get_by_role("article")).to_be_visible()
        assert complaints == []


async def test_manager_signs_in_and_stays_signed_in(serve: Serve, english: BrowserContext) -> None:
    async with serve(jwt_secret=SECRET) as live:
        await call(live, "deal", TOO_MUCH, token=token("seller"))
        page, _ = await open_page(english, f"{live.address}/dashboard")
        box = page.get_by_label("Token")
        await expect(box).to_be_visible()
        await sign_in(page, token("seller"))
        await expect(page.get_by_text("This token may not watch calls")).to_be_visible()
        await sign_in(page, token("coach", lasts_s=200))
        await expect(page.get_by_role("link", name="Grace")).to_be_visible()
        # It runs out within five minutes: a new one goes out on the open socket.
        await expect(page.get_by_text("Your token runs out at")).to_be_visible()
        (peer,) = [peer for peer in live.coach.services.peers if peer.kind == "watch"]
        before = peer.principal
        await sign_in(page, token("coach", lasts_s=3_000))
        await expect(box).to_have_count(0)
        while peer.principal == before:
            await asyncio.sleep(0)
        assert peer in live.coach.services.peers
        await page.reload()
        await expect(page.get_by_role("link", name="Grace")).to_be_visible()
        await expect(box).to_have_count(0)


async def sign_in(page: Page, given: str) -> None:
    await page.get_by_label("Token").fill(given)
    await page.get_by_role("button", name="Sign in").click()


async def test_token_of_the_host_is_renewed_before_it_expires(serve: Serve, english: BrowserContext) -> None:
    async with serve(jwt_secret=SECRET) as live:
        given, renewed = itertools.count(1), asyncio.Event()

        async def answer(route: Route) -> None:
            if next(given) == 3:
                renewed.set()
            await route.fulfill(json={"token": token("coach", lasts_s=3)})

        page = await english.new_page()
        await page.route(f"{live.address}/coach-token", answer)
        await page.goto(f"{live.address}/dashboard?token-url=/coach-token")
        await expect(page.get_by_text("No call is running")).to_be_visible()
        (peer,) = [peer for peer in live.coach.services.peers if peer.kind == "watch"]
        await renewed.wait()
        assert peer in live.coach.services.peers and peer.wire.open


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 390)])
async def test_every_screen_is_accessible(serve: Serve, english: BrowserContext, scheme: Any, width: int) -> None:
    async with serve(providers=["scripted"], script="first_ms=1,token_ms=1") as live:
        await finished(live, "over", *LINES)
        talker = await call(live, "live", *LINES[:3], seller="Tom")
        await talker.send({"type": "raise_hand", "text": "help me"})
        await call(live, "calm", "good morning", seller="Anna")
        page, complaints = await open_page(english, f"{live.address}/dashboard")
        await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        await page.set_viewport_size({"width": width, "height": 900})
        for address, shown in (
            ("#/", "Needs help"),
            ("#/call/live", "Tom"),
            ("#/call/over", "Next step"),
            ("#/history?text=expensive", "calls searched"),
            ("#/figures?days=7", "Day by day"),
        ):
            await page.goto(f"{live.address}/dashboard{address}")
            await expect(page.get_by_text(shown).first).to_be_visible()
            if address == "#/call/over":
                await page.get_by_role("button", name="Replay").click()
                await expect(page.get_by_role("slider")).to_be_visible()
            assert await violations(page) == [], address
            wide = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            assert wide <= 0, address
        assert complaints == []


FRAMES = """count => new Promise(done => {
  const spans = [];
  let before = performance.now();
  const frame = now => {
    spans.push(now - before);
    before = now;
    if (spans.length < count) requestAnimationFrame(frame);
    else done(spans.slice(1));
  };
  requestAnimationFrame(frame);
})"""
CALLS = 200
LINE_S = 4.0


async def test_two_hundred_live_calls_leave_half_of_the_time(serve: Serve, english: BrowserContext) -> None:
    """Each call says a line every four seconds. What counts is the page's own processor time: other tests run beside."""
    async with serve() as live:
        calls = [
            await live.join(f"call-{number}", role="source", metadata={"seller": f"Seller {number}"})
            for number in range(CALLS)
        ]
        page, complaints = await open_page(english, f"{live.address}/dashboard")
        await expect(page.locator(".tile")).to_have_count(CALLS)
        async with talking(calls):
            await expect(page.locator(".tile .last", has_text="of what I say")).not_to_have_count(0, timeout=30_000)
            debugger = await english.new_cdp_session(page)
            await debugger.send("Performance.enable", {"timeDomain": "threadTicks"})
            before = await busy_ms(debugger)
            spans = sorted(await page.evaluate(FRAMES, 120))
            busy = (await busy_ms(debugger) - before) / sum(spans)
        median, slow = spans[len(spans) // 2], spans[len(spans) * 95 // 100]
        print(f"{CALLS} live calls: {busy:.0%} of the page's time; frames {median:.1f} ms, p95 {slow:.1f} ms")
        assert 0 < busy < 0.5
        assert complaints == []


async def busy_ms(debugger: CDPSession) -> float:
    """Processor time that the page's main thread has used."""
    figures = (await debugger.send("Performance.getMetrics"))["metrics"]
    return 1000 * next(float(figure["value"]) for figure in figures if figure["name"] == "TaskDuration")


@contextlib.asynccontextmanager
async def talking(calls: list[Talker]) -> AsyncIterator[None]:
    """Every call says a line every four seconds, evenly spread."""

    async def talk() -> None:
        loop = asyncio.get_running_loop()
        began = loop.time()
        for place in itertools.count():
            await asyncio.sleep(max(0.0, began + place * LINE_S / len(calls) - loop.time()))
            number = place // len(calls) + 1
            said = TOO_MUCH if number % 5 == 0 else f"so this is line {number} of what I say"
            await calls[place % len(calls)].send(turn(number, said, "client" if number % 2 else "seller"))

    async def listen(talker: Talker) -> None:
        with contextlib.suppress(ConnectionClosed):
            async for _ in talker.socket:
                pass

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(talk(), name="talk")]
        tasks += [group.create_task(listen(talker), name="listen") for talker in calls]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
