"""aiohttp on uvloop with a plain send loop."""

from collections import defaultdict

import uvloop
from aiohttp import WSMsgType, web
from shared import WELCOME, Numbers, arguments

watching: defaultdict[str, set[web.WebSocketResponse]] = defaultdict(set)
numbers = Numbers()


async def watch(request: web.Request) -> web.WebSocketResponse:
    """A watcher."""
    socket = web.WebSocketResponse(compress=False)
    await socket.prepare(request)
    session = (await socket.receive_json())["sessions"][0]
    watching[session].add(socket)
    await socket.send_str(WELCOME)
    async for _ in socket:
        pass
    watching[session].discard(socket)
    return socket


async def publish(request: web.Request) -> web.WebSocketResponse:
    """The publisher."""
    socket = web.WebSocketResponse(compress=False)
    await socket.prepare(request)
    session = request.match_info["session"]
    await socket.receive_str()
    await socket.send_str(WELCOME)
    async for message in socket:
        if message.type is not WSMsgType.TEXT:
            break
        event, ack = numbers.texts(session, message.data)
        for watcher in list(watching[session]):
            if not watcher.closed:
                await watcher.send_str(event)
        await socket.send_str(ack)
    return socket


async def echo(request: web.Request) -> web.WebSocketResponse:
    """Everything back as it came."""
    socket = web.WebSocketResponse(compress=False)
    await socket.prepare(request)
    async for message in socket:
        if message.type is WSMsgType.TEXT:
            await socket.send_str(message.data)
    return socket


if __name__ == "__main__":
    application = web.Application()
    application.add_routes([web.get("/watch", watch), web.get("/ws/{session}", publish), web.get("/echo", echo)])
    uvloop.install()
    web.run_app(application, host="127.0.0.1", port=arguments().port, access_log=None, print=None, backlog=2048)
