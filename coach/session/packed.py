"""A list of events that a whole call keeps: the newest as they are, the older ones packed."""

import zlib
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any, overload

import orjson

BLOCK = 32
"""Events packed at once: events repeat each other, and to read an old one costs its block."""
LEVEL = 1
"""The fastest: what events repeat, it finds too (docs/design.md, "What a call keeps")."""
Event = dict[str, Any]


class PackedEvents(Sequence[Event]):
    """Append-only. At most `2 * BLOCK` events are kept open, the newest; an older one is a copy for each reader.

    Appending is O(1) with the packing of a block now and then, reading an old event O(block).
    """

    __slots__ = ("_blocks", "_recent")

    def __init__(self) -> None:
        self._blocks: list[bytes] = []
        self._recent: list[Event] = []

    def append(self, event: Event) -> None:
        """Keep the next event. It must not change any more."""
        self._recent.append(event)
        if len(self._recent) == 2 * BLOCK:
            self._blocks.append(zlib.compress(orjson.dumps(self._recent[:BLOCK]), LEVEL))
            del self._recent[:BLOCK]

    def __len__(self) -> int:
        return len(self._blocks) * BLOCK + len(self._recent)

    @overload
    def __getitem__(self, index: int) -> Event: ...
    @overload
    def __getitem__(self, index: slice) -> list[Event]: ...
    def __getitem__(self, index: int | slice) -> Event | list[Event]:
        if isinstance(index, slice):
            start, stop, step = index.indices(len(self))
            if step != 1:
                raise ValueError("only in order: a step must be 1")
            return list(islice(self._since(start), max(0, stop - start)))
        place = index + len(self) if index < 0 else index
        if not 0 <= place < len(self):
            raise IndexError(index)
        return next(self._since(place))

    def __iter__(self) -> Iterator[Event]:
        return self._since(0)

    def __reversed__(self) -> Iterator[Event]:
        yield from reversed(self._recent)
        for block in reversed(self._blocks):
            yield from reversed(_unpacked(block))

    def __eq__(self, other: object) -> bool:
        return list(self) == list(other) if isinstance(other, PackedEvents) else NotImplemented

    __hash__ = None  # type: ignore[assignment]

    def _since(self, start: int) -> Iterator[Event]:
        first, skip = divmod(start, BLOCK)
        for block in self._blocks[first:]:
            yield from _unpacked(block)[skip:]
            skip = 0
        yield from islice(self._recent, max(0, start - len(self._blocks) * BLOCK), None)


def _unpacked(block: bytes) -> list[Event]:
    events: list[Event] = orjson.loads(zlib.decompress(block))
    return events
