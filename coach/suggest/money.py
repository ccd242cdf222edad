"""What tokens cost, and how many they probably were when the provider does not say. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

CHARS_A_TOKEN = 3.0
"""Of Polish and German text; English has about four. An estimate rather errs upwards."""
_MILLION = 1_000_000
TOKENS_MOST = 10_000_000
"""No request takes more."""


@dataclass(frozen=True, slots=True)
class Price:
    """US dollars for a million tokens."""

    input: float
    cached: float
    output: float


DEFAULT_PRICES: dict[str, Price] = {
    "claude-haiku-4-5": Price(1.0, 0.1, 5.0),
    "claude-sonnet-4-5": Price(3.0, 0.3, 15.0),
    "gpt-4o-mini": Price(0.15, 0.075, 0.6),
    "gpt-4.1-mini": Price(0.4, 0.1, 1.6),
    "gpt-5-mini": Price(0.25, 0.025, 2.0),
    "gpt-oss": Price(0.0, 0.0, 0.0),
    "pack-lines": Price(0.0, 0.0, 0.0),
}
"""List prices as last known; `gpt-oss` runs on one's own machine, `pack-lines` is the scripted one. `COACH_PRICES` overrides and adds."""


@dataclass(frozen=True, slots=True)
class Usage:
    """What one request took. `input_tokens` includes `cached_tokens`."""

    input_tokens: int
    cached_tokens: int
    output_tokens: int
    estimated: bool = False


def counted(read: int, cached: int, written: int) -> Usage:
    """A provider's own count, within what can be: figures and sums take no other."""
    read, cached, written = (max(0, min(count, TOKENS_MOST)) for count in (read, cached, written))
    return Usage(read, min(cached, read), written)


def parse_prices(text: str) -> dict[str, Price]:
    """`MODEL=INPUT/CACHED/OUTPUT, …` as prices by the beginning of a model's name. Raises `ValueError`."""
    prices: dict[str, Price] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, _, figures = part.rpartition("=")
        try:
            given = [float(figure) for figure in figures.split("/")]
        except ValueError:
            given = []
        if not name or len(given) != 3 or not all(0 <= figure < 1e6 for figure in given):
            raise ValueError(f"`{part}` is not MODEL=INPUT/CACHED/OUTPUT in US dollars for a million tokens")
        prices[name.strip()] = Price(*given)
    return prices


def price_of(prices: Mapping[str, Price], model: str) -> Price | None:
    """The price under the longest name that the model's begins with; None if there is none."""
    known = [name for name in prices if model.startswith(name)]
    return prices[max(known, key=len)] if known else None


def estimate(prompt_chars: int, text_chars: int) -> Usage:
    """What a request probably took that was stopped before its provider counted."""
    return Usage(round(prompt_chars / CHARS_A_TOKEN), 0, round(text_chars / CHARS_A_TOKEN), estimated=True)


def cost_usd(price: Price | None, usage: Usage) -> float | None:
    """US dollars; None without a price. Tokens written to a cache count as plain ones."""
    if price is None:
        return None
    fresh = usage.input_tokens - usage.cached_tokens
    return (fresh * price.input + usage.cached_tokens * price.cached + usage.output_tokens * price.output) / _MILLION


def total(parts: list[tuple[Usage, float | None]]) -> dict[str, Any]:
    """Several requests as the `usage` of one event; empty if there was none. A cost that is not known is left out."""
    if not parts:
        return {}
    costs = [cost for _, cost in parts if cost is not None]
    return {
        "input_tokens": sum(usage.input_tokens for usage, _ in parts),
        "cached_tokens": sum(usage.cached_tokens for usage, _ in parts),
        "output_tokens": sum(usage.output_tokens for usage, _ in parts),
        **({"cost_usd": round(sum(costs), 8)} if costs else {}),
        **({"estimated": True} if any(usage.estimated for usage, _ in parts) else {}),
    }
