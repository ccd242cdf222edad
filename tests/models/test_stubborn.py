"""Providers that will not let go: one that hangs in closing, one that breaks there. One end, nothing left behind."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Any, Literal

import pytest

from coach.session.effects import Prompt
from coach.session.inputs import SuggestionEnded
from coach.suggest import chain as chains
from coach.suggest import stream as streams
from coach.suggest.base import Completion
from coach.suggest.chain import Chain, Deadlines
from coach.suggest.grounds import Layers
from coach.suggest.guard import Guard, Secrets
from coach.suggest.stream import SuggestionStream
from tests.models.test_wires import PROMPT

CLOSE_S = 0.1
Way = Literal["hangs", "breaks"]


class Stubborn:
    """Says `says` words, then nothing; is stubborn the first time, well after that."""

    name, model = "stubborn", "stubborn-1"

    def __init__(self, way: Way, says: int) -> None:
        self._way = way
        self._says = says
        self._well = False
        self.waits = asyncio.Event()

    async def stream(self, prompt: Prompt, completion: Completion) -> AsyncGenerator[str]:
        if self._well:
            yield "All is well."
            completion.ended = True
            return
        self._well = True
        try:
            for _ in range(self._says):
                yield "word "
            self.waits.set()
            await asyncio.Event().wait()
        finally:
            if self._way == "breaks":
                raise RuntimeError("the customer said: too expensive")
            await asyncio.Event().wait()

    async def close(self) -> None:
        """There is nothing to let go."""


@pytest.mark.parametrize("way", ["hangs", "breaks"])
@pytest.mark.parametrize("says", [0, 2])
@pytest.mark.parametrize("why", ["stopped", "late"])
async def test_one_that_will_not_let_go_has_one_end_and_leaves_nothing(
    monkeypatch: pytest.MonkeyPatch, way: Way, says: int, why: str
) -> None:
    monkeypatch.setattr(chains, "CLOSE_S", CLOSE_S)
    monkeypatch.setattr(streams, "CLOSE_S", 2 * CLOSE_S)
    provider = Stubborn(way, says)
    deadlines = Deadlines(30, 30, 30) if why == "stopped" else Deadlines(0.05, 0.05, 30)
    ends: list[SuggestionEnded] = []
    async with asyncio.timeout(10), asyncio.TaskGroup() as group:

        def spawn(work: Any, name: str) -> asyncio.Task[None]:
            return group.create_task(work, name=name)

        chain = Chain([provider], spawn, deadlines)

        def begin() -> SuggestionStream:
            def guard() -> Guard:
                return Guard(Layers(()), Layers(()), Secrets.of("qxkwzrtplmnb", ""), False, "en")

            stream = SuggestionStream("c1", PROMPT, chain, guard, lambda _piece, _start: None, ends.append)
            stream.task = spawn(stream.run(), "suggestion")
            return stream

        first = begin()
        if why == "stopped":
            await provider.waits.wait()
            first.stop("cancelled")
            first.stop("cancelled")
            assert [end.status for end in ends] == ["cancelled"]
        assert first.task is not None
        await asyncio.wait([first.task])
        chain.lanes[0].breaker.answered()
        second = begin()
        assert second.task is not None
        await second.task
    # The group has ended: no task is left.
    assert [end.status for end in ends] == [
        {"stopped": "cancelled", "late": "truncated" if says else "failed"}[why],
        "done",
    ]
    assert ends[1].text == "All is well."
