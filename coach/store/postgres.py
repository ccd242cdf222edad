"""PostgreSQL through asyncpg: what a URL may say, pools, time-outs, and which errors mean that it is away."""

from typing import Any
from uuid import uuid4

from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from coach.settings import SettingsError

CONNECT_S = 3.0
STATEMENT_MS = 5_000
"""A statement that takes longer is given up by the server: a group commit takes milliseconds."""
LOCK_MS = 2_000
"""Rows are locked for one commit or one take-over of another instance."""
IDLE_MS = 15_000
"""A transaction of a process that was stopped in the middle of it gives its locks back."""
ANSWER_S = 8.0
"""Beyond the server's own limits: then it, or the way to it, is dead."""
POOL = 4
RECYCLE_S = 1_800
SUPABASE_TRANSACTION_PORT = 6543

_AWAY_CLASSES = ("08", "53", "57", "58", "XX")
"""SQLSTATE classes: connection, resources, operator intervention, system, internal."""
_AWAY_STATES = ("55P03", "40001", "40P01", "25006", "25P03", "28P01", "3D000")
"""Lock not available, serialisation, deadlock, read only (a fail-over), idle in transaction, password, no database."""
_SSL = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")


def engine(url: URL, *, write: bool, patient: bool = False) -> AsyncEngine:
    """An engine on the database of `url` (`postgres://`, `postgresql://`, a socket by `?host=`).

    `patient`: statements may take as long as they take, as those of a migration.

    Raises `SettingsError` that names the part of the URL that cannot be used.
    """
    where = ("host", "port")
    query = {name: value for name, value in url.query.items() if name in where}
    rest = {name: str(value) for name, value in url.query.items() if name not in where}
    ssl = rest.pop("sslmode", None)
    if ssl is not None and ssl not in _SSL:
        raise SettingsError(f"DATABASE_URL: sslmode is one of {', '.join(_SSL)}")
    pooled = rest.pop("pgbouncer", "false") == "true" or url.port == SUPABASE_TRANSACTION_PORT
    name = rest.pop("application_name", "coach")
    if rest:
        raise SettingsError(
            f"DATABASE_URL: `{next(iter(rest))}` is not known; use host, port, sslmode, application_name or pgbouncer=true"
        )
    arguments: dict[str, Any] = {"timeout": CONNECT_S, "command_timeout": None if patient else ANSWER_S}
    if ssl is not None:
        arguments["ssl"] = ssl
    if pooled:
        # A transaction pooler gives each transaction another server process: no prepared statement survives,
        # and no setting may come with the connection.
        arguments |= {
            "statement_cache_size": 0,
            "prepared_statement_cache_size": 0,
            "prepared_statement_name_func": lambda: f"coach_{uuid4().hex}",
        }
    else:
        limits = {
            "statement_timeout": str(STATEMENT_MS),
            "lock_timeout": str(LOCK_MS),
            "idle_in_transaction_session_timeout": str(IDLE_MS),
        }
        arguments["server_settings"] = {"application_name": name, **({} if patient else limits)}
    return create_async_engine(
        url.set(drivername="postgresql+asyncpg", query=query),
        pool_size=1 if write else POOL,
        max_overflow=0,
        pool_timeout=CONNECT_S,
        pool_recycle=RECYCLE_S,
        pool_pre_ping=not write,
        connect_args=arguments,
    )


def is_away(error: BaseException) -> bool:
    """Whether the database does not answer, for whatever is written; else it is the fault of what is written."""
    if isinstance(error, (OSError, TimeoutError, OperationalError, InterfaceError)):
        return True
    if isinstance(error, DBAPIError):
        state = str(getattr(error.orig, "sqlstate", None) or "")
        return error.connection_invalidated or state[:2] in _AWAY_CLASSES or state in _AWAY_STATES
    return False
