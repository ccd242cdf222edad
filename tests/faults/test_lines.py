"""Bad lines between clients and one server: T1, T2, T3, T8 and T13 of the plan.

The others: T4 `tests/live/test_resume.py` (epoch, future offset), `tests/core/test_queues.py` (trimmed) ·
T5–T7 `tests/faults/test_instances.py` · T9 `tests/live/test_bad_input.py` · T10 `tests/live/test_access.py` ·
T11, T12 `tests/live/test_suggestions.py` · T14 `tests/faults/test_leaks.py` · T15 `tests/chaos` ·
T16 `tests/core/test_properties.py` · T18 `benchmarks`.
"""

import asyncio
import random
from pathlib import Path

import pytest

from tests.conftest import Serve
from tests.faults.proxy import Proxy, proxied
from tests.faults.recorder import Caller, Dashboard
from tests.faults.scene import NONE, scene
from tests.talk import Live, turn


def behind(proxy: Proxy) -> str:
    return f"ws://{proxy.host}:{proxy.port}"


def port_of(live: Live) -> int:
    return int(live.address.rsplit(":", 1)[1])


@pytest.mark.parametrize("fault", ["cut", "answer lost", "half-open", "black hole", "thin"])
async def test_every_acked_final_is_stored_once_and_in_order_over_any_line(
    serve: Serve, tmp_path: Path, fault: str
) -> None:
    """T1: and nothing is called acked that is not."""
    chance = random.Random(fault)
    async with serve(heartbeat_s=0.2) as live, proxied("127.0.0.1", port_of(live)) as line:
        async with scene(lambda: behind(line)) as here:
            seller = await here.caller()
            bridge = await here.caller(source="bridge", role="source")
            await here.dashboard()
            for number in range(60):
                await seller.say(f"that is too expensive for us {number}", interims=1)
                await bridge.say(f"line {number} of the bridge")
                if number % 12 == 5:
                    match fault:
                        case "cut":
                            line.cut()
                        case "answer lost":
                            line.down.lose = chance.randint(1, 3)
                        case "half-open":
                            line.half_open()
                        case "black hole":
                            line.down.silent = True
                        case "thin":
                            line.down.bytes_per_s = 40_000
                elif number % 12 == 11:
                    lost = line.down.silent
                    line.heal()
                    if lost:
                        line.cut()
                await asyncio.sleep(0.01)
            line.heal()
            await here.over()
        # Three came; how often they had to come back depends on the machine, that they had to does not.
        assert line.accepted > (2 if fault == "thin" else 4)
    verdict = await here.verdict(f"sqlite:///{tmp_path}/coach.db")
    assert verdict.findings == NONE
    assert verdict.acked == verdict.sent == 120


async def test_two_sockets_race_the_same_final(serve: Serve) -> None:
    """T2: one entry, whoever was first; the loser's source is told who has it."""
    async with serve() as live:
        watcher = await live.watch("call")
        for number in range(1, 11):
            old = await live.join()
            async with asyncio.TaskGroup() as race:
                race.create_task(old.send(turn(number, f"line {number}")))
                joined = race.create_task(live.join())
            new = joined.result()
            await new.say(turn(number, f"line {number}"))
            assert await old.closed() == 4009
            assert new.of("error") == []
            await new.socket.close()
        await watcher.until(lambda e: e["type"] == "transcript" and e["seq"] == 10)
        assert [e["seq"] for e in watcher.of("transcript")] == list(range(1, 11))


async def test_subscribers_that_are_kicked_all_the_time_miss_nothing(serve: Serve, tmp_path: Path) -> None:
    """T3: every one of them resumes, always."""
    chance = random.Random(3)
    async with serve() as live:
        async with scene(lambda: live.ws) as here:
            seller = await here.caller()
            crowd: list[Dashboard] = [await here.dashboard() for _ in range(6)]
            for number in range(150):
                await seller.say(f"we already work with somebody else {number}")
                if number % 3 == 0:
                    chance.choice(crowd).cut()
                if number % 50 == 49:
                    seller.cut()
                await asyncio.sleep(0.005)
            await here.over()
    verdict = await here.verdict(f"sqlite:///{tmp_path}/coach.db")
    assert verdict.findings == NONE
    assert verdict.told == verdict.void == 0, "the server was always there: nobody needs the state again"
    assert verdict.resumed >= 20


async def test_reader_of_ten_bytes_a_second_is_cut_and_its_neighbours_miss_nothing(
    serve: Serve, tmp_path: Path
) -> None:
    """T8: one that never reads is in `tests/live/test_faults.py`, as are silence and a missing hello."""
    async with serve(stall_s=0.5) as live, proxied("127.0.0.1", port_of(live), buffer_bytes=4096) as line:
        async with scene(lambda: live.ws) as here:
            seller = await here.caller()
            await here.dashboard()
            through = Live(behind(line), live.coach, live.sockets)
            await through.watch("call")
            line.down.bytes_per_s = 10.0
            peers = len(live.coach.services.peers)
            while len(live.coach.services.peers) == peers:
                await seller.say("w" * 7_900)
                await asyncio.sleep(0.002)
                assert seller.sent < 2_000
            line.cut()
            await here.over()
    verdict = await here.verdict(f"sqlite:///{tmp_path}/coach.db")
    assert verdict.findings == NONE


async def test_drain_under_load_tells_everybody_and_loses_nothing(serve: Serve, tmp_path: Path) -> None:
    """T13: the next server, on the same files, takes them all back."""
    servers: list[Live] = []
    async with asyncio.TaskGroup() as group:
        async with scene(lambda: servers[-1].ws) as here:
            async with serve() as live:
                servers.append(live)
                sellers = [await here.caller(f"call-{number}") for number in range(12)]
                for _ in range(3):
                    await here.dashboard(*(f"call-{number}" for number in range(12)))
                talking = group.create_task(_talk(sellers))
                await sellers[0].until(lambda: sellers[0].acked >= 3, 10)
            async with serve() as live:
                servers.append(live)
                await talking
                await here.over()
    verdict = await here.verdict(f"sqlite:///{tmp_path}/coach.db")
    assert verdict.findings == NONE
    assert verdict.told == verdict.void == 0, "a drain stores everything first and keeps the epochs"
    assert verdict.resumed >= 12 + 3 * 12


async def _talk(sellers: list[Caller]) -> None:
    for number in range(40):
        for seller in sellers:
            await seller.say(f"that is too expensive {number}")
        await asyncio.sleep(0.05)
