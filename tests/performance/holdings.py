"""Counts what the program holds: how long every list, dictionary, set and queue is that a root leads to."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator, Mapping
from typing import Any

from textual.widget import Widget

OWN = ("proxy_core", "console")
OF_WIDGETS = frozenset(vars(Widget()))
CONTAINERS = (list, tuple, set, frozenset, deque)


def holdings(**roots: object) -> Counter[str]:
    """Entries by path, those of containers with the same path added up: `engine.sessions._sessions[].acts`.

    Only the program's own objects are looked into; what Textual or asyncio hold is theirs.
    """
    found: Counter[str] = Counter()
    seen: set[int] = set()
    waiting: deque[tuple[str, Any]] = deque(roots.items())
    while waiting:
        path, value = waiting.popleft()
        if id(value) in seen or isinstance(value, type):
            continue
        if isinstance(value, (Mapping, *CONTAINERS)):
            seen.add(id(value))
            found[path] += len(value)
            entries = value.values() if isinstance(value, Mapping) else value
            waiting += [(f"{path}[]", entry) for entry in tuple(entries)]
        elif type(value).__module__.partition(".")[0] in OWN:
            seen.add(id(value))
            waiting += [(f"{path}.{name}", entry) for name, entry in _attributes(value)]
    return found


def _attributes(value: object) -> Iterator[tuple[str, Any]]:
    own = getattr(value, "__dict__", {})
    yield from ((name, own[name]) for name in own if not isinstance(value, Widget) or name not in OF_WIDGETS)
    for kind in type(value).__mro__:
        for name in getattr(kind, "__slots__", ()):
            if hasattr(value, name):
                yield name, getattr(value, name)
