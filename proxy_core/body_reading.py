"""Reads the body of a request and parses only what no body before it had.

A client writes the history of a conversation the same way each time. So the messages that are known are looked for
where they stand, one behind the other; what is left, with a mark in their place, is parsed. Only if the mark then
stands where the messages belong is the result taken: it is what parsing the whole body gives. Comparing bytes is some
thirty times faster than parsing them.
"""

from __future__ import annotations

import secrets
from typing import Any, cast

import orjson

from proxy_core.message_memory import Known, KnownTools, MessageMemory
from proxy_core.recalled import Recalled
from proxy_core.translate.types import JsonObject

SMALL = 4096
"""Bytes below which parsing costs less than looking."""

_MESSAGES, _TOOLS = b'"messages":[', b'"tools":['


class BodyReader:
    """Engine thread only."""

    def __init__(self, memory: MessageMemory) -> None:
        self._memory = memory
        self._mark = secrets.token_hex(16)  # nobody can send it

    def read(self, raw: bytes) -> Recalled:
        """The body with what is known of its messages. Raises `orjson.JSONDecodeError`."""
        memory = self._memory
        begin = raw.find(_MESSAGES) + len(_MESSAGES) if len(raw) >= SMALL else 0
        if begin < len(_MESSAGES):
            return Recalled(memory, orjson.loads(raw), len(raw))
        found, end = self._beginning(raw, begin)
        tools, at = self._tools(raw, begin, end)
        body = self._parsed(raw, begin, end, tools, at) if found or tools else None
        if body is None:
            return Recalled(memory, orjson.loads(raw), len(raw))
        body["messages"][:1] = [known.message for known in found]
        memory.touch(found)
        return Recalled(memory, body, len(raw), found, tools)

    def _beginning(self, raw: bytes, begin: int) -> tuple[list[Known], int]:
        """The known messages with which a list that begins at `begin` begins, and where the last of them ends."""
        found: list[Known] = []
        candidates, at, end = self._memory.firsts, begin, begin
        while True:
            for known in candidates:
                if known.written and raw.startswith(known.written, at):
                    break
            else:
                return found, end
            found.append(known)
            end = at + len(known.written)
            at = end + 1
            candidates = known.followers if raw[end:at] == b"," else ()

    def _tools(self, raw: bytes, begin: int, end: int) -> tuple[KnownTools | None, int]:
        """The known tools of a body and where they stand, before or behind the known messages."""
        sets = self._memory.tool_sets
        at = raw.find(_TOOLS, 0, begin) if sets else -1
        if at < 0 and sets:
            at = raw.find(_TOOLS, end)
        at += len(_TOOLS) - 1
        for known in sets if at >= len(_TOOLS) - 1 else ():
            if known.written and raw.startswith(known.written, at):
                return known, at
        return None, 0

    def _parsed(self, raw: bytes, begin: int, end: int, tools: KnownTools | None, at: int) -> JsonObject | None:
        """The body with the mark as the first of its messages; None when it is not that simple."""
        mark = b'"%s"' % self._mark.encode()
        cuts = [(begin, end, mark if end > begin else mark + b"," * (raw[begin : begin + 1] != b"]"))]
        if tools is not None:
            cuts.append((at, at + len(tools.written), mark))
        parts: list[bytes] = []
        done = 0
        for first, last, instead in sorted(cuts):
            parts += (raw[done:first], instead)
            done = last
        try:
            body: Any = orjson.loads(b"".join((*parts, raw[done:])))
        except orjson.JSONDecodeError:
            return None
        if not isinstance(body, dict):
            return None
        known = cast("JsonObject", body)
        messages: Any = known.get("messages")
        if not isinstance(messages, list) or not messages or messages[0] != self._mark:
            return None
        if tools is not None:
            if known.get("tools") != self._mark:
                return None
            known["tools"] = tools.tools
        return known
