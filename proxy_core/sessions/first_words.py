"""The first thing a person said in a conversation: what names a session to people, and tells it from others."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import cast

from proxy_core.translate.types import JsonObject

LABEL_LENGTH = 60
_SCAN = 20_000
"""Characters looked at for a label; a first message may be a pasted file of megabytes."""

_REMINDER = re.compile(r"<system-reminder>.*?(?:</system-reminder>|\Z)", re.DOTALL)
_COMMAND = re.compile(r"<command-name>\s*(.*?)\s*</command-name>", re.DOTALL)
_ARGUMENTS = re.compile(r"<command-args>\s*(.*?)\s*</command-args>", re.DOTALL)
_AROUND = re.compile(
    r"<(local-command-(?:caveat|stdout|stderr)|command-(?:message|contents)|bash-(?:stdout|stderr))>.*?(?:</\1>|\Z)"
    r"|</?[a-z][a-z-]*>",
    re.DOTALL,
)


def first_human_text(body: JsonObject) -> str:
    """The first user message that holds more than system reminders, whole; "" when there is none."""
    for text in _user_texts(body):
        human = _REMINDER.sub("", text).strip()
        if human:
            return human
    return ""


def label(body: JsonObject) -> str:
    """A short name of the session for people: the first human words on one line, at most 60 characters.

    System reminders, control characters and the markup of slash commands are taken out. "" when nothing is left.
    """
    for text in _user_texts(body):
        words = _one_line(_plain(_REMINDER.sub("", text[:_SCAN])))
        if words:
            return words if len(words) <= LABEL_LENGTH else words[: LABEL_LENGTH - 1].rstrip() + "…"
    return ""


def _user_texts(body: JsonObject) -> Iterator[str]:
    """The texts of user messages in order: content strings and text blocks, never tool results."""
    messages: object = body.get("messages")
    for message in cast("list[object]", messages) if isinstance(messages, list) else ():
        if not isinstance(message, dict):
            continue
        known = cast("JsonObject", message)
        content: object = known.get("content")
        if known.get("role") != "user":
            continue
        if isinstance(content, str):
            yield content
        for block in cast("list[object]", content) if isinstance(content, list) else ():
            text: object = cast("JsonObject", block).get("text") if isinstance(block, dict) else None
            if isinstance(text, str):
                yield text


def _plain(text: str) -> str:
    command = _COMMAND.search(text)
    if command:
        arguments = _ARGUMENTS.search(text)
        return f"{command[1]} {arguments[1] if arguments else ''}"
    return _AROUND.sub(" ", text)


def _one_line(text: str) -> str:
    """Words with single spaces; control, format and unassigned characters are gone, so a terminal is safe."""
    words = " ".join(text[: LABEL_LENGTH * 40].split())
    return "".join(c for c in words[: LABEL_LENGTH * 4] if unicodedata.category(c)[0] != "C").strip()
