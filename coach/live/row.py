"""A session as a row of the `sessions` table, and as a list of sessions shows it."""

from typing import Any

from coach.live.history import History
from coach.session.session import Session

SELLER_CHARS = 80


def seller_name(given: object, subject: str) -> str:
    """How a seller is shown: the name that the client gave, else the token's subject."""
    return given[:SELLER_CHARS] if isinstance(given, str) and given else subject


def shown(session: Session, seller: str, active_at: int) -> dict[str, Any]:
    """What a list of sessions shows of it, but its id."""
    identity, ended = session.identity, session.view.ended
    return {
        "seller": seller,
        "pack": identity.pack,
        "language": identity.language,
        "status": "ended" if ended else "live",
        "outcome": session.view.outcome,
        "started_at": identity.started_at,
        "ended_at": active_at if ended else None,
    }


def row(session: Session, history: History, seller: str, active_at: int, fence: int, *, clean: bool) -> dict[str, Any]:
    """The whole row, with the core's snapshot, as of now."""
    identity = session.identity
    return {
        **shown(session, seller, active_at),
        "team": identity.team,
        "seller": seller,
        "ui_language": identity.ui_language,
        "metadata": identity.metadata,
        "active_at": active_at,
        "epoch": history.epoch,
        "epochs": [list(past) for past in history.past],
        "offset": session.offset,
        "owner": fence,
        "clean": clean or session.view.ended,
        "core": session.dump(),
    }
