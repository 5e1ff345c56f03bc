"""Events as lines, for people and for programs."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Mapping
from dataclasses import fields, replace

import pytest

from console.event_text import describe, duration, event_json, tokens
from console.headless import Headless
from proxy_core import events
from proxy_core.commands import Command, CommandResult
from proxy_core.event_ring import EventBatch, EventRing
from proxy_core.events import EngineEvent
from proxy_core.live_settings import SettingsView, UpdateResult
from proxy_core.record_views import RecordView, RequestView, SessionDetail
from proxy_core.settings import SPECS, Settings
from proxy_core.snapshot import Snapshot, Totals, UpstreamView

NOON = 1_767_268_800.0

EVENTS: list[tuple[EngineEvent, str]] = [
    (events.ServerStarted(at=NOON, url="http://127.0.0.1:4000"), "listening at http://127.0.0.1:4000"),
    (events.ServerDraining(at=NOON, active=2), "taking no new requests; 2 still running"),
    (
        events.UpstreamChanged(at=NOON, before="up", after="down", detail="connection refused"),
        "model server up → down: connection refused",
    ),
    (
        events.UpstreamLearned(at=NOON, server="llama.cpp", model="qwen", window=65_536, window_source="/props n_ctx"),
        "llama.cpp serves qwen, 65.5k tokens (/props n_ctx)",
    ),
    (
        events.UpstreamLearned(at=NOON, server="openai", model="", window=0, window_source=""),
        "openai serves an unnamed model, window unknown",
    ),
    (
        events.SessionOpened(at=NOON, session="s", label="fix it", client="claude-code"),
        "new session fix it of claude-code",
    ),
    (events.SessionForgotten(at=NOON, session="s", reason="idle"), "reason=idle"),
    (
        events.RequestStarted(at=NOON, session="s", role="main", model="m", messages=7, stream=False),
        "main request, 7 messages, not streamed",
    ),
    (
        events.RequestFinished(
            at=NOON,
            session="s",
            role="main",
            stop_reason="tool_use",
            prompt_tokens=31_000,
            cached_tokens=28_900,
            output_tokens=412,
            seconds=16.0,
            ttft=1.44,
            decode_rate=28.42,
            tools=("Read", "Grep"),
        ),
        "31.0k in (28.9k cached) 412 out 28.4 tok/s first token 1.4 s stop=tool_use calls Read, Grep",
    ),
    (
        events.RequestFailed(at=NOON, status=503, error="overloaded_error", message="loading", phase="connect"),
        "503 overloaded_error in connect: loading",
    ),
    (
        events.RequestCancelled(at=NOON, phase="prefill", by="client", seconds=2.04),
        "cancelled by client in prefill after 2.0 s",
    ),
    (events.UpstreamRetried(at=NOON, reason="refused", attempt=2, pause=0.5), "try 2 in 0.5 s: refused"),
    (
        events.RequestAltered(at=NOON, what="max_tokens", why="the window ends", before="64000", after="31000"),
        "max_tokens (64000 → 31000): the window ends",
    ),
    (events.RequestAltered(at=NOON, what="image dropped", why="no vision"), "image dropped: no vision"),
    (
        events.RequestAltered(at=NOON, what="schema of tool Grep", why="unknown words", before="pattern"),
        "schema of tool Grep (removed pattern): unknown words",
    ),
    (
        events.RequestAltered(at=NOON, what="tool_choice Old", why="it is not declared", after="auto"),
        "tool_choice Old (→ auto): it is not declared",
    ),
    (
        events.LoopActed(at=NOON, session="s", level=2, act="hid the tool", why="Read came 8 times", score=8.0),
        "loop, step 2 of 4: hid the tool, because Read came 8 times (score 8)",
    ),
    (
        events.AnswerContinued(
            at=NOON, session="s", why="it ended early", before="end_turn", outcome="tool_use", tokens=41, seconds=1.24
        ),
        "it ended early: one further try, end_turn → tool_use (41 tokens in 1.2 s)",
    ),
    (
        events.Pruned(
            at=NOON,
            session="s",
            before=59_600,
            after=48_400,
            superseded=4,
            shortened=2,
            turns=0,
            why="91% of the window",
        ),
        "59.6k → 48.4k tokens, 4 results replaced, 2 shortened: 91% of the window",
    ),
    (
        events.OverflowMet(
            at=NOON, session="s", tokens=33_205, limit=32_768, act="refused", why="nothing left to prune"
        ),
        "33.2k of 32.8k tokens, refused: nothing left to prune",
    ),
    (
        events.OutputCapped(at=NOON, session="s", before=64_000, after=7_000, input_tokens=25_000, window=32_768),
        "max_tokens 64000 → 7000 (25.0k of 32.8k in)",
    ),
    (
        events.PrefixBroken(
            at=NOON,
            session="s",
            cause="tools",
            detail="a tool came",
            lost=12_000,
            prefilled=12_400,
            prompt_tokens=20_000,
        ),
        "12.0k tokens read again, tools: a tool came",
    ),
    (
        events.ContextWarning(at=NOON, session="s", level="critical", utilisation=0.913, tokens=59_800, window=65_536),
        "context critical: 91% of 65.5k tokens",
    ),
    (
        events.SettingChanged(at=NOON, name="PROXY_LOG_LEVEL", before="info", after="debug", by="console"),
        "PROXY_LOG_LEVEL info → debug by console",
    ),
    (events.OperatorActed(at=NOON, session="s", act="session held"), "session held"),
    (events.LogRecorded(at=NOON, level="warning", text="odd"), "odd"),
]


@pytest.mark.parametrize(("event", "words"), EVENTS, ids=[event.kind for event, _ in EVENTS])
def test_each_event_in_words(event: EngineEvent, words: str) -> None:
    assert describe(event) == words


@pytest.mark.parametrize("event", [event for event, _ in EVENTS], ids=[event.kind for event, _ in EVENTS])
def test_each_event_as_json_has_all_its_fields(event: EngineEvent) -> None:
    document = json.loads(event_json(event))
    assert list(document)[:3] == ["time", "kind", "severity"]
    assert document["time"] == "2026-01-01T12:00:00.000Z"
    assert set(document) == {"time", "kind", "severity"} | {field.name for field in fields(event)} - {"at"}


def test_every_kind_of_event_is_specified_here() -> None:
    kinds = {kind.kind for kind in EngineEvent.__subclasses__() if kind.__module__ == events.__name__}
    assert kinds == {event.kind for event, _ in EVENTS}


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0"), (999, "999"), (1000, "1.0k"), (58_149, "58.1k"), (999_949, "999.9k"), (1_200_000, "1.2M")],
)
def test_tokens(count: int, text: str) -> None:
    assert tokens(count) == text


@pytest.mark.parametrize(("seconds", "text"), [(0.4, "0 s"), (59.9, "59 s"), (185, "3 min 05 s"), (7800, "2 h 10 min")])
def test_duration(seconds: float, text: str) -> None:
    assert duration(seconds) == text


class StandIn:
    """A port with a ring and nothing behind it."""

    def __init__(self, level: str = "info") -> None:
        self.ring = EventRing()
        self.view = SettingsView(replace(Settings(), log_level=level), {spec.name: "default" for spec in SPECS})

    def snapshot(self) -> Snapshot:
        totals = Totals(7, 1, 2, 31_000, 28_900, 412)
        upstream = UpstreamView("", "up", NOON, "", "", "", 0, "", None)
        return Snapshot(1, NOON, NOON, "", False, 0, (), upstream, (), totals, 0.0)

    def events_since(self, number: int) -> EventBatch:
        return self.ring.since(number)

    def settings(self) -> SettingsView:
        return self.view

    def update(self, changes: Mapping[str, str]) -> UpdateResult:
        return UpdateResult(self.view)

    def command(self, command: Command) -> CommandResult:
        return CommandResult(ok=False, message="")

    def detail(self, session: str) -> SessionDetail | None:
        return None

    def requests(self, session: str) -> tuple[RequestView, ...]:
        return ()

    def record(self, request_id: str) -> RecordView | None:
        return None


def printed(port: StandIn, *, human: bool, colour: bool = False) -> list[str]:
    reader, writer = os.pipe()
    with os.fdopen(reader, encoding="utf-8") as lines, os.fdopen(writer, "wb") as end:
        face = Headless(port, human=human, colour=colour, descriptor=end.fileno())
        face.start()
        face.finish()
        end.close()
        return lines.read().splitlines()


def opened(session: str, label: str) -> EngineEvent:
    return events.SessionOpened(at=NOON, session=session, label=label, client="")


def test_for_programs_each_line_is_json_and_the_summary_is_last() -> None:
    port = StandIn("debug")
    for event, _ in EVENTS:
        port.ring.publish(event)
    documents = [json.loads(line) for line in printed(port, human=False)]
    assert [document["kind"] for document in documents] == [*(event.kind for event, _ in EVENTS), "summary"]
    summary = documents[-1]
    assert {key: summary[key] for key in ("requests", "failed", "cancelled", "output_tokens", "sessions")} == {
        "requests": 7,
        "failed": 1,
        "cancelled": 2,
        "output_tokens": 412,
        "sessions": 0,
    }


def test_for_people_lines_name_session_and_label() -> None:
    port = StandIn()
    key = "e49a2bef-6c10-4d45-9031-aa5e890c3b1a"
    port.ring.publish(opened(key, "webapp"))
    port.ring.publish(events.RequestCancelled(at=NOON, session=f"{key}/agent", phase="decode", by="client", seconds=1))
    first, second, _, last = printed(port, human=True)
    assert "session.opened" in first
    assert "e49a2b" in second
    assert "cancelled by client in decode after 1.0 s" in second
    assert last.startswith(
        "7 requests (1 failed, 2 cancelled), 0 sessions, 31.0k tokens in (28.9k cached), 412 out, up "
    )
    assert not any("\x1b" in line for line in (first, second, last))


def test_colour_only_where_allowed() -> None:
    port = StandIn()
    port.ring.publish(events.LogRecorded(at=NOON, level="warning", text="odd"))
    assert "\x1b[33m" in printed(port, human=True, colour=True)[0]


@pytest.mark.parametrize(
    ("level", "kinds"),
    [
        ("debug", ["request.started", "session.opened", "log"]),
        ("info", ["session.opened", "log"]),
        ("warning", ["log"]),
    ],
)
def test_the_log_level_decides_what_is_printed(level: str, kinds: list[str]) -> None:
    port = StandIn(level)
    port.ring.publish(events.RequestStarted(at=NOON, role="main", model="m", messages=1, stream=True))
    port.ring.publish(opened("s", "x"))
    port.ring.publish(events.LogRecorded(at=NOON, level="warning", text="odd"))
    assert [json.loads(line)["kind"] for line in printed(port, human=False)] == [*kinds, "summary"]


def test_what_a_client_sent_cannot_steer_the_terminal() -> None:
    port = StandIn()
    port.ring.publish(
        events.RequestFailed(at=NOON, status=400, error="x", message="a\x1b[2Jb\nc\rd", phase="admission")
    )
    line = printed(port, human=True)[0]
    assert "a [2Jb c d" in line


def test_a_reader_that_left_or_never_reads_holds_up_nothing() -> None:
    port = StandIn()
    for number in range(2000):
        port.ring.publish(events.LogRecorded(at=NOON, level="warning", text=f"{number} {'x' * 200}"))
    reader, writer = os.pipe()
    stuck = Headless(port, human=False, colour=False, descriptor=writer)
    stuck.start()
    stuck.finish()
    os.close(reader)  # the writer that was stuck now meets a closed pipe
    gone = Headless(port, human=False, colour=False, descriptor=writer)
    gone.start()
    gone.finish()
    assert not any(thread.name == "lines" and thread is gone._thread for thread in threading.enumerate())
    os.close(writer)
