"""`coach packs check`."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from coach.packs.loader import SHIPPED, read_pack, search
from coach.settings import load


def check(
    folders: Annotated[
        list[Path] | None, typer.Argument(help="Pack folders; default: the shipped ones and COACH_PACKS.")
    ] = None,
) -> None:
    """Explain what is wrong in a pack, with file and line; outdated facts are warnings."""
    roots = folders or [SHIPPED, *load().pack_folders]
    today = datetime.now(UTC).date()
    errors = warnings = packs = 0
    for root in roots:
        found, problems = search(root)
        for folder in found:
            packs += 1
            problems += read_pack(folder, today)[1]
        for problem in problems:
            warnings += problem.warning
            errors += not problem.warning
            typer.secho(str(problem), fg="yellow" if problem.warning else "red")
    typer.echo(", ".join((count(packs, "pack"), count(errors, "error"), count(warnings, "warning"))))
    if errors:
        raise typer.Exit(1)


def count(number: int, what: str) -> str:
    """`1 error`, `2 errors`."""
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
