"""What the console says beside its screen: the window's title, the bell and notifications of the desktop."""

from __future__ import annotations

from collections.abc import Callable

from console.attention import Attention
from proxy_core.glance import glance
from proxy_core.snapshot import Snapshot

KEEP_TITLE = "\x1b[22;2t"
"""Puts the window's title on the terminal's stack."""

GIVE_TITLE_BACK = "\x1b[23;2t"


class Herald:
    """Writes only what is new: while nothing happens not a byte goes to the terminal."""

    def __init__(self, write: Callable[[str], None], *, ascii_only: bool) -> None:
        """`write` sends a control sequence to the terminal."""
        self.muted = False
        self._write = write
        self._ascii_only = ascii_only
        self._attention = Attention()
        self._title = ""

    def look(self, snapshot: Snapshot, now: float) -> None:
        """Say what is new in the picture."""
        troubles = self._attention.look(snapshot)
        if troubles and not self.muted:
            self._write("\a" + "".join(f"\x1b]9;{text}\x1b\\" for text in troubles))
        line = "lost" if snapshot.lost_since is not None else glance(snapshot, now, ascii_only=self._ascii_only)
        title = f"interlock {line}"
        if title != self._title:
            self._title = title
            self._write(f"\x1b]2;{title}\x1b\\")
