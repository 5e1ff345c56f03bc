"""The story as a real engine recorded it: through HTTP, translation, guardrails and records, before a scripted model.

What a clock or chance decided is replaced by fixed figures, so that pictures stay the same: ids by numbers, and times
by those of the tokens that the model server tells.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, fields, is_dataclass, replace
from functools import cache
from os.path import commonprefix
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
import orjson

from proxy_core.events import AnswerContinued
from proxy_core.picture import session_views
from proxy_core.record_views import RecordView, RequestView, SessionDetail, Span
from proxy_core.sessions.monitor import SessionMonitor
from proxy_core.snapshot import SessionView
from proxy_core.translate.response import MessageAssembler
from tests.console.fake_port import NOW, SESSIONS, SNAPSHOT, FakePort
from tests.console.served import Served
from tests.console.story import BROKEN, STEPS, TASK, TOOLS, Step
from tests.core.api.scripted_upstream import DONE, Call, ScriptedUpstream

SESSION, MODEL = "77c1f00d", "qwen3-coder-30b"
HEADERS = {
    "user-agent": "claude-cli/2.1.4 (external, cli)",
    "x-claude-code-session-id": SESSION,
    "anthropic-version": "2023-06-01",
    "authorization": "Bearer sk-ant-api03-abcdefghijklmnopqrstuvwxyz0123456789",
}
CHARACTERS_A_TOKEN = 3.1
READS, WRITES = 812.0, 31.2
"""Tokens a second of the model server."""

BETWEEN = 41.0
"""Seconds between two requests."""

AT_THE_END = frozenset({"answer.continued", "prefix.broken"})
"""Events that are told when a request ends; the others are at its beginning."""

CHANCE = re.compile(r"(req|msg|call|toolu|srvtoolu)_[0-9a-zA-Z]{16,}")
PORT = re.compile(r"(?<=127\.0\.0\.1:)\d+")


@dataclass
class Story:
    """The model server's side: which answer is next, and what it has read so far."""

    steps: Iterator[Step]
    heard: Callable[[], int] = int
    """How many bytes of answers to the present request the proxy has read."""
    before: bytes = b""
    told: list[tuple[int, int, int]] = field(default_factory=list[tuple[int, int, int]])
    """Of each answer the tokens read anew, from the cache, and written."""

    async def answer(self, call: Call) -> None:
        """The next answer, as llama.cpp streams it."""
        step = next(self.steps)
        prompt = orjson.dumps({"tools": call.body.get("tools"), "messages": call.body["messages"]})
        shared = len(commonprefix([prompt, self.before]))  # noqa: RUF071 - of bytes, not of paths
        self.before = prompt.removesuffix(b"]}")
        fresh, cached = (round(size / CHARACTERS_A_TOKEN) for size in (len(prompt) - shared, shared))
        deltas = list(_deltas(step, len(self.told)))
        written = max(sum(len(str(delta)) for delta in deltas) // 8, 12)
        self.told.append((fresh, cached, written))
        usage = {"prompt_tokens": fresh + cached, "completion_tokens": written}
        timings = {
            "prompt_n": fresh, "prompt_ms": fresh / READS * 1000, "cache_n": cached,
            "predicted_n": written, "predicted_ms": written / WRITES * 1000,
        }  # fmt: skip
        end = chunk({}, "tool_calls" if step.tool else "stop", usage=usage, timings=timings)
        await call.start_stream()
        before = sent = self.heard()
        for event in (*map(chunk, deltas), end, DONE):
            await call.send(event)
            sent += len(event)
            while before <= self.heard() < sent:  # the engine joins what it reads at once, which chance would decide
                await asyncio.sleep(0.0005)
        await call.end()


def chunk(delta: dict[str, Any], finish: str | None = None, **more: Any) -> bytes:
    """A chunk as llama.cpp writes it."""
    choices = [{"index": 0, "finish_reason": finish, "delta": delta}]
    head = {"id": "chatcmpl-8mKq0tZ3", "object": "chat.completion.chunk", "created": int(NOW), "model": MODEL}
    return b"data: " + orjson.dumps({"choices": choices} | head | more) + b"\n\n"


def _deltas(step: Step, number: int) -> Iterator[dict[str, Any]]:
    yield {"role": "assistant", "content": None}
    yield from ({"reasoning_content": piece} for piece in _pieces(step.thinks))
    yield from ({"content": piece} for piece in _pieces(step.says))
    if step.tool:
        function: dict[str, Any] = {"name": step.tool, "arguments": ""}
        yield {"tool_calls": [{"index": 0, "id": f"call_{number:024d}", "type": "function", "function": function}]}
        for piece in _pieces(step.arguments):
            yield {"tool_calls": [{"index": 0, "function": {"arguments": piece}}]}


def _pieces(text: str) -> list[str]:
    return re.findall(r"\s*\S+|\s+$", text)


async def _live(proxy: Served) -> None:
    """The agent's side: asks, runs what it is told to, and comes back with everything."""
    messages: list[dict[str, Any]] = [{"role": "user", "content": TASK}]
    body = {
        "model": "claude-sonnet-4-5", "max_tokens": 8192, "stream": True, "tools": TOOLS, "messages": messages,
        "system": [{"type": "text", "text": "You are a careful engineer.", "cache_control": {"type": "ephemeral"}}],
        "thinking": {"type": "enabled", "budget_tokens": 4096},
    }  # fmt: skip
    results = {step.arguments: (step.result, step.failed) for step in STEPS if step.tool}
    async with httpx.AsyncClient(base_url=proxy.url, headers=HEADERS, trust_env=False, timeout=20) as client:
        while True:
            message = assembled((await client.post("/v1/messages", json=body)).raise_for_status().text)
            messages.append({"role": "assistant", "content": message["content"]})
            calls = [block for block in message["content"] if block["type"] == "tool_use"]
            if not calls:
                return
            messages.append({"role": "user", "content": [_result(block, results) for block in calls]})


def assembled(stream: str) -> dict[str, Any]:
    """The message of a stream."""
    whole = MessageAssembler()
    for line in stream.splitlines():
        if line.startswith("data: "):
            whole.add(orjson.loads(line.removeprefix("data: ")))
    return whole.message()


def _result(block: dict[str, Any], results: Mapping[str, tuple[str, bool]]) -> dict[str, Any]:
    written = orjson.dumps(block["input"]).decode()
    found, failed = results.get(written) or results[BROKEN]
    return {"type": "tool_result", "tool_use_id": block["id"], "content": found, "is_error": failed}


@dataclass(frozen=True)
class Recorded:
    """The requests by their ids, oldest first, and the session: what is behind its state, and its line in the table."""

    records: dict[str, RecordView]
    detail: SessionDetail
    view: SessionView


async def _record(folder: Path) -> tuple[list[RecordView], SessionDetail, SessionView, list[tuple[int, int, int]]]:
    story = Story(iter(STEPS))
    upstream = ScriptedUpstream(story.answer)
    await upstream.start()
    try:
        with Served(
            upstream.base, folder, PROXY_CONTEXT_WINDOW="65536", PROXY_MODEL_MAP=f"*={MODEL}", PROXY_SIDE_SLOT="off"
        ) as proxy:
            engine = proxy.engine
            story.heard = lambda: sum(
                turn.record.upstream.size for turn in engine.ledger.active.values() if turn.record.upstream
            )
            while engine.watch.state != "up":
                await asyncio.sleep(0.005)
            await _live(proxy)
            found = [engine.records.record(view.id) for view in engine.records.requests(SESSION)]
            detail = engine.detail(SESSION)
            (view,) = session_views(engine.sessions.all(), (), NOW)
    finally:
        await upstream.stop()
        await asyncio.sleep(0.05)  # its connections end
    assert detail is not None
    return [record for record in found if record is not None], detail, view, story.told


@cache
def recorded() -> Recorded:
    """The story as it was recorded."""
    with TemporaryDirectory() as folder, ThreadPoolExecutor(1) as beside:  # whoever asks may be in a loop of its own
        views, detail, session, told = beside.submit(asyncio.run, _record(Path(folder))).result()
    names: dict[str, str] = {}
    records: dict[str, RecordView] = {}
    answers = iter(told)
    for number, view in enumerate(views):
        at = NOW - 5 - BETWEEN * (len(views) - 1 - number)
        tries = 1 + any(event.kind == "answer.continued" for event in view.request.events)
        steady = _steadied(_timed(view, [next(answers) for _ in range(tries)], at), names)
        records[steady.request.id] = steady
    newest = list(records.values())[-1].request
    forecast = SessionMonitor(window=session.window)
    for record in records.values():
        forecast.record(**_figures(record.request))
    line = replace(
        session, short="77c1f0", label="docs for the API", phase_since=NOW - 5, created_at=NOW - 3000, last_at=NOW - 5,
        ttft=newest.ttft, decode_rate=newest.decode_rate, seconds_left=forecast.seconds_left,
        seconds_basis=forecast.seconds_basis,
    )  # fmt: skip
    return Recorded(records, _steadied(detail, names), line)


def _figures(view: RequestView) -> dict[str, Any]:
    """What the session's monitor is told of a request."""
    names = ("prompt_tokens", "cached_tokens", "output_tokens", "ttft", "decode_rate", "tools", "stop_reason", "at")
    return {name: getattr(view, name) for name in names} | {"estimated": False, "main": True}


def recorded_port() -> FakePort:
    """The fixed picture with the recorded session in it."""
    story = recorded()
    views = tuple(story.view if view.key == SESSION else view for view in SESSIONS)
    picture = replace(SNAPSHOT, sessions=views)
    return FakePort(picture=picture, details={SESSION: story.detail}, records=dict(story.records))


def _timed(view: RecordView, told: list[tuple[int, int, int]], at: float) -> RecordView:
    """The record as if the model server had taken the time that it told."""
    reads = iter([fresh / READS for fresh, _, _ in told])
    writing = sum(written for *_, written in told) / WRITES
    thinking = 0.4 * writing if any(span.name == "thinking" for span in view.spans) else 0.0
    spans: list[Span] = []
    now = 0.0
    for span in view.spans:
        lasts = {"thinking": thinking, "decode": (writing - thinking) / len(told)}.get(span.name, 0.012)
        spans.append(Span(span.name, now, next(reads, 0.012) if span.name == "prefill" else lasts))
        now += spans[-1].seconds
    request = view.request
    moved = (replace(event, at=at if event.kind in AT_THE_END else at - now + 0.01) for event in request.events)
    events = tuple(
        replace(event, seconds=told[-1][2] / WRITES) if isinstance(event, AnswerContinued) else event for event in moved
    )
    first = told[0][0] / READS + 0.036
    done = replace(request, at=at - now, seconds=now, ttft=first, decode_rate=WRITES, prefill_rate=READS, events=events)
    headers = tuple((name, PORT.sub("4000", value)) for name, value in view.headers)
    return replace(view, request=done, spans=tuple(spans), headers=headers, url=PORT.sub("8080", view.url))


def _steadied(value: Any, names: dict[str, str]) -> Any:
    """The value with ids that count up instead of chance ones."""
    if isinstance(value, str):
        return CHANCE.sub(lambda found: names.setdefault(found[0], f"{found[1]}_{len(names) + 1:024x}"), value)
    if isinstance(value, tuple):
        return tuple(_steadied(entry, names) for entry in value)
    if is_dataclass(value) and not isinstance(value, type):
        return replace(value, **{entry.name: _steadied(getattr(value, entry.name), names) for entry in fields(value)})
    return value
