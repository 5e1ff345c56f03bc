"""The system prompt and the system messages that Claude Code puts in the middle of a conversation."""

from __future__ import annotations

import re
from typing import cast

from proxy_core.translate.content import glue
from proxy_core.translate.types import JsonObject

_BILLING = "x-anthropic-billing-header"
_BILLING_LINE = re.compile(rf"^[ \t]*{_BILLING}:[ \t]*(?:[\w.-]+=[^;\n]*(?:;[ \t]*\n?|\n|\Z))*", re.MULTILINE)
REMINDER = "<system-reminder>"


def without_billing(text: str) -> str:
    """The text without Claude Code's billing line.

    The line differs between sessions and carries a hash that changes with every request; left in, it would make the
    server compute the whole prompt anew each time. It means nothing to any model, so it goes without a note.
    """
    return _BILLING_LINE.sub("", text) if _BILLING in text else text


def system_text(system: object) -> str:
    """The text of a `system` string or list of text blocks; "" when nothing is left to say."""
    if isinstance(system, str):
        texts = [without_billing(system)]
    else:
        blocks = cast("list[JsonObject]", system) if isinstance(system, list) else []
        texts = [without_billing(block.get("text") or "") for block in blocks]
    return glue(text for text in texts if text.strip())


def reminder(text: str) -> str:
    """A system message in the words of the user's side, for templates that allow only one system message.

    Qwen's template, for one, raises "System message must be at the beginning" on a second.
    """
    return text if text.lstrip().startswith(REMINDER) else f"{REMINDER}\n{text}\n</system-reminder>"
