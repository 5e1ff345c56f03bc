"""Parts of a Chat Completions body that go out turn after turn: each keeps its own JSON, so it is written once."""

from __future__ import annotations

from typing import Any

import orjson

from proxy_core.exact import exact
from proxy_core.translate.types import JsonObject


class Written(dict[str, Any]):
    """A message or tool that is never changed once it was made; `piece` is what the outline of a prompt knows of it.

    A changed copy (`part | {...}`) is an ordinary `dict`, which knows nothing.
    """

    __slots__ = ("json", "piece")

    def __init__(self, fields: JsonObject) -> None:
        super().__init__(fields)
        self.json: orjson.Fragment | None = None
        self.piece: Any = None

    def write(self) -> orjson.Fragment:
        """Its JSON, ready to be set into other JSON, made the first time."""
        self.json = orjson.Fragment(exact(orjson.dumps(self)))
        return self.json


def write(body: JsonObject) -> bytes:
    """The JSON of a Chat Completions body, byte for byte what `orjson.dumps` gives."""
    parts = {name: _fragments(body[name]) for name in ("messages", "tools") if name in body}
    return orjson.dumps({**body, **parts})


def _fragments(parts: list[JsonObject]) -> list[object]:
    return [(part.json or part.write()) if type(part) is Written else part for part in parts]
