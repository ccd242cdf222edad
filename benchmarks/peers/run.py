"""A whole run, part by part: rounds in which Coach and the peers take turns, so that noise hits all alike."""

import asyncio
import gc
import os
import secrets
import sys
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

import orjson

from benchmarks import cores
from benchmarks.cores import Cores
from benchmarks.peers import echo, footprint, speaking
from benchmarks.peers.echo import EchoStage, Search
from benchmarks.peers.fanout import Stage, order
from benchmarks.peers.launch import Running, Services, running, services
from benchmarks.peers.results import Results, Sample
from benchmarks.peers.roster import BY_NAME, COACH, CROSS, ECHO, FANOUT, IDLE, taking_part
from benchmarks.peers.table import WAITED
from benchmarks.server import PROJECT, ServerProcess, serving
from benchmarks.speech import VARIANTS, Material, Script, read_material, write_scripts

TOKENS = "tokens"
PARTS = (FANOUT, CROSS, ECHO, IDLE, TOKENS)
TOKENS_S = 300


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is measured. Times in seconds."""

    name: str
    rounds: int
    slices_s: dict[int, float]
    """How long a sample of the fan-out is, by watchers. What goes to a thousand sockets goes in long bursts."""
    across: tuple[int, ...]
    """Watchers on the other instance."""
    every: int
    """Peers between two visits to Coach."""
    warm_s: float
    echo_s: float
    searches: bool
    idle_sockets: int
    starts: int
    call_sessions: int
    call_minutes: int
    tokens: bool
    repeats_s: float
    """Time for samples that were disturbed, in all."""
    limit_s: float


FULL = Plan("full", 5, {1: 0.5, 100: 0.8, 1000: 1.2}, (1, 100, 1000), 4, 0.2, 1.5, True, 1000, 5, 8, 60, True, 60, 1800)
QUICK = Plan("quick", 1, {100: 0.4, 1000: 0.8}, (100,), 8, 0.1, 1.0, False, 200, 1, 4, 3, False, 10, 240)
IDLE_ROUNDS = 3
"""Starts of a server after which it is filled with idle sockets: memory differs less than time."""
NATURAL = 120
"""Places in the demo calls where a session may begin: most frames of a call cause nothing."""
AGAIN = 2
"""How often a disturbed sample is measured again."""
MOST_SESSIONS = 20_000
CALM_MOST_S = 4.0
_OPEN = TypeVar("_OPEN", bound=Running | ServerProcess)
Doing = Callable[[str], None]


class Run:
    """Measures what is not in the results yet."""

    def __init__(self, results: Results, plan: Plan, divided: Cores, doing: Doing) -> None:
        self._results = results
        self._plan = plan
        self._divided = divided
        self._doing = doing
        self._material: list[Material] = []
        self._open: list[Running | ServerProcess] = []
        self._repeats_s = 0.0

    async def parts(self, wanted: Sequence[str]) -> None:
        """One after the other."""
        work: dict[str, Callable[[], Coroutine[Any, Any, None]]] = {
            FANOUT: lambda: self._fanout(FANOUT, 1),
            CROSS: lambda: self._fanout(CROSS, 2),
            ECHO: self._echo,
            IDLE: self._footprint,
            TOKENS: self._tokens,
        }
        self._doing("reading the demo calls")
        async with serving(self._divided) as server:
            self._material = await read_material(server)
        for part in wanted:
            await work[part]()

    async def _sample(self, key: Sample, measure: Callable[[], Coroutine[Any, Any, Sample]]) -> None:
        """Measure it, unless it was."""
        if not self._results.has(key):
            gc.collect()
            what = f"{key['part']} {key['n'] or ''} {key['kind']}, round {key['round']}: {BY_NAME[key['server']].title}"
            self._doing(what)
            for again in range(AGAIN + 1):
                await self._calm()
                began = time.perf_counter()
                sample = await measure()
                if again == AGAIN or not disturbed({**key, **sample}) or self._repeats_s > self._plan.repeats_s:
                    break
                self._repeats_s += time.perf_counter() - began
            self._results.add(key, {**sample, "repeated": again})

    async def _calm(self) -> None:
        """Wait until no server works on what an earlier sample left it, at most `CALM_MOST_S`."""
        await cores.calm([each.read for each in self._open], CALM_MOST_S)

    @asynccontextmanager
    async def _opened(self, opening: AbstractAsyncContextManager[_OPEN]) -> AsyncIterator[_OPEN]:
        """A server whose calm is waited for."""
        async with opening as server:
            self._open.append(server)
            try:
                yield server
            finally:
                self._open.remove(server)

    # Fan-out

    async def _fanout(self, part: str, instances: int) -> None:
        watchers = self._plan.slices_s if part == FANOUT else self._plan.across
        todo = [n for n in watchers if not self._results.has(_key(part, n, "done", COACH.name, 0, 0))]
        if not todo:
            return
        async with AsyncExitStack() as stack:
            shared = await stack.enter_async_context(services())
            open_ones: dict[str, Running] = {}
            for server in (COACH, *taking_part(part)):
                self._doing(f"{part}: starting {server.title}")
                open_ones[server.name] = await stack.enter_async_context(
                    self._opened(running(server, self._divided, shared, instances))
                )
            for n in todo:
                await self._watched(part, n, open_ones)
        if part == FANOUT:
            await self._spoken()

    async def _spoken(self) -> None:
        """Coach's tokens, with nobody else running."""
        plan = self._plan
        keys = [
            _key(FANOUT, n, "tokens", COACH.name, number, 0)
            for n in plan.slices_s
            if n > 1
            for number in range(1, plan.rounds + 1)
        ]
        if all(map(self._results.has, keys)):
            return
        async with self._opened(running(COACH, self._divided, Services(), COACH_SCRIPT=speaking.SCRIPT)) as coach:
            for key in keys:
                session = f"spoken-{secrets.token_hex(4)}"
                slice_s = plan.slices_s[key["n"]]
                await self._sample(key, partial(speaking.measure, coach, session, key["n"], plan.warm_s, slice_s))

    async def _watched(self, part: str, n: int, open_ones: dict[str, Running]) -> None:
        """All rounds with so many watchers."""
        plan = self._plan
        slice_s = plan.slices_s[n]
        stages: dict[str, Stage] = {}
        for name, each in open_ones.items():
            self._doing(f"{part} {n}: {each.server.title} gets its watchers")
            stages[name] = await Stage.open(each, f"{part}-{n}", n, self._material[0])
            await stages[name].rehearse(slice_s / 2)
        turns = order([name for name in stages if name != COACH.name], COACH.name, plan.every)
        for number in range(1, plan.rounds + 1):
            for slot, name in enumerate(turns):
                stage = stages[name]
                await self._sample(
                    _key(part, n, "full", name, number, slot),
                    partial(stage.saturate, plan.warm_s, slice_s),
                )
        half = {name: self._results.median("finals_per_s", part=part, n=n, kind="full", server=name) for name in stages}
        rates = {name: rate / 2 for name, rate in half.items() if rate}
        fastest = max((rate for name, rate in rates.items() if name != COACH.name), default=None)
        for number in range(1, plan.rounds + 1):
            for slot, name in enumerate(turns):
                if name in rates:
                    stage, rate = stages[name], rates[name]
                    await self._sample(
                        _key(part, n, "half", name, number, slot),
                        partial(stage.at, rate, plan.warm_s, slice_s),
                    )
            if part == FANOUT and fastest is not None and fastest < 2 * rates.get(COACH.name, 0):
                await self._sample(
                    _key(part, n, "same", COACH.name, number, 0),
                    partial(stages[COACH.name].at, fastest, plan.warm_s, slice_s),
                )
        for stage in stages.values():
            stage.close()
        self._results.add(_key(part, n, "done", COACH.name, 0, 0), {})

    # Chunk → ack

    async def _echo(self) -> None:
        plan = self._plan
        settings = {"COACH_MAX_SESSIONS": str(MOST_SESSIONS), "COACH_MAX_CONNECTIONS": str(MOST_SESSIONS)}
        settings["COACH_TEAM_FRAMES_PER_SECOND"] = "1000000"
        async with AsyncExitStack() as stack:
            coach = await stack.enter_async_context(self._opened(serving(self._divided, **settings)))
            self._doing("chunk → ack: rehearsal")
            frames = round((2 + 2 * plan.echo_s) * 4)
            scripts = {
                kind: await write_scripts(coach, self._material, frames, count, natural=kind == "natural")
                for kind, count in (("natural", NATURAL), ("dense", VARIANTS))
            }
            stages = {}
            for server in taking_part(ECHO):
                self._doing(f"chunk → ack: starting {server.title}")
                each = await stack.enter_async_context(self._opened(running(server, self._divided, Services())))
                stages[server.name] = await EchoStage.open(each, scripts["natural"])
            for number in range(1, plan.rounds + 1):
                await self._echo_round(number, coach, scripts, stages)
            if plan.searches:
                for name, stage in stages.items():
                    await self._search(name, "natural", partial(stage.at, warm_s=0.2, seconds=1.0))
            for stage in stages.values():
                stage.close()
        if plan.searches:
            for kind, script in scripts.items():
                async with self._opened(serving(self._divided, **settings)) as coach:
                    await self._search(COACH.name, kind, partial(self._coach_try, coach, script))

    async def _echo_round(
        self, number: int, coach: ServerProcess, scripts: dict[str, list[Script]], stages: dict[str, EchoStage]
    ) -> None:
        plan = self._plan
        for slot, name in enumerate((COACH.name, *stages)):
            if name == COACH.name:
                for kind, script in scripts.items():
                    await self._sample(
                        _key(ECHO, echo.SESSIONS, kind, name, number, slot),
                        partial(echo.coach_at, coach, script, echo.SESSIONS, 1.0, plan.echo_s),
                    )
            else:
                stage = stages[name]
                await self._sample(
                    _key(ECHO, echo.SESSIONS, "natural", name, number, slot),
                    partial(stage.at, echo.SESSIONS, plan.warm_s, plan.echo_s),
                )

    async def _coach_try(self, coach: ServerProcess, script: list[Script], sessions: int) -> Sample:
        sample = await echo.coach_at(coach, script, sessions, 1.5, 3.0)
        await self._calm()
        return sample

    async def _search(self, name: str, kind: str, at: Callable[[int], Coroutine[Any, Any, Sample]]) -> None:
        """How many sessions it holds; every try is kept for the plots."""
        key = _key(ECHO, 0, f"search {kind}", name, 0, 0)
        if self._results.has(key):
            return
        spent = self._results.median("us_per_frame", part=ECHO, kind=kind, server=name) or 250.0
        # A busier server pays less for a frame, so the edge lies above what its cost at 500 sessions says.
        search = Search(min(MOST_SESSIONS, round(1e6 / 4 / spent)), MOST_SESSIONS)
        turn = 0
        while search.next is not None:
            turn += 1
            self._doing(f"how many sessions: {BY_NAME[name].title}, {search.next}")
            gc.collect()
            sample = await at(search.next)
            self._results.add(_key(ECHO, search.next, f"try {kind}", name, turn, 0), sample)
            search.tell(echo.holds(sample))
        self._results.add(key, {"held": search.held})

    # Footprint

    async def _footprint(self) -> None:
        plan = self._plan
        names = [server.name for server in taking_part(IDLE)]
        for number in range(1, plan.starts + 1):
            for slot, name in enumerate((COACH.name, *names)):
                await self._sample(
                    _key(IDLE, 0, "start", name, number, slot),
                    partial(self._started, name, number),
                )
        if not any(self._results.of(part=IDLE, kind="call", minute=plan.call_minutes)):
            samples = await footprint.long_call(
                self._divided,
                self._material,
                plan.call_sessions,
                plan.call_minutes,
                lambda minute: self._doing(f"a call of {plan.call_minutes} minutes: minute {minute}"),
            )
            for sample in samples:
                self._results.add(_key(IDLE, 0, "call", COACH.name, sample["minute"], 0), sample)

    async def _started(self, name: str, number: int) -> Sample:
        """Start it; in the first round also fill it with idle sockets."""
        async with running(BY_NAME[name], self._divided, Services()) as each:
            key = _key(IDLE, 0, "idle", name, number, 0)
            if number <= IDLE_ROUNDS and not self._results.has(key):
                self._results.add(key, await footprint.idle(each, self._plan.idle_sockets))
            return {"s": each.start_s, "base_mib": each.rss_kib() / 1024}

    # Tokens

    async def _tokens(self) -> None:
        if not self._plan.tokens or any(self._results.of(part=TOKENS)):
            return
        self._doing("tokens")
        both = {core for core in (self._divided.server, self._divided.generator) if core is not None}
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "benchmarks.tokens", "--json"),
            cwd=PROJECT,
            stdout=asyncio.subprocess.PIPE,
            preexec_fn=(lambda: os.sched_setaffinity(0, both)) if both else None,
        )
        try:
            async with asyncio.timeout(TOKENS_S):
                out, _ = await process.communicate()
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        for slot, row in enumerate(orjson.loads(out)):
            figures = {f"{name}_ms": row[name] for name in ("p50", "p99", "added_p50", "added_p99")}
            self._results.add(
                _key(TOKENS, row["streams"], "tokens", COACH.name, 0, slot), {"what": row["what"], **figures}
            )


def disturbed(sample: Sample) -> bool:
    """Whether others on this machine kept the server or the generator from its core.

    Two instances keep each other from it, and so do Redis and the generator: nothing can be said of those.
    """
    return sample.get("part") != CROSS and (sample.get("waited_share") or 0) > WAITED


def _key(part: str, n: int, kind: str, server: str, number: int, slot: int) -> Sample:
    return {"part": part, "n": n, "kind": kind, "server": server, "round": number, "slot": slot}
