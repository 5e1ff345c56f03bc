"""Decides what is worth a bell: a context that got critical, a loop that is being broken, a model server that went."""

from __future__ import annotations

from console.format import visible
from proxy_core.snapshot import SessionView, Snapshot

LONGEST = 160
GONE = frozenset({"down", "refused"})


class Attention:
    """Tells of each trouble once, and again only after it was over. What is there at the first look is not told."""

    def __init__(self) -> None:
        self._raised: frozenset[tuple[str, str]] | None = None

    def look(self, snapshot: Snapshot) -> tuple[str, ...]:
        """One printable sentence for each new trouble."""
        if snapshot.lost_since is not None:
            return ()
        troubles = _troubles(snapshot)
        told = self._raised
        self._raised = frozenset(troubles)
        return () if told is None else tuple(text for key, text in troubles.items() if key not in told)


def _troubles(snapshot: Snapshot) -> dict[tuple[str, str], str]:
    found: dict[tuple[str, str], str] = {}
    upstream = snapshot.upstream
    if upstream.state in GONE:
        found["upstream", ""] = _sentence(f"the model server is {upstream.state}", upstream.detail)
    for view in snapshot.sessions:
        if view.level == "critical" and view.utilisation is not None:
            found["critical", view.key] = _sentence(f"the context of {_name(view)} is {view.utilisation:.0%} full")
        if view.loop_level:
            found["loop", view.key] = _sentence(f"{_name(view)} is in a loop", view.loop_why)
    return found


def _name(view: SessionView) -> str:
    return f"{view.short} {view.label}".strip()


def _sentence(what: str, why: str = "") -> str:
    """Begins with a word, for terminals read a number at the beginning of a notification as a command."""
    text = visible(f"Interlock: {what}" + (f": {why}" if why else ""))
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
