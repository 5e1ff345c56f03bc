"""Checks of messages and their content blocks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, cast

from proxy_core.translate.types import InvalidRequest, JsonObject

MAX_DEPTH = 128
"""Levels of a schema or a call's input. JSON writers and recursive readers fail on some hundreds."""

_ROLES = ("user", "assistant", "system")


def check_messages(messages: object, passed: Sequence[bool] = ()) -> None:
    """The `messages` list, whole but for those that `passed` before. Raises `InvalidRequest`."""
    if not isinstance(messages, list):
        raise InvalidRequest("messages: must be a list of messages")
    if not messages:
        raise InvalidRequest("messages: must hold at least one message")
    for index, message in enumerate(cast("list[Any]", messages)):
        if passed and passed[index]:
            continue
        path = f"messages.{index}"
        if not isinstance(message, dict):
            raise InvalidRequest(f"{path}: must be an object with role and content")
        known = cast("JsonObject", message)
        role: Any = known.get("role")
        if role not in _ROLES:
            raise InvalidRequest(f'{path}.role: must be "user", "assistant" or "system"')
        _check_content(known.get("content"), f"{path}.content", role)


def check_system(system: object) -> None:
    """The `system` prompt: a string or text blocks. Raises `InvalidRequest`."""
    if isinstance(system, str | None):
        return
    for path, block in _blocks(system, "system"):
        if block["type"] != "text":
            raise InvalidRequest(f"{path}.type: the system prompt can only hold text")
        _needs(block, "text", path)


def check_depth(value: object, path: str) -> None:
    """Refuse a JSON value of more than `MAX_DEPTH` levels; level by level, so that no depth can harm the check."""
    level: list[Any] = [value]
    for _ in range(MAX_DEPTH):
        level = [inner for item in level for inner in _children(item)]
        if not level:
            return
    raise InvalidRequest(f"{path}: is nested deeper than {MAX_DEPTH} levels")


def _children(item: object) -> list[Any]:
    """What of a value's inside can hold something in turn."""
    if isinstance(item, dict):
        inner = list(cast("JsonObject", item).values())
    elif isinstance(item, list):
        inner = cast("list[Any]", item)
    else:
        return []
    return [value for value in inner if isinstance(value, dict | list)]


def _blocks(content: object, path: str) -> Iterator[tuple[str, JsonObject]]:
    if not isinstance(content, list):
        raise InvalidRequest(f"{path}: must be a string or a list of content blocks")
    for index, block in enumerate(cast("list[Any]", content)):
        inner = f"{path}.{index}"
        if not isinstance(block, dict):
            raise InvalidRequest(f"{inner}: must be a content block, an object with a type")
        known = cast("JsonObject", block)
        if not isinstance(known.get("type"), str):
            raise InvalidRequest(f"{inner}.type: must be the kind of block")
        yield inner, known


def _check_content(content: object, path: str, role: str) -> None:
    if isinstance(content, str):
        return
    for inner, block in _blocks(content, path):
        kind: str = block["type"]
        if kind == "tool_use" and role != "assistant":
            raise InvalidRequest(f"{inner}: tool_use belongs in messages of the assistant")
        if kind == "tool_result" and role != "user":
            raise InvalidRequest(f"{inner}: tool_result belongs in messages of the user")
        if role == "system" and kind != "text":
            raise InvalidRequest(f"{inner}.type: a system message can only hold text")
        _check_block(block, inner)


def _check_block(block: JsonObject, path: str) -> None:
    kind: str = block["type"]
    if kind == "tool_use":
        _needs(block, "id", path, filled=True)
        _needs(block, "name", path, filled=True)
        check_depth(block.get("input"), f"{path}.input")
    elif kind == "tool_result":
        _needs(block, "tool_use_id", path, filled=True)
        if not isinstance(block.get("is_error"), bool | None):
            raise InvalidRequest(f"{path}.is_error: must be true or false")
        if not isinstance(block.get("content"), str | None):
            for inner, part in _blocks(block["content"], f"{path}.content"):
                _check_plain_block(part, inner)
    else:
        _check_plain_block(block, path)


def _check_plain_block(block: JsonObject, path: str) -> None:
    """Blocks of a message or a tool result. What is not named here is carried as text, whatever it holds."""
    kind: str = block["type"]
    if kind == "text":
        _needs(block, "text", path)
    elif kind == "thinking":
        _needs(block, "thinking", path)
    elif kind in ("image", "document"):
        source: Any = block.get("source")
        if not isinstance(source, dict):
            raise InvalidRequest(f"{path}.source: must be an object")
        _check_source(cast("JsonObject", source), f"{path}.source")
    elif kind == "search_result":
        _check_inner(block.get("content"), f"{path}.content")
    elif kind in ("server_tool_use", "mcp_tool_use"):
        check_depth(block.get("input"), f"{path}.input")


def _check_source(source: JsonObject, path: str) -> None:
    kind: Any = source.get("type")
    if kind in ("base64", "text"):
        _needs(source, "data", path)
    elif kind == "url":
        _needs(source, "url", path, filled=True)
    elif kind == "content":
        _check_inner(source.get("content"), f"{path}.content")
    elif kind != "file":
        raise InvalidRequest(f'{path}.type: must be "base64", "url", "text", "content" or "file"')


def _check_inner(content: object, path: str) -> None:
    """Blocks inside a document or search result, which hold text and images only."""
    if isinstance(content, str):
        return
    for inner, block in _blocks(content, path):
        if block["type"] not in ("document", "search_result"):
            _check_plain_block(block, inner)


def _needs(block: JsonObject, field: str, path: str, *, filled: bool = False) -> None:
    value: Any = block.get(field)
    if not isinstance(value, str) or (filled and not value):
        raise InvalidRequest(f"{path}.{field}: must be a {'non-empty ' if filled else ''}string")
