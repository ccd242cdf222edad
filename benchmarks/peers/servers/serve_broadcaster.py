"""Starlette with `broadcaster`, in memory or through Redis."""

import contextlib
from collections.abc import AsyncIterator

import anyio
from broadcaster import Broadcast
from shared import WELCOME, Numbers, arguments, run_asgi
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

given = arguments()
broadcast = Broadcast(given.redis or "memory://")
numbers = Numbers()


@contextlib.asynccontextmanager
async def lifespan(_application: Starlette) -> AsyncIterator[None]:
    """Connected while it serves. Without any subscription, the Redis backend may never hear of the next one."""
    async with broadcast, broadcast.subscribe(channel="kept"):
        yield


async def watch(socket: WebSocket) -> None:
    """A watcher: one task reads it, one sends to it, as in the library's own example."""
    await socket.accept()
    session = (await socket.receive_json())["sessions"][0]

    async def read() -> None:
        with contextlib.suppress(WebSocketDisconnect):
            while True:
                await socket.receive_text()
        group.cancel_scope.cancel()

    async with broadcast.subscribe(channel=session) as subscriber, anyio.create_task_group() as group:
        await socket.send_text(WELCOME)
        group.start_soon(read)
        async for event in subscriber:
            await socket.send_text(event.message)


async def publish(socket: WebSocket) -> None:
    """The publisher."""
    await socket.accept()
    session = socket.path_params["session"]
    await socket.receive_text()
    await socket.send_text(WELCOME)
    async for text in socket.iter_text():
        event, ack = numbers.texts(session, text)
        await broadcast.publish(channel=session, message=event)
        await socket.send_text(ack)


if __name__ == "__main__":
    routes = [WebSocketRoute("/watch", watch), WebSocketRoute("/ws/{session}", publish)]
    run_asgi(Starlette(routes=routes, lifespan=lifespan), given.port, lifespan="on")
