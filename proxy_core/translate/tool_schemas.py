r"""Tool schemas without what llama.cpp's grammar cannot express, for one more try after it refused them.

llama.cpp makes one grammar of all tools, so a single odd schema fails the whole request ("failed to parse grammar",
"JSON schema conversion failed", "JSON schema error at ..."). Seen to fail: patterns with look-arounds, classes like
`\d`, without both anchors or not valid at all (older builds); minimum lengths of some thousands; `true` as a schema,
`enum: []`, an unknown `type`, a `$ref` that leads nowhere.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any, cast

from proxy_core.translate.types import Change, JsonObject

_ONE = ("items", "additionalItems", "contains", "not", "if", "then", "else", "propertyNames", "unevaluatedItems")
_MANY = ("anyOf", "oneOf", "allOf", "prefixItems", "items")
_NAMED = ("properties", "patternProperties", "$defs", "definitions", "dependentSchemas")
_TYPES = frozenset(("object", "array", "string", "number", "integer", "boolean", "null"))
_FORMATS = frozenset(("date", "time", "date-time", "uuid", "uuid1", "uuid2", "uuid3", "uuid4", "uuid5"))
_COUNTS = ("minLength", "maxLength", "minItems", "maxItems")
MOST_REPEATS = 1000
"""Beyond 2000 llama.cpp's grammar parser refuses; nested repeats multiply, so a margin is left."""

_UNSAFE_PATTERN = re.compile(r"\\[A-Za-z0-9]|\(\?|\[:|[*+?}][?+]")
_REPEAT = re.compile(r"\{(\d*),?(\d*)\}")


def without_grammar_traps(tools: list[JsonObject]) -> tuple[list[JsonObject], tuple[Change, ...]]:
    """OpenAI tools whose schemas any grammar can express, and a change for each tool that lost something.

    Only constraints go; names, types and structure stay, and so does a property that is *called* `pattern`. The input
    is not altered, and the same tools always give the same result.
    """
    cleaned: list[JsonObject] = []
    changes: list[Change] = []
    for tool in tools:
        function: JsonObject = tool["function"]
        schema: JsonObject = function.get("parameters") or {}
        cleaner = _Cleaner(schema)
        parameters = cleaner.schema(schema, "")
        if cleaner.removed:
            tool = {**tool, "function": {**function, "parameters": parameters}}  # noqa: PLW2901 - the tool, cleaned
            why = "the model server could not make a grammar of it"
            changes.append(Change(f"schema of tool {function['name']}", why, before=", ".join(cleaner.removed)))
        cleaned.append(tool)
    return cleaned, tuple(changes)


class _Cleaner:
    """Cleans one tool's schema; `removed` lists the places, for instance "id.pattern"."""

    def __init__(self, root: JsonObject) -> None:
        self.removed: list[str] = []
        self._root = root

    def schema(self, schema: object, path: str) -> JsonObject:
        """The schema at `path`, cleaned; `true` and other non-objects become the schema that allows all."""
        if not isinstance(schema, dict):
            self.removed.append(path)
            return {}
        known = cast("JsonObject", schema)
        kept: JsonObject = {}
        for key, value in known.items():
            inner = f"{path}.{key}".lstrip(".")
            if self._fails(key, value):
                self.removed.append(inner)
            elif key in _NAMED and isinstance(value, dict):
                named = cast("JsonObject", value)
                kept[key] = {name: self.schema(item, f"{path}.{name}".lstrip(".")) for name, item in named.items()}
            elif key in _MANY and isinstance(value, list):
                kept[key] = [self.schema(item, f"{inner}.{i}") for i, item in enumerate(cast("list[Any]", value))]
            elif key in _ONE or (key == "additionalProperties" and isinstance(value, dict)):
                kept[key] = self.schema(cast("object", value), inner)
            else:
                kept[key] = value
        return kept

    def _fails(self, key: str, value: Any) -> bool:
        if key == "$ref":
            return not self._resolves(value)
        trap = _TRAPS.get(key)
        return trap is not None and trap(value)

    def _resolves(self, reference: Any) -> bool:
        if not isinstance(reference, str) or not reference.startswith("#"):
            return False
        place: Any = self._root
        for step in reference.removeprefix("#").removeprefix("/").split("/"):
            if not step:
                continue
            if not isinstance(place, dict) or step not in place:
                return False
            place = cast("JsonObject", place)[step]
        return True


def _is_plain_pattern(pattern: Any) -> bool:
    """Anchored at both ends, made of literals, classes and groups only, no huge repeats."""
    if not isinstance(pattern, str) or not pattern.startswith("^") or not pattern.endswith("$"):
        return False
    if pattern.endswith("\\$") or _UNSAFE_PATTERN.search(pattern) or "^" in pattern[1:].replace("[^", ""):
        return False
    if any(int(count) > MOST_REPEATS for repeat in _REPEAT.findall(pattern) for count in repeat if count):
        return False
    try:
        re.compile(pattern)
    except (re.error, OverflowError, RecursionError):
        return False
    return True


def _is_type(value: Any) -> bool:
    kinds = cast("list[Any]", value) if isinstance(value, list) else [value]
    return bool(kinds) and all(isinstance(kind, str) and kind in _TYPES for kind in kinds)


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and value <= MOST_REPEATS


def _is_filled_list(value: Any) -> bool:
    return isinstance(value, list) and bool(cast("list[Any]", value))


_TRAPS: dict[str, Callable[[Any], bool]] = {
    "pattern": lambda value: not _is_plain_pattern(value),
    "format": lambda value: not isinstance(value, str) or value not in _FORMATS,
    "type": lambda value: not _is_type(value),
    **dict.fromkeys(_COUNTS, lambda value: not _is_count(value)),
    **dict.fromkeys(("enum", "anyOf", "oneOf", "allOf"), lambda value: not _is_filled_list(value)),
}
"""By keyword: is this value one that a grammar fails on?"""


def parameter_schemas(tools: Iterable[JsonObject]) -> dict[str, JsonObject]:
    """The parameter schemas of OpenAI tools by name: they tell how an argument written as text is meant."""
    functions: list[JsonObject] = [tool["function"] for tool in tools]
    return {function["name"]: function.get("parameters") or {} for function in functions}
