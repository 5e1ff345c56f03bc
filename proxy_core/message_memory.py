"""What is known of messages that came before: a conversation brings its whole history again with every turn.

A message is known again by its bytes, either where it stands in a body (`body_reading`) or by a hash of them; parsing
it, checking it, reading it and its key for the guardrails then cost nothing more. A message that was forgotten costs
time and changes nothing.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any, cast

import orjson

from proxy_core.exact import exact
from proxy_core.guardrails.loop_digest import content_key
from proxy_core.translate.messages import ReadMessage
from proxy_core.translate.tools import Tools, read_tools
from proxy_core.translate.types import JsonObject

MESSAGES_KEPT = 8192
BYTES_KEPT = 48 * 2**20
"""Of the messages, counted twice: as JSON, and for the texts that stay alive with them."""

TOOL_SETS_KEPT = 64
CHOICES_KEPT = 8
"""Of one set of tools."""

FIRSTS_KEPT = 64
"""Beginnings of conversations that are looked for in a body."""

FOLLOWERS_KEPT = 16
"""Messages that are looked for behind one: sub-agents begin alike and then part."""

_MARK = b'"cache_control"'


@dataclass(slots=True, eq=False)
class Known:
    """One message. `key` stands for its content without the marks for the prompt cache, None until somebody needs it;
    `written` is its JSON, empty once it was forgotten; `valid`: it was checked; `followers` came right behind it.
    """

    message: JsonObject
    written: bytes = b""
    fingerprint: int = 0
    key: int | None = None
    valid: bool = False
    reads: dict[bool | None, ReadMessage] = field(default_factory=dict[bool | None, ReadMessage])
    followers: list[Known] = field(default_factory=list["Known"])

    def content_key(self) -> int:
        """The key, made now if need be."""
        if self.key is None:
            self.key = content_key(self.message)
        return self.key

    def forget(self) -> int:
        """Let go of what takes memory; the bytes that were counted. A request on its way only has to work more."""
        size = _size(self.written)
        self.written, self.reads, self.followers = b"", {}, []
        return size


@dataclass(slots=True, eq=False)
class KnownTools:
    """The tools of a request. `translated` by server kind and the choice among them."""

    tools: list[JsonObject]
    written: bytes
    valid: bool = False
    translated: dict[tuple[str, bytes], Tools] = field(default_factory=dict[tuple[str, bytes], Tools])

    def read(self, body: JsonObject, server_kind: str) -> Tools:
        """The tools of a valid body that declares these. Raises `InvalidRequest` as `read_tools` does."""
        key = (server_kind, orjson.dumps(body.get("tool_choice")))
        found = self.translated.get(key)
        if found is None:
            if len(self.translated) >= CHOICES_KEPT:
                self.translated.clear()
            found = self.translated[key] = read_tools(body, server_kind)
        return found


class MessageMemory:
    """Of all conversations together, the messages seen last; engine thread only."""

    def __init__(self, most: int = MESSAGES_KEPT, most_bytes: int = BYTES_KEPT) -> None:
        self.firsts: list[Known] = []
        """Messages that began conversations, the latest first."""
        self._most = most
        self._most_bytes = most_bytes
        self._bytes = 0
        self._known: OrderedDict[int, Known] = OrderedDict()
        self._tools: OrderedDict[int, KnownTools] = OrderedDict()

    @property
    def tool_sets(self) -> list[KnownTools]:
        """The sets of tools, the latest first."""
        return list(reversed(self._tools.values()))

    def known(self, message: JsonObject) -> Known:
        """What is known of a message."""
        try:
            written = orjson.dumps(message)
        except TypeError:  # nested too deep to be written; checking it will say so
            return Known(message)
        fingerprint = hash(written)
        known = self._known.get(fingerprint)
        if known is not None:
            self._known.move_to_end(fingerprint)
            return known
        key = None if _MARK in written else fingerprint
        known = self._known[fingerprint] = Known(message, exact(written), fingerprint, key)
        self._bytes += _size(written)
        while len(self._known) > self._most or (self._bytes > self._most_bytes and len(self._known) > 1):
            self._bytes -= self._known.popitem(last=False)[1].forget()
        return known

    def touch(self, known: list[Known]) -> None:
        """These messages were found in a body: they are the last ones to be forgotten, once something has to be."""
        if 2 * len(self._known) < self._most and 2 * self._bytes < self._most_bytes:
            return
        for one in known:
            self._known.move_to_end(one.fingerprint)

    def known_tools(self, tools: list[JsonObject]) -> KnownTools:
        """What is known of a set of tools."""
        try:
            written = orjson.dumps(tools)
        except TypeError:
            return KnownTools(tools, b"")
        key = hash(written)
        known = self._tools.get(key)
        if known is None:
            known = self._tools[key] = KnownTools(tools, exact(written))
            if len(self._tools) > TOOL_SETS_KEPT:
                self._tools.popitem(last=False)
        self._tools.move_to_end(key)
        return known

    def follow(self, known: list[Known], start: int) -> None:
        """These valid messages came one after the other; what comes before `start` is known to."""
        for place in range(start, len(known)):
            seen, most = (known[place - 1].followers, FOLLOWERS_KEPT) if place else (self.firsts, FIRSTS_KEPT)
            one = known[place]
            if one.written and (not seen or seen[0] is not one):
                seen[:] = [one, *(other for other in seen if other.written and other is not one)][:most]


def tools_of(body: object) -> list[JsonObject] | None:
    """The tools of a body that need not be valid."""
    tools: Any = cast("JsonObject", body).get("tools") if isinstance(body, dict) else None
    return cast("list[JsonObject]", tools) if isinstance(tools, list) and tools else None


def messages_of(body: object) -> list[JsonObject]:
    """The messages of a body that need not be valid."""
    messages: Any = cast("JsonObject", body).get("messages") if isinstance(body, dict) else None
    return cast("list[JsonObject]", messages) if isinstance(messages, list) else []


def _size(written: bytes) -> int:
    return 2 * len(written)
