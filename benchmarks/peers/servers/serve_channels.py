"""Django Channels on uvicorn, with its layer in memory or on Redis' pub/sub (the faster one of `channels_redis`)."""

from typing import Any

import django
from django.conf import settings
from shared import WELCOME, Numbers, arguments, run_asgi

given = arguments()
LAYER: dict[str, Any] = (
    {"BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer", "CONFIG": {"hosts": [given.redis]}}
    if given.redis
    # A full channel drops what is sent to it: room for all that is under way.
    else {"BACKEND": "channels.layers.InMemoryChannelLayer", "CONFIG": {"capacity": 100_000}}
)
settings.configure(
    DEBUG=False, SECRET_KEY="a benchmark has none", INSTALLED_APPS=["channels"], CHANNEL_LAYERS={"default": LAYER}
)
django.setup()

from channels.generic.websocket import AsyncWebsocketConsumer  # noqa: E402
from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from django.urls import path  # noqa: E402

numbers = Numbers()


class Watch(AsyncWebsocketConsumer):
    """A watcher."""

    session = ""

    async def receive(self, text_data: str = "", bytes_data: bytes | None = None) -> None:
        import orjson

        self.session = orjson.loads(text_data)["sessions"][0]
        await self.channel_layer.group_add(self.session, self.channel_name)
        await self.send(WELCOME)

    async def disconnect(self, code: int) -> None:
        if self.session:
            await self.channel_layer.group_discard(self.session, self.channel_name)

    async def session_event(self, message: dict[str, Any]) -> None:
        """An event of the group: encoded before, once."""
        await self.send(message["text"])


class Publish(AsyncWebsocketConsumer):
    """The publisher."""

    welcomed = False

    async def receive(self, text_data: str = "", bytes_data: bytes | None = None) -> None:
        if not self.welcomed:
            self.welcomed = True
            await self.send(WELCOME)
            return
        session = self.scope["url_route"]["kwargs"]["session"]
        event, ack = numbers.texts(session, text_data)
        await self.channel_layer.group_send(session, {"type": "session.event", "text": event})
        await self.send(ack)


class Echo(AsyncWebsocketConsumer):
    """Everything back as it came."""

    async def receive(self, text_data: str = "", bytes_data: bytes | None = None) -> None:
        await self.send(text_data)


if __name__ == "__main__":
    routes = [
        path("watch", Watch.as_asgi()),
        path("ws/<str:session>", Publish.as_asgi()),
        path("echo", Echo.as_asgi()),
    ]
    run_asgi(ProtocolTypeRouter({"websocket": URLRouter(routes)}), given.port)
