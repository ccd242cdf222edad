"""`/api`: the team's sessions and the analysis of a text."""

import asyncio
from typing import Annotated, Any, Literal

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.requests import Request
from starlette.responses import Response

from coach.analyze import Conversation, analyze_gently
from coach.auth import Authenticator, Principal
from coach.http.respond import AWAY, ApiError, invalid, manager, principal, query_of, respond, small_body
from coach.live.ports import LiveSession
from coach.live.registry import Registry
from coach.live.row import seller_name
from coach.packs.knowledge import Knowledge
from coach.store import queries
from coach.store.database import READ_ERRORS, Database
from coach.store.writer import EraseError
from coach.wire.client import MAX_INT
from coach.wire.codes import WireError
from coach.wire.publication import payload_of

BODY_BYTES = 4 << 20


class ListQuery(BaseModel):
    """Query of `GET /api/sessions`."""

    model_config = ConfigDict(extra="forbid")

    status: Literal["live", "ended"] | None = None
    before: Annotated[int, Field(ge=0, le=MAX_INT)] | None = None
    limit: Annotated[int, Field(ge=1, le=500)] = queries.PAGE


class EventsQuery(BaseModel):
    """Query of `GET /api/sessions/{id}/events`."""

    model_config = ConfigDict(extra="forbid")

    after: Annotated[int, Field(ge=0, le=MAX_INT)] = 0
    limit: Annotated[int, Field(ge=1, le=MAX_INT)] | None = None


class Api:
    """The handlers, with what they need."""

    def __init__(
        self, authenticator: Authenticator, registry: Registry, database: Database, packs: dict[str, Knowledge]
    ) -> None:
        self._authenticator = authenticator
        self._registry = registry
        self._database = database
        self._packs = packs
        self._one_analysis = asyncio.Lock()
        """One at a time: live calls go first."""

    async def sessions(self, request: Request) -> Response:
        """The team's sessions, newest first, stored and live."""
        who = manager(request, self._authenticator)
        query = query_of(ListQuery, request)
        try:
            rows = await queries.many(
                self._database, who.team, status=query.status, before=query.before, limit=query.limit
            )
        except READ_ERRORS:
            raise ApiError(503, "unavailable", AWAY) from None
        found = {row["id"]: _listed(row) for row in rows}
        for runner in self._registry.live():
            if runner.team != who.team:
                continue
            fresh = runner.listed()
            late = query.before is not None and fresh["started_at"] >= query.before
            if query.status in (None, fresh["status"]) and not late:
                found[runner.id] = fresh
            else:
                found.pop(runner.id, None)
        newest = sorted(found.values(), key=lambda row: (-row["started_at"], row["id"]))
        return respond({"sessions": newest[: query.limit]})

    async def session(self, request: Request) -> Response:
        """One session with its whole state."""
        runner = await self._mine(request)
        return respond(
            {**runner.listed(), "epoch": runner.history.epoch, "offset": runner.offset, "state": runner.state()}
        )

    async def events(self, request: Request) -> Response:
        """Its durable events after an offset, as on the wire."""
        query = query_of(EventsQuery, request)
        runner = await self._mine(request)
        after = max(query.after, runner.history.first - 1)
        frames = list(runner.past(after)) if after <= runner.history.last else []
        events = [payload_of(frame) for frame in frames[: query.limit]]
        head = orjson.dumps({"session": runner.id, "epoch": runner.history.epoch, "offset": runner.offset})
        body = head[:-1] + b',"events":[' + b",".join(events) + b"]}"
        return Response(body, media_type="application/json")

    async def erase(self, request: Request) -> Response:
        """Delete everything of a session."""
        runner = await self._mine(request)
        try:
            gone = await self._registry.erase(runner.id)
        except EraseError:
            raise ApiError(503, "unavailable", f"{AWAY}: nothing was erased, try again") from None
        if gone:
            return Response(status_code=204)
        return respond(
            {"message": "erased; its words leave the disk when whoever reads the database lets its log go"}, 202
        )

    async def analyze(self, request: Request) -> Response:
        """Findings in a text or a conversation, the same as live."""
        principal(request, self._authenticator)
        body = await small_body(request, BODY_BYTES)
        try:
            conversation = Conversation.model_validate(orjson.loads(body))
        except orjson.JSONDecodeError:
            raise ApiError(400, "bad_json", "the body is not JSON") from None
        except ValidationError as error:
            raise invalid(error) from None
        try:
            async with self._one_analysis:
                found = await analyze_gently(conversation, self._packs)
        except ValueError as error:
            raise ApiError(422, "bad_request", str(error)) from None
        return respond(found.model_dump())

    async def _mine(self, request: Request) -> LiveSession:
        """The session of the path, if it is the team's. Another team's does not exist for this one."""
        who: Principal = principal(request, self._authenticator)
        session = request.path_params["id"]
        try:
            # Before it is loaded: nobody else has it taken over, or brought into memory.
            known = await self._whose(session)
            runner = await self._registry.find(session) if known is None or _may(who, *known) else None
        except (WireError, *READ_ERRORS):
            raise ApiError(503, "unavailable", AWAY) from None
        if runner is None or not _may(who, runner.team, runner.seller):
            raise ApiError(404, "not_found", "there is no session of that id")
        if request.method == "DELETE" and not who.may_watch:
            raise ApiError(403, "forbidden", f"a {who.role} erases nothing")
        return runner

    async def _whose(self, session: str) -> tuple[str, str] | None:
        """Team and seller (empty: nobody yet) of a session, which is not loaded for it; None if nothing is known of it
        here, nor stored. Raises `READ_ERRORS`."""
        near: LiveSession | None = self._registry.get(session) or self._registry.relay.replicas.get(session)
        if near is not None and near.team:
            return near.team, near.seller
        return await queries.whose(self._database, session)


def _may(who: Principal, team: str, seller: str) -> bool:
    """Whether a session of this team and seller is there for `who`."""
    return who.team == team and who.role != "source" and (who.may_watch or who.subject == seller)


def _listed(row: dict[str, Any]) -> dict[str, Any]:
    names = ("id", "seller", "pack", "language", "status", "outcome", "started_at", "ended_at")
    shown = row["metadata"].get("seller") if isinstance(row["metadata"], dict) else None
    return {**{name: row[name] for name in names}, "seller": seller_name(shown, row["seller"])}
