"""Requests and responses of the HTTP API: queries, bodies and errors of one shape for all of them."""

import asyncio
from typing import Any, TypeVar

import orjson
from pydantic import BaseModel, ValidationError
from starlette.requests import Request
from starlette.responses import Response

from coach.auth import Authenticator, Principal, Unauthorized

AWAY = "the database is away"
BODY_S = 30.0
_QUERY = TypeVar("_QUERY", bound=BaseModel)


class ApiError(Exception):
    """`{"error": {"code", "message"}}` with this status. `message` is for a person."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message


def respond(value: Any, status: int = 200) -> Response:
    """`value` as JSON."""
    return Response(orjson.dumps(value), status, media_type="application/json")


def error_response(_request: Request, error: Exception) -> Response:
    """The response of an `ApiError`."""
    assert isinstance(error, ApiError)
    return respond({"error": {"code": error.code, "message": error.message}}, error.status)


def invalid(error: ValidationError) -> ApiError:
    """What a body that does not fit gets: the first field that is wrong."""
    first = error.errors(include_url=False, include_input=False)[0]
    where = ".".join(str(step) for step in first["loc"])
    message = str(first["msg"]).removeprefix("Value error, ")
    return ApiError(422, "bad_request", f"{where}: {message}" if where else message)


def principal(request: Request, authenticator: Authenticator) -> Principal:
    """Who asks. Raises `ApiError` (401)."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    try:
        return authenticator.principal(token.strip() if scheme.lower() == "bearer" else None)
    except Unauthorized as error:
        raise ApiError(401, "unauthorized", str(error)) from None


def manager(request: Request, authenticator: Authenticator) -> Principal:
    """Who asks, if they may see the team's calls. Raises `ApiError` (401, 403)."""
    who = principal(request, authenticator)
    if not who.may_watch:
        raise ApiError(403, "forbidden", f"a {who.role} has no access to the team's calls")
    return who


def query_of(model: type[_QUERY], request: Request) -> _QUERY:
    """The request's query. Raises `ApiError` (422)."""
    try:
        return model.model_validate(dict(request.query_params))
    except ValidationError as error:
        raise invalid(error) from None


async def small_body(request: Request, most: int) -> bytes:
    """The request's body. Raises `ApiError`: more than `most` bytes (413), slower than `BODY_S` (408)."""
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_S):
            async for chunk in request.stream():
                body += chunk
                if len(body) > most:
                    raise ApiError(413, "too_large", f"the body is larger than {most} bytes")
    except TimeoutError:
        raise ApiError(408, "too_slow", f"the body took longer than {BODY_S:.0f} s") from None
    return bytes(body)
