"""Guards one answer on its way to the client: holds what may be wrong, and says when one further try is due.

Text and reasoning go out as they come. A tool call waits until it is whole and fits its tool; the end of the message
waits until it is clear that the answer is one. A further try goes on in the same message.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from proxy_core.guardrails.again import (
    ANNOUNCED,
    EMPTY,
    REPEATED,
    STOPS,
    WRITTEN,
    Again,
    Reason,
    after_broken_calls,
)
from proxy_core.guardrails.end_turn import is_premature, is_remnant
from proxy_core.guardrails.farewell import (
    CUT_TWICE,
    EMPTY_TWICE,
    ENDLESS_REASONING,
    STOPPED_TWICE,
    WRITTEN_TWICE,
    left_out,
)
from proxy_core.guardrails.message_flow import BREAK, MessageFlow
from proxy_core.guardrails.repetition import TailWatch
from proxy_core.guardrails.tool_calls import ToolCallGate
from proxy_core.translate.types import Change, Event, JsonObject
from proxy_core.value_types import value_type


@value_type
class RailsPolicy:
    """What may be done to an answer.

    `continue_stops`: the reasons for which to go on after a premature stop. `mend_calls`: hold and mend tool calls.
    `cut_repetition`: stop a reply that repeats itself. `raw_calls`: let a call that cannot be mended through as the
    model wrote it, for clients that answer it with an error themselves; otherwise it is replaced by a line of text.
    `reasoning_limit`: characters after which reasoning that nothing else followed is cut, 0 for never. `may_force`:
    demand a call after an empty reply or a written call; a model that falls silent when it has finished would else be
    driven on for ever.
    """

    continue_stops: frozenset[Reason]
    mend_calls: bool
    cut_repetition: bool
    raw_calls: bool
    reasoning_limit: int = 0
    may_force: bool = True


class Rails:
    """Processes the events of an answer, after `message_start`, and of its one further try."""

    def __init__(self, policy: RailsPolicy, schemas: dict[str, JsonObject]) -> None:
        self.changes: list[Change] = []
        self.cut = False
        self.endless = False
        self._policy = policy
        self._schemas = schemas
        self._gate = ToolCallGate(schemas, self.changes) if policy.mend_calls else None
        self._again: Again | None = None
        self._thought = 0
        self._flow = MessageFlow()
        self._text: list[str] = []
        self._watch = TailWatch()
        self._first_usage: JsonObject | None = None
        self._first: tuple[list[Event], ToolCallGate | None, bool] = ([], self._gate, False)
        self._said = 0

    @property
    def holding(self) -> bool:
        """Whether something is being written that the client does not see yet."""
        return self._gate is not None and self._gate.holding

    def process(self, events: list[Event]) -> list[Event]:
        """The events that may go out now; once the answer is cut, none of what came with it."""
        out: list[Event] = []
        for event in events:
            if self.cut:
                break
            if event["type"] != "content_block_delta":
                self._guard(event, events, out)
            elif self._gate is not None and self._gate.holding:
                self._gate.hold(event)
            else:
                if self._flow.block != "tool_use":
                    self._read(event["delta"])
                self._flow.delta(event, out)
        if 0 < self._policy.reasoning_limit < self._thought and self._flow.block == "thinking" and not self.cut:
            self.cut = self.endless = True
        return out

    def _guard(self, event: Event, events: list[Event], out: list[Event]) -> None:
        """An event that is no delta, through the gate; `events` came with it."""
        gate = self._gate
        if gate is None:
            self._pass(event, out)
            return
        gate.cut = gate.holding and _reaches_limit(events)
        for passed in gate.process([event]):
            self._pass(passed, out)

    def _read(self, delta: JsonObject) -> None:
        """What the model writes in the open: kept, and watched for repetition."""
        if "text" in delta:
            piece: str = delta["text"]
            self._text.append(piece)
        else:
            piece = delta.get("thinking", "")
            self._thought += len(piece)
        if not self.cut and self._policy.cut_repetition and self._watch.add(piece):
            self.cut = True

    def again(self) -> Again | None:
        """The further try that the answer needs, once it has ended or was cut; None when it stands."""
        if self._again is not None or self.endless or self._flow.calls:
            return None
        text = "".join(self._text)
        if self.cut:
            return Again("repetition", _once(text, self._watch.unit), REPEATED)
        broken = self._gate.broken if self._gate is not None else []
        if broken and self._stop_reason != "max_tokens":
            return after_broken_calls(text, broken)
        return self._after_stop(text)

    def _after_stop(self, text: str) -> Again | None:
        if not self._policy.continue_stops or self._stop_reason != "end_turn":
            return None
        again = _stopped(text, self._schemas)
        if again is None or again.reason not in self._policy.continue_stops:
            return None
        return again if self._policy.may_force else replace(again, force_call=False)

    @property
    def _stop_reason(self) -> str:
        return self._flow.ending[0]["delta"]["stop_reason"] if self._flow.ending else ""

    def begin_again(self, again: Again, usage: JsonObject) -> None:
        """What comes now is the further try: it goes on in the same message. `usage` is what the first one used."""
        self._again, self._first_usage = again, usage
        self._first = (self._flow.ending, self._gate, self.cut)
        self.cut = False
        self._flow.go_on()
        self._thought, self._said = 0, len(self._text)
        self._watch = TailWatch()
        if self._gate is not None:
            self._gate = ToolCallGate(self._schemas, self.changes)

    def fall_back(self) -> None:
        """The further try failed: the first answer stands, with what could not be run of it."""
        self._first_usage = None
        self._flow.ending, self._gate, self.cut = self._first

    def ending(self, usage: JsonObject) -> list[Event]:
        """The end of the message: calls that could not be mended in their last form, a word to the user where the
        answer could not be saved, then its stop. `usage` is that of the last try.
        """
        out: list[Event] = []
        if not self._flow.ending:
            self._flow.ending = [_stop(usage), {"type": "message_stop"}]
        if self._gate is not None:
            self._settle(self._gate, out)
        if explanation := self._explanation():
            self._flow.say(explanation, out)
        self._flow.close(out)
        out += [self._final(event) for event in self._flow.ending]
        return out

    def _explanation(self) -> str:
        if self._flow.calls:
            return ""
        if self.endless:
            return ENDLESS_REASONING.format(limit=self._policy.reasoning_limit)
        if self.cut:
            return CUT_TWICE
        if self._again is None or self._again.reason not in STOPS or self._stop_reason != "end_turn":
            return ""
        failed = _stopped("".join(self._text[self._said :]), self._schemas)
        if failed is None or (failed.reason == "empty reply" and self._again.reason != "empty reply"):
            return ""
        return _TWICE[failed.reason]

    def _settle(self, gate: ToolCallGate, out: list[Event]) -> None:
        held = gate.abandoned()
        if self._policy.raw_calls:
            for event in [*gate.withheld, *held]:
                self._pass(event, out)
            return
        for call in gate.broken:
            self.changes.append(Change(f"call of {call.name}", call.error, call.arguments, "a line of text"))
            self._flow.say(left_out(call.name, call.error), out)

    def _final(self, event: Event) -> Event:
        if event["type"] != "message_delta":
            return event
        delta = event["delta"]
        if delta["stop_reason"] == "tool_use" and not self._flow.calls:
            delta = delta | {"stop_reason": "end_turn"}
        elif delta["stop_reason"] == "end_turn" and self._flow.calls:
            delta = delta | {"stop_reason": "tool_use"}
        usage = event["usage"]
        if self._first_usage is not None:
            first = self._first_usage
            usage = first | {"output_tokens": first["output_tokens"] + usage["output_tokens"]}
        return {**event, "delta": delta, "usage": usage}

    def _pass(self, event: Event, out: list[Event]) -> None:
        """One event that is certain."""
        if event["type"] != "content_block_start":
            self._flow.write(event, out)
            return
        self._watch.begin()
        if self._flow.begin(event, out):
            self._text.append(BREAK)


def _once(text: str, unit: str) -> str:
    """The text with the unit that its end repeats standing there once."""
    kept = text.rstrip()
    while unit and kept.endswith(unit + unit):
        kept = kept.removesuffix(unit)
    return kept


def _stop(usage: JsonObject) -> Event:
    return {"type": "message_delta", "delta": {"stop_reason": "end_turn", "stop_sequence": None}, "usage": usage}


def _reaches_limit(events: list[Event]) -> bool:
    """Whether these last events say that the answer was cut at its limit of tokens."""
    return any(event["type"] == "message_delta" and event["delta"]["stop_reason"] == "max_tokens" for event in events)


def _stopped(text: str, tools: Collection[str]) -> Again | None:
    """The further try after a reply of this text alone, None when it is an answer."""
    if not is_premature(text, tools):
        return None
    if not text.strip():
        return Again("empty reply", "", EMPTY, force_call=True)
    if is_remnant(text, tools):
        return Again("written call", text, WRITTEN, force_call=True)
    return Again("premature stop", text, ANNOUNCED)


_TWICE: dict[Reason, str] = {
    "empty reply": EMPTY_TWICE,
    "written call": WRITTEN_TWICE,
    "premature stop": STOPPED_TWICE,
}
