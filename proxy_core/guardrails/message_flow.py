"""Writes the events of one message to the client, from whichever try they come."""

from __future__ import annotations

from proxy_core.translate.types import Event, JsonObject

BREAK = "\n\n"
"""Between the texts of two tries in one block."""


class MessageFlow:
    """Numbers the blocks without gaps, holds back the stop of a text so that it may go on, and keeps the message's end.

    All methods append what may go out to `out`.
    """

    def __init__(self) -> None:
        self.block = ""
        """The kind of the open block, "" while none is open."""
        self.calls = 0
        """Calls that were begun."""
        self.ending: list[Event] = []
        """The `message_delta` and the `message_stop`, once they came."""
        self._index = -1
        self._stop_pending = False
        self._goes_on = False

    def go_on(self) -> None:
        """A further try begins: its text, if that comes first or behind reasoning, goes on with the text before."""
        self.ending, self._goes_on = [], True

    def delta(self, event: Event, out: list[Event]) -> None:
        """A piece of the open block."""
        out.append(event if event["index"] == self._index else {**event, "index": self._index})

    def begin(self, event: Event, out: list[Event]) -> bool:
        """A block begins; True when it became part of the text before."""
        block = event["content_block"]["type"]
        if self._goes_on and block == self.block == "text" and self._stop_pending:
            self._stop_pending = self._goes_on = False
            out.append(self._text(BREAK))
            return True
        self._goes_on = self._goes_on and block == "thinking"
        self._open(block, out)
        self.calls += block == "tool_use"
        self.delta(event, out)
        return False

    def write(self, event: Event, out: list[Event]) -> None:
        """Any other event."""
        kind = event["type"]
        if kind == "content_block_delta":
            self.delta(event, out)
        elif kind == "content_block_stop":
            self._stop_pending = True
            if self.block != "text":
                self.close(out)
        elif kind in {"message_delta", "message_stop"}:
            self.ending.append(event)
        else:
            out.append(event)

    def say(self, text: str, out: list[Event]) -> None:
        """Text of the proxy's own: in the open text block, else in one of its own."""
        if self.block == "text":
            out.append(self._text(BREAK + text))
        else:
            self._open("text", out)
            block: JsonObject = {"type": "text", "text": ""}
            out.append({"type": "content_block_start", "index": self._index, "content_block": block})
            out.append(self._text(text))
        self._stop_pending = True

    def close(self, out: list[Event]) -> None:
        """Close the open block, if any."""
        if self.block:
            out.append({"type": "content_block_stop", "index": self._index})
        self.block, self._stop_pending = "", False

    def _open(self, block: str, out: list[Event]) -> None:
        self.close(out)
        self._index += 1
        self.block = block

    def _text(self, text: str) -> Event:
        return {"type": "content_block_delta", "index": self._index, "delta": {"type": "text_delta", "text": text}}
