"""The one further try that a failed answer is worth: what the model is told, and what is asked of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from proxy_core.guardrails.tool_calls import BrokenCall
from proxy_core.translate.types import JsonObject

Reason: TypeAlias = Literal["premature stop", "empty reply", "written call", "broken call", "repetition"]

STOPS: frozenset[Reason] = frozenset({"premature stop", "empty reply", "written call"})
"""Reasons that an answer which ended gives; the others concern one that broke."""

ONCE: frozenset[Reason] = frozenset({"premature stop"})
"""Reasons that count once for each human message; an empty or unreadable reply is no answer at any time."""

FORCING: frozenset[Reason] = frozenset({"empty reply", "written call"})
"""Reasons that demand a call, once for each human message."""

ANNOUNCED = "You announced an action but called no tool. Call it now, or say that you are done."
EMPTY = "Your reply was empty. Call the tool you need next, or give your answer."
WRITTEN = "You wrote a tool call as text, so it was not run. Make the call again as a real tool call."
REPEATED = "Your reply began to repeat itself and was cut off. Go on without repeating what you wrote."

RAISED_PENALTY = 0.6
"""Frequency penalty of the try after a repetition; the model's own default is mostly 0."""


@dataclass(frozen=True, slots=True)
class Again:
    """Why a further try is made, the reply so far as the model shall see it, and the word to it."""

    reason: Reason
    said: str
    word: str
    force_call: bool = False

    def body(self, chat: JsonObject) -> JsonObject:
        """The request of the further try; `chat` stays as it is, and its messages stand at the same place."""
        messages: list[JsonObject] = list(chat["messages"])
        if self.said.strip():
            messages.append({"role": "assistant", "content": self.said})
        last = messages[-1] if messages else {}
        if last.get("role") == "user":
            messages[-1] = last | {"content": _with_word(last["content"], self.word)}
        else:
            messages.append({"role": "user", "content": self.word})
        fields: dict[str, Any] = {"messages": messages}
        if chat.get("tools"):
            fields["tool_choice"] = "required" if self.force_call else chat.get("tool_choice", "auto")
        if self.reason == "repetition":
            fields["frequency_penalty"] = max(chat.get("frequency_penalty") or 0.0, RAISED_PENALTY)
        return chat | fields


def _with_word(content: str | list[JsonObject], word: str) -> str | list[JsonObject]:
    """A user message's content with the word behind it: strict templates refuse two user messages in a row."""
    return f"{content}\n\n{word}" if isinstance(content, str) else [*content, {"type": "text", "text": word}]


def after_broken_calls(said: str, broken: list[BrokenCall]) -> Again:
    """The further try after calls that could not be run."""
    lines = [f"- {call.name}: {call.error}" for call in broken]
    word = "These tool calls could not be run:\n" + "\n".join(lines) + "\nMake the call again with valid arguments."
    return Again("broken call", said, word)
