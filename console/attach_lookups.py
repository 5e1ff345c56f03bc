"""What screens of an attached console look into: kept, and fetched anew for as long as somebody looks."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from console.attach_link import CannotAttach, fetch, understood
from console.http_link import Link
from proxy_core.record_views import RecordView, RequestView, SessionDetail

WATCHED_SECONDS = 3.0
"""What nobody asked for within this time is dropped."""

REFRESH_SECONDS = 1.0
"""How old a value may get. The record of a request that has ended is fetched only once."""

KINDS: dict[str, tuple[str, Any]] = {
    "detail": ("session", SessionDetail | None),
    "requests": ("session", tuple[RequestView, ...]),
    "record": ("request", RecordView | None),
}


@dataclass(slots=True)
class _Kept:
    value: Any
    asked: float
    fetched: float

    def is_stale(self, now: float) -> bool:
        if isinstance(self.value, RecordView) and self.value.request.state != "running":
            return False
        return now - self.fetched > REFRESH_SECONDS


class Lookups:
    """`get` is the face's, `refresh` the watching thread's."""

    def __init__(self, call: Callable[[Callable[[Link], Any]], Any]) -> None:
        """`call` asks the proxy on another thread and waits at most a second. It raises `CannotAttach`."""
        self._call = call
        self._kept: dict[tuple[str, str], _Kept] = {}
        self._lock = threading.Lock()

    def get(self, path: str, key: str) -> Any:
        """The value, fetched only the first time; None when that fails."""
        now = time.monotonic()
        with self._lock:
            kept = self._kept.get((path, key))
            if kept is not None:
                kept.asked = now
                return kept.value
        try:
            value = self._call(lambda link: _fetched(link, path, key))
        except CannotAttach:
            return None
        with self._lock:
            self._kept[path, key] = _Kept(value, now, now)
        return value

    def refresh(self, link: Link) -> None:
        """Fetch anew what is looked at, and drop the rest. Raises `CannotAttach` and `LinkFailed`."""
        now = time.monotonic()
        with self._lock:
            self._kept = {key: kept for key, kept in self._kept.items() if now - kept.asked < WATCHED_SECONDS}
            stale = [key for key, kept in self._kept.items() if kept.is_stale(now)]
        for key in stale:
            value = _fetched(link, *key)
            with self._lock:
                kept = self._kept.get(key)
                if kept is not None:
                    kept.fetched = now
                    if kept.value != value:
                        kept.value = value

    def forget(self) -> None:
        """The proxy was started anew."""
        with self._lock:
            self._kept.clear()


def _fetched(link: Link, path: str, key: str) -> Any:
    name, kind = KINDS[path]
    return understood(link, kind, fetch(link, path, **{name: key}))
