"""The tables. Their history is in `migrations/`; a test keeps both in step."""

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
)

metadata = MetaData()


def _session() -> Column[str]:
    return Column("session_id", String(64), ForeignKey("sessions.id", ondelete="CASCADE"), primary_key=True)


sessions = Table(
    "sessions",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("team", String(128), nullable=False),
    Column("seller", String(256), nullable=False),
    Column("pack", String(64), nullable=False),
    Column("language", String(8), nullable=False),
    Column("ui_language", String(8), nullable=False),
    Column("metadata", JSON, nullable=False),
    Column("status", String(8), nullable=False),
    Column("outcome", String(16)),
    Column("started_at", BigInteger, nullable=False),
    Column("active_at", BigInteger, nullable=False),
    Column("ended_at", BigInteger),
    Column("epoch", String(32), nullable=False),
    Column("epochs", JSON, nullable=False),
    Column("offset", Integer, nullable=False),
    Column("owner", Integer, nullable=False),
    Column("clean", Boolean, nullable=False),
    Column("core", LargeBinary, nullable=False),
    Index("sessions_by_team", "team", "started_at"),
    Index("sessions_by_status", "status", "active_at"),
)
"""One row a call. `owner` is the fence: a batch of an earlier owner is refused. `epochs`: [[epoch, last offset]] of
the past. `clean`: everything published was stored. `core`: the core's private state as of `offset`."""

utterances = Table(
    "utterances",
    metadata,
    _session(),
    Column("source", String(64), primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("utterance", String(128), nullable=False),
    Column("speaker", String(8), nullable=False),
    Column("text", Text, nullable=False),
    Column("language", String(8), nullable=False),
    Column("start_ms", BigInteger, nullable=False),
    Column("end_ms", BigInteger, nullable=False),
    Column("at", BigInteger, nullable=False),
)
"""Acked finals."""

events = Table(
    "events",
    metadata,
    _session(),
    Column("offset", Integer, primary_key=True, autoincrement=False),
    Column("type", String(16), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("payload", LargeBinary, nullable=False),
)
"""Durable events, as they went over the wire."""

profiles = Table(
    "profiles",
    metadata,
    _session(),
    Column("archetype", String(16)),
    Column("profile", JSON, nullable=False),
    Column("metrics", JSON, nullable=False),
    Column("at", BigInteger, nullable=False),
)
"""Newest archetype and metrics of each call."""

strategies = Table(
    "strategies",
    metadata,
    _session(),
    Column("card", String(32), primary_key=True),
    Column("trigger", String(16), nullable=False),
    Column("label", String(256), nullable=False),
    Column("variant", String(128), nullable=False),
    Column("opened_at", BigInteger, nullable=False),
    Column("closed_at", BigInteger),
    Column("why", String(16)),
    Column("suggestion", JSON),
)
"""Cards, how they ended, and their model text."""

feedback = Table(
    "feedback",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("session_id", String(64), ForeignKey("sessions.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("card", String(32), nullable=False),
    Column("rating", Integer),
    Column("used", Boolean),
    Column("comment", Text),
    Column("at", BigInteger, nullable=False),
    Column("key", String(32)),
    Index("feedback_by_key", "key", unique=True),
)
"""What sellers say of cards. `key`: by chance, given before it is first written; rows of old have none."""

verdicts = Table(
    "verdicts",
    metadata,
    _session(),
    Column("source", String(64), primary_key=True),
    Column("utterance", String(128), primary_key=True),
    Column("provider", String(32), nullable=False),
    Column("model", String(128), nullable=False),
    Column("verdict", JSON, nullable=False),
    Column("at", BigInteger, nullable=False),
)
"""What the judge said about a client's final; `verdict`: `{"objections": [{"category", "quote"}], "signals": [{"kind",
"quote"}]}`, every quote verbatim in the utterance. An utterance that was not judged has no row."""

team_roles = Table(
    "team_roles",
    metadata,
    Column("role", String(63), primary_key=True),
    Column("team", String(128), primary_key=True),
)
"""Database roles that may read a team's rows (PostgreSQL, row-level security); the server does not look here."""

measurements = Table(
    "measurements",
    metadata,
    _session(),
    Column("at", BigInteger, primary_key=True, autoincrement=False),
    Column("figures", JSON, nullable=False),
)
"""The figures of a call as they went: those of `metrics`, at most one row a commit."""

notes = Table(
    "notes",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("session_id", String(64), ForeignKey("sessions.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("author", String(256), nullable=False),
    Column("text", Text, nullable=False),
    Column("offset", Integer),
    Column("at", BigInteger, nullable=False),
)
"""What managers note on a call; `offset`: the durable event that the note is about."""
