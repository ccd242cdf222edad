"""What a session has to store, as rows, and what a list of sessions shows of it."""

from typing import Any

from coach.live.history import History
from coach.session.inputs import Heard, Judged, Rated
from coach.session.session import Session
from coach.store.batch import StoredFinal
from coach.taxonomy import Language

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


def final_row(final: Heard, language: Language, at: int) -> StoredFinal:
    """A row of `utterances` without its session: a taken final."""
    assert final.seq is not None
    fields = {
        "utterance": final.utterance,
        "speaker": final.speaker,
        "text": final.text,
        "language": language,
        "start_ms": final.start_ms,
        "end_ms": final.end_ms,
        "at": at,
    }
    return StoredFinal(final.source, final.seq, fields)


def feedback_row(rated: Rated, at: int) -> dict[str, Any]:
    """A row of `feedback` without its session."""
    return {"card": rated.card, "rating": rated.rating, "used": rated.used, "comment": rated.comment, "at": at}


def verdict_row(judged: Judged, at: int) -> dict[str, Any]:
    """A row of `verdicts` without its session."""
    return {
        "source": judged.source,
        "utterance": judged.utterance,
        "provider": judged.provider,
        "model": judged.model,
        "verdict": {
            "objections": [{"category": label, "quote": quote} for label, quote in judged.objections],
            "signals": [{"kind": label, "quote": quote} for label, quote in judged.signals],
        },
        "at": at,
    }
