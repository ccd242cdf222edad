"""Reads of what is over: a team's finished calls, searched and counted, and one call's figures as they went.

Every read is bounded: a search looks through `SEARCHED` calls at a time, figures through the `COUNTED` newest ones.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import orjson
from sqlalchemy import Select, and_, func, or_, select

from coach.store.database import Database
from coach.store.tables import events, measurements, sessions, utterances

SEARCHED = 300
"""Calls that one request looks through: about 60,000 lines."""
COUNTED = 2_000
ROWS_A_TURN = 50
"""Rows that are read before everybody else gets their turn."""
MEASURED = 20_000


class Place(NamedTuple):
    """Where a page of calls ends: Unix ms of its last call's start, and that call's id."""

    started_at: int
    id: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which finished calls are meant. Without a field: all of the team's."""

    team: str
    seller: str | None = None
    """Part of the name that is shown, or of the token's subject; upper and lower case are the same."""
    outcome: str | None = None
    """`none`: without one."""
    pack: str | None = None
    language: str | None = None
    since: int | None = None
    until: int | None = None
    """Started in this time: Unix ms, `until` itself not included."""


@dataclass(frozen=True, slots=True)
class FinishedCall:
    """A call that is over, with its `summary` event."""

    id: str
    seller: str
    metadata: dict[str, Any]
    pack: str
    language: str
    outcome: str | None
    started_at: int
    ended_at: int
    summary: dict[str, Any]


async def finished(database: Database, wanted: Wanted, after: Place | None, limit: int) -> list[FinishedCall]:
    """At most `limit` finished calls, newest first, after a place. Raises `READ_ERRORS`."""
    query = _calls(wanted)
    if after is not None:
        same = and_(sessions.c.started_at == after.started_at, sessions.c.id > after.id)
        query = query.where(or_(sessions.c.started_at < after.started_at, same))
    return [call async for some in _read(database, query.limit(limit)) for call in some]


def counted(database: Database, wanted: Wanted) -> AsyncIterator[list[FinishedCall]]:
    """The `COUNTED` newest finished calls, `ROWS_A_TURN` at a time. Raises `READ_ERRORS`."""
    return _read(database, _calls(wanted).limit(COUNTED))


async def lines(database: Database, calls: list[str], text: str) -> dict[str, dict[str, Any]]:
    """Of each of these calls in which `text` was said, the first line with it. Raises `READ_ERRORS`."""
    names = ("session_id", "source", "utterance", "speaker", "text", "language")
    # A word of every second line must not hide the calls behind the first ones.
    place = func.row_number().over(
        partition_by=utterances.c.session_id, order_by=(utterances.c.at, utterances.c.source, utterances.c.seq)
    )
    said = or_(*(utterances.c.text.ilike(pattern, escape="\\") for pattern in _patterns(text)))
    first = (
        select(*(utterances.c[name] for name in names), place.label("place"))
        .where(utterances.c.session_id.in_(calls), said)
        .subquery()
    )
    async with database.reader.connect() as reader:
        rows = await reader.execute(select(*(first.c[name] for name in names)).where(first.c.place == 1))
        return {row["session_id"]: dict(row) for row in rows.mappings()}


async def figures(database: Database, session: str, team: str) -> list[dict[str, Any]] | None:
    """A call's figures as they went, oldest first; None if the team has no such call. Raises `READ_ERRORS`."""
    async with database.reader.connect() as reader:
        owner = await reader.execute(select(sessions.c.team).where(sessions.c.id == session))
        if owner.scalar() != team:
            return None
        rows = await reader.execute(
            select(measurements.c.at, measurements.c.figures)
            .where(measurements.c.session_id == session)
            .order_by(measurements.c.at)
            .limit(MEASURED)
        )
        return [{"at": at, **found} for at, found in rows]


def _calls(wanted: Wanted) -> Select[Any]:
    """Finished calls with their summaries: a call's last two events are `summary` and `ended`."""
    call = sessions.c
    over = and_(
        events.c.session_id == call.id,
        events.c.offset >= call.offset - 1,
        events.c.type == "summary",
    )
    conditions = [call.team == wanted.team, call.status == "ended"]
    if wanted.seller:
        shown = func.coalesce(func.nullif(call.metadata["seller"].as_string(), ""), call.seller)
        conditions.append(or_(*(shown.ilike(part, escape="\\") for part in _patterns(wanted.seller))))
    if wanted.outcome is not None:
        conditions.append(call.outcome.is_(None) if wanted.outcome == "none" else call.outcome == wanted.outcome)
    if wanted.pack is not None:
        conditions.append(call.pack == wanted.pack)
    if wanted.language is not None:
        conditions.append(call.language == wanted.language)
    if wanted.since is not None:
        conditions.append(call.started_at >= wanted.since)
    if wanted.until is not None:
        conditions.append(call.started_at < wanted.until)
    listed = (call.id, call.seller, call.metadata, call.pack, call.language, call.outcome)
    return (
        select(*listed, call.started_at, call.ended_at, events.c.payload)
        .join(events, over)
        .where(*conditions)
        .order_by(call.started_at.desc(), call.id)
    )


async def _read(database: Database, query: Select[Any]) -> AsyncIterator[list[FinishedCall]]:
    async with database.reader.connect() as reader:
        rows = await reader.stream(query)
        async for some in rows.mappings().partitions(ROWS_A_TURN):
            yield [_call(row) for row in some]


def _call(row: Any) -> FinishedCall:
    fields = dict(row)
    summary = orjson.loads(fields.pop("payload"))
    return FinishedCall(**fields, summary=summary)


def _patterns(text: str) -> list[str]:
    """LIKE patterns for `text` anywhere. SQLite's folds the case of ASCII letters only: the others are spelled out."""
    spelled = dict.fromkeys((text, text.lower(), text.upper(), text.capitalize(), text.title()))
    if text.isascii():
        spelled = {text: None}
    return ["%" + form.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%" for form in spelled]
