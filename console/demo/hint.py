"""The demo's hint to a person, as an event: in the console the lines before it are hidden."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from console.event_text import describe
from proxy_core.events import EngineEvent, Severity


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoHint(EngineEvent):
    """What a person can do with the demo."""

    kind: ClassVar[str] = "demo.hint"
    severity: ClassVar[Severity] = "notice"
    text: str


@describe.register
def _(event: DemoHint) -> str:
    return event.text
