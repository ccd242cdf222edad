"""`coach serve`."""

import asyncio
import socket
import sys
from collections.abc import Callable
from typing import Annotated, Any

import typer
import uvloop

from coach import log, server, settings
from coach.auth import make_token
from coach.demo.player import play_for_ever
from coach.workers import READY, Workers

DEMO_TOKEN_S = 30 * 24 * 3600


def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on; HOST.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on, 0 for any; PORT.")] = None,
    workers: Annotated[int, typer.Option(min=1, help="Processes; more than one need PostgreSQL and Redis.")] = 1,
    demo: Annotated[bool, typer.Option("--demo", help="Play demo calls, for ever.")] = False,
    fd: Annotated[int | None, typer.Option(hidden=True)] = None,
    worker: Annotated[int | None, typer.Option(hidden=True)] = None,
) -> None:
    """Serve calls, dashboards and pages."""
    known = settings.load()
    given: dict[str, Any] = {name: value for name, value in (("host", host), ("port", port)) if value is not None}
    if demo and not known.provider_order:
        given["providers"] = ["scripted"]
    known = known.model_copy(update=given)
    log.configure(known)
    server.check(known, workers)
    if workers > 1:
        uvloop.run(_workers(known, workers, demo))
        return
    playing = demo and not worker
    secret = known.jwt_secret.get_secret_value() if known.jwt_secret else None
    token = make_token(secret, "demo", "source", "default", DEMO_TOKEN_S) if secret else None

    def say(started: server.Started) -> None:
        if worker is None:
            _announce(started.address, demo)
        else:
            _end_with_parent(started.stop)
            sys.stdout.buffer.write(READY)
            sys.stdout.buffer.flush()

    beside = (lambda address, packs: play_for_ever(address, token, 1.0, packs)) if playing else None
    listening = socket.socket(fileno=fd) if fd is not None else None
    server.share_heap()
    uvloop.run(server.serve(known, say, beside, listening))


async def _workers(known: settings.Settings, count: int, demo: bool) -> None:
    """The parent of several workers."""
    listening = server.listen(known)
    address = server.address_of(known, listening)
    command = ["serve", "--host", known.host, "--port", str(known.port), *(["--demo"] if demo else [])]
    with listening:
        await Workers(command, listening, count, known.drain_s, lambda: _announce(address, demo)).run()


def _end_with_parent(stop: Callable[[], None]) -> None:
    """Stop when the parent is gone: nothing comes on a worker's standard input but its end."""
    loop = asyncio.get_running_loop()
    held = sys.stdin.fileno()

    def gone() -> None:
        loop.remove_reader(held)
        stop()

    loop.add_reader(held, gone)


def _announce(address: str, demo: bool) -> None:
    typer.echo(f"Coach is at {address}" + ("  (demo calls are playing; the wall is at /dashboard)" if demo else ""))
