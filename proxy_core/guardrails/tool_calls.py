"""Holds each tool call until it is whole and fits its tool, while text and reasoning go out as they come."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from proxy_core.guardrails.argument_repair import judge
from proxy_core.translate.types import Change, Event, JsonObject


@dataclass(frozen=True, slots=True)
class BrokenCall:
    """A call that cannot be run as it stands; `error` is for the model, in one line."""

    name: str
    arguments: str
    error: str


@dataclass(slots=True)
class ToolCallGate:
    """Lets events pass; a `tool_use` block waits until its end and goes out whole, its arguments in one piece.

    `schemas` are the declared tools' parameter schemas. A call that fits keeps the arguments that the model wrote. One
    that was mended is told of in `changes`; one that cannot be mended is kept back in `broken` with its events. `cut`:
    the answer ends at its limit of tokens with the call that is being written, so that nobody knows what it lacks.
    `holding`: a call is being written that the client does not see yet.
    """

    schemas: dict[str, JsonObject]
    changes: list[Change] = field(default_factory=list[Change])
    broken: list[BrokenCall] = field(default_factory=list[BrokenCall])
    withheld: list[Event] = field(default_factory=list[Event])
    cut: bool = False
    holding: bool = field(default=False, init=False)
    _start: Event | None = None
    _arguments: list[str] = field(default_factory=list[str])

    def hold(self, event: Event) -> None:
        """Keep a delta of the call that is being written; only while `holding`."""
        self._arguments.append(event["delta"].get("partial_json", ""))

    def process(self, events: list[Event]) -> list[Event]:
        """The events that may go out now."""
        out: list[Event] = []
        for event in events:
            if self._start is None:
                if _opens_call(event):
                    self._start, self.holding = event, True
                else:
                    out.append(event)
            elif event["type"] == "content_block_stop":
                out += self._release(self._start, event)
            else:
                self.hold(event)
        return out

    def abandoned(self) -> list[Event]:
        """What is still held when the answer ends: a call that was cut."""
        start, self._start, self.holding = self._start, None, False
        return [] if start is None else [start, *self._written(start)]

    def _written(self, start: Event) -> list[Event]:
        """The arguments as far as they came."""
        if not self._arguments:
            return []
        delta = {"type": "input_json_delta", "partial_json": "".join(self._arguments)}
        self._arguments = []
        return [{"type": "content_block_delta", "index": start["index"], "delta": delta}]

    def _release(self, start: Event, stop: Event) -> list[Event]:
        raw = "".join(self._arguments)
        held = [start, *self._written(start), stop]
        self._start, self.holding = None, False
        name: str = start["content_block"]["name"]
        known = self._known(name)
        if known is None:
            declared = ", ".join(sorted(self.schemas)) or "none"
            return self._keep_back(held, BrokenCall(name, raw, f"there is no tool {name!r}; the tools are: {declared}"))
        judged = judge(raw, self.schemas[known])
        if self.cut and judged.repair:
            return self._keep_back(held, BrokenCall(known, raw, "it was cut off at the limit of output tokens"))
        if judged.error:
            return self._keep_back(held, BrokenCall(known, raw, judged.error))
        if known == name and not judged.repair:
            return held
        return self._mended(held, known, raw, judged.arguments, judged.repair)

    def _known(self, name: str) -> str | None:
        """The declared tool of this name, or the only one that differs by case and separators alone."""
        if name in self.schemas:
            return name
        alike = [other for other in self.schemas if _bare(other) == _bare(name)]
        return alike[0] if len(alike) == 1 else None

    def _keep_back(self, held: list[Event], call: BrokenCall) -> list[Event]:
        self.broken.append(call)
        self.withheld += held
        return []

    def _mended(self, held: list[Event], known: str, raw: str, arguments: str, repair: str) -> list[Event]:
        start, stop = held[0], held[-1]
        name = start["content_block"]["name"]
        if known != name:
            self.changes.append(Change(f"tool name {name}", "only case or separators differ", name, known))
        if repair:
            self.changes.append(Change(f"arguments of {known}", repair, raw, arguments))
        opened = {**start, "content_block": {**start["content_block"], "name": known}}
        delta = {"type": "input_json_delta", "partial_json": arguments}
        return [opened, {"type": "content_block_delta", "index": start["index"], "delta": delta}, stop]


def _opens_call(event: Event) -> bool:
    return event["type"] == "content_block_start" and event["content_block"]["type"] == "tool_use"


def _bare(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())
