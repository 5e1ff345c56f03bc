"""Which sets of tools the model server could not make a grammar of: later turns need not be refused first."""

from __future__ import annotations

from collections import OrderedDict

import orjson

from proxy_core.translate.tool_schemas import without_grammar_traps
from proxy_core.translate.types import Change, JsonObject

TOOL_SETS_KEPT = 64


class GrammarMemory:
    """Remembers refused sets of tools, the latest ones. Forgetting one costs a refused call."""

    def __init__(self) -> None:
        self._refused: OrderedDict[int, None] = OrderedDict()

    def refuse(self, body: JsonObject) -> bool:
        """The grammar of the body's tools was refused; whether that is new and simpler schemas are a help."""
        if not body.get("tools") or _key(body) in self._refused or not without_grammar_traps(body["tools"])[1]:
            return False
        self._refused[_key(body)] = None
        if len(self._refused) > TOOL_SETS_KEPT:
            self._refused.popitem(last=False)
        return True

    def simplified(self, body: JsonObject) -> tuple[JsonObject, tuple[Change, ...]]:
        """The body with schemas that any grammar can express if this set of tools was refused, else as it is."""
        if not self._refused or not body.get("tools") or _key(body) not in self._refused:
            return body, ()
        tools, changes = without_grammar_traps(body["tools"])
        return {**body, "tools": tools}, tuple(changes)


def _key(body: JsonObject) -> int:
    return hash((body.get("model"), orjson.dumps(body["tools"])))
