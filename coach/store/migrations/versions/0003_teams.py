"""Who may read a team's rows in the database itself: row-level security, on PostgreSQL.

The server owns the tables, so none of this touches it. Anybody else reads the rows of their teams, and writes
nothing: whoever `team_roles` names, and on Supabase whose token carries the team.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

OF_SESSIONS = ("utterances", "events", "profiles", "strategies", "feedback", "verdicts")

# `authenticated` is the role into which Supabase's API switches after it has checked a token. Nobody else may
# claim a team by a setting: every login can set one. Of the token only what its user cannot edit counts. Nor by a
# table or an operator of its own that is found first: no name here is looked up where the caller says.
TEAMS = """
CREATE FUNCTION coach_teams() RETURNS SETOF text LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT team FROM {schema}.team_roles WHERE role = current_user
    UNION
    SELECT coalesce(claims ->> 'team', claims -> 'app_metadata' ->> 'team')
    FROM (SELECT nullif(current_setting('request.jwt.claims', true), '')::json AS claims) AS token
    WHERE current_user = 'authenticated' AND claims IS NOT NULL
$$
"""


def upgrade() -> None:
    op.create_table(
        "team_roles",
        sa.Column("role", sa.String(63), primary_key=True),
        sa.Column("team", sa.String(128), primary_key=True),
    )
    if op.get_bind().dialect.name != "postgresql":
        return
    schema = op.get_bind().scalar(sa.text("SELECT quote_ident(current_schema())"))
    op.execute(TEAMS.format(schema=schema))
    for table in ("alembic_version", "team_roles", "sessions", *OF_SESSIONS):
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute("CREATE POLICY own_role ON team_roles FOR SELECT USING (role = current_user)")
    op.execute("CREATE POLICY own_team ON sessions FOR SELECT USING (team IN (SELECT coach_teams()))")
    for table in OF_SESSIONS:
        mine = f"EXISTS (SELECT FROM sessions WHERE sessions.id = {table}.session_id)"
        op.execute(f"CREATE POLICY own_team ON {table} FOR SELECT USING ({mine})")


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        for table in ("sessions", *OF_SESSIONS):
            op.execute(f"DROP POLICY own_team ON {table}")
            op.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")
        op.execute("ALTER TABLE alembic_version DISABLE ROW LEVEL SECURITY")
        op.execute("DROP FUNCTION coach_teams")
    op.drop_table("team_roles")
