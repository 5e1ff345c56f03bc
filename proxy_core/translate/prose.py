"""Sends text and reasoning to their blocks; keeps white space from making blocks and stop sequences out of text."""

from __future__ import annotations

from proxy_core.translate.blocks import BlockWriter
from proxy_core.translate.stop import StopTail
from proxy_core.translate.tool_calls import ToolCalls


class Prose:
    """What comes while a tool call is unfinished waits behind it."""

    def __init__(self, writer: BlockWriter, calls: ToolCalls, stop_sequences: tuple[str, ...]) -> None:
        self.sequence: str | None = None
        """The stop sequence that was found at the end of the text."""
        self.direct = not stop_sequences
        """Text may be written without looking at it, while its block is open."""
        self._writer = writer
        self._calls = calls
        self._tail = StopTail(stop_sequences) if stop_sequences else None
        self._space = ""

    @property
    def holding(self) -> bool:
        """White space waits for text to follow."""
        return bool(self._space)

    def think(self, piece: str) -> None:
        """A piece of reasoning."""
        self._space = ""
        if self._calls.unfinished():
            self._calls.later("thinking", piece)
        elif piece:
            self._writer.thinking(piece)

    def say(self, piece: str) -> None:
        """A piece of text."""
        self._write(self._tail.feed(piece) if self._tail is not None else piece)

    def end(self, *, stopped: bool = False) -> None:
        """Something else follows, or nothing: let go of what may have been a stop sequence.

        It was one if the server `stopped` there.
        """
        if self._tail is not None:
            rest, sequence = self._tail.finish(stopped=stopped)
            self.sequence = self.sequence or sequence
            self._write(rest)
        self._space = ""

    def _write(self, piece: str) -> None:
        """White space waits for text to follow: a block of nothing else is none."""
        if self._calls.unfinished():
            if piece:
                self._calls.later("text", piece)
        elif self._writer.kind == "text":
            if piece:
                self._writer.text(piece)
        else:
            self._space += piece
            if self._space.strip():
                self._writer.text(self._space)
                self._space = ""
