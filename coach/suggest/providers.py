"""The models of this process, from the settings: a chain for suggestions, a judge, and the prompts of both."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from coach.packs.knowledge import Knowledge
from coach.session.effects import Prompt
from coach.settings import Settings, SettingsError
from coach.suggest import money
from coach.suggest.base import Provider, Reader
from coach.suggest.chain import Chain, Deadlines, Spawn
from coach.suggest.grounds import CallGrounds, Grounds, Layers, grounds_of
from coach.suggest.guard import Guard
from coach.suggest.judge import Judge, Seat
from coach.suggest.money import Price
from coach.suggest.prompt import Prompts
from coach.suggest.scripted import ScriptedProvider, parse_script

# No vowels: no word of any language begins like it.
_CANARY_LETTERS = "bcdfghjklmnpqrstvwxz"
CANARY_LENGTH = 12


@dataclass(slots=True)
class Models:
    """What suggestions and verdicts come from."""

    providers: list[Provider]
    """In their order; empty: cards have no suggestion."""
    prompts: Prompts
    chain: Chain | None
    judge: Judge | None
    judge_share: float = 0.0
    """Which share (0–1) of the client's finals the judge reads."""
    budget_usd: float | None = None
    """What models may cost in one call; None: no ceiling."""

    def guard(self, prompt: Prompt, call: CallGrounds, now_ms: int) -> Guard:
        """The guard of one suggestion, over what the pack, the call and the card itself bear out."""
        own = (_grounds_of_line(line) for line in (prompt.say, prompt.ask or "", *prompt.facts))
        pack = self.prompts.grounds(prompt.pack, prompt.language, prompt.ui_language, now_ms)
        said = grounds_of([prompt.question or ""], speech=True)
        return Guard(
            Layers((*pack, *own, call.seller, said)),
            Layers((call.client, call.speaking(prompt.speaking))),
            self.prompts.secrets(prompt.language, prompt.ui_language),
            "pl" in (prompt.language, prompt.ui_language),
            prompt.ui_language,
        )

    async def close(self) -> None:
        """Let every connection go."""
        for provider in self.providers:
            await provider.close()


@lru_cache(maxsize=4_096)
def _grounds_of_line(line: str) -> Grounds:
    """Of a line that a card shows: the same few in all calls. Only to be read."""
    return grounds_of([line])


def build(settings: Settings, packs: dict[str, Knowledge], spawn: Spawn, now_ms: int) -> Models:
    """The configured models; without any, `chain` and `judge` are None. Reads every pack when there is one.

    Raises `SettingsError`.
    """
    prompts = Prompts(packs, "qx" + "".join(secrets.choice(_CANARY_LETTERS) for _ in range(CANARY_LENGTH - 2)))
    providers = [_provider(name, settings, prompts) for name in settings.provider_order]
    if not providers:
        return Models([], prompts, None, None)
    prices = _prices(settings)
    deadlines = Deadlines(settings.first_token_s, settings.token_gap_s, settings.suggestion_s)
    chain = Chain(providers, spawn, deadlines, prices=prices, hedge=settings.hedge == "on")
    prompts.warm(now_ms)
    judge = _judge(settings, providers, prompts, prices)
    return Models(
        providers,
        prompts,
        chain,
        judge,
        judge_share=settings.judge_sample if judge is not None else 0.0,
        budget_usd=settings.call_budget_usd or None,
    )


def _provider(name: str, settings: Settings, prompts: Prompts) -> Provider:
    if name == "openai":
        # The SDKs take a second to import: only who uses one waits for it, and before the first call.
        from coach.suggest.openai import OpenAIProvider

        key = settings.openai_api_key.get_secret_value() if settings.openai_api_key else None
        return OpenAIProvider(prompts, settings.openai_model, key, settings.openai_base_url)
    if name == "anthropic":
        from coach.suggest.anthropic import AnthropicProvider

        key = settings.anthropic_api_key.get_secret_value() if settings.anthropic_api_key else None
        return AnthropicProvider(prompts, settings.anthropic_model, key, settings.anthropic_base_url)
    try:
        return ScriptedProvider(parse_script(settings.script))
    except ValueError as error:
        raise SettingsError(f"COACH_SCRIPT: {error}") from None


def _prices(settings: Settings) -> dict[str, Price]:
    try:
        return {**money.DEFAULT_PRICES, **money.parse_prices(settings.prices)}
    except ValueError as error:
        raise SettingsError(f"COACH_PRICES: {error}") from None


def _judge(
    settings: Settings, providers: list[Provider], prompts: Prompts, prices: Mapping[str, Price]
) -> Judge | None:
    """The judge over the providers that can be asked for JSON, with their own models but for the first one's."""
    readers: list[tuple[Reader, str]] = [(p, p.model) for p in providers if isinstance(p, Reader)]
    if settings.judge == "off" or not readers:
        return None
    models = [settings.judge_model or readers[0][1], *(model for _, model in readers[1:])]
    seats = [
        Seat(reader, model, money.price_of(prices, model)) for (reader, _), model in zip(readers, models, strict=True)
    ]
    return Judge(prompts, seats, settings.judge_s)
