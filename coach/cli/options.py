"""Options that several commands have."""

from typing import Annotated

import typer

Url = Annotated[str, typer.Option(help="The running server.")]
Token = Annotated[
    str | None, typer.Option(help="A token, if the server has JWT_SECRET (see `coach token`).", envvar="COACH_TOKEN")
]
