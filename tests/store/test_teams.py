"""Row-level security: whoever is not the server reads the rows of their teams, and writes nothing."""

import json
from collections.abc import AsyncIterator

import asyncpg
import pytest
from sqlalchemy import insert

from coach.store.batch import Batch, StoredEvent, StoredFinal
from coach.store.database import open_database
from coach.store.migrate import upgrade
from coach.store.tables import metadata, notes
from coach.store.writer import store
from tests.services import Postgres, fresh_database
from tests.store.test_fence import ROW

OF_SESSIONS = sorted(set(metadata.tables) - {"team_roles", "notes"})


@pytest.fixture
async def two_teams(postgres: Postgres) -> AsyncIterator[str]:
    """A database with a call of each of two teams, and a role for each. Yields its URL for the superuser."""
    async with fresh_database(postgres) as url:
        database = open_database(url)
        await upgrade(database)
        async with database.writer.begin() as connection:
            await connection.run_sync(store, [_call("north"), _call("south")])
            note = {"author": "ewa", "text": "coach him", "at": 5}
            await connection.execute(insert(notes), [{"session_id": "call-north", **note}])
        await database.close()
        name = url.rpartition("/")[2]
        for role in ("north_report", "south_report", "authenticated"):
            await postgres.run(
                f"DO $$ BEGIN CREATE ROLE {role} LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$"
            )
            await postgres.run(f"GRANT ALL ON ALL TABLES IN SCHEMA public TO {role}", name)
        await postgres.run("INSERT INTO team_roles VALUES ('north_report', 'north'), ('south_report', 'south')", name)
        yield postgres.url(name, "{role}")


def _call(team: str) -> Batch:
    final = StoredFinal("main", 1, dict(_FINAL))
    card = {"type": "card", "status": "open", "id": "c1", "trigger": {"type": "ask", "id": "a1"}, "variant": "v"}
    event = StoredEvent({**card, "offset": 1, "at": 5}, b"{}")
    rated = {"card": "c1", "rating": 5, "used": None, "comment": None, "at": 5}
    said = {"source": "main", "utterance": "u1", "provider": "openai", "model": "m", "verdict": {}, "at": 5}
    row = {**ROW, "team": team}
    return Batch(f"call-{team}", row, 1, True, [final], [event], [rated], [said], {"churn_risk": 1, "at": 5})


_FINAL = {
    "utterance": "u1",
    "speaker": "client",
    "text": "a word of the call",
    "language": "en",
    "start_ms": 0,
    "end_ms": 1,
    "at": 5,
}


async def _seen(connection: asyncpg.Connection, table: str) -> set[str]:
    column = "id" if table == "sessions" else "session_id"
    return {row[0] for row in await connection.fetch(f"SELECT {column} FROM {table}")}


@pytest.mark.parametrize("team", ["north", "south"])
async def test_a_role_sees_its_team_and_nothing_else(two_teams: str, team: str) -> None:
    connection = await asyncpg.connect(two_teams.format(role=f"{team}_report"))
    try:
        for table in OF_SESSIONS:
            assert await _seen(connection, table) == {f"call-{team}"}, table
        assert await connection.fetch("SELECT role FROM team_roles") == [(f"{team}_report",)]
        assert await connection.fetch("SELECT * FROM alembic_version") == []
        # A manager's notes are for the server's managers alone.
        assert await connection.fetch("SELECT * FROM notes") == []
    finally:
        await connection.close()


async def test_a_role_writes_nothing_whatever_it_was_granted(two_teams: str) -> None:
    connection = await asyncpg.connect(two_teams.format(role="north_report"))
    try:
        for table in OF_SESSIONS:
            assert await connection.execute(f"DELETE FROM {table}") == "DELETE 0"
        assert await connection.execute("UPDATE sessions SET team = 'north'") == "UPDATE 0"
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute("INSERT INTO team_roles VALUES ('north_report', 'south')")
        assert await connection.execute("DELETE FROM team_roles") == "DELETE 0"
    finally:
        await connection.close()


async def test_a_role_cannot_claim_a_team_by_a_setting(two_teams: str) -> None:
    connection = await asyncpg.connect(two_teams.format(role="north_report"))
    try:
        await connection.execute("SELECT set_config('request.jwt.claims', $1, false)", json.dumps({"team": "south"}))
        assert await _seen(connection, "sessions") == {"call-north"}
    finally:
        await connection.close()


async def test_a_role_cannot_claim_a_team_by_a_table_of_its_own(two_teams: str) -> None:
    connection = await asyncpg.connect(two_teams.format(role="north_report"))
    try:
        # Temporary tables come first wherever a name is looked up.
        await connection.execute("CREATE TEMP TABLE team_roles AS SELECT current_user::text AS role, 'south' AS team")
        assert await _seen(connection, "sessions") == {"call-north"}
        assert await _seen(connection, "utterances") == {"call-north"}
    finally:
        await connection.close()


@pytest.mark.parametrize(
    ("claims", "seen"),
    [
        ({"team": "south"}, {"call-south"}),
        ({"app_metadata": {"team": "north"}}, {"call-north"}),
        ({"user_metadata": {"team": "north"}}, set()),
        ({}, set()),
        (None, set()),
    ],
)
async def test_a_person_of_the_api_sees_the_team_of_the_token(
    two_teams: str, claims: dict[str, object] | None, seen: set[str]
) -> None:
    connection = await asyncpg.connect(two_teams.format(role="authenticated"))
    try:
        token = "" if claims is None else json.dumps(claims)
        await connection.execute("SELECT set_config('request.jwt.claims', $1, false)", token)
        assert await _seen(connection, "sessions") == seen
        assert await _seen(connection, "utterances") == seen
    finally:
        await connection.close()
