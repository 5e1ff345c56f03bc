"""Runs: events of a stream that differ from one another in a single string, the next piece of the same block.

Nearly all events of an answer are such. Once one was parsed its bytes are a mould: an event with the same head and the
same tail holds nothing new but the string between them, so that a whole run of them is read at once, as one piece.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, cast

import orjson

from proxy_core.translate.types import JsonObject

PieceKind: TypeAlias = Literal["text", "thinking", "tool_use"]
"""The kind of block that a piece belongs to."""

LONGEST = 1024
"""Bytes of a run: pieces much longer than a token would tell the guards that the server had finished before it sent."""

AHEAD = 8192
"""Bytes within which the next events are looked for together."""

FUTILE = 8
"""Moulds in a row that no event fitted, after which none is made any more: something else is new in each event."""

_KINDS: dict[str, PieceKind] = {
    "content": "text",
    "reasoning_content": "thinking",
    "reasoning": "thinking",
    "tool_calls": "tool_use",
}
_ELSE_IN_CHUNK = ("usage", "timings", "error", "prompt_progress")
_ELSE_IN_CHOICE = ("finish_reason", "index", "error", "usage")
_FIELD = b"data: "
_UNESCAPED = re.compile(r"[ !#-\[\]-~]+")
"""Text that every server writes the same way into JSON."""

_PLAIN = re.compile(rb'[^"\\\x00-\x1f]+')
"""A string's bytes that mean themselves."""

_PROBE = "\N{SNOWMAN}"


def piece_of(chunk: JsonObject) -> tuple[PieceKind, str, int] | None:
    """Kind, text and number of the call of the piece that a chunk carries; None where it carries anything else.

    A delta that names its call or gives it an id is none: what it goes on with is not certain.
    """
    try:
        choices: Any = chunk["choices"]
        if len(choices) != 1:
            return None
        choice = choices[0]
        delta: Any = choice["delta"]
        if any(map(choice.get, _ELSE_IN_CHOICE)) or any(map(chunk.get, _ELSE_IN_CHUNK)):
            return None
        keys = [key for key, value in delta.items() if value and key != "role"]
        if len(keys) != 1:
            return None
        key = keys[0]
        kind = _KINDS[key]
        text: Any = delta[key]
        index = 0
        if kind == "tool_use":
            (entry,) = text
            function = entry["function"]
            if entry.get("id") or function.get("name"):
                return None
            text, index = function["arguments"], entry.get("index") or 0
    except (LookupError, TypeError, AttributeError, ValueError):
        return None
    sound = text.__class__ is str and text and index.__class__ is int and index >= 0
    return (kind, text, index) if sound else None


class Mould:
    """The bytes around the string of an event; `least` is the length of the two together."""

    __slots__ = ("_ending", "_joint", "_start", "_stop", "head", "index", "kind", "least", "tail")

    def __init__(self, head: bytes, tail: bytes, kind: PieceKind, index: int) -> None:
        self.head = head
        self.tail = tail
        self.kind: PieceKind = kind
        self.index = index
        self.least = len(head) + len(tail)
        self._ending = tail + b"\n\n"
        self._joint = self._ending + head
        self._start, self._stop = len(head), -len(self._ending)

    def runs(self, data: bytes) -> list[JsonObject | Run] | None:
        """The runs that `data` is, from the first byte of an event to the blank line behind one; None where there is
        anything else in it.
        """
        if not (data.startswith(self.head) and data.endswith(self._ending)):
            return None
        inner = data[self._start : self._stop]
        if not _PLAIN.fullmatch(inner):
            return runs_of(self, inner.split(self._joint))
        try:
            return [Run(self, inner.decode(), 1, [inner])]
        except UnicodeDecodeError:
            return None

    def leading(self, data: bytes, place: int) -> tuple[list[JsonObject | Run] | None, int]:
        """The events with which `data` goes on at `place`, where one begins, and that fit: their runs, None where there
        is anything else in them, and where they end, which is `place` when there are none.

        Looks a little ahead only, so that events which fit and others in turn take no more than time in proportion.
        """
        if not data.startswith(self.head, place):
            return None, place
        begin = place + self._start
        *bodies, last = data[begin : begin + AHEAD].split(self._joint)
        begin = min(begin + AHEAD, len(data)) - len(last)
        end = data.find(self._ending, begin)
        if end >= 0:
            bodies.append(data[begin:end])
        if not bodies:
            return None, place
        return runs_of(self, bodies), begin - self._start if end < 0 else end + len(self._ending)

    def chunk(self, body: bytes) -> JsonObject | None:
        """The chunk with this string, None if that makes no JSON; `body` is what stands between its quotes."""
        try:
            found: object = orjson.loads((self.head + body + self.tail)[len(_FIELD) :])
        except ValueError:
            return None
        return cast("JsonObject", found) if isinstance(found, dict) else None


def mould_of(event: bytes, chunk: JsonObject) -> Mould | None:
    """The mould of an event that was read as `chunk`, where its string can be found with certainty."""
    piece = piece_of(chunk)
    if piece is None or not _UNESCAPED.fullmatch(piece[1]):
        return None
    kind, text, index = piece
    string = b'"%b"' % text.encode()
    place = event.find(string)
    if place < 0 or event.find(string, place + 1) >= 0 or not event.startswith(_FIELD):
        return None
    mould = Mould(event[: place + 1], event[place + len(string) - 1 :], kind, index)
    if b"\\" not in event:
        return mould  # nothing is escaped: the piece stands there as it is, once, and that is it
    other = mould.chunk(_PROBE.encode())
    return mould if other is not None and piece_of(other) == (kind, _PROBE, index) else None


@dataclass(slots=True)
class Run:
    """Events of one mould; `text` is their pieces together, `count` tells how many are not empty."""

    mould: Mould
    text: str
    count: int
    bodies: list[bytes]

    def chunks(self) -> list[JsonObject]:
        """The chunks, one by one."""
        return [chunk for body in self.bodies if (chunk := self.mould.chunk(body)) is not None]


def runs_of(mould: Mould, bodies: list[bytes]) -> list[JsonObject | Run] | None:
    """The runs of events that fit a mould, none of them longer than `LONGEST` unless it is one event; None when one of
    their strings is not plainly a string.
    """
    if sum(map(len, bodies)) <= LONGEST:
        run = _run(mould, bodies)
        return None if run is None else [run]
    runs: list[JsonObject | Run] = []
    start = size = 0
    for place, body in enumerate(bodies):
        size += len(body)
        if size > LONGEST and place > start:
            if (run := _run(mould, bodies[start:place])) is None:
                return None
            runs.append(run)
            start, size = place, len(body)
    run = _run(mould, bodies[start:])
    return None if run is None else [*runs, run]


def _run(mould: Mould, bodies: list[bytes]) -> Run | None:
    joined = b"".join(bodies)
    if joined.isascii() and _PLAIN.fullmatch(joined):
        return Run(mould, joined.decode(), len(bodies) - bodies.count(b""), bodies)
    lines = b"\n".join(bodies)
    if lines.count(b"\n") >= len(bodies) or not lines.strip(b"\n"):
        return None
    if b"\\" in lines or b'"' in lines:
        bare = lines.replace(rb"\\", b"").replace(rb"\"", b"")
        if b'"' in bare or b"\\\n" in bare or bare.endswith(b"\\"):
            return None
    try:
        texts: list[str] = orjson.loads(b'["%b"]' % b'","'.join(bodies))
    except ValueError:
        return None
    return Run(mould, "".join(texts), len(bodies) - bodies.count(b""), bodies)
