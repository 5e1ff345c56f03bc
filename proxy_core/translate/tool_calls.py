"""Puts the pieces of tool calls together, whatever order and numbering the server gives them, one open block at a time.

A call's block opens when its name is known and its arguments begin. What comes while an unfinished call is open waits
in a queue: a call is finished once its arguments are a JSON object and something else follows.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Literal, cast

import orjson

from proxy_core.translate.blocks import BlockWriter
from proxy_core.translate.chunks import decode_json
from proxy_core.translate.types import JsonObject
from proxy_core.translate.usage import count

_GOOD_ID = re.compile(r"[a-zA-Z0-9_-]{1,128}\Z")
_NOT_IN_ID = re.compile(r"[^A-Za-z0-9]")


@dataclass(slots=True, eq=False)
class Call:
    """One call as far as it came. `sent` counts the pieces of the arguments that went into its block."""

    upstream_id: str = ""
    name: str = ""
    pieces: list[str] = field(default_factory=list)
    sent: int = 0

    @property
    def arguments(self) -> str:
        """The arguments so far, exactly as the model wrote them."""
        return "".join(self.pieces)

    def complete(self) -> bool:
        """True when the arguments are a JSON object."""
        if not self.pieces or not self.pieces[-1].rstrip().endswith("}"):
            return False
        return isinstance(decode_json(self.arguments), dict)


@dataclass(slots=True)
class _Waiting:
    kind: Literal["text", "thinking"]
    pieces: list[str]


class ToolCalls:
    """Native and written calls of one answer, in order."""

    def __init__(self, writer: BlockWriter, message_id: str, declared: frozenset[str]) -> None:
        self.names: list[str] = []
        self.broken = False
        """After `finish`: some call's arguments are not a JSON object."""
        self.nameless = False
        """After `finish`: arguments came for a call that was never named."""
        self._writer = writer
        self._message_id = message_id
        self._declared = declared
        self._ids: set[str] = set()
        self._by_index: dict[int, Call] = {}
        self._open: Call | None = None
        self._queue: list[Call | _Waiting] = []

    @property
    def waiting(self) -> bool:
        """A call is open or queued."""
        return self._open is not None or bool(self._queue)

    def unfinished(self) -> bool:
        """A call is open or queued that more may come for: text has to go through `later`."""
        if self._open is not None and not self._queue and self._open.complete():
            self._open = None
        return self.waiting

    def continues(self, entries: object) -> bool:
        """True when the delta's first entry goes on with the open call."""
        entry: Any = cast("list[Any]", entries)[0] if isinstance(entries, list) and entries else None
        if self._open is None or not isinstance(entry, dict):
            return False
        return self._find(cast("JsonObject", entry)) is self._open

    @property
    def only_open(self) -> bool:
        """A call's block is open, and nothing waits behind it."""
        return self._open is not None and not self._queue

    def goes_on(self, index: int, piece: str) -> bool:
        """Take a piece of arguments for the open call, if `index` is that call's; only for a caller who writes it."""
        call = self._open
        if call is None or self._by_index.get(index) is not call:
            return False
        call.pieces.append(piece)
        call.sent += 1
        return True

    def add(self, entries: object) -> None:
        """The `tool_calls` of one delta."""
        for entry in cast("list[Any]", entries if isinstance(entries, list) else [entries]):
            if isinstance(entry, dict):
                self._add(cast("JsonObject", entry))
        self._pump()

    def add_whole(self, name: str, arguments: str) -> None:
        """A call that the model wrote out as text."""
        self._queue.append(Call(name=name, pieces=[arguments or "{}"]))
        self._pump()

    def later(self, kind: Literal["text", "thinking"], piece: str) -> None:
        """Text or thinking that came while a call is open or queued; written at once when that call is finished."""
        last = self._queue[-1] if self._queue else None
        if isinstance(last, _Waiting) and last.kind == kind:
            last.pieces.append(piece)
        else:
            self._queue.append(_Waiting(kind, [piece]))
        self._pump()

    def finish(self, *, cut: bool) -> None:
        """Write what still waits. `cut`: the output ended at a limit, so a call without arguments never began."""
        if self._open is not None:
            self._settle(self._open)
        for item in self._queue:
            if isinstance(item, _Waiting):
                self._write_waiting(item)
            elif not item.name:
                self.nameless = self.nameless or bool(item.arguments.strip())
            elif item.pieces or not cut:
                self._begin(item)
                self._settle(item)
        self._queue.clear()

    def _add(self, entry: JsonObject) -> None:
        function: Any = entry.get("function")
        inner = cast("JsonObject", function) if isinstance(function, dict) else entry
        name = _string(inner.get("name"))
        identifier = _string(entry.get("id"))
        piece = _argument_text(inner.get("arguments"))
        call = self._find(entry)
        if call is None:
            if not (name or identifier or piece) or self._sent_again(identifier, piece):
                return
            call = Call()
            self._queue.append(call)
            self._by_index[_index(entry)] = call
        call.name = call.name + name if self._splits(call, name) else call.name or name
        call.upstream_id = call.upstream_id or identifier
        if piece and (call.pieces or piece.strip() not in ("", "null")):
            call.pieces.append(piece)

    def _sent_again(self, identifier: str, piece: str) -> bool:
        """True for a whole call that came before: some servers repeat it in their last chunk."""
        return bool(identifier) and any(
            call.upstream_id == identifier and call.arguments == piece for call in self._by_index.values()
        )

    def _find(self, entry: JsonObject) -> Call | None:
        """The call that an entry goes on with, or None when it begins a new one.

        Seen in the field: every call numbered 0, no numbers at all, the name repeated on each delta, ids that are empty
        or null after the first delta, and a fresh id on every delta of one call.
        """
        current = self._by_index.get(_index(entry))
        if current is None:
            return None
        function: Any = entry.get("function")
        inner = cast("JsonObject", function) if isinstance(function, dict) else entry
        name, identifier = _string(inner.get("name")), _string(entry.get("id"))
        begun = bool(current.name and current.pieces)
        if identifier and current.upstream_id and identifier != current.upstream_id:
            return None if name or current.complete() else current
        if name and current.name and name != current.name:
            return current if self._splits(current, name) else None
        again = begun and name and _argument_text(inner.get("arguments")).strip()
        return None if again and current.complete() else current

    def _splits(self, call: Call, name: str) -> bool:
        """True when `name` is the rest of the call's name: together they are a declared tool's."""
        return bool(name and not call.pieces) and call.name != "" and call.name + name in self._declared

    def _pump(self) -> None:
        """Write as much as may be written now."""
        while True:
            if self._open is not None:
                self._flush(self._open)
                if not self._queue or not self._open.complete():
                    return
                self._open = None
            elif not self._queue:
                return
            item = self._queue[0]
            if isinstance(item, _Waiting):
                self._write_waiting(self._queue.pop(0))
            elif item.name and item.pieces:
                self._queue.pop(0)
                self._begin(item)
                self._open = item
            else:
                return

    def _begin(self, call: Call) -> None:
        self._writer.tool(self._identifier(call.upstream_id), call.name)
        self.names.append(call.name)

    def _flush(self, call: Call) -> None:
        for piece in call.pieces[call.sent :]:
            self._writer.arguments(piece)
        call.sent = len(call.pieces)

    def _settle(self, call: Call) -> None:
        self._flush(call)
        self.broken = self.broken or bool(call.pieces and not isinstance(decode_json(call.arguments), dict))
        self._writer.close()
        self._open = None

    def _write_waiting(self, item: Call | _Waiting) -> None:
        if isinstance(item, _Waiting):
            text = "".join(item.pieces)
            if item.kind == "thinking":
                self._writer.thinking(text)
            elif text.strip():
                self._writer.text(text)

    def _identifier(self, upstream_id: str) -> str:
        """The server's id where the API allows it and it is new in this answer, else one of ours."""
        identifier = upstream_id
        if not _GOOD_ID.match(identifier) or identifier in self._ids:
            stem = _NOT_IN_ID.sub("", self._message_id.removeprefix("msg_"))
            identifier = f"toolu_{stem}{len(self.names):02d}"
        self._ids.add(identifier)
        return identifier


def _index(entry: JsonObject) -> int:
    return count(entry.get("index")) or 0


def _string(value: object) -> str:
    return value if isinstance(value, str) else ""


def _argument_text(value: object) -> str:
    """Arguments come as JSON text or, from some servers, as the object itself; an empty one stands for nothing yet."""
    if isinstance(value, str):
        return value
    return orjson.dumps(value).decode() if value else ""
