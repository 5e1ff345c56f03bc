"""The demo's hint to a person, as an event: in the console the lines before it are hidden."""

from __future__ import annotations

from typing import ClassVar

from console.event_text import describe
from proxy_core.events import EngineEvent, Severity
from proxy_core.value_types import named_value_type


@named_value_type
class DemoHint(EngineEvent):
    """What a person can do with the demo."""

    kind: ClassVar[str] = "demo.hint"
    severity: ClassVar[Severity] = "notice"
    text: str


@describe.register
def _(event: DemoHint) -> str:
    return event.text
