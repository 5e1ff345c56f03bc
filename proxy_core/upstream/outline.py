"""What a prompt consists of: for each of its pieces a fingerprint, an estimate of its tokens and the part it plays.

A conversation carries its history on every turn, so the estimate of a piece is kept by its fingerprint: a turn costs
the estimate of what is new in it. Texts that were there before are the same objects, whose hash Python keeps.
"""

from __future__ import annotations

from array import array
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias, cast

import orjson

from proxy_core.translate.types import JsonObject
from proxy_core.translate.written import Written
from proxy_core.upstream.estimate import NOTHING, Mix, fixed, joined, mix_of
from proxy_core.upstream.file_reads import reads_file
from proxy_core.value_types import value_type

MESSAGE_TOKENS = 5
"""The marks that a chat template puts around a message."""

CALL_TOKENS = 12
"""The tags, keys and braces around a tool call."""

TOOLS_TOKENS = 100
"""What templates say before the first tool."""

TURN_TOKENS = 4
"""The head of the answer that the template begins."""

MEDIA_TOKENS = 1000
"""An image or a sound, of whatever size: servers scale them, and base64 is never read as text."""

PIECES_KEPT = 8192
"""About 8 MB: as many as messages are remembered."""

UNSETTLED = 8
"""Pieces at the end of a prompt that may still become others on the next turn."""

Part: TypeAlias = Literal["tools", "system", "files", "results", "calls", "chat", "thinking"]
"""What fills a context window: tool declarations; system text; results of calls that read files; other results; the
calls themselves; what people and the model said; the model's earlier thinking."""

PARTS: tuple[Part, ...] = ("tools", "system", "files", "results", "calls", "chat", "thinking")

_MARKS = fixed(MESSAGE_TOKENS)
_PART_OF_ROLE: dict[str, Part] = {"system": "system", "developer": "system", "tool": "results"}


@value_type
class _Piece:
    """One message or tool by itself: its mix by part, and of its calls which id reads a file."""

    mixes: tuple[tuple[Part, Mix], ...]
    total: Mix
    cost: float
    calls: tuple[tuple[str, bool], ...] = ()


@value_type
class Outline:
    """A prompt in short. Pieces are its tools, in their order, and then its messages.

    `fingerprints` (64 bits, equal exactly when the bytes sent are equal) and `costs` (tokens, estimated and not
    calibrated) have one entry a piece; `tools` says how many of them are tools. `mix` is the estimate of the whole by
    kind of text, `fill` that of each part.
    """

    model: str
    tools: int
    fingerprints: array[int]
    costs: array[float]
    roles: tuple[str, ...]
    mix: Mix
    fill: dict[Part, Mix]

    def __len__(self) -> int:
        return len(self.fingerprints)

    def shared_with(self, later: Outline) -> int:
        """How many pieces both begin with."""
        mine, theirs = self.fingerprints, later.fingerprints
        if mine == theirs:
            return len(mine)
        most = min(len(mine), len(theirs))
        if mine[:most] == theirs[:most]:
            return most
        return next(place for place in range(most) if mine[place] != theirs[place])

    def unfilled(self) -> Outline:
        """The same without what it is filled with."""
        return Outline(self.model, self.tools, self.fingerprints, self.costs, self.roles, self.mix, {})

    @property
    def raw(self) -> float:
        """The estimate of the whole before calibration, in tokens."""
        return self.mix.total


@dataclass(slots=True)
class Beginning:
    """A prompt up to some piece, to go on from on the next turn; `tools` says how many the whole has."""

    tools: int
    items: list[JsonObject] = field(default_factory=list[JsonObject])
    fingerprints: array[int] = field(default_factory=lambda: array("q"))
    costs: array[float] = field(default_factory=lambda: array("d"))
    roles: list[str] = field(default_factory=list[str])
    mix: Mix = NOTHING
    fill: dict[Part, Mix] = field(default_factory=dict[Part, Mix])
    reading: dict[str, bool] = field(default_factory=dict[str, bool])

    def starts(self, tools: list[JsonObject], messages: list[JsonObject]) -> bool:
        """Whether a prompt of these tools and messages begins so."""
        count = len(self.items) - self.tools
        return (
            self.tools == len(tools)
            and 0 <= count <= len(messages)
            and self.items[: self.tools] == tools
            and self.items[self.tools :] == messages[:count]
        )

    def add(self, items: list[JsonObject], pieces: list[tuple[int, _Piece]]) -> None:
        """Go on with some more pieces."""
        fill: dict[Part, list[Mix]] = {part: [mix] for part, mix in self.fill.items()}
        for item, (fingerprint, piece) in zip(items, pieces, strict=True):
            self.fingerprints.append(fingerprint)
            self.costs.append(piece.cost)
            if "role" in item:
                self.roles.append(str(item["role"]))
            if piece.calls:
                self.reading.update(piece.calls)
            for part, mix in piece.mixes:
                place = part
                if part == "results" and self.reading.get(str(item.get("tool_call_id")), False):
                    place = "files"
                fill.setdefault(place, []).append(mix)
        self.items += items
        self.mix = joined([self.mix, *(piece.total for _, piece in pieces)])
        self.fill = {part: joined(mixes) for part, mixes in fill.items()}

    def copy(self) -> Beginning:
        """One that can go on by itself."""
        return Beginning(
            self.tools, [], self.fingerprints[:], self.costs[:], self.roles[:], self.mix, self.fill, self.reading.copy()
        )


@dataclass(slots=True)
class OutlineBook:
    """Makes outlines, and keeps the estimates of the pieces seen last."""

    _pieces: OrderedDict[int, _Piece] = field(default_factory=OrderedDict[int, _Piece])

    def outline(self, body: JsonObject) -> Outline:
        """The outline of a Chat Completions body. Takes time for each piece, and for the texts that are new."""
        return self.outline_from(body, None)[0]

    def outline_from(self, body: JsonObject, begun: Beginning | None) -> tuple[Outline, Beginning | None]:
        """The same for a turn of a conversation, with what the next turn may begin with.

        `begun`, which the turn before gave, is used up; where the prompt starts with it, its pieces take no time.
        """
        tools: list[JsonObject] = body.get("tools") or []
        messages: list[JsonObject] = body.get("messages") or []
        if begun is None or not begun.starts(tools, messages):
            begun = Beginning(len(tools), mix=fixed(TURN_TOKENS + (TOOLS_TOKENS if tools else 0)))
        items = [*tools, *messages]
        settled = max(len(items) - UNSETTLED, len(begun.items))
        self._go_on(begun, items[len(begun.items) : settled])
        whole = begun.copy() if settled else begun
        self._go_on(whole, items[settled:])
        while len(self._pieces) > PIECES_KEPT:
            self._pieces.popitem(last=False)
        outline = Outline(
            model=str(body.get("model", "")),
            tools=len(tools),
            fingerprints=whole.fingerprints,
            costs=whole.costs,
            roles=tuple(whole.roles),
            mix=whole.mix,
            fill=whole.fill,
        )
        return outline, begun if settled else None

    def _go_on(self, begun: Beginning, items: list[JsonObject]) -> None:
        if items:
            begun.add(items, list(map(self._piece, items)))

    def _piece(self, item: JsonObject) -> tuple[int, _Piece]:
        if isinstance(item, Written):
            if item.piece is None:
                item.piece = self._looked_up(item)
            return item.piece
        return self._looked_up(item)

    def _looked_up(self, item: JsonObject) -> tuple[int, _Piece]:
        fingerprint = _fingerprint(item)
        known = self._pieces.get(fingerprint)
        if known is None:
            known = self._pieces[fingerprint] = _read(item)
        else:
            self._pieces.move_to_end(fingerprint)
        return fingerprint, known


def _fingerprint(item: JsonObject) -> int:
    """The hash of a piece with its fields in their order; a tool declaration is hashed as it is written."""
    if "role" not in item:
        return hash(orjson.dumps(item))
    fields: list[object] = []
    for name, value in item.items():
        if value is None or value.__class__ is str:
            fields += (name, value)
        elif name == "tool_calls":
            fields.append(name)
            for call in cast("list[JsonObject]", value):
                function: JsonObject = call["function"]
                fields += (call["id"], function["name"], function["arguments"])
        else:
            fields += (name, orjson.dumps(value))
    return hash(tuple(fields))


def _read(item: JsonObject) -> _Piece:
    if "role" not in item:
        mix = mix_of(orjson.dumps(item).decode())
        return _Piece((("tools", mix),), mix, mix.total)
    own = _PART_OF_ROLE.get(str(item["role"]), "chat")
    mixes: list[tuple[Part, Mix]] = [(own, _content(item.get("content")))]
    mixes.append((own, _MARKS))
    thoughts: list[object] = [item.get("reasoning_content"), item.get("reasoning")]
    mixes.extend(("thinking", mix_of(thought)) for thought in thoughts if isinstance(thought, str))
    calls: list[tuple[str, bool]] = []
    for call in _objects(item.get("tool_calls")):
        function = cast("JsonObject", call.get("function") or {})
        name, arguments = str(function.get("name", "")), str(function.get("arguments", ""))
        mixes.append(("calls", joined((fixed(CALL_TOKENS), mix_of(name), mix_of(arguments)))))
        calls.append((str(call.get("id")), reads_file(name, arguments)))
    total = joined(mix for _, mix in mixes)
    if len({part for part, _ in mixes}) == 1:
        return _Piece(((own, total),), total, total.total)
    parts: tuple[tuple[Part, Mix], ...] = tuple((part, mix) for part, mix in mixes if mix != NOTHING)
    return _Piece(parts, total, total.total, tuple(calls))


def _content(content: object) -> Mix:
    if isinstance(content, str):
        return mix_of(content)
    found: list[Mix] = []
    for part in _objects(content):
        text: object = part.get("text")
        found.append(mix_of(text) if isinstance(text, str) else fixed(MEDIA_TOKENS))
    return joined(found)


def _objects(value: object) -> Iterator[JsonObject]:
    if isinstance(value, list):
        yield from (item for item in cast("list[Any]", value) if isinstance(item, dict))
