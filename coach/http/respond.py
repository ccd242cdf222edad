"""Responses and errors of the HTTP API: one shape for all of them."""

from typing import Any

import orjson
from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import Response

from coach.auth import Authenticator, Principal, Unauthorized


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
