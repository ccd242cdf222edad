"""Bad input gets a clear error naming the field, and nothing is stored half."""

import orjson
import pytest
from websockets.frames import Frame, Opcode

from tests.conftest import Serve
from tests.talk import turn

GOOD = '"utterance":"u1","speaker":"client","text":"hi","final":true,"seq":1,"start_ms":0,"end_ms":5'
NOT_FATAL = {
    "broken JSON": ("{nonsense", "bad_json", ""),
    "not an object": ("[1,2]", "bad_frame", "object"),
    "no type": ("{}", "bad_frame", "type"),
    "unknown type": ('{"type":"dance"}', "unknown_type", "dance"),
    "deep nesting": ('{"type":"ping","t":' + "[" * 3000 + "]" * 3000 + "}", "bad_json", "nested"),
    "nesting that parses": ('{"type":"ping","t":' + "[" * 300 + "]" * 300 + "}", "bad_frame", "t:"),
    "NaN": ('{"type":"transcript",' + GOOD.replace('"start_ms":0', '"start_ms":NaN') + "}", "bad_json", ""),
    "lone surrogate": ('{"type":"transcript",' + GOOD.replace('"hi"', '"\\ud800"') + "}", "bad_json", ""),
    "NUL": ('{"type":"transcript",' + GOOD.replace('"hi"', '"a\\u0000b"') + "}", "bad_frame", "text"),
    "negative time": (
        '{"type":"transcript",' + GOOD.replace('"start_ms":0', '"start_ms":-4') + "}",
        "bad_frame",
        "start_ms",
    ),
    "end before start": (
        '{"type":"transcript",' + GOOD.replace('"start_ms":0', '"start_ms":9') + "}",
        "bad_frame",
        "end_ms",
    ),
    "text of a number": ('{"type":"transcript",' + GOOD.replace('"hi"', "5") + "}", "bad_frame", "text"),
    "huge number": ('{"type":"transcript",' + GOOD.replace('"seq":1', '"seq":1e400') + "}", "bad_json", ""),
    "seq of zero": ('{"type":"transcript",' + GOOD.replace('"seq":1', '"seq":0') + "}", "bad_frame", "seq"),
    "seq as text": ('{"type":"transcript",' + GOOD.replace('"seq":1', '"seq":"1"') + "}", "bad_frame", "seq"),
    "final without seq": ('{"type":"transcript",' + GOOD.replace('"seq":1,', "") + "}", "bad_frame", "seq"),
    "interim with seq": ('{"type":"transcript",' + GOOD.replace("true", "false") + "}", "bad_frame", "seq"),
    "unknown speaker": ('{"type":"transcript",' + GOOD.replace('"client"', '"dog"') + "}", "bad_frame", "speaker"),
    "unknown language": ('{"type":"transcript","language":"fr",' + GOOD + "}", "bad_frame", "language"),
    "long text": ('{"type":"transcript",' + GOOD.replace('"hi"', f'"{"x" * 8001}"') + "}", "too_long", "text"),
    "bad rating": ('{"type":"feedback","card":"c1","rating":6}', "bad_frame", "rating"),
    "empty feedback": ('{"type":"feedback","card":"c1"}', "bad_frame", "rating"),
    "unknown card": ('{"type":"cancel","card":"c7"}', "bad_frame", "card"),
    "unknown outcome": ('{"type":"end","outcome":"draw"}', "bad_frame", "outcome"),
}
FIRST = {
    "transcript before hello": '{"type":"transcript",' + GOOD + "}",
    "broken hello": "{",
    "unknown pack": '{"type":"hello","pack":"boats"}',
    "unknown language": '{"type":"hello","language":"fr"}',
    "unknown role": '{"type":"hello","role":"king"}',
    "deep metadata": '{"type":"hello","metadata":' + '{"a":' * 9 + "1" + "}" * 9 + "}",
    "metadata with NUL": '{"type":"hello","metadata":{"crm":[{"seller":"a\\u0000b"}]}}',
    "large metadata": '{"type":"hello","metadata":{"a":"' + "x" * 5000 + '"}}',
}


@pytest.mark.parametrize("name", NOT_FATAL)
async def test_bad_frame_is_named_and_the_socket_stays(serve: Serve, name: str) -> None:
    text, code, word = NOT_FATAL[name]
    async with serve() as live:
        call = await live.join()
        await call.send(text)
        error = await call.until("error")
        assert (error["code"], error["fatal"]) == (code, False)
        assert word in error["message"]
        assert await call.ping() == []
        assert (await call.say(turn(1, "hello")))[0]["offset"] == 1


@pytest.mark.parametrize("name", FIRST)
async def test_bad_first_frame_is_fatal_here_and_the_session_lives_on(serve: Serve, name: str) -> None:
    async with serve() as live:
        good = await live.join()
        await good.say(turn(1, "hello"))
        bad = await live.connect("/ws/call")
        await bad.send(FIRST[name])
        assert await bad.closed() == 4000
        assert bad.heard[-1]["fatal"] is True
        assert (await good.say(turn(2, "and hello again")))[0]["type"] == "transcript"


async def test_second_hello_binary_oversize_and_bad_utf8_close_with_their_codes(serve: Serve) -> None:
    async with serve() as live:
        second, binary, large, garbled = [await live.join(f"s{n}") for n in range(4)]
        await second.send({"type": "hello"})
        assert await second.closed() == 4000
        await binary.socket.send(b"\x00\x01")
        assert await binary.closed() == 4000
        await large.send("x" * (64 * 1024 + 1))
        assert await large.closed() == 1009
        await garbled.socket.send(b"\xff\xfe{}", text=True)
        assert await garbled.closed() == 1007
        assert (await live.join("s0")).welcome["offset"] == 0


async def test_bad_session_id_is_refused(serve: Serve) -> None:
    async with serve() as live:
        talker = await live.connect("/ws/" + "x" * 65)
        await talker.send({"type": "hello"})
        assert await talker.closed() == 4000
        assert "session" in talker.heard[-1]["message"]


async def test_watch_socket_names_bad_frames_too(serve: Serve) -> None:
    async with serve() as live:
        wall = await live.watch()
        for text, code in (('{"type":"watch"}', "bad_frame"), ('{"type":"hello"}', "unknown_type"), ("{", "bad_json")):
            await wall.send(text)
            assert (await wall.until("error"))["code"] == code
        early = await live.connect("/watch")
        await early.send({"type": "ping"})
        assert await early.closed() == 4000


@pytest.mark.parametrize("end", [Frame(Opcode.CLOSE, b"\x03\xe8"), Frame(Opcode.BINARY, b"no protocol")])
async def test_what_comes_in_one_piece_behind_an_end_is_not_taken(serve: Serve, end: Frame) -> None:
    async with serve() as live:
        talker = await live.join("a")
        await talker.ping()
        frames = [turn(1, "hello there"), None, turn(2, "and more"), {"type": "end"}]
        wire = [Frame(Opcode.TEXT, orjson.dumps(frame)) if frame else end for frame in frames]
        talker.socket.transport.write(b"".join(frame.serialize(mask=True) for frame in wire))
        await talker.closed()
        again = await live.join("a")
        assert [final["text"] for final in again.welcome["state"]["transcript"]] == ["hello there"]
        assert not again.welcome["ended"]
