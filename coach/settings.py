"""Configuration: one frozen model, read once from the environment. docs/configuration.md lists it all."""

import difflib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator


class SettingsError(Exception):
    """The environment is not usable. The message names the variable and what it should be."""


def _words(value: object) -> object:
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


class Settings(BaseModel):
    """Every setting; the alias is the variable's name. Durations are in seconds unless the name says otherwise."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    database_url: str = Field("sqlite:///coach.db", alias="DATABASE_URL")
    """`sqlite:///FILE`, or `memory`: nothing survives the process, and acks say so."""
    redis_url: str | None = Field(None, alias="REDIS_URL")
    """`redis://` or `rediss://`, of a server or of any node of a cluster. Without it one process runs alone."""
    redis_prefix: str = Field("coach", min_length=1, pattern=r"^[A-Za-z0-9_.:-]+$", alias="COACH_REDIS_PREFIX")
    """What every key and channel in Redis begins with."""
    jwt_secret: SecretStr | None = Field(None, alias="JWT_SECRET")
    """HS256 secret of the tokens. Without it the server runs open, on a loopback address only."""
    allowed_origins: list[str] = Field([], alias="ALLOWED_ORIGINS")
    """Origins of pages that may connect besides the server's own, e.g. `https://crm.example.com`."""
    openai_api_key: SecretStr | None = Field(None, alias="OPENAI_API_KEY")
    openai_base_url: str | None = Field(None, alias="OPENAI_BASE_URL")
    openai_model: str = Field("gpt-oss:120b", alias="OPENAI_MODEL")
    anthropic_api_key: SecretStr | None = Field(None, alias="ANTHROPIC_API_KEY")
    anthropic_base_url: str | None = Field(None, alias="ANTHROPIC_BASE_URL")
    anthropic_model: str = Field("claude-haiku-4-5", alias="ANTHROPIC_MODEL")
    host: str = Field("127.0.0.1", alias="HOST")
    port: int = Field(8000, ge=0, le=65535, alias="PORT")

    providers: list[str] = Field([], alias="COACH_PROVIDERS")
    """Order of suggestion providers. Empty: those with a key (`openai` also with an address alone)."""
    hedge: Literal["on", "off"] = Field("on", alias="COACH_HEDGE")
    """Whether the next provider is raced against one that is slower than it mostly is; off: asked after it."""
    judge: Literal["on", "off"] = Field("on", alias="COACH_JUDGE")
    """Whether a model reads the client's finals: needs a provider."""
    judge_model: str | None = Field(None, alias="COACH_JUDGE_MODEL")
    """Of the first provider that can judge, instead of its own."""
    judge_sample: float = Field(1.0, ge=0, le=1, alias="COACH_JUDGE_SAMPLE")
    """Which share of the client's finals is judged."""
    judge_s: float = Field(5.0, gt=0, alias="COACH_JUDGE_S")
    """Longest wait for a verdict."""
    call_budget_usd: float = Field(2.0, ge=0, alias="COACH_CALL_BUDGET_USD")
    """What models may cost in one call; from then on there are cards only. 0: no ceiling."""
    prices: str = Field("", alias="COACH_PRICES")
    """`MODEL=INPUT/CACHED/OUTPUT, …` in US dollars for a million tokens; besides the known ones."""
    packs: list[str] = Field([], alias="COACH_PACKS")
    """Folders with packs of one's own, besides the shipped ones."""
    models: str | None = Field(None, alias="COACH_MODELS")
    """Folder of models that `coach learn` made; a language without one there has the shipped one."""
    frames_per_second: int = Field(100, ge=1, alias="COACH_FRAMES_PER_SECOND")
    """Frames one socket may send a second; twice that in a burst."""
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", alias="COACH_LOG_LEVEL")
    log_format: Literal["console", "json"] = Field("console", alias="COACH_LOG_FORMAT")
    session_idle_s: float = Field(4 * 3600, gt=0, alias="COACH_SESSION_IDLE_S")
    """Without any conversation socket for this long a session is ended, with no outcome."""
    session_unload_s: float = Field(120, gt=0, alias="COACH_SESSION_UNLOAD_S")
    """Without sockets for this long a session leaves memory, its snapshot stored."""
    heartbeat_s: float = Field(25, gt=0, alias="COACH_HEARTBEAT_S")
    hello_timeout_s: float = Field(10, gt=0, alias="COACH_HELLO_TIMEOUT_S")
    stall_s: float = Field(10, gt=0, alias="COACH_STALL_S")
    """A socket that takes nothing for this long while something waits for it is closed (4108)."""
    max_connections: int = Field(10_000, ge=1, alias="COACH_MAX_CONNECTIONS")
    """Sockets at one time; one more is closed with 4101."""
    max_sessions: int = Field(2_000, ge=1, alias="COACH_MAX_SESSIONS")
    """Sessions in memory; a new one beyond is refused with 4101."""
    team_frames_per_second: int = Field(20_000, ge=1, alias="COACH_TEAM_FRAMES_PER_SECOND")
    """Frames all sockets of a team together may send a second; twice that in a burst."""
    drain_s: float = Field(10, gt=0, alias="COACH_DRAIN_S")
    """How long a stop may take to store everything and close its sockets."""
    script: str = Field("", alias="COACH_SCRIPT")
    """How the scripted provider behaves, e.g. `first_ms=400,token_ms=40`; see docs/configuration.md."""
    first_token_s: float = Field(2.5, gt=0, alias="COACH_FIRST_TOKEN_S")
    token_gap_s: float = Field(2.0, gt=0, alias="COACH_TOKEN_GAP_S")
    suggestion_s: float = Field(8.0, gt=0, alias="COACH_SUGGESTION_S")
    """Longest time from a suggestion's start to its last token."""

    @field_validator("allowed_origins", "providers", "packs", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return _words(value)

    @field_validator("providers")
    @classmethod
    def _known(cls, value: list[str]) -> list[str]:
        for name in value:
            if name not in PROVIDERS:
                raise ValueError(f"`{name}` is none of {', '.join(PROVIDERS)}")
        return value

    @property
    def provider_order(self) -> list[str]:
        """The providers to use, in order; empty: cards have no suggestion."""
        if self.providers:
            return list(dict.fromkeys(self.providers))
        keys = (("openai", self.openai_api_key or self.openai_base_url), ("anthropic", self.anthropic_api_key))
        return [name for name, key in keys if key]

    @property
    def models_folder(self) -> Path | None:
        """`models` as a path."""
        return Path(self.models).expanduser() if self.models else None

    @property
    def pack_folders(self) -> list[Path]:
        """`packs` as paths."""
        return [Path(folder).expanduser() for folder in self.packs]


PROVIDERS = ("openai", "anthropic", "scripted")
OF_CLIENTS = ("COACH_TOKEN", "COACH_EVAL")
"""Read by `coach replay` and `coach demo`, and by `make eval`, not by the server."""


def load(environ: Mapping[str, str] | None = None) -> Settings:
    """The settings of this environment.

    Raises `SettingsError` for a value that does not fit, and for an unknown `COACH_…` variable, naming the
    nearest known one: a typo must not silently mean the default.
    """
    environ = os.environ if environ is None else environ
    known = {str(field.alias): name for name, field in Settings.model_fields.items()}
    for name in environ:
        if name.startswith("COACH_") and name not in known and name not in OF_CLIENTS:
            near = difflib.get_close_matches(name, known, n=1, cutoff=0.4)
            hint = f"; did you mean {near[0]}?" if near else ""
            raise SettingsError(f"{name} is not a setting{hint}")
    try:
        given = {known[name]: value for name, value in environ.items() if name in known and value != ""}
        return Settings.model_validate(given, by_name=True)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        field = str(first["loc"][0])
        alias = Settings.model_fields[field].alias if field in Settings.model_fields else field
        raise SettingsError(f"{alias}: {first['msg'].removeprefix('Value error, ')}") from None
