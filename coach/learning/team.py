"""A team's own labelled text: what the judge said of stored calls, and cards that sellers used."""

from typing import Any

import orjson
from sqlalchemy import and_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from coach.detect.linear import LABELS
from coach.learning.corpus import Row
from coach.packs.loader import GENERAL
from coach.store.database import Database
from coach.store.tables import events, feedback, sessions, utterances, verdicts
from coach.taxonomy import Language


async def rows(database: Database, packs: set[str], team: str | None = None) -> dict[Language, list[Row]]:
    """Client finals of stored calls that were judged, or whose card was used, by language; calls oldest first.

    A verdict decides alone. A used card says that its finding was right; one that was not says nothing, for it may
    have come at the wrong moment. Raises `READ_ERRORS` when the database is away.
    """
    said = utterances.c
    key = and_(
        *(verdicts.c[name] == said[name] for name in ("session_id", "source", "utterance")), said.speaker == "client"
    )
    wanted = (
        select(*said, sessions.c.pack, verdicts.c.verdict)
        .join(sessions, sessions.c.id == said.session_id)
        .join(verdicts, key, isouter=True)
        .order_by(sessions.c.started_at, said.session_id, said.at, said.source, said.seq)
    )
    if team is not None:
        wanted = wanted.where(sessions.c.team == team)
    found: dict[Language, list[Row]] = {}
    async with database.reader.connect() as connection:
        used = await _used(connection)
        session, previous = "", ""
        for row in await connection.execute(wanted):
            if row.session_id != session:
                session, previous = row.session_id, ""
            if row.speaker == "seller":
                previous = row.text
                continue
            labels = used.get((session, row.source, row.utterance))
            if row.verdict is not None:
                labels = _labels(row.verdict)
            if labels is not None:
                pack = row.pack if row.pack in packs else GENERAL
                found.setdefault(row.language, []).append(
                    Row(pack, f"team:{session}", row.text, labels, True, previous)
                )
    return found


async def _used(connection: AsyncConnection) -> dict[tuple[str, str, str], frozenset[str]]:
    """(session, source, utterance) of every used card, with what its finding was."""
    cards = {(row.session_id, row.card) for row in await connection.execute(select(feedback)) if row.used}
    if not cards:
        return {}
    wanted = select(events.c.session_id, events.c.payload).where(
        events.c.type == "card", events.c.session_id.in_({session for session, _ in cards})
    )
    found: dict[tuple[str, str, str], frozenset[str]] = {}
    for row in await connection.execute(wanted):
        card = orjson.loads(row.payload)
        label = str(card["trigger"]["id"]).rsplit("/", 1)[-1]
        if (row.session_id, card["id"]) in cards and label in LABELS and card.get("utterance"):
            place = (row.session_id, card["source"], card["utterance"])
            found[place] = found.get(place, frozenset()) | {label}
    return found


def _labels(verdict: dict[str, Any]) -> frozenset[str]:
    return frozenset([o["category"] for o in verdict["objections"]] + [s["kind"] for s in verdict["signals"]])
