"""What is known of messages that came before: a conversation brings its whole history again with every turn.

A message is known again by a hash of its bytes, taken once a request; checking it, reading it and its key for the
guardrails then cost nothing more. A message that was forgotten costs time and changes nothing.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any, cast

import orjson

from proxy_core.guardrails.loop_digest import content_key
from proxy_core.translate.documents import holds_pdf
from proxy_core.translate.messages import ReadMessage, read_message
from proxy_core.translate.types import JsonObject

MESSAGES_KEPT = 8192
BYTES_KEPT = 32 * 2**20
"""Of the messages as JSON: about what the texts that stay alive with them take."""

TOOL_SETS_KEPT = 64

_MARK = b'"cache_control"'


@dataclass(slots=True, eq=False)
class Known:
    """One message. `key` stands for its content without the marks for the prompt cache, None until somebody needs it;
    `valid`: it was checked.
    """

    key: int | None
    size: int
    valid: bool = False
    reads: dict[bool | None, ReadMessage] = field(default_factory=dict[bool | None, ReadMessage])


class Recalled:
    """The messages of one request. The body must stay alive and unchanged as long as this."""

    def __init__(self, memory: MessageMemory, messages: list[JsonObject], tools: int) -> None:
        self._memory = memory
        self._messages = messages
        self._tools = tools
        self._known = [memory.known(message) for message in messages]
        self._by_id = {id(message): known for message, known in zip(messages, self._known, strict=True)}

    @property
    def keys(self) -> list[int]:
        """The content keys of the messages."""
        return [_key(known, message) for known, message in zip(self._known, self._messages, strict=True)]

    @property
    def valid(self) -> list[bool]:
        """Which messages were found valid before."""
        return [known.valid for known in self._known]

    @property
    def tools_valid(self) -> bool:
        """Whether these tools were found valid before."""
        return self._memory.tools_valid(self._tools)

    def accept(self) -> None:
        """The body was found valid."""
        for known in self._known:
            known.valid = True
        self._memory.accept_tools(self._tools)

    def key(self, message: JsonObject) -> int:
        """The content key of a message, of this request or made from one of it."""
        known = self._by_id.get(id(message))
        return _key(known, message) if known is not None else content_key(message)

    def reading(self, messages: list[JsonObject], vision: bool | None) -> Reading:
        """What is needed to translate `messages`: those of the request, or some that were made from them."""
        return Reading([self._by_id.get(id(message)) for message in messages], messages, vision)


class Reading:
    """Reads messages in their order, each for the first time only. May be used on another thread."""

    def __init__(self, known: list[Known | None], messages: list[JsonObject], vision: bool | None) -> None:
        self._known = known
        self._messages = messages
        self._vision = vision

    @property
    def slow(self) -> bool:
        """Whether a PDF has to be read, which can take seconds."""
        new = [
            message
            for message, known in zip(self._messages, self._known, strict=True)
            if known is None or self._vision not in known.reads
        ]
        return holds_pdf({"messages": new})

    def all(self) -> list[ReadMessage]:
        """The messages as read."""
        vision, found = self._vision, list[ReadMessage]()
        for message, known in zip(self._messages, self._known, strict=True):
            read = known.reads.get(vision) if known is not None else None
            if read is None:
                read = read_message(message, vision)
                if known is not None:
                    known.reads[vision] = read
            found.append(read)
        return found


class MessageMemory:
    """Of all conversations together, the messages seen last; engine thread only."""

    def __init__(self, most: int = MESSAGES_KEPT, most_bytes: int = BYTES_KEPT) -> None:
        self._most = most
        self._most_bytes = most_bytes
        self._bytes = 0
        self._known: OrderedDict[int, Known] = OrderedDict()
        self._tools: OrderedDict[int, None] = OrderedDict()

    def recall(self, body: object) -> Recalled:
        """Look the messages of a body up; it need not be valid."""
        given = cast("JsonObject", body) if isinstance(body, dict) else {}
        messages: Any = given.get("messages")
        tools: Any = given.get("tools")
        known: list[JsonObject] = cast("list[JsonObject]", messages) if isinstance(messages, list) else []
        return Recalled(self, known, _hash(tools) if tools else 0)

    def known(self, message: JsonObject) -> Known:
        """What is known of a message."""
        try:
            written = orjson.dumps(message)
        except TypeError:  # nested too deep to be written; checking it will say so
            return Known(None, 0)
        fingerprint = hash(written)
        known = self._known.get(fingerprint)
        if known is not None:
            self._known.move_to_end(fingerprint)
            return known
        known = self._known[fingerprint] = Known(None if _MARK in written else fingerprint, len(written))
        self._bytes += len(written)
        while len(self._known) > self._most or (self._bytes > self._most_bytes and len(self._known) > 1):
            self._bytes -= self._known.popitem(last=False)[1].size
        return known

    def tools_valid(self, key: int) -> bool:
        """Whether a set of tools was accepted before."""
        return key in self._tools

    def accept_tools(self, key: int) -> None:
        """A set of tools was found valid."""
        self._tools[key] = None
        self._tools.move_to_end(key)
        if len(self._tools) > TOOL_SETS_KEPT:
            self._tools.popitem(last=False)


def _key(known: Known, message: JsonObject) -> int:
    if known.key is None:
        known.key = content_key(message)
    return known.key


def _hash(value: object) -> int:
    try:
        return hash(orjson.dumps(value))
    except TypeError:
        return 0
