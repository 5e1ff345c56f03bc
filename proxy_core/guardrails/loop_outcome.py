"""What a call gave back, as far as going in circles is concerned."""

from __future__ import annotations

from proxy_core.guardrails.loop_text import ends, normalised, without_digits

LONGEST_ERROR = 200


class Outcome:
    """The result of a call. It is normalised only when it has to be compared: most calls are never made twice.

    `epoch`, `at` and `seen` belong to the scorer: the state of the workspace and the turn in which it was last met, and
    how often.
    """

    __slots__ = ("_normal", "at", "epoch", "error", "seen", "text")

    def __init__(self, text: str, *, error: bool) -> None:
        self.text = ends(text)
        self.error = error
        self.epoch = -1
        self.at = 0
        self.seen = 0
        self._normal: str | None = None

    @property
    def normal(self) -> str:
        """The text without what does not count."""
        if self._normal is None:
            self._normal = normalised(self.text)
        return self._normal

    def same(self, other: Outcome) -> bool:
        """Whether both say the same."""
        return self.error == other.error and (self.text == other.text or self.normal == other.normal)

    def alike(self, other: Outcome) -> bool:
        """Whether both say the same but for numbers."""
        return self.error == other.error and without_digits(self.normal) == without_digits(other.normal)

    @property
    def complaint(self) -> str:
        """The first line of an error, "" for any other result."""
        lines = self.text.strip().splitlines() if self.error else []
        return lines[0][:LONGEST_ERROR] if lines else ""
