"""Reports input tokens as if the model's window were the one that the client believes in.

A client that assumes 200,000 tokens and compacts by the usage it reads would do so far too late for a smaller model.
With this its own percentages are right, and its counts are not: off unless the operator asks for it.
"""

from __future__ import annotations

from typing import Any

from proxy_core.translate.types import Event, JsonObject
from proxy_core.value_types import value_type

_INPUT = ("input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens")


@value_type
class UsageScale:
    """`assumed` and `window` in tokens; either 0, or a window no smaller than assumed, reports true counts."""

    assumed: int
    window: int

    @property
    def factor(self) -> float:
        """What input tokens are multiplied by, 1 and up."""
        return max(self.assumed / self.window, 1.0) if self.assumed and self.window else 1.0

    def tokens(self, count: int) -> int:
        """The count to report."""
        return round(count * self.factor)

    def events(self, events: list[Event]) -> list[Event]:
        """The events with their usage as it is to be reported."""
        return events if self.factor == 1.0 else [self._event(event) for event in events]

    def _event(self, event: Event) -> Event:
        if event["type"] == "message_start":
            message: JsonObject = event["message"]
            return {**event, "message": {**message, "usage": self._usage(message["usage"])}}
        if event["type"] == "message_delta" and "usage" in event:
            return {**event, "usage": self._usage(event["usage"])}
        return event

    def _usage(self, usage: JsonObject) -> JsonObject:
        scaled: dict[str, Any] = {name: self.tokens(usage[name]) for name in _INPUT if usage.get(name)}
        return usage | scaled
