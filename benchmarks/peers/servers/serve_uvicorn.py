"""A bare ASGI application on uvicorn: every text goes back as it came."""

from typing import Any

from shared import arguments, run_asgi


async def echo(_scope: Any, receive: Any, send: Any) -> None:
    """The whole application."""
    await receive()
    await send({"type": "websocket.accept"})
    while (message := await receive())["type"] == "websocket.receive":
        await send({"type": "websocket.send", "text": message["text"]})


if __name__ == "__main__":
    run_asgi(echo, arguments().port)
