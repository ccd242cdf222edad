"""What all Python peers do with a publisher's frame, so that only the way to the sockets differs.

The frame is parsed, becomes a numbered event, and is encoded once, however many watch.
"""

import argparse
import time
from typing import Any

import orjson

WELCOME = '{"type":"welcome"}'


class Numbers:
    """The newest offset of each session."""

    def __init__(self) -> None:
        self._newest: dict[str, int] = {}

    def event(self, session: str, frame: dict[str, Any]) -> dict[str, Any]:
        """The event of a transcript frame: what Coach sends for one, with the same fields."""
        offset = self._newest[session] = self._newest.get(session, 0) + 1
        return {
            "type": "transcript",
            "session": session,
            "at": time.time_ns() // 1_000_000,
            "offset": offset,
            "utterance": frame["utterance"],
            "source": "main",
            "speaker": frame["speaker"],
            "text": frame["text"],
            "final": frame["final"],
            "start_ms": frame["start_ms"],
            "end_ms": frame["end_ms"],
            "language": "en",
            "seq": frame["seq"],
        }

    def texts(self, session: str, text: str) -> tuple[str, str]:
        """A frame's event and ack as JSON."""
        frame = orjson.loads(text)
        return orjson.dumps(self.event(session, frame)).decode(), orjson.dumps(ack(session, frame["seq"])).decode()


def ack(session: str, seq: int) -> dict[str, Any]:
    """What the publisher gets when the event went out."""
    return {"type": "ack", "session": session, "at": time.time_ns() // 1_000_000, "seq": seq, "stored": "memory"}


def arguments() -> argparse.Namespace:
    """`--port`, and `--redis URL` for those that go through Redis."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--redis", default="")
    return parser.parse_args()


def run_asgi(application: Any, port: int, *, lifespan: str = "off") -> None:
    """On uvicorn, set as Coach sets its own: uvloop, httptools, the sans-I/O WebSocket, no deflate, no pings."""
    import uvicorn

    uvicorn.run(
        application,
        host="127.0.0.1",
        port=port,
        loop="uvloop",
        http="httptools",
        ws="websockets-sansio",
        ws_per_message_deflate=False,
        ws_ping_interval=None,
        lifespan=lifespan,  # type: ignore[arg-type]
        access_log=False,
        log_level="warning",
        backlog=2048,
    )
