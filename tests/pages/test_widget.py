"""The widget in a real browser, against a real server: what a seller sees, hears and presses."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from typing import Any

import jwt
import pytest
from playwright.async_api import Browser, BrowserContext, Page, Route, expect

from tests.conftest import Serve
from tests.faults.instances import Instances
from tests.pages.look import open_page, violations
from tests.talk import SECRET, Live, Talker, token, turn

pytestmark = pytest.mark.timeout(60)

PRICE = "honestly it is way too expensive for us"
STREAMING = {"providers": ["scripted"], "script": "first_ms=20,token_ms=5"}
PARTS = ("[part=say]", ".question", ".rating", "[part=ask]", "[part=gauges]")
# A recogniser that the test speaks for, in place of the browser's own.
FAKE_SPEECH = """
window.SpeechRecognition = class {
  static available() {}
  start(track) { window.speech = this; this.track = track; this.results = []; setTimeout(() => this.onstart?.()); }
  // What a browser had still in its ear comes before the end.
  stop() { setTimeout(() => { if (this.late) this.hear(this.late, true); this.onend?.(); }); }
  abort() { this.stop(); }
  hear(text, isFinal) {
    const index = this.results.findIndex((result) => !result.isFinal);
    const resultIndex = index < 0 ? this.results.length : index;
    this.results[resultIndex] = { isFinal, 0: { transcript: text } };
    this.onresult({ resultIndex, results: this.results });
  }
};
"""
NO_SPEECH = "delete window.SpeechRecognition; delete window.webkitSpeechRecognition"


async def embedded(context: BrowserContext, live: Live) -> tuple[Page, Talker]:
    """The widget on the example page, and a bridge into its call."""
    page, complaints = await open_page(context, f"{live.address}/embed.html")
    await expect(page.get_by_text("Live", exact=True)).to_be_visible()
    assert complaints == []
    session = await page.evaluate("sessionStorage.getItem('coach.session')")
    return page, await live.join(session, role="source", source="phone")


async def say(page: Page, number: int, text: str, *, final: bool = True) -> bool:
    """A line by the element's own method; whether it was taken."""
    line = {"speaker": "client", "text": text, "final": final, "utterance": f"u{number}"}
    times = {"start_ms": number * 3000, "end_ms": number * 3000 + 2000}
    taken: bool = await page.evaluate(
        "(line) => document.querySelector('live-coach').sendTranscript(line)", line | times
    )
    return taken


async def top(page: Page, selector: str) -> float:
    box = await page.locator(f"live-coach {selector}").bounding_box()
    assert box is not None
    return box["y"]


async def test_tokens_stream_into_the_card_and_nothing_moves(serve: Serve, english: BrowserContext) -> None:
    async with serve(**STREAMING) as live:
        page, bridge = await embedded(english, live)
        await page.emulate_media(reduced_motion="reduce")
        await bridge.say(turn(1, PRICE))
        running, done = page.locator("live-coach .running"), page.locator("live-coach .text:not(.running)")
        await expect(done).not_to_be_empty()
        before = await top(page, "[part=gauges]")
        await bridge.send(turn(2, "and I would have to talk to my wife first"))
        await expect(running).not_to_be_empty()
        streaming = [await top(page, part) for part in PARTS]
        await expect(done).not_to_be_empty()
        assert streaming == [await top(page, part) for part in PARTS]
        assert await top(page, "[part=gauges]") == before


async def test_one_key_says_used_and_another_not_useful(serve: Serve, english: BrowserContext) -> None:
    async with serve() as live:
        page, bridge = await embedded(english, live)
        watcher = await live.watch(await page.evaluate("sessionStorage.getItem('coach.session')"))
        say_lines = page.locator("live-coach [part=say]")
        await bridge.send(turn(1, PRICE))
        await expect(say_lines).to_be_visible()
        await page.get_by_placeholder("What do you want to know?").press_sequentially("un")
        await expect(say_lines).to_be_visible()
        await page.locator("live-coach [part=panel]").focus()
        await page.keyboard.press("u")
        await watcher.until(lambda e: e["type"] == "card" and e.get("why") == "used")
        await expect(page.get_by_text("Noted, thank you")).to_be_visible()
        await bridge.send(turn(2, "and I would have to talk to my wife first"))
        await expect(say_lines).to_be_visible()
        await page.keyboard.press("f")
        await expect(page.locator("live-coach ul.facts li").first).to_be_visible()
        await page.keyboard.press("n")
        await expect(say_lines).to_have_count(0)


async def test_a_shortcut_works_in_all_the_page_but_not_for_who_writes(serve: Serve, english: BrowserContext) -> None:
    async with serve() as live:
        page, bridge = await embedded(english, live)
        await page.evaluate(
            """() => {
                document.querySelector('live-coach').setAttribute('shortcut', 'alt+shift');
                document.body.append(document.createElement('textarea'));
            }"""
        )
        await bridge.send(turn(1, PRICE))
        await expect(page.locator("live-coach [part=say]")).to_be_visible()
        await page.locator("textarea").focus()
        await page.keyboard.press("Alt+Shift+KeyU")
        await page.locator("textarea").blur()
        await expect(page.locator("live-coach [part=say]")).to_be_visible()
        await page.keyboard.press("Alt+Shift+KeyU")
        await expect(page.locator("live-coach [part=say]")).to_have_count(0)


async def test_a_hand_is_up_until_a_manager_whispers_and_a_question_gets_a_card(
    serve: Serve, english: BrowserContext
) -> None:
    async with serve() as live:
        page, _ = await embedded(english, live)
        session = await page.evaluate("sessionStorage.getItem('coach.session')")
        manager = await live.watch(session)
        await page.get_by_role("button", name="Ask for help").click()
        await manager.until("raise_hand")
        await expect(page.get_by_text("Help is asked for")).to_be_visible()
        await manager.send({"type": "whisper", "session": session, "text": "offer the leasing plan"})
        await expect(page.locator("live-coach [part=whisper]")).to_contain_text("offer the leasing plan")
        await expect(page.get_by_role("button", name="Ask for help")).to_be_visible()
        await page.locator("live-coach [part=panel]").focus()
        await page.keyboard.press("w")
        await expect(page.locator("live-coach [part=whisper]")).to_have_count(0)
        await page.get_by_placeholder("What do you want to know?").fill("what about the price?")
        await page.keyboard.press("Enter")
        await manager.until(lambda e: e["type"] == "card" and e["trigger"]["type"] == "ask")
        await expect(page.locator("live-coach .kind .word")).to_have_text("Answer")


async def test_a_card_goes_at_its_deadline_and_others_wait_as_chips(serve: Serve, english: BrowserContext) -> None:
    async with serve() as live:
        page, bridge = await embedded(english, live)
        await page.clock.install()
        for number, text in enumerate(
            (PRICE, "I would have to talk to my wife first", "that sounds like a scam, I don't trust it"), 1
        ):
            await bridge.say(turn(number, text))
        chips = page.locator("live-coach [part=chips] li")
        await expect(chips).to_have_count(2)
        older = await chips.last.text_content()
        await chips.last.get_by_role("button").click()
        await expect(page.locator("live-coach .kind .word")).to_have_text((older or "").split()[0])
        await page.clock.fast_forward(31_000)
        await expect(page.locator("live-coach [part=card]")).to_have_count(0)
        await expect(chips).to_have_count(0)


async def test_a_killed_server_loses_and_doubles_nothing(instances: Instances, english: BrowserContext) -> None:
    [server] = await instances.started()
    address = server.url.replace("ws", "http", 1)
    page, _ = await open_page(english, f"{address}/embed.html")
    session = await page.evaluate("sessionStorage.getItem('coach.session')")
    await expect(page.get_by_text("Live", exact=True)).to_be_visible()
    assert await say(page, 1, PRICE)
    assert await say(page, 2, "and I would have to talk to my", final=False)
    await expect(page.locator("live-coach [part=say]").first).to_be_visible()
    await server.kill()
    await expect(page.get_by_text("Offline, nothing is lost")).to_be_visible()
    assert not await say(page, 2, "and I would have to talk to my wife", final=False)
    assert await say(page, 2, "and I would have to talk to my wife first")
    await server.start()
    await page.reload()
    assert await say(page, 3, "and nobody has tried it")
    await expect(page.get_by_text("Live", exact=True)).to_be_visible()
    await expect(page.get_by_text("waiting to be stored")).to_have_count(0)
    answer = await page.request.get(f"{address}/api/sessions/{session}/events")
    finals = [e for e in (await answer.json())["events"] if e["type"] == "transcript"]
    assert [(e["seq"], e["utterance"]) for e in finals] == [(1, "u1"), (2, "u2"), (3, "u3")]


async def test_a_token_is_fetched_and_renewed_on_the_open_socket(serve: Serve, english: BrowserContext) -> None:
    async with serve(jwt_secret=SECRET) as live:
        tokens, opened = list[str](), list[str]()

        async def hand_out(route: Route) -> None:
            tokens.append(token(lasts_s=3))
            await route.fulfill(json={"token": tokens[-1]})

        await english.route("**/coach-token", hand_out)
        page, _ = await open_page(english, f"{live.address}/embed.html")
        await expect(page.get_by_text("Sign-in needed")).to_be_visible()
        page.on("websocket", lambda socket: opened.append(socket.url))
        async with page.expect_request("**/coach-token"):
            await page.evaluate("document.querySelector('live-coach').setAttribute('token-url', '/coach-token')")
        await expect(page.get_by_text("Live", exact=True)).to_be_visible()
        first = jwt.decode(tokens[0], options={"verify_signature": False})["exp"]
        while time.time() < first + 0.5:
            async with page.expect_request("**/coach-token"):
                pass
        assert await say(page, 1, PRICE)
        await expect(page.locator("live-coach [part=say]")).to_be_visible()
        assert len(opened) == 1 and len(tokens) >= 2


async def test_a_duplicated_tab_is_another_source(serve: Serve, english: BrowserContext) -> None:
    async with serve() as live:
        page, _ = await embedded(english, live)
        async with english.expect_page() as opening:
            await page.evaluate("void open(location.href)")
        twin = await opening.value
        await expect(twin.get_by_text("Live", exact=True)).to_be_visible()
        assert await say(twin, 1, PRICE)
        await expect(page.locator("live-coach [part=say]")).to_be_visible()
        await expect(page.get_by_text("Live", exact=True)).to_be_visible()


@contextlib.asynccontextmanager
async def foreign_page(coach: str) -> AsyncIterator[str]:
    """A page of another origin that allows what docs/embedding.md says, and no more."""
    policy = f"default-src 'none'; script-src {coach}; connect-src {coach.replace('http', 'ws', 1)}"
    body = f"<!doctype html><title>Shop</title><script type=module src='{coach}/widget.js?v=1'></script><live-coach chat></live-coach>"
    head = f"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-security-policy: {policy}\r\nconnection: close\r\n"

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(f"{head}content-length: {len(body)}\r\n\r\n{body}".encode())
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def test_it_works_on_a_foreign_origin_under_a_strict_policy(serve: Serve, english: BrowserContext) -> None:
    """Chunks of the script come from another origin too, which needs CORS for each."""
    async with contextlib.AsyncExitStack() as stack:
        port = await _free_port()
        origin = await stack.enter_async_context(foreign_page(f"http://127.0.0.1:{port}"))
        await stack.enter_async_context(serve(port=port, allowed_origins=[origin]))
        asked = list[str]()
        english.on("request", lambda request: asked.append(request.url))
        page, complaints = await open_page(english, origin)
        await expect(page.get_by_text("Live", exact=True)).to_be_visible()
        await page.get_by_label("What was said").fill(PRICE)
        await page.get_by_role("button", name="Send").click()
        await expect(page.locator("live-coach [part=say]")).to_be_visible()
        assert [c for c in complaints if "favicon" not in c] == []
        hosts = {url.split("/")[2] for url in asked}
        assert hosts == {origin.split("/")[2], f"127.0.0.1:{port}"}


async def test_a_foreign_origin_that_is_not_allowed_is_told_so(serve: Serve, english: BrowserContext) -> None:
    async with serve() as live, foreign_page(live.address) as origin:
        async with english.expect_console_message(lambda message: "live-coach: " in message.text):
            page, _ = await open_page(english, origin)
        await expect(page.get_by_text("No access to this call")).to_be_visible()
        await expect(page.get_by_role("button", name="Try again")).to_have_count(0)


async def test_an_unknown_pack_is_named(serve: Serve, english: BrowserContext) -> None:
    async with serve() as live:
        page, _ = await open_page(english, f"{live.address}/embed.html")
        await expect(page.get_by_text("Live", exact=True)).to_be_visible()
        await page.evaluate(
            """() => {
                const coach = document.querySelector('live-coach');
                coach.setAttribute('session', 'another');
                coach.setAttribute('pack', 'absent');
            }"""
        )
        await expect(page.get_by_role("alert")).to_contain_text("pack")
        await expect(page.get_by_text("Stopped", exact=True)).to_be_visible()
        await expect(page.get_by_role("button", name="Try again")).to_have_count(0)


async def test_an_ended_call_is_followed_by_a_new_one(serve: Serve, english: BrowserContext) -> None:
    async with serve() as live:
        page, _ = await embedded(english, live)
        await page.get_by_label("What was said").fill(PRICE)
        await page.get_by_role("button", name="Send").click()
        await expect(page.locator("live-coach .echo mark")).to_have_text("honestly it is way too expensive for us")
        await expect(page.locator("live-coach .echo")).to_contain_text("Price")
        first = await page.evaluate("sessionStorage.getItem('coach.session')")
        await page.get_by_text("End the call").click()
        await page.get_by_role("button", name="Lost").click()
        await expect(page.get_by_text("The call has ended: Lost")).to_be_visible()
        await page.reload()
        await expect(page.get_by_text("The call has ended: Lost")).to_be_visible()
        await expect(page.get_by_label("What was said")).to_have_count(0)
        await expect(page.get_by_text("End the call")).to_have_count(0)
        await page.get_by_role("button", name="New call").click()
        await expect(page.get_by_text("Nothing has been said yet.")).to_be_visible()
        await expect(page.get_by_label("What was said")).to_be_visible()
        assert await page.evaluate("sessionStorage.getItem('coach.session')") != first


async def _free_port() -> int:
    async with await asyncio.start_server(lambda _r, w: w.close(), "127.0.0.1", 0) as server:
        port: int = server.sockets[0].getsockname()[1]
        return port


async def test_the_microphone_becomes_lines_of_the_call(serve: Serve, english: BrowserContext) -> None:
    await english.add_init_script(FAKE_SPEECH)
    async with serve() as live:
        page, _ = await embedded(english, live)
        watcher = await live.watch(await page.evaluate("sessionStorage.getItem('coach.session')"))
        await page.get_by_text("Listen", exact=True).click()
        await expect(page.get_by_text("Everybody on the call has to know")).to_be_visible()
        await page.get_by_role("button", name="All agree: listen").click()
        await expect(page.get_by_text("Listening", exact=True)).to_be_visible()
        await page.evaluate("speech.hear('honestly it is way too', false)")
        await expect(page.locator("live-coach .heard")).to_have_text("honestly it is way too")
        panel = page.locator("live-coach [part=listening]")
        assert await panel.evaluate("(panel) => panel.scrollWidth <= panel.clientWidth")
        await page.evaluate("speech.late = 'honestly it is way too expensive'")
        await page.locator("live-coach [part=panel]").focus()
        await page.keyboard.press("s")
        first = await watcher.until(lambda e: e["type"] == "transcript" and e["final"])
        assert (first["speaker"], first["text"]) == ("client", "honestly it is way too expensive")
        await expect(page.locator("live-coach [part=say]")).to_be_visible()
        await page.wait_for_function("speech.results.length === 0")
        await page.evaluate("speech.hear('I understand', true)")
        second = await watcher.until(lambda e: e["type"] == "transcript" and e["final"])
        assert (second["speaker"], second["text"]) == ("seller", "I understand")
        await page.keyboard.press("p")
        await expect(page.get_by_text("Paused", exact=True)).to_be_visible()


async def test_a_meeting_is_a_source_of_its_own(serve: Serve, english: BrowserContext) -> None:
    await english.add_init_script(FAKE_SPEECH)
    await english.add_init_script(
        """navigator.mediaDevices.getDisplayMedia = async () => {
            const sound = new AudioContext().createMediaStreamDestination().stream.getAudioTracks();
            return new MediaStream(sound);
        }"""
    )
    async with serve() as live:
        page, _ = await embedded(english, live)
        watcher = await live.watch(await page.evaluate("sessionStorage.getItem('coach.session')"))
        await page.get_by_text("Listen", exact=True).click()
        await page.get_by_label("Meeting tab").check()
        await page.get_by_role("button", name="All agree: listen").click()
        await expect(page.get_by_text("Listening", exact=True)).to_be_visible()
        assert await page.evaluate("speech.track instanceof MediaStreamTrack")
        await page.evaluate("speech.hear('it is way too expensive', true)")
        final = await watcher.until(lambda e: e["type"] == "transcript" and e["final"])
        assert (final["source"], final["speaker"]) == ("tab", "client")
        await expect(page.get_by_text("waiting to be stored")).to_have_count(0)


async def test_a_browser_that_cannot_listen_says_what_works(serve: Serve, english: BrowserContext) -> None:
    await english.add_init_script(NO_SPEECH)
    async with serve() as live:
        page, _ = await embedded(english, live)
        await page.get_by_text("Listen", exact=True).click()
        await expect(page.get_by_text("This browser has no speech recognition.")).to_be_visible()
        await page.get_by_label("What was said").fill(PRICE)
        await page.keyboard.press("Enter")
        await expect(page.locator("live-coach [part=say]")).to_be_visible()


async def test_a_floating_widget_is_moved_by_keys_and_stays_there(serve: Serve, english: BrowserContext) -> None:
    async with serve() as live:
        page, _ = await embedded(english, live)
        await page.get_by_label("Float over the page").click()
        widget = page.locator("live-coach")
        was = await widget.bounding_box()
        await page.get_by_label("Move").focus()
        for key in ("Shift+ArrowLeft", "ArrowDown"):
            await page.keyboard.press(key)
        await page.get_by_label("Size").focus()
        await page.keyboard.press("ArrowLeft")
        now = await widget.bounding_box()
        assert was and now
        assert (now["x"], now["y"], now["width"]) == (was["x"] - 64, was["y"] + 16, was["width"] - 16)
        await page.reload()
        await expect(page.get_by_label("Move")).to_be_visible()
        assert await widget.bounding_box() == now
        await page.set_viewport_size({"width": 500, "height": 500})
        # The page hears of its new size in a turn of its own.
        await page.wait_for_function(
            "box => { const at = box.getBoundingClientRect(); return at.left >= 0 && at.right <= 500 }",
            arg=await widget.element_handle(),
            timeout=5_000,
        )


@pytest.mark.parametrize(
    ("language", "scheme", "width"), [("en", "light", 1280), ("de", "dark", 360), ("pl", "light", 360)]
)
async def test_nothing_is_out_of_reach(serve: Serve, browser: Browser, language: str, scheme: Any, width: int) -> None:
    """No violation that axe can find, and no sideways scrolling: with a card, a whisper, facts and both panels open."""
    async with serve(**STREAMING) as live:
        context = await browser.new_context(
            locale=language, color_scheme=scheme, reduced_motion="reduce", viewport={"width": width, "height": 900}
        )
        page, _ = await open_page(context, f"{live.address}/embed.html")
        await expect(page.locator("live-coach .connection.live")).to_be_visible()
        session = await page.evaluate("sessionStorage.getItem('coach.session')")
        bridge = await live.join(session, role="source", source="phone")
        assert await violations(page) == []
        await bridge.say(turn(1, PRICE))
        await bridge.say(turn(2, "and I would have to talk to my wife first"))
        watcher = await live.watch(session)
        await watcher.send({"type": "whisper", "session": session, "text": "offer the leasing plan"})
        await expect(page.locator("live-coach [part=whisper]")).to_be_visible()
        await page.locator("live-coach [part=panel]").focus()
        await page.keyboard.press("f")
        await page.locator("live-coach .said summary").click()
        await expect(page.locator("live-coach .choice")).to_be_visible()
        await expect(page.locator("live-coach ul.facts")).to_be_visible()
        assert await violations(page) == []
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert await page.evaluate(
            "[...document.querySelector('live-coach').shadowRoot.querySelectorAll('button, input, [part=say]')]"
            ".every((each) => each.scrollWidth <= each.clientWidth + 1 || each.closest('[part=chips]'))"
        )
        await context.close()
