"""Prometheus figures. Labels are from fixed sets: never a session, a team or a word of a call."""

import os

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

SHARED_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
"""The variable by which prometheus-client is told where several processes keep their figures together."""
_FAST = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0)

FRAMES = Counter("coach_frames_total", "Frames received, by type", ["type"])
REFUSED = Counter("coach_errors_total", "Errors sent to peers, by code", ["code"])
CLOSED = Counter("coach_closes_total", "Sockets closed by the server, by code", ["code"])
SOCKETS = Gauge("coach_sockets", "Open sockets, by kind", ["kind"], multiprocess_mode="livesum")
SESSIONS = Gauge("coach_sessions", "Sessions in memory", multiprocess_mode="livesum")
HANDLE_SECONDS = Histogram(
    "coach_handle_seconds", "A frame in the core, until its events are in the outboxes", buckets=_FAST
)
CARD_SECONDS = Histogram("coach_card_seconds", "From a frame's arrival to its card in the outboxes", buckets=_FAST)
ACK_SECONDS = Histogram("coach_ack_seconds", "From taking a final to its ack", buckets=(*_FAST, 2.5, 5.0))
COMMIT_SECONDS = Histogram("coach_commit_seconds", "A group commit", buckets=(*_FAST, 2.5, 5.0))
STORE_FAILURES = Counter("coach_store_failures_total", "Commits that the database refused")
BUS_SECONDS = Histogram("coach_bus_seconds", "From this instance through Redis and back", buckets=(*_FAST, 2.5, 5.0))
BUS_MESSAGES = Counter("coach_bus_messages_total", "Messages given to Redis for other instances")
BUS_DROPPED = Counter("coach_bus_dropped_total", "Messages that Redis refused or that found its queue full")
BUS_NOT_UNDERSTOOD = Counter("coach_bus_not_understood_total", "Messages of other instances that ended in an error")
BUS_RECONNECTS = Counter("coach_bus_reconnects_total", "Connections to Redis that were lost or not made")
RESYNCS = Counter(
    "coach_resyncs_total", "Times that a session of another instance was asked for again, by why", ["why"]
)
TAKEOVERS = Counter("coach_takeovers_total", "Sessions claimed from a dead instance")
FINDINGS = Counter("coach_findings_total", "Findings published, by kind, label and status", ["kind", "label", "status"])
CARDS = Counter("coach_cards_total", "Cards, by what became of them", ["outcome"])
CARDS_LATE = Counter("coach_cards_late_total", "Cards that missed their moment and were dropped")
SUGGESTIONS = Counter("coach_suggestions_total", "Suggestions, by provider and end", ["provider", "status"])
FIRST_TOKEN_SECONDS = Histogram(
    "coach_first_token_seconds",
    "From a suggestion's start to its first token",
    ["provider"],
    buckets=(0.1, 0.25, 0.5, 1, 1.5, 2, 2.5, 5),
)
TOKEN_GAP_SECONDS = Histogram(
    "coach_token_gap_seconds",
    "Wait for each piece of text after the first",
    ["provider"],
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2),
)
TOKENS = Counter("coach_tokens_total", "Tokens, by provider and kind", ["provider", "kind"])
COST_USD = Counter("coach_cost_usd_total", "What models cost, by provider", ["provider"])
PROVIDER_FAILURES = Counter("coach_provider_failures_total", "Requests that failed", ["provider", "reason"])
FALLBACKS = Counter("coach_fallbacks_total", "Requests beside or after another provider's", ["provider"])
GUARD_CUTS = Counter("coach_guard_cuts_total", "What the guard held back, by kind", ["kind"])
JUDGED = Counter("coach_judged_total", "Finals that the judge was to read, by what became of them", ["status"])


def exposition() -> bytes:
    """Everything in Prometheus' text format: of this process, or of all workers (`coach.workers`)."""
    if SHARED_FOLDER not in os.environ:
        return generate_latest()
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return generate_latest(registry)
