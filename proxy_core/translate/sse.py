"""Server-sent events: writing them for the client, reading them from the upstream however it frames them."""

from __future__ import annotations

from typing import Any, cast

import orjson

from proxy_core.translate.chunks import decode_json
from proxy_core.translate.runs import FUTILE, Mould, Run, mould_of
from proxy_core.translate.types import Event, JsonObject

_HEADS: dict[str, bytes] = {
    name: f"event: {name}\ndata: ".encode()
    for name in (
        "message_start",
        "content_block_start",
        "content_block_delta",
        "content_block_stop",
        "message_delta",
        "message_stop",
        "ping",
        "error",
    )
}
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_END_MARK = b"data: [DONE]"


def encode(event: Event) -> bytes:
    """One Messages API event as it goes over the wire."""
    return _HEADS[event["type"]] + orjson.dumps(event) + b"\n\n"


PING: bytes = encode({"type": "ping"})


class SseReader:
    """Turns the bytes of a Chat Completions stream into the JSON objects of its events, as they become complete.

    Events in one read that differ in nothing but the next piece of a text come as a `Run`.
    Bytes may be cut anywhere. Accepts all three line ends, `data:` without a space, comments, several data lines to an
    event, events without a blank line between them, a bare JSON line, and llama.cpp's old `error:` field. Data that is
    not JSON becomes an error object, so that the answer fails instead of losing a piece.
    """

    def __init__(self) -> None:
        self.done = False
        """The end mark `[DONE]` was read; what follows it is ignored."""
        self._rest = bytearray()
        self._data: list[bytes] = []
        self._event = b""
        self._mould: Mould | None = None
        self._futile = 0

    def feed(self, data: bytes) -> list[JsonObject | Run]:
        """The objects of every event that `data` completes."""
        if self.done:
            return []
        mould = self._mould
        if mould is not None and not (self._rest or self._data or self._event) and (runs := mould.runs(data)):
            self._futile = 0
            return runs
        if b"\n" not in data and b"\r" not in data and not self._rest.endswith(b"\r"):
            self._rest += data
            return []
        if self._rest:
            self._rest += data
            data = bytes(self._rest)
            self._rest.clear()
        if b"\r" in data:
            cut = data.endswith(b"\r")
            data = (data[:-1] if cut else data).replace(b"\r\n", b"\n").replace(b"\r", b"\n")
            lines = data.split(b"\n")
            self._rest += lines.pop() + (b"\r" if cut else b"")
            return [*self._read(lines)]
        return self._read_events(data)

    def close(self) -> list[JsonObject]:
        """The upstream's body ended: the last event, if it lacks only its line end. Half an event is dropped."""
        if self.done:
            return []
        found = self._read([bytes(self._rest).removesuffix(b"\r")])
        self._rest.clear()
        pending = b"\n".join(self._data)
        if pending.strip() == b"[DONE]" or (pending and decode_json(pending) is not None):
            self._dispatch(found)
        self._data = []
        return found

    def _read_events(self, data: bytes) -> list[JsonObject | Run]:
        """The same as reading line by line; short for events of one data line, which nearly all are."""
        whole, blank, rest = data.rpartition(b"\n\n")
        found = self._read_like(whole + blank) if blank else []
        if rest and not self.done:
            lines = rest.split(b"\n")
            self._rest += lines.pop()
            found += self._read(lines)
        return found

    def _read_like(self, data: bytes) -> list[JsonObject | Run]:
        """Read whole events: all at once when they are alike, else one by one."""
        mould = self._mould
        if mould is not None and not (self._data or self._event) and (runs := mould.runs(data)):
            self._futile = 0
            return runs
        found: list[JsonObject | Run] = []
        place = 0
        while place < len(data) and not self.done:
            mould = None if self._data or self._event else self._mould
            runs, end = mould.leading(data, place) if mould is not None else (None, place)
            if runs is not None:
                self._futile = 0
                found += runs
            elif end > place:
                for event in data[place : end - 2].split(b"\n\n"):
                    found += self._read_event(event)
            elif (end := data.find(b"\n\n", place) + 2) >= 2:
                found += self._read_event(data[place : end - 2])
            else:
                return found + self._read(data[place:-1].split(b"\n"))
            place = end
        return found

    def _read_event(self, event: bytes) -> list[JsonObject]:
        if not (self._data or self._event):
            if event == _END_MARK:
                self.done = True
                return []
            if event.startswith(b"data: {") and b"\n" not in event:
                try:
                    chunk: JsonObject = orjson.loads(event[6:])
                except ValueError:
                    pass
                else:
                    self._learn(event, chunk)
                    return [chunk]
        return self._read([*event.split(b"\n"), b""])

    def _learn(self, event: bytes, chunk: JsonObject) -> None:
        """Make the mould of an event that fitted none."""
        if self._futile >= FUTILE:
            return
        mould = mould_of(event, chunk)
        if mould is not None:
            self._mould = mould
            self._futile += 1

    def _read(self, lines: list[bytes]) -> list[JsonObject]:
        found: list[JsonObject] = []
        for line in lines:
            if line.startswith(b"data:"):
                if self._data:
                    self._part(found)
                self._data.append(line[6:] if line[5:6] == b" " else line[5:])
            elif not line:
                if self._data:
                    self._dispatch(found)
                self._event = b""
            elif line.startswith(b"event:"):
                self._event = line[6:].strip()
            elif line.startswith(b"error:"):
                self._event = b"error"
                self._data.append(line[6:].strip())
            elif line.startswith(_BYTE_ORDER_MARK):
                found += self._read([line[3:]])
            elif line.startswith(b"{") and decode_json(line) is not None:
                self._data.append(line)
            if self.done:
                break
        return found

    def _part(self, found: list[JsonObject]) -> None:
        """A further data line: events that are whole are separate ones, for servers that leave the blank line out."""
        whole = b"\n".join(self._data)
        if whole.strip() == b"[DONE]" or decode_json(whole) is not None:
            self._dispatch(found)

    def _dispatch(self, found: list[JsonObject]) -> None:
        data = self._data[0] if len(self._data) == 1 else b"\n".join(self._data)
        self._data = []
        try:
            value = orjson.loads(data)
        except ValueError:
            if not (stripped := data.strip()):
                return
            if stripped == b"[DONE]":
                self.done = True
                return
            value = decode_json(data)
        if isinstance(value, dict):
            whole = cast("JsonObject", value)
            found.append(whole if self._event != b"error" or whole.get("error") else {"error": whole})
        else:
            found.append(_unreadable(value, data))


def _unreadable(value: Any, data: bytes) -> JsonObject:
    first: Any = cast("list[Any]", value)[0] if isinstance(value, list) and value else None
    if isinstance(first, dict) and "error" in first:
        return cast("JsonObject", first)
    shown = data[:80].decode("utf-8", "replace")
    return {"error": {"message": f"the model server sent an event that is not JSON: {shown}", "type": "server_error"}}
