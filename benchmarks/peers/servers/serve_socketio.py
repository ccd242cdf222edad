"""python-socketio on uvicorn, with or without its Redis manager."""

from typing import Any

import socketio
from shared import Numbers, ack, arguments, run_asgi

given = arguments()
server = socketio.AsyncServer(
    async_mode="asgi",
    async_handlers=False,
    client_manager=socketio.AsyncRedisManager(given.redis) if given.redis else None,
    http_compression=False,
    ping_interval=900,
    transports=["websocket"],
)
numbers = Numbers()
publishing: dict[str, str] = {}


@server.event
async def watch(sid: str, frame: dict[str, Any]) -> None:
    """A watcher."""
    await server.enter_room(sid, frame["sessions"][0])
    await server.emit("welcome", {}, to=sid)


@server.event
async def hello(sid: str, frame: dict[str, Any]) -> None:
    """The publisher begins."""
    publishing[sid] = frame["session"]
    await server.emit("welcome", {}, to=sid)


@server.event
async def transcript(sid: str, frame: dict[str, Any]) -> None:
    """A frame of the publisher."""
    session = publishing[sid]
    await server.emit("event", numbers.event(session, frame), room=session)
    await server.emit("ack", ack(session, frame["seq"]), to=sid)


@server.event
async def echo(sid: str, frame: dict[str, Any]) -> None:
    """Everything back as it came."""
    await server.emit("echo", frame, to=sid)


if __name__ == "__main__":
    run_asgi(socketio.ASGIApp(server), given.port)
