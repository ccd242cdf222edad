"""`coach doctor`."""

import asyncio
import platform
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from rich.console import Console
from rich.table import Table

from coach import __version__
from coach.detect.linear import trained_on
from coach.http.pages import STATIC
from coach.learning.corpus import fingerprint
from coach.packs.loader import SHIPPED, pack_folders, read_pack
from coach.settings import Settings, SettingsError, load
from coach.store.database import READ_ERRORS, open_database
from coach.store.migrate import revision
from coach.suggest import providers
from coach.taxonomy import LANGUAGES


class Check(NamedTuple):
    """One line of the report. `state`: ok, note or broken."""

    what: str
    state: str
    words: str


def doctor() -> None:
    """Say what is configured and what is reachable."""
    checks = [Check("coach", "ok", f"{__version__} on Python {platform.python_version()}")]
    try:
        known = load()
    except SettingsError as error:
        checks.append(Check("settings", "broken", str(error)))
    else:
        checks += [
            _auth(known),
            asyncio.run(_database(known)),
            _redis(known),
            _models(known),
            *_packs(known),
            _detector(),
            _pages(),
        ]
    table = Table("", "what", "says", show_header=False, box=None)
    for check in checks:
        table.add_row(
            {"ok": "[green]✔[/]", "note": "[yellow]·[/]", "broken": "[red]✘[/]"}[check.state], check.what, check.words
        )
    Console().print(table)
    if any(check.state == "broken" for check in checks):
        sys.exit(1)


def _auth(known: Settings) -> Check:
    if known.jwt_secret is None:
        return Check("tokens", "note", "JWT_SECRET is not set: open to everybody on this machine, on loopback only")
    short = len(known.jwt_secret.get_secret_value()) < 32
    return Check(
        "tokens", "note" if short else "ok", "JWT_SECRET is set" + (", but shorter than 32 characters" if short else "")
    )


async def _database(known: Settings) -> Check:
    try:
        database = open_database(known.database_url)
    except SettingsError as error:
        return Check("database", "broken", str(error))
    file = None if database.shared or database.scratch is not None else database.writer.url.database
    if file and not await asyncio.to_thread(Path(file).exists):
        await database.close()
        return Check("database", "note", f"{database.name}: not there yet, `coach serve` makes it")
    try:
        schema = await revision(database)
    except READ_ERRORS as error:
        reason = getattr(error, "orig", None) or error
        return Check("database", "broken", f"{database.name}: {reason or type(error).__name__}")
    finally:
        await database.close()
    words = f"schema {schema}" if schema else "no schema yet: `coach serve` or `coach migrate` makes it"
    return Check("database", "ok", f"{database.name}, writable, {words}")


def _redis(known: Settings) -> Check:
    if known.redis_url is None:
        return Check("redis", "note", "REDIS_URL is not set: one process, which is fine for one machine")
    return Check("redis", "note", "REDIS_URL is set but not used yet: this version runs on one instance")


def _models(known: Settings) -> Check:
    try:
        found = providers.build(known)
    except SettingsError as error:
        return Check("models", "broken", str(error))
    if known.openai_api_key or known.openai_base_url or known.anthropic_api_key or known.anthropic_base_url:
        named = f"{known.openai_model}, {known.anthropic_model}"
        return Check("models", "note", f"a key or address is set, but this version has only `scripted`, not {named}")
    if not found:
        return Check("models", "note", "no provider (COACH_PROVIDERS): cards come from the packs alone")
    return Check("models", "ok", ", ".join(f"{provider.name} ({provider.model})" for provider in found))


def _packs(known: Settings) -> list[Check]:
    today = datetime.now(UTC).date()
    checks = []
    for root in (SHIPPED, *known.pack_folders):
        folders = pack_folders(root)
        if not folders:
            checks.append(Check("pack", "broken", f"{root}: no pack here (COACH_PACKS)"))
        for folder in folders:
            pack, problems = read_pack(folder, today)
            errors = sum(not problem.warning for problem in problems)
            if pack is None:
                checks.append(Check(f"pack {folder.name}", "broken", f"{errors} errors: run `coach packs check`"))
                continue
            dated = f", {len(problems)} outdated facts" if problems else ""
            checks.append(
                Check(
                    f"pack {pack.id}",
                    "note" if problems else "ok",
                    f"version {pack.version}, {', '.join(pack.languages)}{dated}",
                )
            )
    return checks


def _detector() -> Check:
    stale = [language for language in LANGUAGES if trained_on(language) != fingerprint(language)]
    if stale:
        return Check("detector", "note", f"{', '.join(stale)}: trained on other text than the packs have: `make model`")
    return Check("detector", "ok", f"trained on the packs' text: {', '.join(LANGUAGES)}")


def _pages() -> Check:
    if (STATIC / "index.html").is_file():
        return Check("pages", "ok", "built")
    return Check("pages", "broken", "not built: run `make setup`")
