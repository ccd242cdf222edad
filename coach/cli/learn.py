"""`coach learn`."""

import asyncio
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from coach.packs import knowledge, loader
from coach.settings import SettingsError, load
from coach.store.database import READ_ERRORS, Database, open_database, reason
from coach.store.migrate import head, revision

if TYPE_CHECKING:
    from coach.learning.corpus import Row
    from coach.learning.retrain import Learned
    from coach.taxonomy import Language

ROWS_LEAST = 50
"""With fewer judged turns of a language nothing can be said of a model."""


def learn(
    team: Annotated[str | None, typer.Option(help="Only this team's calls.")] = None,
    to: Annotated[Path | None, typer.Option(help="Folder of the models; default: COACH_MODELS.")] = None,
) -> None:
    """Retrain the detector on stored verdicts and used cards, besides the packs; keep it only where it is better."""
    if find_spec("scipy") is None:
        raise SettingsError("coach learn needs SciPy: pip install scipy")
    known = load()
    folder = to or known.models_folder
    if folder is None:
        raise SettingsError(
            "no folder for the models: set COACH_MODELS, where servers look for them, or name it with --to"
        )
    from coach.learning.retrain import learn as retrain

    packs = knowledge.build(loader.load_all(known.pack_folders), {})
    own = asyncio.run(_rows(known.database_url, set(packs), team))
    found = []
    with Progress(SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn()) as progress:
        for language, rows in sorted(own.items()):
            if len(rows) < ROWS_LEAST:
                progress.console.print(f"{language}: {len(rows)} judged turns, {ROWS_LEAST} are needed")
                continue
            task = progress.add_task(f"{language}: {len(rows)} judged turns and the packs", total=1)
            found.append(retrain(language, rows, packs, folder))
            progress.advance(task)
    if not found:
        whose = f"team {team} has no" if team else "there are no"
        few = "" if own else f"{whose} judged calls and no used cards in the database; "
        typer.echo(f"nothing learned: {few}calls are judged while a provider is configured (COACH_JUDGE)")
        return
    _print(found, folder)


async def _rows(url: str, packs: set[str], team: str | None) -> "dict[Language, list[Row]]":
    from coach.learning import team as of_team

    database = open_database(url)
    try:
        await _require(database)
        return await of_team.rows(database, packs, team)
    except READ_ERRORS as error:
        raise SettingsError(f"DATABASE_URL: {database.name}: {reason(error)}") from None
    finally:
        await database.close()


async def _require(database: Database) -> None:
    """Raises `SettingsError` if no calls can be in the database, which is not made by asking."""
    if database.file is not None and not await asyncio.to_thread(database.file.exists):
        raise SettingsError(
            f"DATABASE_URL: {database.name} is not there: `coach serve` makes it and stores calls in it"
        )
    if await revision(database) != head():
        raise SettingsError(f"DATABASE_URL: {database.name} has not the tables of this version: run `coach migrate`")


def _print(found: "list[Learned]", folder: Path) -> None:
    table = Table("language", "judged turns", "", "objections F1", "signals F1", "false alarms", "")
    for one in found:
        for name, figures in (("before", one.before), ("after", one.after)):
            verdict = ("[green]kept[/]" if one.better else "[yellow]refused[/]") if name == "after" else ""
            numbers = (f"{value:.3f}" for value in (figures.objections, figures.signals, figures.false_alarms))
            table.add_row(*((one.language, str(one.rows)) if name == "before" else ("", "")), name, *numbers, verdict)
    Console().print(table)
    for one in found:
        path = folder / f"{one.language}.npz"
        if not one.better and path.exists():
            typer.echo(
                f"{one.language}: what was learned before stays in {path}; without it there is the shipped model"
            )
    if any(one.better for one in found):
        typer.echo(f"in {folder}; servers with COACH_MODELS={folder} read it when they start")
