"""Options that several commands have."""

from typing import Annotated, Literal

import typer

from coach.taxonomy import LANGUAGES, Language

Url = Annotated[str, typer.Option(help="The running server.")]
Token = Annotated[
    str | None, typer.Option(help="A token, if the server has JWT_SECRET (see `coach token`).", envvar="COACH_TOKEN")
]


def language_of(given: str | None) -> Language | Literal["auto"] | None:
    """What `--language` says, in any case of letters; None without it."""
    if given is None:
        return None
    known: tuple[Language | Literal["auto"], ...] = (*LANGUAGES, "auto")
    for language in known:
        if language == given.lower():
            return language
    raise typer.BadParameter(f"`{given}` is none of {', '.join(known)}", param_hint="--language")
