"""The tools that a request declares, as far as reading calls out of text needs them: names and types of inputs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

import orjson

from proxy_core.translate.chunks import as_object, decode_json
from proxy_core.translate.types import JsonObject


@dataclass(frozen=True, slots=True)
class ToolBook:
    """Names of the declared tools, and their input schemas by name where they are known."""

    names: frozenset[str]
    schemas: Mapping[str, JsonObject]

    def arguments(self, name: str, pairs: list[tuple[str, str]]) -> str:
        """Arguments of a call whose values were written as plain text, as JSON text with the types of the schema.

        Without a schema only numbers and booleans are taken as such: a text such as `[1]` or `{}` may be the content of
        a file.
        """
        known = as_object(as_object(self.schemas.get(name)).get("properties"))
        if known:
            values = {key: _typed(value, known.get(key)) for key, value in pairs}
        else:
            values = {key: _guessed(value) for key, value in pairs}
        return orjson.dumps(values).decode()


def _typed(value: str, schema: Any) -> Any:
    wanted = _types(schema)
    if not wanted or "string" in wanted:
        return value
    text = value.strip()
    if text.lower() in ("true", "false") and "boolean" in wanted:
        return text.lower() == "true"
    found = decode_json(text)
    return value if found is None and text != "null" else found


def _guessed(value: str) -> Any:
    found = decode_json(value.strip())
    return found if isinstance(found, bool | int | float) else value


def _types(schema: Any) -> set[str]:
    """The JSON types that a schema names, through `anyOf` and `oneOf`; empty when it names none."""
    if not isinstance(schema, dict):
        return set()
    known = cast("JsonObject", schema)
    kind: Any = known.get("type")
    found: set[str] = {kind} if isinstance(kind, str) else set(cast("list[str]", kind)) if kind else set()
    for key in ("anyOf", "oneOf"):
        options: Any = known.get(key)
        for option in cast("list[Any]", options) if isinstance(options, list) else []:
            found |= _types(option)
    return found
