"""The tags around reasoning that a server leaves in the text when it does not know the model's format."""

from __future__ import annotations

THINK_TAGS = {"<think>": "</think>", "<thinking>": "</thinking>", "[THINK]": "[/THINK]"}
"""Opening and closing tags."""

FENCE = "```"
"""Around code blocks: inside of one a tag is an example."""

QUOTES = ("`", '"', "'")
"""Right before a tag they make it a mention of the tag."""


def split_unopened(text: str) -> tuple[str, str] | None:
    """Reasoning and answer of a text whose reasoning only has an end, because the prompt itself opened it.

    Templates of reasoning models do that: `plan</think>answer`. None when there is no such end.
    """
    place = text.find("</think>")
    while place >= 0:
        before = text[:place]
        if not before.endswith(QUOTES) and before.count(FENCE) % 2 == 0:
            return before.strip(), text[place + len("</think>") :].lstrip()
        place = text.find("</think>", place + 1)
    return None
