"""`coach packs check`."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from coach.packs.loader import SHIPPED, pack_folders, read_pack
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
        found = pack_folders(root)
        if not found:
            typer.secho(f"{root}: no pack here (a pack has a pack.yaml)", fg="red")
            errors += 1
        for folder in found:
            packs += 1
            for problem in read_pack(folder, today)[1]:
                warnings += problem.warning
                errors += not problem.warning
                typer.secho(str(problem), fg="yellow" if problem.warning else "red")
    typer.echo(", ".join((_count(packs, "pack"), _count(errors, "error"), _count(warnings, "warning"))))
    if errors:
        raise typer.Exit(1)


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
