"""Makes runners: of a call that begins, and of one that was stored."""

import secrets
from typing import Any

import orjson

from coach.auth import Principal
from coach.clock import now_ms
from coach.live.history import History
from coach.live.ports import Shared
from coach.live.runner import Runner
from coach.packs.knowledge import Knowledge
from coach.session import state as states
from coach.session.session import Session
from coach.session.state import Identity
from coach.session.view import View
from coach.store.queries import StoredSession
from coach.wire.client import HelloFrame
from coach.wire.publication import text_frame


class Maker:
    """What all runners of this process are made of."""

    def __init__(self, shared: Shared, knowledge: dict[str, Knowledge]) -> None:
        self._shared = shared
        self._knowledge = knowledge

    def begin(self, session: str, principal: Principal, hello: HelloFrame, knowledge: Knowledge) -> Runner:
        """A session that begins now."""
        ui_language = hello.ui_language or (hello.language if hello.language != "auto" else "en")
        identity = self._identity(
            session, principal.team, hello.pack, hello.language, ui_language, now_ms(), hello.metadata
        )
        # An admin who joins first does not lock the seller out; without tokens everybody is the seller.
        owns = principal.role == "seller" or (hello.role == "seller" and principal.expires_at is None)
        seller = principal.subject if owns else ""
        runner = Runner(Session(identity, knowledge), self._shared, History(fresh_epoch()), seller, fence=1, new=True)
        runner.journal.touch()
        return runner

    def restore(self, stored: StoredSession) -> Runner:
        """A session as it was left, which has not heard of what happened since. Raises whatever is wrong with it."""
        row = stored.row
        view = View()
        history = History(row["epoch"], [(name, end) for name, end in row["epochs"]])
        for payload in stored.events:
            view.apply(orjson.loads(payload))
            history.append(text_frame(payload))
        core = states.load(row["core"])
        # A pack that is gone must not keep a call from being read.
        knowledge = self._knowledge.get(row["pack"]) or self._knowledge["general"]
        identity = self._identity(
            row["id"], row["team"], row["pack"], row["language"], row["ui_language"], row["started_at"], row["metadata"]
        )
        return Runner(
            Session(identity, knowledge, core, view),
            self._shared,
            history,
            row["seller"],
            fence=row["owner"],
            new=False,
            acked=stored.acked,
            active_at=row["active_at"],
        )

    def _identity(
        self,
        session: str,
        team: str,
        pack: str,
        language: Any,
        ui_language: Any,
        started_at: int,
        metadata: dict[str, Any],
    ) -> Identity:
        models = self._shared.models
        provider = models.providers[0] if models.providers else None
        return Identity(
            session,
            team,
            pack,
            language,
            ui_language,
            started_at,
            provider.name if provider else None,
            provider.model if provider else None,
            metadata,
            models.judge_share if metadata.get("judge") is not False else 0.0,
            models.budget_usd,
        )


def fresh_epoch() -> str:
    """A name for an epoch that was never used."""
    return secrets.token_urlsafe(6)
