"""What the history's HTTP paths take and give."""

import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator
from pydantic_core import PydanticCustomError

from coach.store import past
from coach.taxonomy import Archetype, Category, Language, Outcome, Speaker
from coach.wire.client import MAX_INT, SESSION_ID, Note

INT32 = 2**31 - 1
"""The largest number of an `Integer` column."""
_Time = Annotated[int, Field(ge=0, le=MAX_INT)]
_Words = Annotated[str, Field(min_length=1, max_length=100)]
Bucket = Literal["day", "week"]


class CallsWanted(BaseModel):
    """Which finished calls are meant: what `/api/history` and `/api/figures` have in common."""

    model_config = ConfigDict(extra="forbid")

    seller: _Words | None = None
    outcome: Outcome | Literal["none"] | None = None
    pack: Annotated[str, Field(max_length=128)] | None = None
    language: Language | Literal["auto"] | None = None
    since: _Time | None = None
    until: _Time | None = None

    @field_validator("seller", "pack", "text", check_fields=False)
    @classmethod
    def _no_nul(cls, value: str | None) -> str | None:
        # PostgreSQL's text cannot hold it, and refuses the whole query.
        if value is not None and "\x00" in value:
            raise PydanticCustomError("nul", "has a NUL character")
        return value

    def of(self, team: str) -> past.Wanted:
        """As the store takes it."""
        return past.Wanted(team, self.seller, self.outcome, self.pack, self.language, self.since, self.until)


class HistoryQuery(CallsWanted):
    """Query of `GET /api/history`."""

    text: _Words | None = None
    """Said in the call."""
    objection: Category | None = None
    after: Annotated[str, Field(pattern=rf"^\d{{1,16}}\.{SESSION_ID[1:]}")] | None = None
    """`next` of the page before."""
    limit: Annotated[int, Field(ge=1, le=100)] = 50


class FiguresQuery(CallsWanted):
    """Query of `GET /api/figures`."""

    by: Bucket = "day"
    utc_offset_min: Annotated[int, Field(ge=-24 * 60 + 1, le=24 * 60 - 1)] = 0


class Raised(BaseModel):
    """An objection of a finished call."""

    category: Category
    status: Literal["provisional", "confirmed", "handled"]


class Line(BaseModel):
    """The first line of a call in which the text was said."""

    source: str
    utterance: str
    speaker: Speaker
    text: str
    language: Language


class PastCall(BaseModel):
    """A finished call in a list."""

    id: str
    seller: str
    pack: str
    language: Language | Literal["auto"]
    outcome: Outcome | None
    started_at: int
    ended_at: int
    archetype: Archetype | None
    objections: list[Raised]
    metrics: dict[str, float]
    cost_usd: float | None
    line: Line | None = None


class HistoryPage(BaseModel):
    """Finished calls, newest first. `next`: where to go on, null at the end. A search may give a page with fewer calls
    than asked for, even none, and still go on: each looks through a limited number of calls."""

    calls: list[PastCall]
    next: str | None
    searched: int


class NewNote(BaseModel):
    """Body of `POST /api/sessions/{id}/notes`. `offset`: the event that it is about."""

    model_config = ConfigDict(extra="forbid", strict=True)

    text: Note
    offset: Annotated[int, Field(ge=1, le=INT32)] | None = None


class CallNote(NewNote):
    """A note on a call, for the team's managers."""

    id: int
    author: str
    at: int


class Tally(BaseModel):
    """Calls, how they ended, and what was objected in them."""

    calls: int = 0
    won: int = 0
    next_step: int = 0
    lost: int = 0
    raised: int = 0
    """Objections that stood when the call ended, or were handled."""
    handled: int = 0

    def add(self, outcome: Outcome | None, raised: int, handled: int) -> None:
        """Count one call."""
        self.calls += 1
        self.raised += raised
        self.handled += handled
        if outcome is not None:
            setattr(self, outcome, getattr(self, outcome) + 1)


class SellerFigures(Tally):
    """One seller's calls. `talk_ratio`: mean of the calls, 0–1; None without a call in which anybody spoke."""

    seller: str
    talk_ratio: Annotated[float, Field(ge=0, le=1)] | None = None


class ObjectionFigures(Tally):
    """The calls in which a category was raised."""

    category: Category


class PeriodFigures(Tally):
    """The calls of a day or of a week. `start`: its first day. `objections`: category → raised, handled."""

    start: datetime.date
    objections: dict[Category, tuple[int, int]] = {}


class Figures(BaseModel):
    """Newest calls first counted: `complete` says whether that were all."""

    total: Tally
    sellers: list[SellerFigures]
    """Most calls first."""
    objections: list[ObjectionFigures]
    """All categories, most raised first."""
    periods: list[PeriodFigures]
    """Oldest first, without gaps."""
    complete: bool
