"""What a whole call keeps in little memory reads as if nothing was packed."""

import sys
from itertools import islice
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coach.live import history as history_module
from coach.live.history import BLOCK, History
from coach.session.packed import PackedEvents
from coach.wire.publication import frames_of, text_frame


def event(number: int) -> dict[str, Any]:
    return {"type": "transcript", "offset": number, "text": f"Zażółć {number} – gęślą jaźń", "seq": None}


def frame(number: int, spaces: int = 2_800) -> bytes:
    """Of many lengths: their headers have bytes that JSON on one line never has."""
    payload = b'{"type":"objection","offset":%d,"quote":"that is rather a lot for a car like this one"}' % number
    return text_frame(payload + b" " * (number * 37 % spaces))


@settings(max_examples=60, deadline=None)
@given(count=st.integers(0, 200), start=st.integers(-220, 220), stop=st.integers(-220, 220))
def test_packed_events_read_like_a_list(count: int, start: int, stop: int) -> None:
    plain, packed = [event(number) for number in range(count)], PackedEvents()
    for each in plain:
        packed.append(each)
    assert len(packed) == count
    assert list(packed) == plain
    assert list(reversed(packed)) == plain[::-1]
    assert packed[start:stop] == plain[start:stop]
    assert packed[start:] == plain[start:]
    if -count <= start < count:
        assert packed[start] == plain[start]
    else:
        with pytest.raises(IndexError):
            packed[start]


def test_packed_events_have_no_other_step() -> None:
    with pytest.raises(ValueError, match="step"):
        PackedEvents()[::2]


@settings(max_examples=60, deadline=None)
@given(count=st.integers(0, 4 * BLOCK), offset=st.integers(0, 4 * BLOCK), more=st.integers(0, 2 * BLOCK))
def test_history_gives_every_frame_behind_an_offset_that_was_there_when_asked(
    count: int, offset: int, more: int
) -> None:
    history = History("e")
    for number in range(1, count + 1):
        history.append(frame(number))
    asked = history.after(offset) if offset <= count else iter(())
    for number in range(count + 1, count + more + 1):
        history.append(frame(number))
    assert list(asked) == [frame(number) for number in range(offset + 1, count + 1)]
    assert history.last == count + more


@settings(max_examples=100, deadline=None)
@given(
    sizes=st.lists(st.sampled_from([0, 1, 10, 125, 126, 266, 2_560, 2_570, 65_535, 65_536]) | st.integers(0, 70_000))
)
def test_joined_frames_come_apart_whatever_their_lengths_spell(sizes: list[int]) -> None:
    frames = [text_frame(b"\n" * size) for size in sizes]
    assert list(frames_of(b"".join(frames))) == frames


@pytest.mark.parametrize("limit", ["LIMIT_EVENTS", "LIMIT_BYTES"])
def test_history_is_bounded_and_says_what_it_let_go(monkeypatch: pytest.MonkeyPatch, limit: str) -> None:
    monkeypatch.setattr(history_module, limit, 6 * BLOCK if limit == "LIMIT_EVENTS" else 20_000)
    history = History("e")
    for number in range(1, 40 * BLOCK):
        history.append(frame(number))
        assert history.last == number
    assert history.first > 1
    assert history.last - history.first < 40 * BLOCK - 2
    assert history.why_not(history.first - 2, "e") == "trimmed"
    assert history.why_not(history.first - 1, "e") is None
    assert list(history.after(history.first - 1)) == [frame(n) for n in range(history.first, history.last + 1)]
    assert next(islice(history.after(history.last - 1), 1)) == frame(history.last)


def test_old_frames_take_a_quarter_of_their_bytes_at_most() -> None:
    history, whole = History("e"), 0
    for number in range(1, 20 * BLOCK):
        history.append(frame(number, spaces=1))
        whole += sys.getsizeof(frame(number, spaces=1))
    newest = sum(map(sys.getsizeof, list(history.after(history.last - 2 * BLOCK))))
    assert history._bytes < newest + (whole - newest) / 4
