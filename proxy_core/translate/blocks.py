"""Writes content blocks as stream events under one invariant: at most one block is open, indices run 0, 1, 2 ..."""

from __future__ import annotations

from typing import Literal

from proxy_core.translate.types import Event

SIGNATURE = "interlock"
"""Signature of thinking blocks: local reasoning has none, but some clients drop a block whose signature is empty."""

BlockKind = Literal["text", "thinking", "tool_use"]


class BlockWriter:
    """Collects events. Asking for another kind of block closes the open one first."""

    def __init__(self) -> None:
        self.kind: BlockKind | None = None
        self.index = -1
        self.chars = 0
        self._events: list[Event] = []

    def take(self) -> list[Event]:
        """The events written since the last call."""
        events, self._events = self._events, []
        return events

    def text(self, piece: str) -> None:
        """Append to a text block."""
        if self.kind != "text":
            self._open("text", {"type": "text", "text": ""})
        self._delta({"type": "text_delta", "text": piece}, piece)

    def thinking(self, piece: str) -> None:
        """Append to a thinking block."""
        if self.kind != "thinking":
            self._open("thinking", {"type": "thinking", "thinking": "", "signature": ""})
        self._delta({"type": "thinking_delta", "thinking": piece}, piece)

    def tool(self, identifier: str, name: str) -> None:
        """Open a tool_use block."""
        self.chars += len(name)
        self._open("tool_use", {"type": "tool_use", "id": identifier, "name": name, "input": {}})

    def arguments(self, piece: str) -> None:
        """Append to the open tool_use block."""
        self._delta({"type": "input_json_delta", "partial_json": piece}, piece)

    def close(self) -> None:
        """Close the open block, if any."""
        if self.kind is None:
            return
        if self.kind == "thinking":
            self._delta({"type": "signature_delta", "signature": SIGNATURE}, "")
        self._events.append({"type": "content_block_stop", "index": self.index})
        self.kind = None

    def _open(self, kind: BlockKind, block: Event) -> None:
        self.close()
        self.kind = kind
        self.index += 1
        self._events.append({"type": "content_block_start", "index": self.index, "content_block": block})

    def _delta(self, delta: Event, piece: str) -> None:
        self.chars += len(piece)
        self._events.append({"type": "content_block_delta", "index": self.index, "delta": delta})
