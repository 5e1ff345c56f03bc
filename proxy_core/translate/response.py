"""The plain Message for a client that does not stream, made of the same events."""

from __future__ import annotations

from typing import Any, cast

from proxy_core.translate.blocks import SIGNATURE
from proxy_core.translate.chunks import completion_to_chunks, decode_json
from proxy_core.translate.think_tags import split_unopened
from proxy_core.translate.types import Event, JsonObject

__all__ = ["MessageAssembler", "completion_to_chunks"]


class MessageAssembler:
    """Collects the events of one answer; `message` is whole after `message_stop`."""

    def __init__(self) -> None:
        self._message: JsonObject = {}
        self._blocks: list[JsonObject] = []
        self._pieces: list[str] = []

    def add(self, event: Event) -> None:
        """Take one event; those without content (`ping`, `error`) change nothing."""
        kind = event["type"]
        if kind == "content_block_delta":
            self._delta(event["delta"])
        elif kind == "content_block_start":
            self._blocks.append(dict(event["content_block"]))
            self._pieces = []
        elif kind == "content_block_stop":
            self._settle(self._blocks[-1])
        elif kind == "message_start":
            self._message = dict(event["message"])
        elif kind == "message_delta":
            self._message |= event["delta"]
            self._message["usage"] = {**self._message.get("usage", {}), **event["usage"]}

    def message(self) -> JsonObject:
        """The Message as the API returns it."""
        return self._message | {"content": self._blocks}

    def _delta(self, delta: JsonObject) -> None:
        for key in ("text", "thinking", "partial_json"):
            if key in delta:
                self._pieces.append(delta[key])
        if "signature" in delta:
            self._blocks[-1]["signature"] = delta["signature"]

    def _settle(self, block: JsonObject) -> None:
        whole = "".join(self._pieces)
        if block["type"] == "tool_use":
            block["input"] = tool_input(whole)
            return
        block[block["type"]] = whole
        if len(self._blocks) == 1 and block["type"] == "text" and (split := split_unopened(whole)):
            reasoning, answer = split
            thinking: JsonObject = {"type": "thinking", "thinking": reasoning, "signature": SIGNATURE}
            self._blocks = [*([thinking] if reasoning else []), *([block | {"text": answer}] if answer else [])]


def tool_input(arguments: str) -> JsonObject:
    """The `input` of a tool_use block. Arguments that are not a JSON object are kept as they are, in the wrapping that
    Claude Code itself uses for a stream's broken arguments: it answers such a call with an error the model can read.
    """
    if not arguments.strip():
        return {}
    value: Any = decode_json(arguments)
    if isinstance(value, dict):
        return cast("JsonObject", value)
    return {"__unparsedToolInput": {"raw": arguments, "len": len(arguments)}}
