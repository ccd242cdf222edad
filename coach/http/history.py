"""`/api/history`, `/api/figures` and what belongs to one call beside its events: its figures as they went, its notes."""

import asyncio
from typing import Any

import orjson
from pydantic import ValidationError
from sqlalchemy.exc import IntegrityError
from starlette.requests import Request
from starlette.responses import Response

from coach.auth import Authenticator, Principal
from coach.clock import now_ms
from coach.http.figures import Count
from coach.http.models import (
    INT32,
    FiguresQuery,
    HistoryPage,
    HistoryQuery,
    NewNote,
    PastCall,
)
from coach.http.respond import AWAY, ApiError, invalid, manager, query_of, respond, small_body
from coach.live.row import seller_name
from coach.store import notes, past
from coach.store.database import READ_ERRORS, Database

NOTE_BYTES = 64 * 1024


class History:
    """The handlers, with what they need. They read what is stored, and touch no session in memory."""

    def __init__(self, authenticator: Authenticator, database: Database) -> None:
        self._authenticator = authenticator
        self._database = database
        self._one_read = asyncio.Lock()
        """One at a time: live calls go first."""

    async def history(self, request: Request) -> Response:
        """Finished calls: searched, filtered, in pages."""
        who = manager(request, self._authenticator)
        query = query_of(HistoryQuery, request)
        narrow = query.text is not None or query.objection is not None
        most = past.SEARCHED if narrow else query.limit + 1
        try:
            async with self._one_read:
                calls = await past.finished(self._database, query.of(who.team), _place(query.after), most)
                found: dict[str, dict[str, Any]] = {}
                if query.text is not None and calls:
                    found = await past.lines(self._database, [call.id for call in calls], query.text)
        except READ_ERRORS:
            raise ApiError(503, "unavailable", AWAY) from None
        kept = [call for call in calls if _fits(call, query, found)]
        shown = kept[: query.limit]
        # Behind the last one shown, or behind all that were looked through.
        last = shown[-1] if len(kept) > query.limit else calls[-1] if len(calls) == most else None
        page = HistoryPage(
            calls=[_past_call(call, found.get(call.id)) for call in shown],
            next=f"{last.started_at}.{last.id}" if last else None,
            searched=len(calls),
        )
        return respond(page.model_dump())

    async def figures(self, request: Request) -> Response:
        """Finished calls in figures: by seller, by objection, over time."""
        who = manager(request, self._authenticator)
        query = query_of(FiguresQuery, request)
        count, calls = Count(query.by, query.utc_offset_min), 0
        try:
            async with self._one_read:
                async for some in past.counted(self._database, query.of(who.team)):
                    for call in some:
                        outcome: Any = call.outcome
                        count.add(_seller(call), call.started_at, outcome, call.summary)
                    calls += len(some)
        except READ_ERRORS:
            raise ApiError(503, "unavailable", AWAY) from None
        return respond(count.figures(complete=calls < past.COUNTED).model_dump(mode="json"))

    async def measured(self, request: Request) -> Response:
        """One call's figures as they went."""
        who = manager(request, self._authenticator)
        try:
            found = await past.figures(self._database, request.path_params["id"], who.team)
        except READ_ERRORS:
            raise ApiError(503, "unavailable", AWAY) from None
        if found is None:
            raise _unknown()
        return respond({"metrics": found})

    async def notes(self, request: Request) -> Response:
        """The notes on a call."""
        who = manager(request, self._authenticator)
        try:
            found = await notes.of_call(self._database, request.path_params["id"], who.team)
        except READ_ERRORS:
            raise ApiError(503, "unavailable", AWAY) from None
        if found is None:
            raise _unknown()
        return respond({"notes": found})

    async def add_note(self, request: Request) -> Response:
        """Note something on a call."""
        who = manager(request, self._authenticator)
        new = await _note(request)
        fields = {"author": who.subject, "text": new.text, "offset": new.offset, "at": now_ms()}
        try:
            note = await notes.add(self._database, request.path_params["id"], who.team, fields)
        except notes.TooManyNotes:
            raise ApiError(409, "too_many", f"at most {notes.NOTES_MOST} notes on one call") from None
        except IntegrityError:
            # Erased between the look and the write.
            raise _unknown() from None
        except READ_ERRORS:
            raise ApiError(503, "unavailable", AWAY) from None
        if note is None:
            raise _unknown()
        return respond(note, 201)

    async def remove_note(self, request: Request) -> Response:
        """Take a note away."""
        who: Principal = manager(request, self._authenticator)
        path = request.path_params
        try:
            known = path["note"] <= INT32
            gone = known and await notes.remove(self._database, path["id"], who.team, path["note"])
        except READ_ERRORS:
            raise ApiError(503, "unavailable", AWAY) from None
        if not gone:
            raise ApiError(404, "not_found", "there is no such note")
        return Response(status_code=204)


def _unknown() -> ApiError:
    return ApiError(404, "not_found", "there is no session of that id")


def _fits(call: past.FinishedCall, query: HistoryQuery, found: dict[str, dict[str, Any]]) -> bool:
    if query.text is not None and call.id not in found:
        return False
    raised = {objection["category"] for objection in call.summary["objections"]}
    return query.objection is None or query.objection in raised


def _past_call(call: past.FinishedCall, line: dict[str, Any] | None) -> PastCall:
    summary = call.summary
    return PastCall.model_validate(
        {
            **{name: getattr(call, name) for name in ("id", "pack", "language", "outcome", "started_at", "ended_at")},
            "seller": _seller(call),
            "archetype": summary["archetype"],
            "objections": summary["objections"],
            "metrics": summary["metrics"],
            "cost_usd": summary["cost"].get("cost_usd"),
            "line": line,
        }
    )


def _seller(call: past.FinishedCall) -> str:
    return seller_name(call.metadata.get("seller"), call.seller)


def _place(after: str | None) -> past.Place | None:
    if after is None:
        return None
    started_at, _, session = after.partition(".")
    return past.Place(int(started_at), session)


async def _note(request: Request) -> NewNote:
    try:
        return NewNote.model_validate(orjson.loads(await small_body(request, NOTE_BYTES)))
    except orjson.JSONDecodeError:
        raise ApiError(400, "bad_json", "the body is not JSON") from None
    except ValidationError as error:
        raise invalid(error) from None
