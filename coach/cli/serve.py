"""`coach serve`."""

from typing import Annotated, Any

import typer
import uvloop

from coach import log, server, settings
from coach.auth import make_token
from coach.demo.player import play_for_ever

DEMO_TOKEN_S = 30 * 24 * 3600


def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on; HOST.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on, 0 for any; PORT.")] = None,
    workers: Annotated[int, typer.Option(min=1, help="Processes.")] = 1,
    demo: Annotated[bool, typer.Option("--demo", help="Play demo calls, for ever.")] = False,
) -> None:
    """Serve calls, dashboards and pages."""
    known = settings.load()
    given: dict[str, Any] = {name: value for name, value in (("host", host), ("port", port)) if value is not None}
    if demo and not known.providers:
        given["providers"] = ["scripted"]
    known = known.model_copy(update=given)
    if workers > 1:
        raise settings.SettingsError("--workers: several processes need PostgreSQL, which is not supported yet: use 1")
    log.configure(known)
    secret = known.jwt_secret.get_secret_value() if known.jwt_secret else None
    token = make_token(secret, "demo", "source", "default", DEMO_TOKEN_S) if secret else None

    def say(started: server.Started) -> None:
        typer.echo(
            f"Coach is at {started.address}" + ("  (demo calls are playing; the wall is at /dashboard)" if demo else "")
        )

    beside = (lambda address, packs: play_for_ever(address, token, 1.0, packs)) if demo else None
    uvloop.run(server.serve(known, say, beside))
