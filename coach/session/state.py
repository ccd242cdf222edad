"""Everything a session remembers, as plain data: what is stored to take a call over is exactly this.

`View` is not in the snapshot: it is the fold of the durable events, which are stored anyway.
"""

from dataclasses import dataclass, field
from typing import Any, Literal

import orjson
from pydantic import TypeAdapter

from coach.detect.archetype import Profile
from coach.detect.stage import StageTracker
from coach.session.meter import Meter
from coach.taxonomy import Language, Speaker


@dataclass(frozen=True, slots=True)
class Identity:
    """What does not change during a call. `language`: the declared one; `ui_language`: the seller's at the start."""

    session: str
    team: str
    pack: str
    language: Language | Literal["auto"]
    ui_language: Language
    started_at: int
    provider: str | None = None
    """The provider that will stream suggestions, and its model; None: cards have no suggestion."""
    model: str | None = None
    metadata: dict[str, Any] = field(default_factory=dict)
    judge_share: float = 0.0
    """Which share (0–1) of the client's finals a judge reads; 0: none does."""
    budget_usd: float | None = None
    """What models may cost in this call; beyond it there are cards only. None: no ceiling."""


@dataclass(slots=True)
class OpenUtterance:
    """An utterance that has no final yet."""

    source: str
    utterance: str
    speaker: Speaker
    text: str
    start_ms: int
    end_ms: int
    language: Language
    near: list[str] = field(default_factory=list)
    """Labels that the newest interim came near to, for the first time or again."""


@dataclass(slots=True)
class OpenCard:
    """What the attention budget knows of a card on screen."""

    id: str
    trigger: str
    label: str
    opened_at: int
    expires_at: int


@dataclass(slots=True)
class Proposal:
    """A card that is not critical and waits for its moment."""

    trigger: Literal["signal", "stage"]
    label: str
    trigger_id: str
    utterance: str
    source: str
    quote: str
    confidence: float
    language: Language
    until: int


@dataclass(slots=True)
class Core:
    """A session's private state."""

    offset: int = 0
    language: Language = "en"
    """Of the customer's newest utterance."""
    ui_language: Language = "en"
    """The seller's."""
    open: list[OpenUtterance] = field(default_factory=list)
    profile: Profile = field(default_factory=Profile)
    stage: StageTracker = field(default_factory=StageTracker)
    meter: Meter = field(default_factory=Meter)
    metrics: dict[str, Any] | None = None
    """The newest `metrics` event."""
    watchers: int = 0
    cards: list[OpenCard] = field(default_factory=list)
    """Open cards, oldest first: at most three for objections, one for a question and one other."""
    card_count: int = 0
    last_card_at: int | None = None
    waiting: list[Proposal] = field(default_factory=list)
    shown: dict[str, int] = field(default_factory=dict)
    """How often each response variant was shown."""
    asks: int = 0
    streaming: dict[str, tuple[str, str] | None] = field(default_factory=dict)
    """Cards whose suggestion has started and not ended, with the (utterance, source) that caused them."""
    judging: dict[str, int] = field(default_factory=dict)
    """Finals that the judge reads now (`source/utterance`), with when they were said (Unix ms)."""
    missed: int = 0
    """Proposals that never found their moment."""
    seller_talks_until: int = 0
    nudged: dict[str, int] = field(default_factory=dict)
    """When each kind of nudge was last given."""
    done: list[str] = field(default_factory=list)
    """Checklist items that were said."""
    swap: list[tuple[int, int]] = field(default_factory=list)
    """(selling cues of the client, buying cues of the seller) of the last finals."""
    answered: bool = False
    """Whether the seller has spoken since the newest objection."""
    cost: dict[str, float] = field(default_factory=dict)
    """Sums of the `usage` of suggestions and verdicts; of the latter alone `judge_usd`. `estimated`: how many of them
    the provider did not count."""
    ending: bool = False
    end_by: int | None = None
    outcome: str | None = None

    def spend(self, usage: dict[str, Any]) -> None:
        """Add what one answer of a model took."""
        for name in ("input_tokens", "cached_tokens", "output_tokens", "cost_usd", "estimated"):
            if usage.get(name):
                self.cost[name] = self.cost.get(name, 0) + usage[name]

    def figures(self) -> dict[str, float]:
        """The newest metrics, numbers only; empty before the first."""
        return {k: v for k, v in (self.metrics or {}).items() if isinstance(v, (int, float)) and k != "at"}


_ADAPTER: TypeAdapter[Core] = TypeAdapter(Core)


def dump(core: Core) -> bytes:
    """The state as JSON. A few KiB, whatever the call's length."""
    return orjson.dumps(core)


def load(data: bytes) -> Core:
    """The state of a `dump`. Raises `ValueError` for anything else."""
    return _ADAPTER.validate_json(data)
