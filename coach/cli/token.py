"""`coach token`."""

from typing import Annotated

import typer

from coach.auth import ROLES, make_token
from coach.settings import SettingsError, load


def token(
    role: Annotated[str, typer.Option(help="seller, source, coach or admin.")],
    sub: Annotated[str, typer.Option(help="Who: a user's id.")],
    team: Annotated[str, typer.Option(help="Whose calls.")] = "default",
    hours: Annotated[float, typer.Option(min=0.01, help="How long it is valid.")] = 8.0,
) -> None:
    """Make a token for a person or a bridge, signed with JWT_SECRET."""
    secret = load().jwt_secret
    if secret is None:
        raise SettingsError("JWT_SECRET is not set; without it the server needs no tokens")
    known = next((name for name in ROLES if name == role), None)
    if known is None:
        raise SettingsError(f"--role: `{role}` is none of {', '.join(ROLES)}")
    typer.echo(make_token(secret.get_secret_value(), sub, known, team, round(hours * 3600)))
