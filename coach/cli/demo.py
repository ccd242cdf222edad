"""`coach demo`."""

import asyncio
from typing import Annotated

import typer

from coach.cli.options import Token, Url
from coach.demo.player import play_for_ever
from coach.packs import loader


def demo(
    url: Url = "http://127.0.0.1:8000",
    token: Token = None,
    speed: Annotated[float, typer.Option(min=0.1, max=100, help="Times real time.")] = 1.0,
) -> None:
    """Play the shipped demo calls into a running server, until Ctrl-C."""
    typer.echo(f"Playing demo calls into {url} — open {url}/ to watch; Ctrl-C to stop.")
    asyncio.run(play_for_ever(url, token, speed, {folder.name for folder in loader.pack_folders(loader.SHIPPED)}))
