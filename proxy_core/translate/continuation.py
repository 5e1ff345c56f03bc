"""The short way for nearly every chunk of a stream: one more piece for the content block that is open.

It gives the event that the long way would give, and leaves the same state behind; what it is not sure of it leaves to
the long way.
"""

from __future__ import annotations

from typing import Literal

from proxy_core.translate.blocks import BlockWriter
from proxy_core.translate.content_scan import MARKERS, ContentScanner
from proxy_core.translate.prose import Prose
from proxy_core.translate.runs import PieceKind
from proxy_core.translate.tool_calls import ToolCalls
from proxy_core.translate.types import Event


class Continuation:
    """Reads chunks that go on with the open block. `kind` is that block's, "" while only the long way may read."""

    def __init__(self, writer: BlockWriter, scanner: ContentScanner, prose: Prose, calls: ToolCalls) -> None:
        self.kind: PieceKind | Literal[""] = ""
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

    def event(self, kind: PieceKind, text: str, index: int) -> Event | None:
        """The event of a piece for the open block; None where it is not certain that it is one.

        `index` numbers the call that arguments belong to.
        """
        writer = self._writer
        if kind != self.kind:
            return None
        if kind == "text":
            if MARKERS.search(text):
                return None
            self._scanner.last = text
            written = {"type": "text_delta", "text": text}
        elif kind == "thinking":
            self._scanner.thought = True
            written = {"type": "thinking_delta", "thinking": text}
        else:
            if not self._calls.goes_on(index, text):
                return None
            written = {"type": "input_json_delta", "partial_json": text}
        writer.chars += len(text)
        return {"type": "content_block_delta", "index": writer.index, "delta": written}
