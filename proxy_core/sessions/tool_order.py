"""Keeps the tools of a conversation in one order: they stand at the beginning of the prompt."""

from __future__ import annotations

from operator import itemgetter

from proxy_core.translate.types import JsonObject

MOST = 1000


class ToolOrder:
    """The names of a conversation's tools in the order in which they first came."""

    __slots__ = ("_places",)

    def __init__(self) -> None:
        self._places: dict[str, int] = {}

    def steady(self, tools: list[JsonObject]) -> list[JsonObject]:
        """Chat Completions tools in the known order, new ones behind in their own; the same list if that is its order.

        A client that reorders its tools, or puts one that it loaded between the others, would have the whole
        conversation behind them read again.
        """
        known = self._places
        if len(known) > MOST:
            known.clear()
        places = [known.setdefault(str(tool["function"]["name"]), len(known)) for tool in tools]
        if places == sorted(places):
            return tools
        return [tool for _, tool in sorted(zip(places, tools, strict=True), key=itemgetter(0))]
