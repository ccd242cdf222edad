"""Who gets in, and who does not: tokens, roles, teams, origins, time."""

import pytest

from tests.conftest import Serve
from tests.talk import SECRET, Live, Talker, token, turn


async def refused(talker: Talker) -> tuple[int | None, str]:
    code = await talker.closed()
    error = talker.heard[-1]
    assert error["type"] == "error" and error["fatal"] is True
    return code, error["code"]


async def hello(
    live: Live, given: str | None, session: str = "call", path: str | None = None, **more: object
) -> Talker:
    talker = await live.connect(path or f"/ws/{session}")
    first = {"type": "watch", "sessions": ["call"]} if path else {"type": "hello", "language": "en"}
    await talker.send({**first, **more, **({"token": given} if given else {})})
    return talker


async def test_token_may_come_by_header_subprotocol_or_first_frame(serve: Serve) -> None:
    async with serve(jwt_secret=SECRET) as live:
        by_header = await live.connect("/ws/a", additional_headers={"Authorization": f"Bearer {token()}"})
        by_protocol = await live.connect("/ws/b", subprotocols=["coach.v1", f"bearer.{token()}"])
        assert by_protocol.socket.subprotocol == "coach.v1"
        for talker in (by_header, by_protocol):
            await talker.send({"type": "hello"})
            await talker.until("welcome")
        await (await hello(live, token(), "c")).until("welcome")


@pytest.mark.parametrize(
    "given", [None, "nonsense", token(lasts_s=-1), token(role="boss"), token(team=""), token(sub="\ud800")]
)
async def test_without_a_valid_token_nobody_gets_in(serve: Serve, given: str | None) -> None:
    async with serve(jwt_secret=SECRET) as live:
        assert await refused(await hello(live, given)) == (4001, "unauthorized")


async def test_another_teams_session_is_closed_to_all_but_its_own(serve: Serve) -> None:
    async with serve(jwt_secret=SECRET) as live:
        mine = await hello(live, token(team="north"))
        await mine.until("welcome")
        assert await refused(await hello(live, token(team="south", sub="eve"))) == (4003, "forbidden")
        assert await refused(await hello(live, token("coach", team="south"), path="/watch")) == (4003, "forbidden")
        assert await refused(await hello(live, token(sub="bob"), source="x")) == (4003, "forbidden")
        await (await hello(live, token("source", sub="bridge"), role="source", source="phone")).until("welcome")
        await (await hello(live, token("coach"), path="/watch")).until("welcome")


async def test_session_watched_too_early_by_another_team_stays_closed(serve: Serve) -> None:
    async with serve(jwt_secret=SECRET) as live:
        early = await hello(live, token("coach", team="south"), path="/watch")
        await early.until("welcome")
        await (await hello(live, token(team="north"))).until("welcome")
        assert await refused(early) == (4003, "forbidden")


async def test_wall_and_api_show_the_own_team_only(serve: Serve) -> None:
    async with serve(jwt_secret=SECRET) as live:
        call = await hello(live, token(team="north"))
        await call.until("welcome")
        await call.say(turn(1, "hello"))
        wall = await hello(live, token("coach", team="south"), path="/watch", sessions="*")
        await wall.until("welcome")
        await wall.ping()
        assert not wall.of("session")
        async with live.http(token("coach", team="south")) as http:
            assert (await http.get("/api/sessions")).json() == {"sessions": []}
            for method, path in (("GET", ""), ("GET", "/events"), ("DELETE", "")):
                assert (await http.request(method, f"/api/sessions/call{path}")).status_code == 404


async def test_api_loads_nothing_for_another_team(serve: Serve) -> None:
    async with serve(jwt_secret=SECRET) as live:
        call = await hello(live, token(team="north"))
        await call.until("welcome")
        await call.say(turn(1, "hello"))
    async with serve(jwt_secret=SECRET) as live:
        for other in (token("coach", team="south"), token(team="north", sub="eve")):
            async with live.http(other) as http:
                assert (await http.get("/api/sessions/call")).status_code == 404
        assert live.coach.registry.get("call") is None
        async with live.http(token("coach", team="north")) as http:
            assert (await http.get("/api/sessions/call")).status_code == 200


@pytest.mark.parametrize(
    ("role", "path", "first"),
    [
        ("source", None, {"role": "seller"}),
        ("coach", None, {}),
        ("seller", "/watch", {}),
        ("source", "/watch", {}),
    ],
)
async def test_roles_have_their_own_doors(serve: Serve, role: str, path: str | None, first: dict[str, str]) -> None:
    async with serve(jwt_secret=SECRET) as live:
        assert await refused(await hello(live, token(role), path=path, **first)) == (4003, "forbidden")


async def test_token_expires_on_the_open_socket(serve: Serve) -> None:
    async with serve(jwt_secret=SECRET) as live:
        call = await hello(live, token(lasts_s=2))
        await call.until("welcome")
        assert await refused(call) == (4203, "token_expired")


async def test_renewed_token_keeps_the_socket_open(serve: Serve) -> None:
    async with serve(jwt_secret=SECRET, heartbeat_s=0.5) as live:
        call = await hello(live, token(lasts_s=2))
        await call.until("welcome")
        await call.send({"type": "auth", "token": token(lasts_s=600)})
        for _ in range(6):
            await call.until("heartbeat")
            await call.ping()


async def test_somebody_elses_token_does_not_renew(serve: Serve) -> None:
    async with serve(jwt_secret=SECRET) as live:
        call = await hello(live, token())
        await call.until("welcome")
        await call.send({"type": "auth", "token": token(team="south")})
        assert await refused(call) == (4003, "forbidden")


async def test_dashboard_may_authenticate_first(serve: Serve) -> None:
    async with serve(jwt_secret=SECRET) as live:
        talker = await live.connect("/watch")
        await talker.send({"type": "auth", "token": token("coach")})
        await talker.send({"type": "watch", "sessions": "*"})
        await talker.until("welcome")


async def test_foreign_origin_is_refused_unless_allowed(serve: Serve) -> None:
    async with serve(allowed_origins=["https://crm.example"]) as live:
        for origin, welcome in (("https://evil.example", False), ("https://crm.example", True), (live.address, True)):
            talker = await live.connect("/ws/call", origin=origin)
            if welcome:
                await talker.send({"type": "hello", "source": origin.split("/")[2].replace(":", "-")})
                await talker.until("welcome")
            else:
                assert await refused(talker) == (4003, "forbidden")


async def test_open_server_serves_this_machine_only(serve: Serve) -> None:
    """A page whose name was made to point at 127.0.0.1 passes the origin check, but its host is not ours."""
    async with serve() as live:
        port = live.address.rsplit(":", 1)[1]
        async with live.http() as http:
            assert (await http.get("/api/sessions", headers={"host": f"evil.example:{port}"})).status_code == 403
            assert (await http.get("/api/sessions", headers={"host": f"localhost:{port}"})).status_code == 200
