"""Providers by name, from the settings."""

from coach.settings import Settings, SettingsError
from coach.suggest.base import Provider
from coach.suggest.scripted import ScriptedProvider, parse_script


def build(settings: Settings) -> list[Provider]:
    """The configured providers in their order; none: cards have no suggestion.

    Raises `SettingsError`.
    """
    try:
        script = parse_script(settings.script)
    except ValueError as error:
        raise SettingsError(f"COACH_SCRIPT: {error}") from None
    return [ScriptedProvider(script) for name in settings.providers if name == "scripted"]
