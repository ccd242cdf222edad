"""Token in, principal out. HS256 tokens as Supabase and the like sign them; nothing else is decided here."""

import time
import warnings
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Literal, cast, get_args

import jwt
from jwt.warnings import InsecureKeyLengthWarning

from coach.settings import Settings

Role = Literal["seller", "source", "coach", "admin"]
ROLES: tuple[Role, ...] = get_args(Role)
OPEN_TEAM = "default"
SECRET_CHARS = 32
"""A shorter secret is taken, and warned of when the server starts."""


class Unauthorized(Exception):
    """There is no token, or not a valid one. The message is for the person who made it."""


@dataclass(frozen=True, slots=True)
class Principal:
    """Who a peer is. `expires_at`: Unix seconds; None: never."""

    subject: str
    role: Role
    team: str
    expires_at: float | None

    @property
    def may_watch(self) -> bool:
        """Whether they may see the team's calls and whisper."""
        return self.role in ("coach", "admin")


class Authenticator:
    """Checks tokens against the configured secret; without one everybody is admin of the team `default`."""

    def __init__(self, secret: str | None) -> None:
        self._secret = secret

    @property
    def open(self) -> bool:
        """Whether no token is needed."""
        return self._secret is None

    @property
    def weak(self) -> bool:
        """Whether the secret is shorter than it should be."""
        return self._secret is not None and len(self._secret) < SECRET_CHARS

    def principal(self, token: str | None) -> Principal:
        """Who the token speaks for. Raises `Unauthorized`."""
        if self._secret is None:
            return Principal("anonymous", "admin", OPEN_TEAM, None)
        if not token:
            raise Unauthorized("a token is needed")
        try:
            with _any_length():
                claims = jwt.decode(
                    token, self._secret, algorithms=["HS256"], options={"require": ["sub", "exp"], "verify_aud": False}
                )
        except jwt.ExpiredSignatureError:
            raise Unauthorized("the token has expired") from None
        except jwt.InvalidTokenError as error:
            raise Unauthorized(f"not a valid token: {type(error).__name__}") from None
        if isinstance(claims["exp"], bool) or not isinstance(claims["exp"], (int, float)):
            raise Unauthorized("the token's exp is not a number")
        role, team = claims.get("role"), claims.get("team")
        if role not in ROLES:
            raise Unauthorized(f"the token's role is none of {', '.join(ROLES)}")
        if not isinstance(team, str) or not team or len(team) > 128:
            raise Unauthorized("the token has no team")
        subject = str(claims["sub"])[:256]
        if not _storable(subject) or not _storable(team):
            raise Unauthorized("the token's sub or team is not proper text")
        return Principal(subject, cast(Role, role), team, float(claims["exp"]))


def _storable(text: str) -> bool:
    """JSON may hold lone surrogates, which nothing else can carry."""
    return "\x00" not in text and not any("\ud800" <= c <= "\udfff" for c in text)


def authenticator(settings: Settings) -> Authenticator:
    """The authenticator of these settings."""
    return Authenticator(settings.jwt_secret.get_secret_value() if settings.jwt_secret else None)


def make_token(secret: str, subject: str, role: Role, team: str, lasts_s: int) -> str:
    """A token for `coach token` and the tests."""
    now = int(time.time())
    claims = {"sub": subject, "role": role, "team": team, "iat": now, "exp": now + lasts_s}
    with _any_length():
        return jwt.encode(claims, secret, "HS256")


def _any_length() -> AbstractContextManager[object]:
    """PyJWT would warn of a short secret at each token; the server does when it starts."""
    return warnings.catch_warnings(action="ignore", category=InsecureKeyLengthWarning)
