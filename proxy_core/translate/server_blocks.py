"""What Anthropic's own servers left in a history (web search, code execution, MCP), written out as text.

A model server cannot hold such blocks, and the model should still know what was found.
"""

from __future__ import annotations

import json
from typing import Any, cast

from proxy_core.translate.types import JsonObject

_HIDDEN = frozenset(
    (
        *("type", "id", "tool_use_id", "server_name", "media_type", "cache_control", "citations"),
        *("data", "signature", "encrypted_content", "encrypted_index", "encrypted_stdout"),
    )
)
"""Keys whose texts are identifiers or opaque to any other model."""


def server_block_text(block: JsonObject) -> str:
    """The readable text of a block that only Anthropic's servers understand, under a line that names it."""
    kind: str = block["type"]
    if kind in ("server_tool_use", "mcp_tool_use"):
        arguments = json.dumps(block.get("input") or {}, ensure_ascii=False)
        return f"[{block.get('name') or kind} was called with {arguments}]"
    return "\n".join((f"[{kind}]", *_readable(block)))


def _readable(value: object) -> list[str]:
    """The texts inside a JSON value in document order. Works without recursion: depth is the client's to choose."""
    found: list[str] = []
    waiting: list[Any] = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, str):
            if item.strip():
                found.append(item)
        elif isinstance(item, list):
            waiting.extend(reversed(cast("list[Any]", item)))
        elif isinstance(item, dict):
            known = cast("JsonObject", item)
            waiting.extend(known[key] for key in reversed(known) if key not in _HIDDEN)
    return found
