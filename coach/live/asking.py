"""What one session asks of the models: suggestions that stream into its cards, finals that the judge reads.

Owner of the tasks of both. What comes of them are new inputs; tokens alone go straight to the subscribers.
"""

import asyncio
from collections.abc import Callable
from dataclasses import replace

from coach.clock import now_ms
from coach.live.hub import session_topic
from coach.live.ports import Shared
from coach.session.effects import Effect, Judge, Prompt, StopJudging, StopSuggestion, Suggest
from coach.session.inputs import Input, Judged, SuggestionEnded
from coach.session.session import Session
from coach.suggest import judge as judges
from coach.suggest.grounds import CallGrounds
from coach.suggest.guard import Guard
from coach.suggest.stream import SuggestionStream
from coach.wire.publication import Publication


class Asking:
    """Made and used by the session's runner. `post` hands an input to the session."""

    def __init__(self, session: Session, shared: Shared, post: Callable[[Input], None]) -> None:
        self._session = session
        self._shared = shared
        self._post = post
        self._streams: dict[str, SuggestionStream] = {}
        self._grounds = CallGrounds()
        self._running: dict[str, tuple[judges.Reading, asyncio.Task[None]]] = {}
        """By utterance, what the judge reads now."""
        self._early: list[tuple[Judge, Judged]] = []
        """Verdicts that came before the ack of their final, and wait for it."""
        self._acked: dict[str, int] = {}

    def do(self, effect: Effect) -> None:
        """Start or stop what an effect says."""
        match effect:
            case Suggest(card, prompt):
                self._suggest(card, prompt)
            case StopSuggestion(card, status):
                if (stream := self._streams.get(card)) is not None:
                    stream.stop(status)
            case Judge():
                self._judge(effect)
            case StopJudging():
                self._stop_judging()

    def acked(self, source: str, seq: int) -> None:
        """The finals of this source up to `seq` are stored and acked: tell what waited for it."""
        self._acked[source] = seq
        due = [early for early in self._early if early[0].source == source and early[0].seq <= seq]
        self._early = [early for early in self._early if early not in due]
        for _, judged in due:
            self._post(judged)

    def stop(self) -> None:
        """End everything that is under way, and tell the session."""
        self._stop_judging()
        for stream in list(self._streams.values()):
            stream.stop("truncated" if stream.text else "failed")

    def streaming(self) -> dict[str, str]:
        """The text so far, by card."""
        return {card: stream.text for card, stream in self._streams.items()}

    def _suggest(self, card: str, prompt: Prompt) -> None:
        models = self._shared.models
        assert models.chain is not None

        def guard() -> Guard:
            self._grounds.hear(self._session.view.transcript)
            return models.guard(prompt, self._grounds, now_ms())

        stream = SuggestionStream(
            card, prompt, models.chain, guard, lambda piece, start: self._token(card, piece, start), self._suggested
        )
        self._streams[card] = stream
        stream.task = self._shared.spawn(stream.run(), "suggestion")

    def _token(self, card: str, piece: str, start: int) -> None:
        name = self._session.identity.session
        event = {"type": "token", "session": name, "at": now_ms(), "card": card, "start": start, "text": piece}
        publication = Publication(event, key=f"{name}:token:{card}", token=True)
        self._shared.hub.publish(session_topic(name), publication)

    def _suggested(self, end: SuggestionEnded) -> None:
        self._streams.pop(end.card, None)
        self._post(end)

    def _judge(self, asked: Judge) -> None:
        """Have a final read; beyond the judge's limit it is skipped."""
        judge = self._shared.models.judge
        if judge is None:
            self._post(Judged(asked.source, asked.utterance, "skipped", "", ""))
        elif (seat := judge.free()) is None:
            self._post(judge.skipped(asked))
        else:
            # The place is taken now: others ask in this same turn of the loop.
            reading = judge.begin(asked, seat)
            task = self._shared.spawn(self._read(asked, reading), "judge")
            # Also of a task that is cancelled before it has begun.
            task.add_done_callback(lambda _task: reading.release())
            self._running[_name(asked)] = reading, task

    async def _read(self, asked: Judge, reading: judges.Reading) -> None:
        judged = await reading.run()
        self._running.pop(_name(asked), None)
        if self._acked.get(asked.source, 0) >= asked.seq:
            self._post(judged)
        else:
            self._early.append((asked, judged))

    def _stop_judging(self) -> None:
        stopped = [reading.stopped() for reading, _ in self._running.values()]
        stopped += [replace(judged, status="stopped", objections=(), signals=()) for _, judged in self._early]
        for _, task in self._running.values():
            task.cancel()
        self._running, self._early = {}, []
        for judged in stopped:
            self._post(judged)


def _name(asked: Judge) -> str:
    return f"{asked.source}/{asked.utterance}"
