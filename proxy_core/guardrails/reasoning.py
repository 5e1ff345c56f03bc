"""What to do with a turn that is nothing but reasoning: an agent that reads only text sees an empty answer.

Behind the converter, before the events go out. Off by default: Claude Code asks again by itself after such a turn.
"""

from __future__ import annotations

import re
from typing import Literal

from proxy_core.translate.types import Event

FallbackMode = Literal["off", "sanitized", "visible"]

VISIBLE_LIMIT = 64 * 1024
"""Characters of reasoning kept for `visible`; of longer reasoning the end is shown."""

_TAIL_FACTOR = 8
"""`sanitized` keeps this many times the excerpt's length: cleaning removes some."""

_SMALLEST_TAIL = 2048
_MARK = "[From the model's reasoning] "

_REMNANTS = re.compile(
    r"<tool_calls?>.*?(?:</tool_calls?>|\Z)|<function=.*?(?:</function>|\Z)|<function_calls?>.*?(?:</function_calls?>|\Z)"
    r"|<(?:\w+:)?invoke\b.*?(?:</(?:\w+:)?invoke>|\Z)|\[TOOL_CALLS\].*\Z|```.*?(?:```|\Z)",
    re.DOTALL,
)
_TAGS = re.compile(r"</?[A-Za-z|!][^<>\n]{0,200}>|<\|[^<>\n]{0,80}\|>|\[/?[A-Z_]{3,20}\]")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060\ufeff]+")


class ReasoningFallback:
    """Gives a turn of only reasoning a text block, right before its `message_delta`; `acted` tells that it did.

    `watching`: it may still do so; once it is false events need not pass through here.

    `sanitized`: a short plain excerpt of the reasoning's end, at most `max_chars` long and marked as what it is.
    `visible`: the reasoning itself. A refusal and a broken answer are left alone.
    """

    def __init__(self, mode: FallbackMode, max_chars: int) -> None:
        self.acted = False
        self._mode = mode
        self._max_chars = max(1, max_chars)
        self._bound = VISIBLE_LIMIT if mode == "visible" else max(_SMALLEST_TAIL, self._max_chars * _TAIL_FACTOR)
        self._pieces: list[str] = []
        self._size = 0
        self._index = -1
        self.watching = mode != "off"

    def process(self, events: list[Event]) -> list[Event]:
        """The events to send in place of `events`."""
        if not self.watching:
            return events
        for place, event in enumerate(events):
            kind = event["type"]
            if kind == "content_block_delta":
                self._keep(event["delta"].get("thinking", ""))
            elif kind == "content_block_start":
                self._index = event["index"]
                if event["content_block"]["type"] != "thinking":
                    self.watching = False
                    self._pieces = []
                    return events
            elif kind == "message_delta":
                self.watching = False
                text = self._text() if event["delta"].get("stop_reason") != "refusal" else ""
                return [*events[:place], *self._block(text), *events[place:]] if text else events
        return events

    def _keep(self, piece: str) -> None:
        self._pieces.append(piece)
        self._size += len(piece)
        if self._size > 2 * self._bound:
            self._pieces = ["".join(self._pieces)[-self._bound :]]
            self._size = self._bound

    def _text(self) -> str:
        whole = "".join(self._pieces)[-self._bound :]
        return whole.strip() if self._mode == "visible" else excerpt(whole, self._max_chars)

    def _block(self, text: str) -> list[Event]:
        self.acted = True
        index = self._index + 1
        return [
            {"type": "content_block_start", "index": index, "content_block": {"type": "text", "text": ""}},
            {"type": "content_block_delta", "index": index, "delta": {"type": "text_delta", "text": text}},
            {"type": "content_block_stop", "index": index},
        ]


def excerpt(reasoning: str, max_chars: int) -> str:
    """The end of `reasoning` as one plain line of at most `max_chars` characters, marked as reasoning; "" if nothing is
    left. Cut at a word where there is one, so that it begins with `…`.
    """
    plain = _CONTROL.sub(" ", _TAGS.sub(" ", _REMNANTS.sub(" ", reasoning)))
    text = " ".join(plain.split())
    mark = _MARK if max_chars > 2 * len(_MARK) else ""
    room = max_chars - len(mark)
    if len(text) > room:
        tail = text[len(text) - max(0, room - 1) :]
        starts_inside = not text[: len(text) - len(tail)].endswith(" ")
        _, space, behind = tail.partition(" ")
        text = "…" + (behind if starts_inside and space and behind else tail).lstrip()
    return mark + text if text else ""
