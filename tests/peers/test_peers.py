"""The benchmark beside the peers: its arithmetic, and one small round of it against a real Coach."""

import asyncio
import socket
import sys
from pathlib import Path
from typing import Any

import pytest

from benchmarks.cores import Cores
from benchmarks.peers import echo, roster, table, verdicts, wires
from benchmarks.peers.crowd import Crowd
from benchmarks.peers.echo import EchoStage, Search
from benchmarks.peers.fanout import Stage, order
from benchmarks.peers.launch import Services, running
from benchmarks.peers.results import Results
from benchmarks.peers.roster import BY_NAME
from benchmarks.peers.verdicts import Target
from benchmarks.speech import Material, Script
from benchmarks.wire import frame, masked
from coach.demo.player import CallTurn

HEAD = {"same": {"code": "a"}, "machine": {}, "peers": {}}


def sample(server: str, number: int, slot: int, rate: float, **more: Any) -> dict[str, Any]:
    key = {"part": "fan-out", "n": 100, "kind": "full", "server": server, "round": number, "slot": slot}
    return {**key, "frames_per_s": rate, **more}


def filled(path: Path, *samples: dict[str, Any]) -> Results:
    results = Results(path, HEAD)
    for each in samples:
        results.add(each, {})
    return results


def test_a_round_visits_coach_before_every_few_peers() -> None:
    assert order(["a", "b", "c"], "coach", 2) == ["coach", "a", "b", "coach", "c"]


def test_a_ratio_is_of_two_samples_that_follow_each_other(tmp_path: Path) -> None:
    results = filled(
        tmp_path / "r.jsonl",
        *(
            sample("coach", 1, 0, 100),
            sample("ws", 1, 1, 50),
            sample("coach", 1, 2, 400),
            sample("socketio", 1, 3, 100),
        ),
        *(sample("coach", 2, 0, 90), sample("ws", 2, 1, 90), sample("coach", 2, 2, 100), sample("socketio", 2, 3, 100)),
        *(sample("coach", 3, 0, 300), sample("ws", 3, 1, 100), sample("coach", 3, 2, 90), sample("socketio", 3, 3, 90)),
    )
    rows = {row.peer: row for row in verdicts.rows(results) if row.what == "fan-out, at saturation"}
    ws, socketio = rows["Node ws"], rows["Node socket.io"]
    assert ws.ratio is not None and (ws.ratio.low, ws.ratio.median, ws.ratio.high) == (1, 2, 3)
    assert ws.reached is None
    assert socketio.ratio is not None and socketio.ratio.median == 1
    assert socketio.reached is False
    assert table.cells(socketio)[-2:] == ("≥ 2", "MISSED")


def test_a_peer_that_delivers_nothing_has_no_ratio(tmp_path: Path) -> None:
    results = filled(tmp_path / "r.jsonl", sample("coach", 1, 0, 100), sample("socketio", 1, 1, 0))
    row = next(row for row in verdicts.rows(results) if row.what == "fan-out, at saturation")
    assert row.ratio is None and row.reached is None


def test_a_table_is_kept_between_the_marks_of_its_page(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("before\n<!-- peers -->\nold\n<!-- /peers -->\nafter\n", encoding="utf-8")
    results = filled(
        tmp_path / "r.jsonl", sample("coach", 1, 0, 100), sample("ws", 1, 1, 50), sample("socketio", 1, 2, 50)
    )
    table.keep(verdicts.rows(results), "a machine", page)
    text = page.read_text(encoding="utf-8")
    assert text.startswith("before\n") and text.endswith("after\n") and "old" not in text
    assert "| fan-out, at saturation | 100 | Node ws | 100 | 50.0 | events/s | 2.00 | 2.00 – 2.00 |  |  |" in text
    assert "|  |  | Node socket.io | 100 | 50.0 | events/s | 2.00 | 2.00 – 2.00 | ≥ 2 | kept |" in text


@pytest.mark.parametrize(("value", "kept"), [(2.0, True), (1.99, False)])
def test_a_bound_is_kept_by_itself(value: float, kept: bool) -> None:
    assert Target(at_least=2).reached(value) is kept
    assert Target(at_most=2).reached(4 - value) is kept


def test_a_busy_generator_beside_an_idle_server_is_told(tmp_path: Path) -> None:
    results = filled(
        tmp_path / "r.jsonl",
        sample("ws", 1, 0, 1, generator_share=0.99, server_share=0.5),
        sample("ws", 2, 0, 1, generator_share=0.99, server_share=1.0),
        sample("ws", 3, 0, 1, generator_share=0.5, server_share=0.5, missing=3),
    )
    assert table.doubts(results) == [
        "Node ws, fan-out 100 full: deliveries missing: 3",
        "1 of 3 samples: the generator's core was over 95% busy, the server's not full",
    ]


def test_a_stopped_run_goes_on_and_other_code_begins_anew(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    first = sample("coach", 1, 0, 100)
    filled(path, first)
    with path.open("ab") as out:
        out.write(b'{"part":"fan-')  # the process died while it wrote
    again = Results(path, HEAD)
    assert again.has(first) and not again.has({**first, "round": 2})
    again.add(sample("coach", 2, 0, 50), {})
    assert len(Results(path, HEAD).samples) == 2
    assert not Results(path, {**HEAD, "same": {"code": "b"}}).samples


def held_by(most: int, start: int, hiccup: int = 0, tries: int = 60) -> int:
    search = Search(start, 20_000, tries)
    turn = 0
    while search.next is not None:
        turn += 1
        assert turn <= tries
        search.tell(search.next <= most and turn != hiccup)
    return search.held


@pytest.mark.parametrize("start", [100, 900, 1_000, 5_000])
@pytest.mark.parametrize("hiccup", [0, 1, 2])
def test_a_search_finds_the_edge_from_either_side_in_spite_of_a_hiccup(start: int, hiccup: int) -> None:
    assert 1_000 / 1.26 <= held_by(1_000, start, hiccup) <= 1_000


def test_a_search_of_a_server_that_holds_none_ends() -> None:
    assert held_by(0, 1_000) == 0
    assert held_by(0, 1_000, tries=3) == 0


async def test_events_are_counted_wherever_reads_cut_them() -> None:
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    crowd = Crowd([ours])
    event = b'\x81\x20{"type":"transcript","offset":1,"seq":1,"text":"x"}'
    for place in range(len(event)):
        for part in (event[:place], event[place:]):
            theirs.sendall(part)
            await asyncio.sleep(0)
            await asyncio.sleep(0)
    async with asyncio.timeout(5):
        while crowd.bytes < len(event) ** 2:
            await asyncio.sleep(0)
    assert crowd.delivered == len(event)
    crowd.close()
    theirs.close()


async def test_lateness_counts_from_when_a_final_was_due() -> None:
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    crowd = Crowd([ours])
    crowd.listen([0.0, 0.0])
    for part in (b'{"seq":', b'1,"a":0}{"se', b'q":2', b"}"):
        theirs.sendall(part)
        before = crowd.bytes
        async with asyncio.timeout(5):
            while crowd.bytes == before:
                await asyncio.sleep(0)
    assert len(crowd.took) == 2 and crowd.took[1] >= crowd.took[0] > 0
    crowd.close()
    theirs.close()


def test_a_frame_is_what_was_put_into_it() -> None:
    for size in (0, 125, 126, 4_000):
        assert wires.payload_of(masked(b"x" * size)) == b"x" * size


@pytest.fixture(scope="module")
def material() -> Material:
    turn = CallTurn(speaker="seller", text="We deliver it on Monday.", start_ms=0, end_ms=1500)
    return Material({"type": "hello", "language": "en", "pack": "general"}, (), (turn,), (turn,))


@pytest.mark.parametrize("name", ["coach", "starlette"])
async def test_a_round_delivers_all_and_in_time(name: str, material: Material, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(roster, "PYTHON", Path(sys.executable))  # it has all that this peer needs
    nowhere = Cores(None, None)
    async with running(BY_NAME[name], nowhere, Services()) as server:
        stage = await Stage.open(server, "round", 3, material)
        await stage.rehearse(0.1)
        full = await stage.saturate(0.05, 0.2)
        half = await stage.at(50, 0.1, 0.2)
        stage.close()
    assert full["frames_per_s"] > 0 and not full["missing"] and not full["errors"]
    assert half["samples"] == 3 * 10 and not half["missing"] and half["p99_ms"] >= half["p50_ms"] > 0


async def test_a_peer_echoes_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(roster, "PYTHON", Path(sys.executable))
    monkeypatch.setattr(echo, "SESSIONS", 5)
    script = Script({}, (frame({"utterance": "u1", "text": "x" * 300}),), (), ())
    async with running(BY_NAME["uvicorn"], Cores(None, None), Services()) as server:
        stage = await EchoStage.open(server, [script])
        sample = await stage.at(25, 0.1, 0.2)
        stage.close()
    assert sample["samples"] == 20 and not sample["missing"] and echo.holds(sample)
