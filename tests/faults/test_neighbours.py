"""What a frozen dashboard costs, and whom. The full size is `python -m benchmarks.neighbours`."""

import asyncio
import fcntl
import struct
import termios
from pathlib import Path

from coach.sockets.outbox import LIMIT_BYTES
from coach.sockets.peer import Peer
from tests.conftest import Serve
from tests.faults.proxy import proxied
from tests.faults.scene import NONE, scene
from tests.talk import Live

FROZEN = 4
WATCHERS = 40
COST_BYTES = 1 << 20


def cost(peer: Peer) -> int:
    """Bytes that wait for this peer alone: in its outbox, in the transport, in the kernel."""
    transport = peer.wire.transport
    waiting = LIMIT_BYTES - peer.outbox.bytes_left
    if transport.is_closing():
        return waiting
    raw = transport.get_extra_info("socket")
    unread = struct.unpack("i", fcntl.ioctl(raw.fileno(), termios.TIOCOUTQ, b"\0" * 4))[0]
    return waiting + transport.get_write_buffer_size() + int(unread)


async def test_frozen_dashboards_cost_a_mebibyte_each_until_they_are_cut_and_their_neighbours_nothing(
    serve: Serve, tmp_path: Path
) -> None:
    async with serve() as live, proxied("127.0.0.1", int(live.address.rsplit(":", 1)[1]), buffer_bytes=4096) as line:
        async with scene(lambda: live.ws) as here:
            seller = await here.caller()
            for _ in range(WATCHERS - FROZEN):
                await here.dashboard()
            before = set(live.coach.services.peers)
            through = Live(f"ws://{line.host}:{line.port}", live.coach, live.sockets)
            for _ in range(FROZEN):
                await through.watch("call")
            frozen = live.coach.services.peers - before
            assert len(frozen) == FROZEN
            line.down.stall()
            most = 0
            while frozen & live.coach.services.peers:
                await seller.say("w" * 7_900)
                await asyncio.sleep(0)
                most = max(most, *map(cost, frozen))
                assert seller.sent < 2_000
            line.cut()
            await here.over()
    assert 64 * 1024 < most <= COST_BYTES
    verdict = await here.verdict(f"sqlite:///{tmp_path}/coach.db")
    assert verdict.findings == NONE and verdict.told == 0
