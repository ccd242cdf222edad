"""A live call in one line, for a dashboard's wall."""

from typing import Any

from coach.session.session import Session

LAST_LINE_CHARS = 160


def wall_line(session: Session, seller: str, at: int) -> dict[str, Any]:
    """The `session` event as of `at` (Unix ms)."""
    identity, view, core = session.identity, session.view, session.core
    return {
        "type": "session",
        "session": identity.session,
        "at": at,
        "seller": seller,
        "pack": identity.pack,
        "language": identity.language,
        "stage": core.stage.stage,
        "archetype": core.profile.stable,
        "metrics": core.figures(),
        "last_line": view.transcript[-1]["text"][:LAST_LINE_CHARS] if view.transcript else "",
        "started_at": identity.started_at,
        "objections": [category for category, count in view.open.items() if count > 0],
        "hand": view.hand,
    }
