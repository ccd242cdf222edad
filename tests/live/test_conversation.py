"""A conversation over the wire: transcript in, coaching out, acks after the commit."""

import sqlite3
from pathlib import Path

from tests.conftest import Serve
from tests.talk import interim, turn

TOO_MUCH = "honestly it is way too expensive for us"


async def test_final_is_acked_after_its_events_and_stored(serve: Serve, tmp_path: Path) -> None:
    async with serve() as live:
        call = await live.join()
        assert call.welcome["resumed"] is False and call.welcome["why"] == "new" and call.welcome["offset"] == 0
        events = await call.say(turn(1, TOO_MUCH))
        transcript, objection = events[:2]
        card = next(e for e in events if e["type"] == "card")
        assert (transcript["type"], transcript["text"]) == ("transcript", TOO_MUCH)
        assert (objection["category"], objection["status"]) == ("price", "confirmed")
        assert objection["quote"] in TOO_MUCH
        assert card["trigger"] == {"type": "objection", "id": objection["id"]}
        assert call.heard[-1]["stored"] == "database"
        with sqlite3.connect(tmp_path / "coach.db") as database:
            assert database.execute("SELECT text FROM utterances").fetchall() == [(TOO_MUCH,)]
            stored = [row[0] for row in database.execute("SELECT offset FROM events ORDER BY offset")]
        assert stored == [e["offset"] for e in call.durable()] == list(range(1, len(stored) + 1))


async def test_memory_database_says_so_in_its_acks(serve: Serve) -> None:
    async with serve(database_url="memory") as live:
        call = await live.join()
        await call.say(turn(1, "hello there"))
        assert call.heard[-1]["stored"] == "memory"


async def test_resent_final_changes_nothing_and_is_acked_again(serve: Serve) -> None:
    async with serve() as live:
        call = await live.join()
        await call.say(turn(1, TOO_MUCH))
        before = call.durable()
        assert await call.say(turn(1, TOO_MUCH)) == []
        assert call.durable() == before


async def test_same_seq_with_other_content_is_a_conflict(serve: Serve) -> None:
    async with serve() as live:
        call = await live.join()
        await call.say(turn(1, "good morning"))
        await call.send(turn(1, "good evening"))
        error = await call.until("error")
        assert (error["code"], error["seq"], error["fatal"]) == ("conflict", 1, False)


async def test_seq_too_high_is_a_gap_and_is_not_taken(serve: Serve) -> None:
    async with serve() as live:
        call = await live.join()
        await call.send(turn(3, "third"))
        error = await call.until("error")
        assert (error["code"], error["expect"]) == ("gap", 1)
        assert (await call.say(turn(1, "first")))[0]["text"] == "first"


async def test_interim_raises_provisionally_and_its_final_confirms(serve: Serve) -> None:
    async with serve() as live:
        call = await live.join()
        raised = await call.say(interim(1, "honestly it is way too expensive"))
        objection = next(e for e in raised if e["type"] == "objection")
        assert objection["status"] == "provisional" and "transcript" not in {e["type"] for e in raised}
        assert [e["type"] for e in raised][:2] == ["objection", "card"]
        final = await call.say(turn(1, TOO_MUCH))
        again = next(e for e in final if e["type"] == "objection")
        assert (again["id"], again["status"]) == (objection["id"], "confirmed")
        assert not [e for e in final if e["type"] == "card"]


async def test_revision_retracts_the_finding_and_its_card(serve: Serve) -> None:
    async with serve() as live:
        call = await live.join()
        await call.say(interim(1, "well it is too expensive"))
        final = await call.say(turn(1, "well it is two extensive chapters"))
        assert [e["status"] for e in final if e["type"] == "objection"] == ["retracted"]
        closed = [e for e in final if e["type"] == "card"]
        assert [(e["status"], e["why"]) for e in closed] == [("closed", "retracted")]


async def test_interim_after_its_final_changes_nothing(serve: Serve) -> None:
    async with serve() as live:
        call = await live.join()
        await call.say(turn(1, "good morning"))
        assert await call.say(interim(1, "good morning it is way too expensive")) == []


async def test_seller_words_raise_nothing(serve: Serve) -> None:
    async with serve() as live:
        call = await live.join()
        events = await call.say(turn(1, "you may feel that it is way too expensive", "seller"))
        assert not {"objection", "signal"} & {e["type"] for e in events}


async def test_later_speech_handles_an_objection_and_closes_its_card(serve: Serve) -> None:
    async with serve() as live:
        call = await live.join()
        await call.say(turn(1, TOO_MUCH))
        await call.say(turn(2, "we can spread it over four years", "seller"))
        events = await call.say(turn(3, "okay then the price is fine"))
        handled = [e for e in events if e["type"] == "objection"]
        assert [(e["status"], e["utterance"]) for e in handled] == [("handled", "u1")]
        assert [e["why"] for e in events if e["type"] == "card" and e["status"] == "closed"] == ["handled"]


async def test_two_sources_have_their_own_seqs_and_one_order(serve: Serve) -> None:
    async with serve() as live:
        seller = await live.join(source="mic")
        bridge = await live.join(source="phone", role="source")
        assert bridge.welcome["state"] == {"interims": [], "streaming": {}} or not bridge.welcome["state"]
        await seller.say(turn(1, "good morning", "seller"))
        await bridge.send(turn(1, TOO_MUCH))
        await bridge.until("ack")
        assert {e["type"] for e in bridge.heard} <= {"welcome", "ack", "pong"}
        events = await seller.ping()
        assert {e.get("source") for e in events if e["type"] == "objection"} == {"phone"}
        offsets = [e["offset"] for e in seller.durable()]
        assert offsets == list(range(1, len(offsets) + 1))


async def test_source_may_only_send_transcript(serve: Serve) -> None:
    async with serve() as live:
        bridge = await live.join(role="source")
        await bridge.send({"type": "ask", "text": "what now"})
        assert (await bridge.until("error"))["code"] == "not_allowed"


async def test_end_gives_a_summary_and_then_nothing_more(serve: Serve) -> None:
    async with serve() as live:
        call = await live.join()
        await call.say(turn(1, TOO_MUCH))
        await call.send({"type": "end", "outcome": "next_step"})
        ended = await call.until("ended")
        summary = call.of("summary")[0]
        assert ended["outcome"] == summary["outcome"] == "next_step"
        assert [o["category"] for o in summary["objections"]] == ["price"]
        assert summary["offset"] == ended["offset"] - 1
        await call.send(turn(2, "one more thing"))
        error = await call.until("error")
        assert (error["code"], error["seq"], error["fatal"]) == ("session_ended", 2, False)
        assert await call.say(turn(1, TOO_MUCH)) == []
        again = await live.join(source="late")
        assert again.welcome["ended"] is True and again.welcome["state"]["outcome"] == "next_step"


async def test_language_is_decided_per_utterance(serve: Serve) -> None:
    async with serve() as live:
        call = await live.join(language="auto")
        said = [
            ("to jest dla nas o wiele za drogo niestety", "pl"),
            ("das ist mir ehrlich gesagt viel zu teuer", "de"),
            ("and for me it is way too expensive as well", "en"),
        ]
        for number, (text, language) in enumerate(said, 1):
            events = await call.say(turn(number, text))
            assert events[0]["language"] == language
            found = [e for e in events if e["type"] == "objection" and e["status"] == "confirmed"]
            assert [(e["category"], e["language"]) for e in found] == [("price", language)]


async def test_card_speaks_the_customers_language_and_the_sellers_title(serve: Serve) -> None:
    async with serve() as live:
        german = await live.join("de", language="de", ui_language="pl")
        polish = await live.join("pl", language="pl", ui_language="pl")
        await german.say(turn(1, "das ist mir viel zu teuer"))
        await polish.say(turn(1, "to jest dla mnie za drogo"))
        one, two = german.of("card")[0], polish.of("card")[0]
        assert one["title"] == two["title"] and one["say"] != two["say"]


async def test_seller_reads_their_own_language_though_a_bridge_came_first(serve: Serve) -> None:
    async with serve() as live:
        bridge = await live.join("call", role="source", source="phone", language="de")
        seller = await live.join("call", ui_language="pl")
        polish = await live.join("other", language="pl", ui_language="pl")
        await bridge.send(turn(1, "das ist mir viel zu teuer"))
        await polish.say(turn(1, "to jest dla mnie za drogo"))
        assert (await seller.until("card"))["title"] == polish.of("card")[0]["title"]


async def test_ask_feedback_and_hand(serve: Serve) -> None:
    async with serve() as live:
        call = await live.join()
        await call.send({"type": "ask", "text": "what can I say about winter range?"})
        card = await call.until("card")
        assert card["trigger"]["type"] == "ask"
        await call.send({"type": "feedback", "card": card["id"], "used": True, "rating": 5})
        closed = await call.until("card")
        assert (closed["status"], closed["why"]) == ("closed", "used")
        await call.send({"type": "raise_hand", "text": "help"})
        assert (await call.until("raise_hand"))["text"] == "help"
        await call.send({"type": "feedback", "card": "c99", "used": True})
        error = await call.until("error")
        assert error["code"] == "bad_frame" and "card" in error["message"]
