"""Inputs as they travel from the instance that has the socket to the one that owns the session."""

from dataclasses import asdict
from typing import Any

from coach.session.inputs import Asked, Cancelled, EndAsked, HandRaised, Heard, Input, Joined, Rated, Whispered

INPUTS: dict[str, type[Input]] = {
    kind.__name__: kind for kind in (Heard, Asked, Cancelled, Rated, HandRaised, Joined, Whispered, EndAsked)
}
"""What a socket can cause; the rest happens at the owner's."""


def spelled(event: Input) -> list[Any]:
    """The input as name and fields."""
    return [type(event).__name__, asdict(event)]
