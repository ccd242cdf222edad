"""Text of a model, made fit to be sent: valid Unicode, nothing invisible. Pure."""

import re

# Controls, and what is written but not seen: it could part a figure so that it passes for two.
_UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff]")
_SURROGATE = re.compile(r"[\ud800-\udfff]")


class Cleaner:
    """One stream's. A character that comes in halves is put together."""

    def __init__(self) -> None:
        self._half = ""

    def feed(self, piece: str) -> str:
        """What of the text so far can be sent."""
        text = self._half + piece
        self._half = ""
        if text and "\ud800" <= text[-1] <= "\udbff":
            text, self._half = text[:-1], text[-1]
        return clean(text)


def clean(text: str) -> str:
    """The text without what cannot be encoded or seen; half a character becomes U+FFFD."""
    if _SURROGATE.search(text):
        text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return _UNSEEN.sub("", text)
