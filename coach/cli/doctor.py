"""`coach doctor`."""

import asyncio
import platform
import sys
import time
from contextlib import aclosing
from datetime import UTC, datetime
from typing import Annotated, NamedTuple

import structlog
import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Column, Table

from coach import __version__
from coach.auth import SECRET_CHARS, authenticator
from coach.bus.base import BusAway
from coach.bus.redis import ask_version, is_sharded
from coach.cli.packs import count
from coach.clock import now_ms
from coach.detect.files import ModelFileError, trained_on
from coach.http.pages import STATIC
from coach.learning.corpus import fingerprint
from coach.packs import knowledge
from coach.packs.loader import GENERAL, SHIPPED, read_pack, search
from coach.session import effects
from coach.session.effects import Prompt
from coach.settings import Settings, SettingsError, load
from coach.store.database import READ_ERRORS, open_database, reason
from coach.store.migrate import revision
from coach.suggest import money, providers
from coach.suggest.base import Completion, Provider, ProviderError, Reason
from coach.suggest.judge import Judge, Seat
from coach.suggest.scripted import parse_script
from coach.taxonomy import LANGUAGES

ASK_S = 20.0
FIRST_TOKEN_S = 2.5
PLAIN: dict[Reason, str] = {
    "unauthorized": "the key is not accepted, or may not use this model",
    "not_found": "there is no such model, or no such address",
    "bad_request": "it does not understand the request",
    "rate_limited": "too many requests, or no money left on the account",
    "overloaded": "it is overloaded",
    "server": "it has a fault of its own",
    "timeout": "it does not answer in time",
    "connection": "it cannot be reached: is it running, and is the address right?",
    "protocol": "what it says is not what its interface says",
    "refused": "it refuses to answer",
    "truncated": "it stopped in the middle",
    "stalled": "it stopped in the middle",
    "guarded": "its answer was not fit to be shown",
    "no_provider": "nobody can be asked",
    "crashed": "our own fault: please report it",
}


class Check(NamedTuple):
    """One line of the report. `state`: ok, note or broken."""

    what: str
    state: str
    words: str


def doctor(
    models: Annotated[
        bool, typer.Option("--models", help="Ask each model something tiny, which costs a little.")
    ] = False,
) -> None:
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
            asyncio.run(_redis(known)),
            *(listed := _models(known)),
            *(_answers(known, listed) if models else []),
            *_packs(known),
            _detector(known),
            _pages(),
        ]
    table = Table("", "what", Column("says", overflow="fold"), show_header=False, box=None)
    for check in checks:
        table.add_row(
            {"ok": "[green]✔[/]", "note": "[yellow]·[/]", "broken": "[red]✘[/]"}[check.state],
            check.what,
            escape(check.words),
        )
    Console().print(table)
    if any(check.state == "broken" for check in checks):
        sys.exit(1)


def _auth(known: Settings) -> Check:
    if known.jwt_secret is None:
        return Check("tokens", "note", "JWT_SECRET is not set: open to everybody on this machine, on loopback only")
    short = authenticator(known).weak
    return Check(
        "tokens",
        "note" if short else "ok",
        "JWT_SECRET is set" + (f", but shorter than {SECRET_CHARS} characters" if short else ""),
    )


async def _database(known: Settings) -> Check:
    try:
        database = open_database(known.database_url)
    except SettingsError as error:
        return Check("database", "broken", str(error))
    if database.file is not None and not await asyncio.to_thread(database.file.exists):
        await database.close()
        return Check("database", "note", f"{database.name}: not there yet, `coach serve` makes it")
    try:
        schema = await revision(database)
    except READ_ERRORS as error:
        return Check("database", "broken", f"{database.name}: {reason(error)}")
    finally:
        await database.close()
    words = f"schema {schema}" if schema else "no schema yet: `coach serve` or `coach migrate` makes it"
    return Check("database", "ok", f"{database.name}, writable, {words}")


async def _redis(known: Settings) -> Check:
    if known.redis_url is None:
        return Check("redis", "note", "REDIS_URL is not set: one process, which is fine for one machine")
    try:
        info = await ask_version(known.redis_url)
    except SettingsError as error:
        return Check("redis", "broken", str(error))
    except BusAway as error:
        return Check("redis", "broken", f"REDIS_URL: {error}")
    channels = "sharded pub/sub" if is_sharded(str(info["redis_version"])) else "pub/sub without shards"
    return Check(
        "redis", "ok", f"{info['redis_version']}, {channels}{', a cluster' if info['cluster_enabled'] else ''}"
    )


def _models(known: Settings) -> list[Check]:
    order = known.provider_order
    if not order:
        words = "no key, no address, no COACH_PROVIDERS: cards come from the packs alone"
        return [Check("models", "note", words)]
    try:
        prices = {**money.DEFAULT_PRICES, **money.parse_prices(known.prices)}
        parse_script(known.script)
    except ValueError as error:
        return [Check("models", "broken", str(error))]
    models = {"openai": known.openai_model, "anthropic": known.anthropic_model}
    checks = []
    for name in order:
        if name == "scripted":
            checks.append(Check(name, "ok", "the pack's own lines; needs no model"))
            continue
        priced = money.price_of(prices, models[name]) is not None
        words = models[name] + ("" if priced else ", of which no price is known: no ceiling holds it (COACH_PRICES)")
        if name == "anthropic" and known.anthropic_api_key is None and known.anthropic_base_url is None:
            checks.append(Check(name, "broken", "ANTHROPIC_API_KEY is not set"))
        elif name == "openai" and known.openai_api_key is None and known.openai_base_url is None:
            checks.append(Check(name, "broken", "OPENAI_API_KEY is not set, nor OPENAI_BASE_URL for a server without"))
        else:
            checks.append(Check(name, "ok" if priced else "note", words))
    return checks


def _answers(known: Settings, listed: list[Check]) -> list[Check]:
    """What the providers say that are set up as they should be. Nothing else is asked."""
    broken = {check.what for check in listed if check.state == "broken"}
    order = [name for name in known.provider_order if name not in broken]
    if "models" in broken or not order:
        return []
    # What a log would say of a failure stands in the report, in plain words.
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())
    return asyncio.run(ask_models(known.model_copy(update={"providers": order})))


async def ask_models(known: Settings) -> list[Check]:
    """One tiny request to each provider, as a call makes it, and one to the judge."""
    pack, _ = read_pack(SHIPPED / GENERAL)
    if pack is None:
        return []  # the report says so elsewhere
    packs = knowledge.build({pack.id: pack})
    async with asyncio.TaskGroup() as group:
        models = providers.build(known, packs, lambda work, name: group.create_task(work, name=name), now_ms())
        try:
            checks = [await _tried(provider) for provider in models.providers]
            if models.judge is not None:
                checks += [await _read(models.judge, seat) for seat in models.judge.seats]
        finally:
            await models.close()
    return checks


async def _tried(provider: Provider) -> Check:
    prompt = Prompt(
        GENERAL, "ask", "ask", "", "en", "en", "Tell me more.", None, (), None, None, (), None, "Are you there?"
    )
    completion, began, first, text = Completion(), time.monotonic(), 0.0, ""
    what = f"{provider.name}, asked"
    try:
        async with asyncio.timeout(ASK_S):
            async with aclosing(provider.stream(prompt, completion)) as pieces:
                async for piece in pieces:
                    first = first or time.monotonic() - began
                    text += piece
    except ProviderError as error:
        return Check(what, "broken", f"{provider.model}: {PLAIN[error.reason]}")
    except TimeoutError:
        return Check(what, "broken", f"{provider.model}: no complete answer within {ASK_S:g} s")
    if not text.strip():
        return Check(what, "broken", f"{provider.model}: an answer without any text")
    took = time.monotonic() - began
    words = f"{provider.model}: first token after {first:.2f} s, complete after {took:.2f} s"
    if not completion.ended:
        return Check(what, "broken", f"{words}, but it never said that it was complete: suggestions end as `truncated`")
    if completion.usage is None:
        return Check(what, "note", f"{words}; it does not count its tokens: costs are estimated")
    slow = first > FIRST_TOKEN_S
    return Check(what, "note" if slow else "ok", words + (", which is too late for a call" if slow else ""))


async def _read(judge: Judge, seat: Seat) -> Check:
    asked = effects.Judge("main", 1, "u1", "That is far too expensive for me.", "en", ())
    reading, began = judge.begin(asked, seat), time.monotonic()
    try:
        judged = await reading.run()
    finally:
        reading.release()
    what, took = f"{seat.name}, judging", time.monotonic() - began
    if judged.status != "done":
        why = PLAIN[reading.reason or "crashed"]
        return Check(what, "broken", f"{seat.model}: no verdict: {why} (COACH_JUDGE=off does without)")
    found = ", ".join(label for label, _ in (*judged.objections, *judged.signals)) or "nothing"
    good = any(label == "price" for label, _ in judged.objections)
    words = f"{seat.model}: {took:.2f} s, found {found} in “{asked.text}”"
    return Check(what, "ok" if good else "note", words)


def _packs(known: Settings) -> list[Check]:
    today = datetime.now(UTC).date()
    checks = []
    for root in (SHIPPED, *known.pack_folders):
        folders, missed = search(root)
        checks += [Check("pack", "broken", f"{problem} (COACH_PACKS)") for problem in missed]
        for folder in folders:
            pack, problems = read_pack(folder, today)
            errors = sum(not problem.warning for problem in problems)
            if pack is None:
                words = f"{count(errors, 'error')}: run `coach packs check {folder}`"
                checks.append(Check(f"pack {folder.name}", "broken", words))
                continue
            warned = f", {count(len(problems), 'warning')}: run `coach packs check {folder}`" if problems else ""
            words = f"version {pack.version}, {', '.join(pack.languages)}{warned}"
            checks.append(Check(f"pack {pack.id}", "note" if problems else "ok", words))
    return checks


def _detector(known: Settings) -> Check:
    folder = known.models_folder
    try:
        own = [language for language in LANGUAGES if folder and trained_on(language, folder)]
        stale = [each for each in LANGUAGES if each not in own and trained_on(each) != fingerprint(each)]
    except ModelFileError as error:
        return Check("detector", "broken", str(error))
    if own:
        others = [language for language in LANGUAGES if language not in own]
        rest = f"; shipped: {', '.join(others)}" if others else ""
        return Check("detector", "ok", f"learned from calls: {', '.join(own)}, in {folder}{rest}")
    if stale:
        return Check("detector", "note", f"{', '.join(stale)}: trained on other text than the packs have: `make model`")
    return Check("detector", "ok", f"trained on the packs' text: {', '.join(LANGUAGES)}")


def _pages() -> Check:
    if (STATIC / "index.html").is_file():
        return Check("pages", "ok", "built")
    return Check("pages", "broken", "not built: run `make setup`")
