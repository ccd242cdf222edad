"""The `coach` command. One file a command."""

from collections.abc import Callable
from functools import wraps
from typing import Any

import typer

from coach import __version__
from coach.cli import analyze, demo, doctor, explain, learn, migrate, packs, replay, serve, token
from coach.client import Stopped
from coach.demo.player import CallFileError
from coach.detect.files import ModelFileError
from coach.packs.loader import PackError
from coach.server import ServerFailed
from coach.settings import SettingsError
from coach.store.migrate import DatabaseAway
from coach.workers import WorkersFailed

app = typer.Typer(help="A real-time sales coach that you run yourself.", no_args_is_help=True, add_completion=False)
_EXPECTED = (
    SettingsError,
    PackError,
    CallFileError,
    ModelFileError,
    Stopped,
    ServerFailed,
    WorkersFailed,
    DatabaseAway,
    OSError,
)


def _plain_errors(command: Callable[..., None]) -> Callable[..., None]:
    """What the user can mend is told in a line, without a traceback."""

    @wraps(command)
    def run(*args: Any, **kwargs: Any) -> None:
        try:
            command(*args, **kwargs)
        except _EXPECTED as error:
            typer.secho(f"coach: {error}", fg="red", err=True)
            raise typer.Exit(1) from None
        except KeyboardInterrupt:
            raise typer.Exit(130) from None

    return run


app.command("serve")(_plain_errors(serve.serve))
app.command("demo")(_plain_errors(demo.demo))
app.command("replay")(_plain_errors(replay.replay))
app.command("analyze")(_plain_errors(analyze.analyze))
# What begins with a dash and is no option is what the client says.
app.command("explain", context_settings={"ignore_unknown_options": True})(_plain_errors(explain.explain))
app.command("learn")(_plain_errors(learn.learn))
app.command("migrate")(_plain_errors(migrate.migrate))
app.command("token")(_plain_errors(token.token))
app.command("doctor")(_plain_errors(doctor.doctor))
_packs = typer.Typer(help="Knowledge packs.", no_args_is_help=True)
_packs.command("check")(_plain_errors(packs.check))
app.add_typer(_packs, name="packs")


@app.callback(invoke_without_command=True)
def _main(version: bool = typer.Option(False, "--version", help="Print the version.")) -> None:
    if version:
        typer.echo(__version__)
        raise typer.Exit


def main() -> None:
    """Entry point."""
    app(prog_name="coach")
