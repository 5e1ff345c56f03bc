"""Keeps the tools of a conversation in one order: they stand at the beginning of the prompt."""

from __future__ import annotations

from collections.abc import Sequence

from proxy_core.translate.types import JsonObject

MOST = 1000


class ToolOrder:
    """The names of a conversation's tools in the order in which they first came."""

    def __init__(self) -> None:
        self._places: dict[str, int] = {}

    def steady(self, tools: Sequence[JsonObject]) -> list[JsonObject]:
        """Chat Completions tools in the known order, new ones behind in their own.

        A client that reorders its tools, or puts one that it loaded between the others, would have the whole
        conversation behind them read again.
        """
        names = [str(tool["function"]["name"]) for tool in tools]
        if len(self._places) > MOST:
            self._places.clear()
        for name in names:
            self._places.setdefault(name, len(self._places))
        return [tool for _, tool in sorted(zip(names, tools, strict=True), key=lambda named: self._places[named[0]])]
