"""Foreign exceptions, translated at this edge: what went wrong in a word, and nothing of their text.

The SDKs' classes are not told apart by type: transport errors leak through them, and an error in the midst of a
stream has the status 200. What counts is what the error says of itself.
"""

import math
from typing import Any

from coach.suggest.base import ProviderError, Reason

_BY_TYPE: dict[str, Reason] = {
    "overloaded_error": "overloaded",
    "rate_limit_error": "rate_limited",
    "rate_limit_exceeded": "rate_limited",
    "insufficient_quota": "rate_limited",
    "authentication_error": "unauthorized",
    "permission_error": "unauthorized",
    "billing_error": "unauthorized",
    "not_found_error": "not_found",
    "invalid_request_error": "bad_request",
    "request_too_large": "bad_request",
    "timeout_error": "timeout",
    "api_error": "server",
    "server_error": "server",
}
_BY_STATUS: dict[int, Reason] = {
    400: "bad_request",
    401: "unauthorized",
    402: "unauthorized",
    403: "unauthorized",
    404: "not_found",
    408: "timeout",
    413: "bad_request",
    422: "bad_request",
    429: "rate_limited",
    503: "overloaded",
    504: "timeout",
    529: "overloaded",
}
RETRY_AFTER_MOST_S = 600.0


def translated(error: Exception) -> ProviderError:
    """What the caller may know of it. Raise it `from None`: the original may quote the call."""
    if isinstance(error, ProviderError):
        return error
    kinds = {kind.__name__ for kind in type(error).__mro__}
    status = getattr(error, "status_code", None)
    by_type = _BY_TYPE.get(str(getattr(error, "type", None) or getattr(error, "code", None)))
    if isinstance(status, int) and status >= 400:
        # A status says more than a type when it has a meaning of its own: 400s are told apart by it.
        return ProviderError(_BY_STATUS.get(status) or by_type or "server", _retry_after(error))
    if by_type is not None:
        return ProviderError(by_type)
    if kinds & {"APITimeoutError", "TimeoutException", "TimeoutError"}:
        return ProviderError("timeout")
    if kinds & {"APIConnectionError", "TransportError", "ConnectionError", "OSError", "StreamError"}:
        return ProviderError("connection")
    if kinds & {"APIError", "AnthropicError", "OpenAIError"} and "APIResponseValidationError" not in kinds:
        return ProviderError("server")
    return ProviderError("protocol")


def _retry_after(error: Any) -> float | None:
    headers = getattr(getattr(error, "response", None), "headers", {})
    try:
        if "retry-after-ms" in headers:
            seconds = float(headers["retry-after-ms"]) / 1000
        else:
            seconds = float(headers["retry-after"])
    except (KeyError, ValueError):
        return None
    return min(seconds, RETRY_AFTER_MOST_S) if math.isfinite(seconds) and seconds >= 0 else None
