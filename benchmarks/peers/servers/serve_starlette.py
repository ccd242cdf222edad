"""Starlette with a plain send loop."""

from collections import defaultdict

from shared import WELCOME, Numbers, arguments, run_asgi
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

watching: defaultdict[str, set[WebSocket]] = defaultdict(set)
numbers = Numbers()


async def watch(socket: WebSocket) -> None:
    """A watcher."""
    await socket.accept()
    session = (await socket.receive_json())["sessions"][0]
    watching[session].add(socket)
    await socket.send_text(WELCOME)
    try:
        while True:
            await socket.receive_text()
    except WebSocketDisconnect:
        watching[session].discard(socket)


async def publish(socket: WebSocket) -> None:
    """The publisher."""
    await socket.accept()
    session = socket.path_params["session"]
    await socket.receive_text()
    await socket.send_text(WELCOME)
    async for text in socket.iter_text():
        event, ack = numbers.texts(session, text)
        for watcher in list(watching[session]):
            await watcher.send_text(event)
        await socket.send_text(ack)


async def echo(socket: WebSocket) -> None:
    """Everything back as it came."""
    await socket.accept()
    async for text in socket.iter_text():
        await socket.send_text(text)


if __name__ == "__main__":
    routes = [
        WebSocketRoute("/watch", watch),
        WebSocketRoute("/ws/{session}", publish),
        WebSocketRoute("/echo", echo),
    ]
    run_asgi(Starlette(routes=routes), arguments().port)
