"""Records of requests as the engine would have kept them: one long conversation, translated by the real translator."""

from __future__ import annotations

from typing import Any
from unittest.mock import patch

import orjson

from proxy_core import events as ev
from proxy_core.guardrails.loop_history import score_conversation
from proxy_core.record_views import CallView, RecordView, RequestView, SessionDetail
from proxy_core.records import Record, RecordStore
from proxy_core.translate.request import RequestOptions, to_chat_completions
from tests.console.fake_port import NOW

SESSION = "5d10e2b9"
SECRET = "sk-ant-api03-abcdefghijklmnopqrstuvwxyz0123456789"
HOSTILE = "\x1b]0;owned\x07\x1b[2Jcleared \u202egnp.exe"

TOOLS: list[dict[str, Any]] = [
    {
        "name": name,
        "description": f"{name} something.\nUse it well.",
        "input_schema": {"type": "object", "properties": {"path": {"type": "string"}}, "required": ["path"]},
    }
    for name in ("Read", "Edit", "Bash", "Grep")
]


def conversation(turns: int, size: int = 200) -> dict[str, Any]:
    """A Messages API body with so many turns of calls, every third of them the same call again."""
    messages: list[dict[str, Any]] = [{"role": "user", "content": "Move the billing code out of app.py."}]
    for turn in range(turns):
        path = "src/app.py" if turn % 3 or turn > 4 else f"src/part_{turn}.py"
        call = {"type": "tool_use", "id": f"toolu_{turn:02}", "name": "Read", "input": {"path": path}}
        text = {"type": "text", "text": f"Looking at step {turn}."}
        result = f"# {path}\ndef part():\n    return 1\n" + "# comment\n" * (size // 10)
        messages.append({"role": "assistant", "content": [text, call]})
        messages.append(
            {"role": "user", "content": [{"type": "tool_result", "tool_use_id": call["id"], "content": result}]}
        )
    return {
        "model": "claude-sonnet-4-5",
        "max_tokens": 32_000,
        "system": [{"type": "text", "text": "You are a careful engineer.\nAnswer briefly."}],
        "messages": messages,
        "tools": [*TOOLS, {"type": "web_search_20250305", "name": "web_search"}],
        "stream": True,
    }


def sse(*documents: dict[str, Any]) -> bytes:
    """Chunks as a model server streams them."""
    return b"".join(b"data: " + orjson.dumps(document) + b"\n\n" for document in documents) + b"data: [DONE]\n\n"


UPSTREAM = sse(
    {"model": "qwen3-coder-30b", "choices": [{"index": 0, "delta": {"role": "assistant", "content": "I will "}}]},
    {"choices": [{"index": 0, "delta": {"content": "read it."}}]},
    {"choices": [{"index": 0, "delta": {"tool_calls": [{"index": 0, "id": "call_1", "type": "function",
     "function": {"name": "Read", "arguments": '{"path":'}}]}}]},
    {"choices": [{"index": 0, "delta": {"tool_calls": [{"index": 0, "function": {"arguments": '"src/app.py"}'}}]}}]},
    {"choices": [{"index": 0, "delta": {}, "finish_reason": "tool_calls"}]},
    {"choices": [], "usage": {"prompt_tokens": 57_300, "completion_tokens": 41, "total_tokens": 57_341}},
)  # fmt: skip
ANSWER = (
    b'event: message_start\ndata: {"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant",'
    b'"model":"claude-sonnet-4-5","content":[],"usage":{"input_tokens":57300,"output_tokens":0}}}\n\n'
    b'event: content_block_start\ndata: {"type":"content_block_start","index":0,"content_block":{"type":"text",'
    b'"text":""}}\n\n'
    b'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta",'
    b'"text":"I will read it."}}\n\n'
    b'event: content_block_stop\ndata: {"type":"content_block_stop","index":0}\n\n'
    b'event: content_block_start\ndata: {"type":"content_block_start","index":1,"content_block":{"type":"tool_use",'
    b'"id":"call_1","name":"Read","input":{}}}\n\n'
    b'event: content_block_delta\ndata: {"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta",'
    b'"partial_json":"{\\"path\\":\\"src/app.py\\"}"}}\n\n'
    b'event: message_delta\ndata: {"type":"message_delta","delta":{"stop_reason":"tool_use"},'
    b'"usage":{"output_tokens":41}}\n\nevent: message_stop\ndata: {"type":"message_stop"}\n\n'
)


def record(number: int, turns: int, *, at: float, size: int = 200, text: str = "") -> tuple[Record, bytes]:
    """One finished request of the conversation, and its body; `text` is said by the user first."""
    body = conversation(turns, size)
    if text:
        body["messages"][0]["content"] = text
    chat = to_chat_completions(body, RequestOptions(model="qwen3-coder-30b", server_kind="llama.cpp"))
    sent = {**chat.body, "max_tokens": 8_236}
    messages = [*sent["messages"]]
    if len(messages) > 3:
        messages[-1] = {**messages[-1], "content": messages[-1]["content"] + "\n[Note from the proxy: it repeats.]"}
    made = Record(
        request_id=f"req_{number:024x}", session=SESSION, role="main", model="claude-sonnet-4-5", stream=True,
        messages=len(body["messages"]), at=at, began=1000.0, url="http://127.0.0.1:8080/v1/chat/completions",
        headers=f"authorization: Bearer {SECRET}\nanthropic-version: 2023-06-01\nuser-agent: claude-cli/2",
        bodies=True,
    )  # fmt: skip
    for phase, moment in (("queued", 1000.012), ("prefill", 1000.4), ("decode", 1004.5)):
        with patch("proxy_core.records.time.monotonic", return_value=moment):
            made.enters(phase)
    made.sends(orjson.dumps({**sent, "messages": messages}))
    made.hears(UPSTREAM)
    made.tells(ANSWER)
    made.changes = chat.changes
    return made, orjson.dumps(body)


def _event(made: Record, kind: type[ev.EngineEvent], later: float, **values: object) -> ev.EngineEvent:
    return kind(at=made.at + later, session=SESSION, request=made.request_id, **values)  # pyright: ignore[reportArgumentType]


def store(requests: int = 9, *, size: int = 200, text: str = "") -> RecordStore:
    """A store with some requests, the last ones acted on by guardrails."""
    kept_here = RecordStore(lambda: ("upstream-key-1",))
    for number in range(requests):
        made, raw = record(number, number + 1, at=NOW - 40 * (requests - number), size=size, text=text)
        kept_here.begin(made, raw)
        prompt = 21_000 + 4_500 * number
        fresh = number == 6
        acts: list[ev.EngineEvent] = []
        if fresh:
            acts.append(
                _event(
                    made,
                    ev.Pruned,
                    0.01,
                    before=59_600,
                    after=42_400,
                    superseded=4,
                    shortened=2,
                    turns=0,
                    why="the threshold was reached",
                )
            )
            acts.append(
                _event(
                    made,
                    ev.PrefixBroken,
                    9.0,
                    cause="pruned",
                    detail="history was cut from message 3 of 14",
                    lost=28_100,
                    prefilled=31_000,
                    prompt_tokens=42_400,
                )
            )
        if number == 7:
            acts.append(
                _event(made, ev.LoopActed, 0.01, level=1, act="a note to the model", why="Read came 4 times", score=4.5)
            )
        if number == 3:
            acts.append(_event(made, ev.UpstreamRetried, 0.2, reason="connection refused", attempt=1, pause=0.25))
        for act in acts:
            kept_here.take(act)
        if number == 2:
            kept_here.take(
                _event(
                    made,
                    ev.RequestFailed,
                    0.4,
                    status=503,
                    error="overloaded_error",
                    message="slot busy",
                    phase="connect",
                )
            )
            continue
        kept_here.take(
            _event(made, ev.RequestFinished, 9.6, role="main", stop_reason="tool_use", prompt_tokens=prompt,
                   cached_tokens=0 if fresh else prompt - 2_300, output_tokens=41 + number, seconds=9.6, ttft=4.5,
                   decode_rate=28.4, prefill_rate=812.0, tools=("Read",))
        )  # fmt: skip
    return kept_here


def records(**options: Any) -> dict[str, RecordView]:
    """The same as the port gives them out, by id."""
    whole = store(**options)
    views: tuple[RequestView, ...] = whole.requests(SESSION)
    found = {view.id: whole.record(view.id) for view in views}
    return {key: view for key, view in found.items() if view is not None}


def detail(turns: int = 9) -> SessionDetail:
    """What is behind the session, by the real loop breaker's judgement."""
    scored = score_conversation(conversation(turns)["messages"]).turns
    calls = tuple(
        CallView(turn.index, call.name, call.target, call.kind, turn.novelty[place] if turn.novelty else "",
                 turn.errors[place], f"{call.key & (2**64 - 1):016x}")
        for turn in scored for place, call in enumerate(turn.calls)
    )  # fmt: skip
    last = scored[-1]
    return SessionDetail(
        key=SESSION, calls=calls, level=last.level, score=last.score, stale_turns=last.stale_turns,
        why=f"Read(src/app.py) was called 6 times; {last.stale_turns} turns in a row brought nothing new (score 4)"
        if last.level else "",
        steps=(4.0, 6.0, 8.0, 12.0), overrides=(("PROXY_LOOP_END", "off"),), acts=(("loop", 1), ("prune", 1)),
    )  # fmt: skip
