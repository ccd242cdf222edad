"""What a team's calls teach: judged turns and used cards as labelled text."""

from pathlib import Path

import orjson
from sqlalchemy import insert

from coach.learning import team
from coach.store.database import open_database
from coach.store.migrate import upgrade
from coach.store.tables import events, feedback, sessions, utterances, verdicts

SESSION = {
    "seller": "eva", "pack": "gone", "language": "en", "ui_language": "en", "metadata": {}, "status": "ended",
    "started_at": 1, "active_at": 1, "epoch": "e", "epochs": [], "offset": 0, "owner": 1, "clean": True, "core": b"{}",
}  # fmt: skip


def said(session: str, number: int, speaker: str, text: str) -> dict[str, object]:
    return {
        "session_id": session, "source": "main", "seq": number, "utterance": f"u{number}", "speaker": speaker,
        "text": text, "language": "en", "start_ms": number, "end_ms": number, "at": number,
    }  # fmt: skip


async def test_verdicts_and_used_cards_are_labelled_text(tmp_path: Path) -> None:
    database = open_database(f"sqlite:///{tmp_path / 'coach.db'}")
    try:
        await upgrade(database)
        verdict = {"objections": [{"category": "price", "quote": "a fortune"}], "signals": []}
        card = {
            "id": "c1",
            "trigger": {"type": "objection", "id": "main/u3/stall"},
            "source": "main",
            "utterance": "u3",
        }
        async with database.writer.begin() as writer:
            for session, name in (("a", "north"), ("b", "south")):
                await writer.execute(insert(sessions), {**SESSION, "id": session, "team": name})
            lines = [
                ("seller", "it is ninety"),
                ("client", "that is a fortune"),
                ("client", "let me sleep on it"),
                ("client", "hm"),
            ]
            await writer.execute(insert(utterances), [said("a", n, *line) for n, line in enumerate(lines, 1)])
            await writer.execute(insert(utterances), [said("b", 1, "client", "never mind")])
            judged = {"source": "main", "provider": "p", "model": "m", "at": 1}
            await writer.execute(insert(verdicts), {**judged, "session_id": "a", "utterance": "u2", "verdict": verdict})
            empty: dict[str, list[str]] = {"objections": [], "signals": []}
            await writer.execute(insert(verdicts), {**judged, "session_id": "b", "utterance": "u1", "verdict": empty})
            await writer.execute(
                insert(events), {"session_id": "a", "offset": 1, "type": "card", "at": 1, "payload": orjson.dumps(card)}
            )
            await writer.execute(insert(feedback), {"session_id": "a", "card": "c1", "used": True, "at": 1})
        found = (await team.rows(database, {"general"}))["en"]
        assert [(row.text, set(row.labels), row.previous) for row in found] == [
            ("that is a fortune", {"price"}, "it is ninety"),
            ("let me sleep on it", {"stall"}, "it is ninety"),
            ("never mind", set(), ""),
        ]
        assert {row.pack for row in found} == {"general"} and {row.group for row in found} == {"team:a", "team:b"}
        assert [row.text for row in (await team.rows(database, set(), "south"))["en"]] == ["never mind"]
    finally:
        await database.close()
