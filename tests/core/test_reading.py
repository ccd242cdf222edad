"""Frames as they come in, in any pieces, are what the library would have read."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from websockets.frames import Frame, Opcode

from coach.wire.reading import Reading

MOST = 1_000


def wire(opcode: Opcode, payload: bytes, *, fin: bool = True) -> bytes:
    return Frame(opcode, payload, fin).serialize(mask=True)


TEXTS = st.text(max_size=300).map(lambda text: (text, wire(Opcode.TEXT, text.encode())))
OTHERS = st.one_of(
    st.binary(max_size=125).map(lambda payload: wire(Opcode.PING, payload)),
    st.binary(max_size=400).map(lambda payload: wire(Opcode.BINARY, payload)),
    st.just(wire(Opcode.CLOSE, b"\x03\xe8")),
    st.just(wire(Opcode.TEXT, b"\xff\xfe")),
).map(lambda frame: (frame, frame))


def fed(pieces: list[bytes], most: int = MOST) -> list[str | bytes]:
    reading = Reading(most)
    return [message for piece in pieces for message in reading.feed(piece)]


def cut(data: bytes, places: list[int]) -> list[bytes]:
    ends = sorted({place % (len(data) + 1) for place in places} | {len(data)})
    return [data[start:end] for start, end in zip([0, *ends], ends, strict=False)]


@settings(max_examples=200, deadline=None)
@given(frames=st.lists(st.one_of(TEXTS, OTHERS), max_size=12), places=st.lists(st.integers(0, 10_000), max_size=30))
def test_texts_come_as_texts_and_all_else_frame_by_frame(frames: list[Any], places: list[int]) -> None:
    stream = b"".join(frame for _, frame in frames)
    assert fed(cut(stream, places)) == [message for message, _ in frames]
    assert fed([bytes((byte,)) for byte in stream]) == [message for message, _ in frames]


def test_what_stands_between_fragments_is_left_to_the_library() -> None:
    first, ping, text, last = (
        wire(Opcode.TEXT, b"a", fin=False),
        wire(Opcode.PING, b""),
        wire(Opcode.TEXT, b"b"),
        wire(Opcode.CONT, b"c"),
    )
    assert fed([first + ping + last + text]) == [first, ping, last, "b"]
    assert fed([first + text]) == [first, text]


@pytest.mark.parametrize(
    "bad",
    [
        Frame(Opcode.TEXT, b"unmasked").serialize(mask=False),
        wire(Opcode.TEXT, b"x" * (MOST + 1)),
        wire(Opcode.TEXT, b"x" * 70_000),
        b"\x81\xff" + b"\xff" * 8,
    ],
)
def test_after_a_frame_that_cannot_be_the_library_gets_everything_as_it_comes(bad: bytes) -> None:
    good = wire(Opcode.TEXT, b"good")
    pieces = [piece for piece in (bad[:50], bad[50:], good) if piece]
    assert fed([good + pieces[0], *pieces[1:]]) == ["good", *pieces]


def test_a_frame_that_comes_byte_by_byte_costs_what_its_bytes_cost() -> None:
    stream = wire(Opcode.TEXT, b"x" * 60_000)
    reading = Reading(64 * 1024)
    found = [message for byte in stream for message in reading.feed(bytes((byte,)))]
    assert found == ["x" * 60_000]
    assert len(reading._left) == 0
