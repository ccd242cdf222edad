"""Names for sockets of this instance, by which a session's owner elsewhere answers them."""

from weakref import WeakKeyDictionary, WeakValueDictionary

from coach.live.ports import Sender


class Names:
    """Who is who. Whoever is gone is forgotten by itself."""

    def __init__(self) -> None:
        self._names: WeakKeyDictionary[Sender, str] = WeakKeyDictionary()
        self._senders: WeakValueDictionary[str, Sender] = WeakValueDictionary()
        self._count = 0

    def of(self, sender: Sender) -> str:
        """The sender's name; the same one each time."""
        name = self._names.get(sender)
        if name is None:
            self._count += 1
            name = self._names[sender] = str(self._count)
            self._senders[name] = sender
        return name

    def get(self, name: str) -> Sender | None:
        """Who has that name, if they are still there."""
        return self._senders.get(name)
