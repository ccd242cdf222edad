"""`coach replay`."""

import asyncio
import hashlib
import time
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from coach.analyze import Conversation, Rehearsal, identity, pack_of, rehearse
from coach.cli.options import Token, Url
from coach.client import CallClient
from coach.demo.player import Call, CallFileError, play, read_call
from coach.detect import files
from coach.packs import knowledge, loader
from coach.session.session import Session
from coach.settings import load

REACH_S = 10.0
"""A server that is not there in this time is not about to start."""
_PROVIDER = ("scripted", "offline")


def replay(
    call: Annotated[Path, typer.Argument(metavar="CALL.json", help="A call in the format of docs/calls.md.")],
    speed: Annotated[float, typer.Option(min=0.1, max=1000, help="Times real time.")] = 1.0,
    url: Url = "http://127.0.0.1:8000",
    token: Token = None,
    session: Annotated[str | None, typer.Option(help="Session id; default: one of its own.")] = None,
    pack: Annotated[
        str | None, typer.Option(help="Knowledge pack; default: the call's vertical, else general.")
    ] = None,
    offline: Annotated[
        bool, typer.Option("--offline", help="Twice through the core without a server, and compare.")
    ] = False,
) -> None:
    """Play a recorded call into a running server."""
    known = read_call(call)
    if offline:
        _offline(call, pack)
        return
    name = session or f"replay-{call.stem[:40]}-{int(time.time())}"
    packs = {folder.name for folder in loader.pack_folders(loader.SHIPPED)}
    hello = {
        "role": "source",
        "source": "replay",
        "language": known.language,
        "pack": pack or (known.vertical if known.vertical in packs else "general"),
        "metadata": {"replay": call.name[:80]},
    }
    typer.echo(f"Session {name}: watch it at {url}/?session={name}")
    asyncio.run(_live(known, name, hello, url, token, speed))


async def _live(call: Call, name: str, hello: dict[str, Any], url: str, token: str | None, speed: float) -> None:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("turns"),
        TimeElapsedColumn(),
    )
    with Progress(*columns) as progress:
        bar = progress.add_task("connecting", total=len(call.turns))
        async with CallClient(url, name, hello, token=token, reach_s=REACH_S) as client:
            progress.update(bar, description="playing")
            await play(client, call, speed, lambda turn: progress.update(bar, completed=turn))
            progress.update(bar, description="stored")
    typer.echo(f"{client.acked} finals stored, {client.reconnects} reconnects")


def _offline(path: Path, pack: str | None) -> None:
    known = load()
    packs = knowledge.build(loader.load_all(known.pack_folders), files.load_all(known.models_folder))
    try:
        conversation = Conversation.model_validate_json(path.read_bytes()).model_copy(update={"pack": pack})
        name = pack_of(conversation, packs)
        first = rehearse(conversation, packs, words=True, provider=_PROVIDER)
    except ValueError as error:
        raise CallFileError(f"{path}: {error}") from None
    second = Rehearsal(Session(identity(conversation, "rehearsal", name, _PROVIDER), packs[name]))
    for at_ms, event in first.inputs:
        second.replay(at_ms, event)
    same = first.trace == second.trace
    for run, rehearsal in (("first", first), ("second", second)):
        digest = hashlib.sha256(rehearsal.trace).hexdigest()[:16]
        typer.echo(
            f"{run:6} {len(rehearsal.inputs)} inputs, {len(rehearsal.events)} durable events, {len(rehearsal.trace)} bytes, {digest}"
        )
    typer.secho("identical" if same else "DIFFERENT", fg="green" if same else "red")
    if not same:
        raise typer.Exit(1)
