"""A validation error in words that a sales team understands: the rule, and the nearest right name."""

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any, get_args

from pydantic import BaseModel

from coach.packs.yaml_lines import Loc

_RULES = {
    "missing": "is missing",
    "string_too_short": "is empty",
    "string_too_long": "is longer than {max_length} characters",
    "too_short": "is an empty list",
    "too_long": "has more than {max_length} entries",
    "list_type": "must be a list: [one, two]",
    "dict_type": "must have fields, a line each: `name: value`",
    "model_type": "must have fields, a line each: `name: value`",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "greater_than_equal": "must be {ge} or more",
}
"""By pydantic's type of error; what stands in braces is of its context."""


def plain(item: Any, model: type[BaseModel]) -> str:
    """One of the errors of validating `model`, as a line to follow "file:line: field: "."""
    kind, given, context = item["type"], item["input"], item.get("ctx", {})
    if kind == "value_error":
        return str(context["error"])
    if kind == "extra_forbidden":
        return f"is not a known field{_meant(str(item['loc'][-1]), _fields(model, item['loc'][:-1]))}"
    if kind == "literal_error":
        known = context["expected"].replace(" or ", ", ").replace("'", "").split(", ")
        return f"`{given}` is none of {', '.join(known)}{_meant(str(given), known)}"
    if given is None:
        return "is empty"
    if kind == "string_type":
        return _no_text(given)
    if kind.startswith("date"):
        return f"`{given}` is no date: write year-month-day, as in 2027-03-31"
    return _RULES[kind].format(**context) if kind in _RULES else str(item["msg"])


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The one of `known` that was probably meant."""
    return next(iter(get_close_matches(name.lower(), list(known), 1)), None)


def _meant(name: str, known: Iterable[str]) -> str:
    near = nearest(name, known)
    return f": did you mean `{near}`?" if near else ""


def _no_text(given: object) -> str:
    if isinstance(given, dict):
        return "must be one text: put a text with a colon in quotes"
    if isinstance(given, list):
        return "must be one text, not a list"
    return f"YAML reads {given} as a number: put it in quotes"


def _fields(model: type[BaseModel], loc: Loc) -> list[str]:
    """Names of the fields that the model at `loc` has."""
    here: Any = model
    for step in loc:
        inside = here.model_fields[step].annotation if hasattr(here, "model_fields") else get_args(here)[-1]
        parts = get_args(inside)
        here = parts[0] if type(None) in parts else inside
    return list(here.model_fields)
