"""Puts read messages together as Chat Completions messages: whole call and result pairs, alternating sides.

The rule that keeps a server's prompt cache useful: what a message becomes depends on nothing that follows it, except
that neighbours of one side join. So the messages of one turn begin with all those of the turn before.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile

from proxy_core.translate.content import message_content, text_part
from proxy_core.translate.messages import AssistantMessage, Call, ReadMessage, SystemMessage, ToolResult, UserMessage
from proxy_core.translate.system_text import reminder
from proxy_core.translate.types import Change, JsonObject
from proxy_core.translate.written import Written
from proxy_core.value_types import value_type

NO_RESULT = "(no result was recorded for this call)"
PARAGRAPH = "\n\n"


@value_type
class _Mark:
    """Where a side begins: the messages read before it, what they came to, and the calls it may answer."""

    read: int
    messages: int
    changes: int
    open: list[tuple[str, Call]]


class Conversation:
    """Builds the message list, once. `raw_system`: system messages keep their role instead of becoming reminders.

    `reasoning_key` is the field in which the server reads an assistant's earlier thinking.
    """

    def __init__(self, system: str, *, raw_system: bool, reasoning_key: str) -> None:
        self.changes: list[Change] = []
        self.messages: list[JsonObject] = []
        self._system = system
        self._raw = raw_system
        self._reasoning_key = reasoning_key
        self._read: Sequence[ReadMessage] = ()
        self._marks: list[_Mark] = []
        self._open: list[tuple[str, Call]] = []
        """Calls of the last assistant message with the ids that the client gave them, not yet answered."""

    def build(self, messages: Sequence[ReadMessage], earlier: Conversation | None = None) -> list[JsonObject]:
        """The whole list of messages. It goes on from the beginning that `earlier`, once built, has in common."""
        self._read = messages
        begun = self._resume(earlier) if earlier is not None else 0
        for start, side in _sides(messages, begun or self._begin(messages)):
            self._marks.append(_Mark(start, len(self.messages), len(self.changes), self._open))
            if isinstance(side[0], AssistantMessage):
                self._assistant([message for message in side if isinstance(message, AssistantMessage)])
            else:
                self._user([message for message in side if not isinstance(message, AssistantMessage)])
        self._tools({})
        return self.messages

    def _begin(self, messages: Sequence[ReadMessage]) -> int:
        """The system message, from the system text and the system messages that lead; how many of these there are."""
        leading = [] if self._raw else list(takewhile(lambda message: isinstance(message, SystemMessage), messages))
        texts = [self._system, *(message.text for message in leading if isinstance(message, SystemMessage))]
        opening = PARAGRAPH.join(text for text in texts if text)
        if opening:
            self.messages.append(Written({"role": "system", "content": opening}))
        return len(leading)

    def _resume(self, earlier: Conversation) -> int:
        """Take over what `earlier` made of the same beginning; the number of messages that need not be read again.

        A side may go on in later messages, so it counts only from its first message on, which must be the same.
        """
        if (self._system, self._raw, self._reasoning_key) != (earlier._system, earlier._raw, earlier._reasoning_key):
            return 0
        same = _shared(earlier._read, self._read)
        for number in range(len(earlier._marks) - 1, 0, -1):
            mark = earlier._marks[number]
            if mark.read < same:
                self.messages = earlier.messages[: mark.messages]
                self.changes = earlier.changes[: mark.changes]
                self._marks, self._open = earlier._marks[:number], mark.open
                return mark.read
        return 0

    def _assistant(self, side: list[AssistantMessage]) -> None:
        """All messages of one turn as one: llama.cpp refuses two assistant messages at the end, templates anywhere."""
        text = PARAGRAPH.join(message.text for message in side if message.text)
        reasoning = PARAGRAPH.join(message.reasoning for message in side if message.reasoning)
        self._open = _distinct([call for message in side for call in message.calls])
        message: JsonObject = {"role": "assistant", "content": text}
        if reasoning:
            message[self._reasoning_key] = reasoning
        if self._open:
            message["content"] = text or None
            message["tool_calls"] = [
                {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
                for _, call in self._open
            ]
        self.messages.append(Written(message))

    def _user(self, side: Sequence[UserMessage | SystemMessage]) -> None:
        """The results in the order of their calls, then what else the side said, in its order."""
        waiting: dict[str, list[Call]] = {}
        for given_id, call in self._open:
            waiting.setdefault(given_id, []).append(call)
        answers: dict[str, ToolResult] = {}
        spoken: list[tuple[str, list[JsonObject]]] = []
        for message in side:
            if isinstance(message, SystemMessage):
                text = message.text if self._raw else reminder(message.text)
                spoken.append(("system" if self._raw else "user", [text_part(text)]))
                continue
            parts: list[JsonObject] = []
            for result in message.results:
                calls = waiting.get(result.call_id)
                if calls:
                    answers[calls.pop(0).id] = result
                else:
                    parts += self._orphan(result)
            parts += message.parts
            if parts:
                spoken.append(("user", parts))
        images = [part for _, call in self._open for part in _shown(call, answers.get(call.id))]
        if images:
            spoken.insert(0, ("user", images))
        if not spoken and not answers:
            spoken.append(("user", []))
        self._tools(answers)
        self._say(spoken)

    def _tools(self, answers: dict[str, ToolResult]) -> None:
        """One tool message for each open call: a template or server that misses one refuses the conversation."""
        for _, call in self._open:
            answer = answers.get(call.id)
            if answer is None:
                why = "the conversation holds no result for it; servers refuse a call without one"
                self.changes.append(Change(f"call of {call.name}", why, after=NO_RESULT))
            text = NO_RESULT if answer is None else answer.text
            self.messages.append(Written({"role": "tool", "tool_call_id": call.id, "content": text}))
        self._open = []

    def _orphan(self, result: ToolResult) -> list[JsonObject]:
        why = "no call right before it has this id; servers refuse a result without its call"
        self.changes.append(Change(f"tool result {result.call_id}", why, after="sent as text"))
        return [text_part(f"[result of the tool call {result.call_id}]\n{result.text}"), *result.images]

    def _say(self, spoken: list[tuple[str, list[JsonObject]]]) -> None:
        """Messages of the user's side, neighbours of one role as one message with a blank line between texts."""
        joined: list[tuple[str, list[JsonObject]]] = []
        for role, parts in spoken:
            if joined and joined[-1][0] == role:
                before = joined[-1][1]
                if before and parts and before[-1]["type"] == parts[0]["type"] == "text":
                    before.append(text_part(PARAGRAPH))
                before += parts
            else:
                joined.append((role, list(parts)))
        for role, parts in joined:
            self.messages.append(Written({"role": role, "content": message_content(parts)}))


def _shared(one: Sequence[ReadMessage], other: Sequence[ReadMessage]) -> int:
    """How many messages both begin with."""
    most = min(len(one), len(other))
    pairs = zip(one, other, strict=False)
    return next((place for place, (mine, theirs) in enumerate(pairs) if mine is not theirs and mine != theirs), most)


def _sides(messages: Sequence[ReadMessage], start: int) -> list[tuple[int, list[ReadMessage]]]:
    """From `start` on, neighbours of one side together, with the place of the first; system messages belong to the
    user's side, and empty ones vanish.
    """
    sides: list[tuple[int, list[ReadMessage]]] = []
    for place in range(start, len(messages)):
        message = messages[place]
        if isinstance(message, SystemMessage) and not message.text:
            continue
        if sides and isinstance(sides[-1][1][0], AssistantMessage) == isinstance(message, AssistantMessage):
            sides[-1][1].append(message)
        else:
            sides.append((place, [message]))
    return sides


def _distinct(calls: list[Call]) -> list[tuple[str, Call]]:
    """Each call with the id that the client gave it; a repeated id gets a number, so that its result has one call."""
    taken: dict[str, int] = {}
    found: list[tuple[str, Call]] = []
    for call in calls:
        taken[call.id] = taken.get(call.id, 0) + 1
        count = taken[call.id]
        found.append((call.id, call if count == 1 else Call(f"{call.id}_{count}", call.name, call.arguments)))
    return found


def _shown(call: Call, result: ToolResult | None) -> list[JsonObject]:
    """The images of a result, after a line that says whose they are."""
    if result is None or not result.images:
        return []
    return [text_part(f"[image from the result of {call.name}, call {call.id}]"), *result.images]
