"""Publications that leave together: merged by their keys, and for many sockets put into bytes once."""

from collections.abc import Iterator

from coach.wire.codec import encode
from coach.wire.publication import Publication, text_frame


class Entry:
    """One frame to be: a publication, or the tokens of a card that merge into one."""

    __slots__ = ("publications", "size")

    def __init__(self, publication: Publication) -> None:
        self.publications = [publication]
        self.size = len(publication.frame)
        """About as many bytes as its frame will have."""

    def merge(self, publication: Publication) -> int:
        """A token goes behind the others, anything else takes the place; how many bytes it grew by."""
        if publication.token:
            grown = len(publication.event["text"].encode())
            self.publications.append(publication)
        else:
            grown = len(publication.frame) - self.size
            self.publications[:] = [publication]
        self.size += grown
        return grown

    def frame(self) -> bytes:
        """The prepared WebSocket frame."""
        if len(self.publications) == 1:
            return self.publications[0].frame
        first = self.publications[0].event
        text = "".join(publication.event["text"] for publication in self.publications)
        return text_frame(encode({**first, "text": text}))


class Burst:
    """What one topic says in a row. Every outbox that holds it writes the same bytes; the first one seals it."""

    __slots__ = ("_by_key", "_bytes", "_entries", "size")

    def __init__(self) -> None:
        self.size = 0
        self._entries: list[Entry] = []
        self._by_key: dict[str, Entry] = {}
        self._bytes: bytes | None = None

    @property
    def sealed(self) -> bool:
        """Whether it has left for somebody: nothing may be added any more."""
        return self._bytes is not None

    def add(self, publication: Publication) -> None:
        """One publication more, merging or replacing by its key. Not once it is sealed."""
        key = publication.key
        entry = self._by_key.get(key) if key is not None else None
        if entry is not None:
            self.size += entry.merge(publication)
            return
        entry = Entry(publication)
        self._entries.append(entry)
        self.size += entry.size
        if key is not None:
            self._by_key[key] = entry

    def frames(self) -> bytes:
        """All frames, one behind the other."""
        if self._bytes is None:
            self._bytes = b"".join([entry.frame() for entry in self._entries])
        return self._bytes

    def publications(self) -> Iterator[Publication]:
        """One by one, for an outbox that has to count what waits."""
        for entry in self._entries:
            yield from entry.publications
