"""The short way for nearly every chunk of a stream: one more piece for the content block that is open.

It gives the event that the long way would give, and leaves the same state behind; what it is not sure of it leaves to
the long way.
"""

from __future__ import annotations

import re
from typing import Any, Literal, TypeAlias

from proxy_core.translate.blocks import BlockWriter
from proxy_core.translate.content_scan import ContentScanner
from proxy_core.translate.prose import Prose
from proxy_core.translate.tool_calls import ToolCalls
from proxy_core.translate.types import Event, JsonObject

_BESIDES_CONTENT = frozenset({"usage", "timings", "error", "prompt_progress"})
_SPECIAL = re.compile(r"[<\[`]")

Continued: TypeAlias = Literal["", "text", "thinking", "tool_use"]


class Continuation:
    """Reads chunks that go on with the open block. `kind` is that block's, "" while only the long way may read."""

    def __init__(self, writer: BlockWriter, scanner: ContentScanner, prose: Prose, calls: ToolCalls) -> None:
        self.kind: Continued = ""
        self._writer = writer
        self._scanner = scanner
        self._prose = prose
        self._calls = calls

    def look(self, *, broken: bool) -> None:
        """The long way has read a chunk, or found the answer `broken`: what may the next one go on with?"""
        kind = self._writer.kind
        self.kind = ""
        if broken:
            return
        if kind == "tool_use":
            self.kind = "tool_use" if self._calls.only_open else ""
        elif self._scanner.plain and not self._calls.waiting:
            if kind == "text" and self._prose.direct:
                self.kind = "text"
            elif kind == "thinking" and not self._prose.holding:
                self.kind = "thinking"

    def event(self, chunk: JsonObject) -> Event | None:
        """The event of a chunk that holds a piece for the open block and nothing else; None for every other chunk."""
        try:
            choice = chunk["choices"][0]
            delta = choice["delta"]
            if choice["finish_reason"] is not None or choice["index"] or not _BESIDES_CONTENT.isdisjoint(chunk):
                return None
            if len(delta) == 1 or (len(delta) == 2 and ("role" in delta or not delta.get("content", "?"))):
                return self._next(delta)
        except (LookupError, TypeError, AttributeError):
            pass
        return None

    def _next(self, delta: JsonObject) -> Event | None:
        kind, writer = self.kind, self._writer
        if kind == "text":
            piece: Any = delta["content"]
            if piece.__class__ is not str or not piece or _SPECIAL.search(piece):
                return None
            self._scanner.last = piece
            written = {"type": "text_delta", "text": piece}
        elif kind == "thinking":
            piece = delta.get("reasoning_content") or delta.get("reasoning")
            if piece.__class__ is not str or not piece:
                return None
            self._scanner.thought = True
            written = {"type": "thinking_delta", "thinking": piece}
        else:
            piece = self._calls.continued(delta["tool_calls"])
            if not piece:
                return None
            written = {"type": "input_json_delta", "partial_json": piece}
        writer.chars += len(piece)
        writer.pieces += 1
        return {"type": "content_block_delta", "index": writer.index, "delta": written}
