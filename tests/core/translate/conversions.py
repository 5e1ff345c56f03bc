"""Runs answers through the converter and shows events in short, so that tests read as whole sequences."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import orjson

from proxy_core.translate.response import MessageAssembler
from proxy_core.translate.runs import Run
from proxy_core.translate.sse import SseReader
from proxy_core.translate.stream import StreamConverter
from proxy_core.translate.types import Event, JsonObject

RECORDINGS = Path(__file__).parents[2] / "fixtures" / "llama_cpp"
TOOLS = frozenset({"Read", "Bash", "f", "g"})


def chunk(delta: Any = None, finish: str | None = None, **extra: Any) -> JsonObject:
    """A chunk of one choice; keyword arguments go beside `finish_reason`."""
    return {"id": "c", "choices": [{"index": 0, "delta": delta, "finish_reason": finish} | extra]}


def text(*pieces: str) -> list[JsonObject]:
    """Content chunks."""
    return [chunk({"content": piece}) for piece in pieces]


def call(arguments: Any = None, *, index: Any = 0, id: Any = None, name: Any = None) -> JsonObject:  # noqa: A002
    """A chunk with one piece of a tool call; what is None is left out."""
    function = {key: value for key, value in (("name", name), ("arguments", arguments)) if value is not None}
    entry = {key: value for key, value in (("index", index), ("id", id)) if value is not None}
    return chunk({"tool_calls": [entry | {"function": function}]})


def end(finish: str = "stop", **extra: Any) -> JsonObject:
    """The chunk with the finish reason."""
    return chunk({}, finish, **extra)


def converter(**options: Any) -> StreamConverter:
    """A converter of a request with the tools of `TOOLS`."""
    known: dict[str, Any] = {
        "message_id": "msg_1",
        "model": "claude-x",
        "input_tokens": 12,
        "tool_names": TOOLS,
        "max_tokens": 100,
    }
    return StreamConverter(**(known | options))


def run(chunks: list[JsonObject], *, done: bool = True, into: StreamConverter | None = None) -> list[Event]:
    """All events of an answer; a failure shows as its `error` event."""
    machine = into or converter()
    events = machine.start()
    for item in chunks:
        events += machine.feed(item)
    events += machine.finish(done=done)
    return [*events, machine.failure.event()] if machine.failure else events


def run_bytes(body: bytes, cut_every: int | None = None, into: StreamConverter | None = None) -> list[Event]:
    """All events of an upstream's body, read in pieces of `cut_every` bytes."""
    machine = into or converter()
    reader = SseReader()
    events = machine.start()
    step = cut_every or max(1, len(body))
    objects: list[JsonObject | Run] = []
    for place in range(0, len(body), step):
        objects += reader.feed(body[place : place + step])
    for item in objects + reader.close():
        events += machine.feed(item)
    events += machine.finish(done=reader.done)
    return [*events, machine.failure.event()] if machine.failure else events


def apart(items: Iterable[JsonObject | Run]) -> list[JsonObject]:
    """What a reader found, chunk by chunk."""
    return [chunk for item in items for chunk in (item.chunks() if isinstance(item, Run) else [item])]


def joined(events: list[Event]) -> list[Event]:
    """The events with the deltas that follow one another in a block made one: how a text is cut does not matter."""
    found: list[Event] = []
    for event in events:
        last = found[-1] if found else {}
        if event["type"] != "content_block_delta" or last.get("type") != "content_block_delta":
            found.append(event)
            continue
        assert event["index"] == last["index"]
        delta, before = event["delta"], last["delta"]
        if delta["type"] != before["type"]:
            found.append(event)
            continue
        (key,) = delta.keys() - {"type"}
        found[-1] = {**last, "delta": {"type": delta["type"], key: before[key] + delta[key]}}
    return found


def recording(name: str) -> bytes:
    """The bytes of a recorded answer."""
    return (RECORDINGS / name).read_bytes()


def wire(chunks: list[JsonObject], *, done: bool = True, line_end: bytes = b"\n") -> bytes:
    """Chunks as a server sends them."""
    lines = [b"data: " + orjson.dumps(item) for item in chunks] + ([b"data: [DONE]"] if done else [])
    return b"".join(line + line_end * 2 for line in lines)


def short(events: list[Event]) -> list[str]:
    """One line an event: `+text`, `text:Hel`, `-`, `end:end_turn`, `stop`, `error:api_error`, `+tool Read c1`."""
    return [_line(event) for event in events if event["type"] not in ("message_start", "ping")]


def _line(event: Event) -> str:
    kind = event["type"]
    if kind == "content_block_start":
        block = event["content_block"]
        named = f"+tool {block.get('name')} {block.get('id')}"
        return named if block["type"] == "tool_use" else f"+{block['type']}"
    if kind == "content_block_delta":
        delta = event["delta"]
        return next(
            f"{label}:{delta[key]}"
            for key, label in (("text", "text"), ("thinking", "think"), ("partial_json", "json"), ("signature", "sign"))
            if key in delta
        )
    if kind == "message_delta":
        sequence = event["delta"]["stop_sequence"]
        return f"end:{event['delta']['stop_reason']}" + (f":{sequence}" if sequence else "")
    return {"content_block_stop": "-", "message_stop": "stop"}.get(kind) or f"error:{event['error']['type']}"


def message(events: list[Event]) -> JsonObject:
    """The plain Message made of events."""
    assembler = MessageAssembler()
    for event in events:
        assembler.add(event)
    return assembler.message()


def blocks(events: list[Event]) -> list[Any]:
    """Content in short: text as a string, thinking as `("think", text)`, tools as `(name, input)`."""
    found: list[Any] = []
    for block in message(events)["content"]:
        if block["type"] == "text":
            found.append(block["text"])
        elif block["type"] == "thinking":
            found.append(("think", block["thinking"]))
        else:
            found.append((block["name"], block["input"]))
    return found


def check_protocol(events: list[Event]) -> None:
    """What every stream keeps: dense indices, one open block, deltas of its kind, nothing after the end."""
    opened: str | None = None
    index = -1
    deltas = {
        "text": {"text_delta"},
        "thinking": {"thinking_delta", "signature_delta"},
        "tool_use": {"input_json_delta"},
    }
    kinds = [event["type"] for event in events]
    assert kinds[0] == "message_start"
    assert kinds.count("message_start") == 1
    for event in events[1:]:
        kind = event["type"]
        if kind == "content_block_start":
            assert opened is None
            index += 1
            assert event["index"] == index
            opened = event["content_block"]["type"]
        elif kind == "content_block_delta":
            assert opened is not None
            assert event["index"] == index
            assert event["delta"]["type"] in deltas[opened]
        elif kind == "content_block_stop":
            assert opened is not None
            assert event["index"] == index
            opened = None
        elif kind == "message_delta":
            assert opened is None
    if "error" in kinds:
        assert "message_delta" not in kinds
        assert "message_stop" not in kinds
        assert kinds[-1] == "error"
    else:
        assert kinds[-2:] == ["message_delta", "message_stop"]
        assert kinds.count("message_delta") == 1
