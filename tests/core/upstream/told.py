"""Who sends a request, and what it is told meanwhile."""

from __future__ import annotations


class Told:
    """Notes the further tries, as (reason, number, pause), and how often the request went out."""

    def __init__(self) -> None:
        self.retries: list[tuple[str, int, float]] = []
        self.sent = 0

    def retried(self, reason: str, attempt: int, pause: float) -> None:
        self.retries.append((reason, attempt, pause))

    def waiting(self, waiting: bool, /) -> None:
        """Of no interest here."""

    def goes_out(self) -> None:
        self.sent += 1
