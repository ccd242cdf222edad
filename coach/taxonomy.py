"""The labels that everything names: objections, signals, archetypes, DISC, stages, languages.

Ids are part of the wire. Their meaning is in `docs/taxonomy.md`; their display names are in the packs.
"""

from typing import Literal, get_args

Language = Literal["pl", "de", "en"]
Category = Literal["price", "timing", "need", "authority", "trust", "competition", "product_fit", "stall"]
SignalKind = Literal[
    "price_inquiry",
    "financing",
    "trial",
    "timeline",
    "configuration",
    "ownership_language",
    "next_step",
    "social_proof",
    "agreement",
]
Archetype = Literal[
    "achiever",
    "analyst",
    "idealist",
    "guardian",
    "enthusiast",
    "innovator",
    "economizer",
    "sceptic",
]
Disc = Literal["D", "I", "S", "C"]
Stage = Literal["opening", "discovery", "presentation", "objection_handling", "closing", "wrap_up"]
Speaker = Literal["client", "seller"]
Outcome = Literal["won", "next_step", "lost"]
BigFive = Literal["openness", "conscientiousness", "extraversion", "agreeableness", "neuroticism"]

LANGUAGES: tuple[Language, ...] = get_args(Language)
CATEGORIES: tuple[Category, ...] = get_args(Category)
SIGNALS: tuple[SignalKind, ...] = get_args(SignalKind)
ARCHETYPES: tuple[Archetype, ...] = get_args(Archetype)
DISC: tuple[Disc, ...] = get_args(Disc)
STAGES: tuple[Stage, ...] = get_args(Stage)
BIG_FIVE: tuple[BigFive, ...] = get_args(BigFive)
