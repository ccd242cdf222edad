"""Samples to figures: percentiles by rank, medians over rounds, quantiles of a Prometheus histogram."""

import math
import re
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

ENOUGH = 100
"""Below this many samples the 99th percentile by rank is the largest one, and is called so."""

_BUCKET = re.compile(r'^(\w+)_bucket\{le="([^"]+)"\} (\S+)$', re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Latency:
    """Latencies of one kind in milliseconds, from `samples` samples in all rounds."""

    samples: int
    p50_ms: float
    p99_ms: float
    """Median over the rounds of each round's p99; with too few samples the largest one of all."""
    is_max: bool
    """Whether `p99_ms` is the largest sample."""
    p99_low_ms: float
    p99_high_ms: float
    """The rounds' extremes of p99."""


def percentile(ordered: Sequence[float], share: float) -> float:
    """The nearest-rank percentile of an ascending, non-empty sequence; `share` 0–1."""
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def latency(rounds: Iterable[Iterable[float]]) -> Latency | None:
    """What the rounds' samples (seconds) say; None without any sample."""
    ordered = [sorted(samples) for samples in rounds]
    filled = [samples for samples in ordered if samples]
    if not filled:
        return None
    count = sum(map(len, filled))
    if min(map(len, ordered)) < ENOUGH:
        pooled = sorted(sample for samples in filled for sample in samples)
        top = percentile(pooled, 0.99)
        return Latency(count, _ms(percentile(pooled, 0.5)), _ms(top), top == pooled[-1], _ms(top), _ms(top))
    tops = [percentile(samples, 0.99) for samples in filled]
    middle = statistics.median(percentile(samples, 0.5) for samples in filled)
    return Latency(count, _ms(middle), _ms(statistics.median(tops)), False, _ms(min(tops)), _ms(max(tops)))


def buckets(exposition: str, name: str) -> dict[float, float]:
    """The cumulative buckets of a histogram without labels, by upper bound in seconds, in the text of `/metrics`."""
    return {float(bound): float(count) for found, bound, count in _BUCKET.findall(exposition) if found == name}


def quantile(before: dict[float, float], after: dict[float, float], share: float) -> float | None:
    """The quantile (seconds) of what came between two readings, linear within its bucket; None if nothing came.

    Its resolution is the bucket's width: a value says "at most the bucket's bound" with certainty, no more.
    """
    grown = sorted((bound, count - before.get(bound, 0.0)) for bound, count in after.items())
    if not grown or grown[-1][1] <= 0:
        return None
    rank, low, below = share * grown[-1][1], 0.0, 0.0
    for bound, count in grown:
        if count >= rank:
            return low if math.isinf(bound) else low + (bound - low) * (rank - below) / max(count - below, 1e-9)
        low, below = bound, count
    return low


def share_within(before: dict[float, float], after: dict[float, float], bound_s: float) -> float | None:
    """Which share (0–1) of what came between two readings is at most `bound_s`, a bound of the histogram."""
    total = after.get(math.inf, 0.0) - before.get(math.inf, 0.0)
    return (after[bound_s] - before.get(bound_s, 0.0)) / total if total > 0 else None


def _ms(seconds: float) -> float:
    return 1000 * seconds
