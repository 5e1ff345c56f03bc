"""What stands in the place of what was removed: words for the model, the same on every later turn.

Each text follows from the removed content alone. A count or a time that changed later would change the prompt's bytes
and make the model server read everything behind it anew.
"""

from __future__ import annotations

from typing import Any, Literal, TypeAlias, cast

from proxy_core.translate.content import glue
from proxy_core.translate.types import JsonObject

Cut: TypeAlias = Literal["superseded", "shortened"]

HEAD, TAIL = 480, 240
"""Characters kept of a large result's beginning and end."""

LARGE = 1600
"""Characters from which a result is worth shortening."""

NOTE_LENGTH = 150
LINE_SEARCH = 120

SUPERSEDED = "[This result was removed to save context: the same was asked again later, and that newer result follows.]"
SUPERSEDED_WEIGHT = 24

REMOVED_TURNS = (
    "[Older turns of this conversation were removed here to fit the context window: what was said, called and answered "
    "in them is gone. Do not assume what they held; look again at whatever you need.]"
)
REMOVED_TURNS_WEIGHT = 50

MEDIA_REMOVED = "[An image or document of this result was removed to save context; call the tool again to see it.]"


def shortened_length(length: int) -> int:
    """About how many characters are left of `length`."""
    return min(length, HEAD + TAIL + NOTE_LENGTH)


def shortened(text: str) -> str:
    """The text with head and tail kept, cut at line ends where one is near, and a line that says what is missing."""
    if len(text) <= LARGE:
        return text
    line = text.rfind("\n", HEAD - LINE_SEARCH, HEAD)
    end = line + 1 if line >= 0 else HEAD
    start = len(text) - TAIL
    line = text.find("\n", start, start + LINE_SEARCH)
    start = line + 1 if line >= 0 else start
    missing = text[end:start]
    lines = missing.count("\n")
    size = f"{lines:,} lines, {len(missing):,} characters" if lines else f"{len(missing):,} characters"
    gap = "" if end and text[end - 1] == "\n" else "\n"
    return (
        f"{text[:end]}{gap}[... {size} of this result were removed here to save context; call the tool again if you "
        f"need them ...]\n{text[start:]}"
    )


def without(block: JsonObject, cut: Cut) -> JsonObject:
    """A tool result block, cut; the block that came in stays as it is, and so does its error flag in the new one."""
    if cut == "superseded":
        return {**block, "content": SUPERSEDED}
    content: Any = block.get("content")
    if isinstance(content, str):
        return {**block, "content": shortened(content)}
    parts = cast("list[JsonObject]", content or [])
    text = shortened(glue(part["text"] for part in parts if part["type"] == "text"))
    if any(part["type"] != "text" for part in parts):
        text = glue((text, MEDIA_REMOVED))
    return {**block, "content": text}


def with_removal_note(message: JsonObject) -> JsonObject:
    """A user message that ends with the note about removed turns."""
    content: Any = message["content"]
    blocks = [{"type": "text", "text": content}] if isinstance(content, str) else list(content)
    return {**message, "content": [*blocks, {"type": "text", "text": REMOVED_TURNS}]}
