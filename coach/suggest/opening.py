"""The first line of a suggestion, which the seller says aloud: short, whatever the model does. Pure.

A line that goes on too long is broken where a sentence or a clause ends, at the latest behind `SAY_WORDS` words, but
never within a figure or a mark of the guard. Only blanks change. Only a blank at a break waits for what follows it:
no word ever does.
"""

from coach.suggest.prompt import SAY_WORDS

SENTENCE_WORDS = 12
"""Behind so many words the end of a sentence is the line's: another one would be too much."""
CLAUSE_WORDS = 15
ABBREVIATION_CHARS = 3
"""A point behind a word so short ends no sentence."""
_CLOSING = "\"'”“’»)"
_OPENS = "£$€#+-–"
"""Before a number, these belong to it."""


class Opening:
    """One stream's first line. However the text is cut into pieces, the same comes out."""

    def __init__(self) -> None:
        self._words = 0
        """Of the line, with the one that grows."""
        self._word = ""
        self._blanks = ""
        """Held at a break; lost if nothing follows."""
        self._marked = False
        """Within brackets."""
        self._over = False

    def feed(self, text: str) -> str:
        """What can be sent now. O(text)."""
        if self._over:
            return text
        out: list[str] = []
        for place, char in enumerate(text):
            if char == "\n" and self._words:
                self._over = True
                return "".join((*out, self._blanks, text[place:]))
            if not char.isspace():
                if self._blanks:
                    self._over = True
                    return "".join((*out, "\n", text[place:]))
                self._words += not self._word
                self._word += char
                self._marked = char == "[" or (self._marked and char != "]")
                out.append(char)
            elif self._blanks or self._breaks():
                self._blanks += char
            else:
                self._word = ""
                out.append(char)
        return "".join(out)

    def _breaks(self) -> bool:
        """Whether the line may end behind the word that has just ended."""
        word = self._word.rstrip(_CLOSING)
        if not word or self._marked or self._words < SENTENCE_WORDS:
            return False
        last = word[-1]
        if last in "!?…" or (last == "." and len(word) > ABBREVIATION_CHARS and not word[-2].isdigit()):
            return True
        if last in ",;:" and self._words >= CLAUSE_WORDS:
            return True
        return self._words >= SAY_WORDS and not last.isdigit() and last not in _OPENS
