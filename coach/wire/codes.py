"""Error codes and close codes. A close code's RANGE says what the client does (docs/protocol.md)."""

from enum import IntEnum
from typing import Literal

ErrorCode = Literal[
    "bad_json",
    "bad_frame",
    "unknown_type",
    "too_long",
    "gap",
    "conflict",
    "rate_limited",
    "session_ended",
    "not_allowed",
    "unavailable",
    "unauthorized",
    "forbidden",
    "hello_timeout",
    "replaced",
    "overloaded",
    "too_slow",
    "draining",
    "no_answer",
    "token_expired",
    "internal",
]


class CloseCode(IntEnum):
    """4000–4099: the client stops. 4100–4199: it comes back with backoff. 4200–4299: it comes back now."""

    BAD_REQUEST = 4000
    UNAUTHORIZED = 4001
    FORBIDDEN = 4003
    HELLO_TIMEOUT = 4008
    REPLACED = 4009
    OVERLOADED = 4101
    TOO_SLOW = 4108
    RATE_LIMITED = 4113
    DRAINING = 4200
    NO_ANSWER = 4201
    TOKEN_EXPIRED = 4203


LATE_RETRY_MS = 5_000


class WireError(Exception):
    """Something to tell the peer about its frame. `message` is for a person and never quotes speech.

    With `close` the error is fatal: the socket is closed with that code after the error was sent.
    """

    def __init__(
        self,
        code: ErrorCode,
        message: str,
        *,
        close: CloseCode | None = None,
        seq: int | None = None,
        expect: int | None = None,
        retry_after_ms: int | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.close = close
        self.seq = seq
        self.expect = expect
        self.retry_after_ms = retry_after_ms

    def event(self) -> dict[str, object]:
        """The `error` event of this."""
        event: dict[str, object] = {
            "type": "error",
            "code": self.code,
            "message": self.message,
            "fatal": self.close is not None,
        }
        for name in ("seq", "expect", "retry_after_ms"):
            value = getattr(self, name)
            if value is not None:
                event[name] = value
        return event


def misuse(message: str) -> WireError:
    """The peer does not speak the protocol: fatal, 4000."""
    return WireError("bad_frame", message, close=CloseCode.BAD_REQUEST)


def draining(message: str = "this instance stops: come back") -> WireError:
    """This instance lets the socket go: fatal, 4200, the client comes back at once."""
    return WireError("draining", message, close=CloseCode.DRAINING)


def forbidden(message: str) -> WireError:
    """Not for this peer: fatal, 4003."""
    return WireError("forbidden", message, close=CloseCode.FORBIDDEN)


def replaced() -> WireError:
    """Another socket took this source: fatal, 4009."""
    return WireError("replaced", "the same source connected again", close=CloseCode.REPLACED)


def unavailable(message: str, seq: int | None = None) -> WireError:
    """Something that is needed is away: not fatal, the client tries again."""
    return WireError("unavailable", message, seq=seq, retry_after_ms=LATE_RETRY_MS)


def internal() -> WireError:
    """An error of ours: fatal, 4101, the client comes back with backoff."""
    return WireError("internal", "an error of the server: come back", close=CloseCode.OVERLOADED)
