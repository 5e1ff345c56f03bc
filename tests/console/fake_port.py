"""An engine that stands still: one fixed picture, a few events, real settings, and a note of every command."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from proxy_core import events as ev
from proxy_core.commands import Command, CommandResult
from proxy_core.declaration import Setting
from proxy_core.event_ring import EventBatch
from proxy_core.live_settings import LiveSettings, SettingsView, UpdateResult
from proxy_core.record_views import RecordView, RequestView, SessionDetail
from proxy_core.saving import SaveResult, save
from proxy_core.settings import SPECS, Settings
from proxy_core.snapshot import ChangeView, Medians, Sample, ServerLoad, SessionView, Snapshot, Totals, UpstreamView

NOW = 1_790_000_000.0
"""The frozen clock."""


def session(key: str, label: str, **changes: object) -> SessionView:
    """A session in the middle of its work."""
    root, _, agent = key.partition("/")
    plain = SessionView(
        key=key, short=(agent or root)[:6], label=label, client="claude-code", agent=agent, parent="",
        model="qwen3-coder-30b", phase="decode", phase_since=NOW - 4, active=1, requests=31, failures=0, tokens=31_024,
        peak_tokens=31_024, estimated=False, window=65_536, utilisation=31_024 / 65_536, level="ok", turns_left=14,
        turns_basis="2,310 tokens a turn, mean of the last 8 turns", cached_share=0.93, decode_rate=28.4, ttft=1.2,
        prefill_done=None, last_tool="Read", total_prompt_tokens=640_000, total_output_tokens=9_200,
        history=tuple(6_000 + 840 * turn for turn in range(31)), created_at=NOW - 1800, last_at=NOW - 1,
        seconds_left=2_460, seconds_basis="12,300 tokens in the last 14 min", count_label="exact",
        fill=(("results", 14_200), ("files", 7_900), ("system", 4_100), ("tools", 3_000), ("chat", 1_824)),
        prefilled=2_174,
    )  # fmt: skip
    return replace(plain, **changes)  # pyright: ignore[reportArgumentType]


def _used(tokens: int, window: int = 65_536) -> dict[str, object]:
    share = tokens / window
    level = ("ok", "warning", "high", "critical")[sum(share >= at for at in (0.75, 0.85, 0.95))]
    return {"tokens": tokens, "peak_tokens": tokens, "utilisation": share, "level": level}


SESSIONS = (
    session("a3f91c77", "webapp: dark mode", **_used(63_120), turns_left=1, decode_rate=31.2, ttft=4.1,
            last_tool="Edit", breaks=(("pruned", 2), ("edited", 1)), total_lost=48_300, seconds_left=190,
            last_break="history was cut from message 6 on, 12:52", failures=1,
            history=tuple(min(4_000 + 1_960 * turn, 63_120) for turn in range(32)), created_at=NOW - 5400),
    session("5d10e2b9", "refactor billing", **_used(57_300), turns_left=4, phase="prefill", phase_since=NOW - 12,
            prefill_done=0.61, decode_rate=12.0, ttft=19.8, cached_share=0.04, last_tool="Bash", created_at=NOW - 4100,
            loop_level=1, loop_why="Read(src/app.py) three times with the same result"),
    session("5d10e2b9/e71a04", "find call sites", **_used(21_800), phase="tool", phase_since=NOW - 7, active=0,
            turns_left=23, last_tool="Grep", history=(2_100, 6_400, 12_000, 17_200, 21_800), created_at=NOW - 600),
    session("77c1f00d", "docs for the API", phase="thinking", created_at=NOW - 3000),
    session("e02b5a11", "scratch", **_used(9_400), client="anthropic-sdk-python", phase="idle", phase_since=NOW - 190,
            active=0, turns_left=None, turns_basis="no growth seen yet",
            seconds_left=None, seconds_basis="", count_label="estimate", fill=(), prefilled=0,
            cached_share=None, decode_rate=None, ttft=None,
            last_tool="", estimated=True, history=(9_400,), created_at=NOW - 900, last_at=NOW - 190),
    session("9b44d3aa", "nightly triage", **_used(50_100), client="opencode", phase="queued", phase_since=NOW - 3,
            turns_left=6, failures=2, created_at=NOW - 2400),
)  # fmt: skip
UPSTREAM = UpstreamView(
    url="http://127.0.0.1:8080", state="up", since=NOW - 9000, detail="", kind="llama.cpp", model="qwen3-coder-30b",
    window=65_536, window_source="/props", slots=4,
    load=ServerLoad(busy=3, queued=1, held=201_600, fullest=0.963, drafting=True),
)  # fmt: skip
CHANGE = ChangeView(
    number=1, at=NOW - 140, name="PROXY_LOOP_HIDE_TOOL", before="off", after="on", span=140,
    earlier=Medians(11, 24.6, 5.2), later=Medians(9, 31.0, 3.1),
)  # fmt: skip


def _samples() -> tuple[Sample, ...]:
    made: list[Sample] = []
    for back in range(280, 0, -1):
        wave = 1 + ((back * 7) % 23) / 23 - abs((back % 90) - 45) / 60
        busy = 0 if 150 < back < 175 else 1
        first = back % 13 == 0
        made.append(
            Sample(
                at=int(NOW) - back, decoded=int(52 * wave * busy), prefilled=11_000 if first else 0,
                first_tokens=int(first), ttft_sum=(1.4 + (back % 5) * 1.7) if first else 0.0, requests=int(first),
                prompted=44_000 if first else 0, cached=(20_000 + 5_000 * (back % 5)) if first else 0,
            )
        )  # fmt: skip
    return tuple(sample for sample in made if sample.decoded or sample.prefilled or sample.first_tokens)


SNAPSHOT = Snapshot(
    version=7, at=NOW, started_at=NOW - 9010, url="http://127.0.0.1:4000", draining=False, active=4, sessions=SESSIONS,
    upstream=UPSTREAM, samples=_samples(),
    totals=Totals(requests=214, failed=2, cancelled=1, prompt_tokens=6_400_000, cached_tokens=5_900_000,
                  output_tokens=91_300, drafted_tokens=48_200, accepted_tokens=34_300),
    loop_lag=0.0004, changes=(CHANGE,),
)  # fmt: skip


def _events() -> tuple[ev.EngineEvent, ...]:
    def at(back: float) -> float:
        return NOW - back

    return (
        ev.ServerStarted(at=at(9010), url="http://127.0.0.1:4000"),
        ev.UpstreamChanged(at=at(9009), before="connecting", after="loading", detail="503 Loading model"),
        ev.UpstreamChanged(at=at(9000), before="loading", after="up"),
        ev.UpstreamLearned(at=at(9000), server="llama.cpp", model="qwen3-coder-30b", window=65_536,
                           window_source="/props"),
        ev.SessionOpened(at=at(5400), session="a3f91c77", label="webapp: dark mode", client="claude-code"),
        ev.RequestStarted(at=at(320), session="a3f91c77", role="main", model="claude", messages=61, stream=True),
        ev.RequestFailed(at=at(310), session="9b44d3aa", status=503, error="overloaded_error",
                         message="slot busy for 30 s", phase="connect"),
        ev.UpstreamRetried(at=at(300), session="9b44d3aa", reason="connection refused", attempt=1, pause=0.5),
        ev.RequestFinished(at=at(240), session="77c1f00d", role="main", stop_reason="tool_use", prompt_tokens=31_024,
                           cached_tokens=28_850, output_tokens=412, seconds=15.7, ttft=1.2, decode_rate=28.4,
                           tools=("Read",)),
        ev.AnswerContinued(at=at(180), session="77c1f00d", why="the reply announced an action and stopped",
                           before="end_turn", outcome="tool_use", tokens=96, seconds=2.3),
        ev.SettingChanged(at=at(140), name="PROXY_LOOP_HIDE_TOOL", before="off", after="on", by="console"),
        ev.RequestAltered(at=at(130), session="e02b5a11", what="tool definition dropped",
                         why="server tool not supported", before="web_search", after=""),
        ev.LoopActed(at=at(75), session="5d10e2b9", level=1, act="note in the last tool result",
                     why="Read(src/app.py) three times with the same result", score=3.0),
        ev.ContextWarning(at=at(60), session="a3f91c77", level="critical", utilisation=0.963, tokens=63_120,
                          window=65_536),
        ev.RequestCancelled(at=at(41), session="5d10e2b9/e71a04", phase="decode", by="client", seconds=8.2),
        ev.RequestFinished(at=at(5), session="a3f91c77", role="main", stop_reason="tool_use", prompt_tokens=63_120,
                           cached_tokens=61_400, output_tokens=188, seconds=10.1, ttft=4.1, decode_rate=31.2,
                           tools=("Edit",)),
    )  # fmt: skip


def settings_view(**environment: str) -> SettingsView:
    """Settings by attribute-free names: PROXY_X="..." given as if they came from the env file."""
    names = {spec.name: spec for spec in SPECS}
    settings = Settings().changed({name: names[name].parse(text) for name, text in environment.items()})
    return SettingsView(settings, {spec.name: "env file" if spec.name in environment else "default" for spec in SPECS})


SHOWN = frozenset(
    {
        "LLAMA_CPP_BASE",
        "UPSTREAM_API_KEY",
        "PROXY_CONTEXT_WINDOW",
        "PROXY_READ_TIMEOUT",
        "PROXY_HOST",
        "PROXY_PORT",
        "PROXY_AUTH_TOKEN",
        "PROXY_LOG_LEVEL",
        "PROXY_PING_INTERVAL",
        "PROXY_BROKEN_STREAM",
        "PROXY_SESSION_TTL_SECS",
        "PROXY_TEXT_TOOL_CALLS",
        "PROXY_STREAM_REASONING_FALLBACK",
        "PROXY_STREAM_REASONING_MAX_CHARS",
        "PROXY_LOOP_BREAKER",
        "PROXY_LOOP_NOTE",
        "PROXY_LOOP_RELEASE",
        "PROXY_LOOP_HIDE_TOOL",
        "PROXY_LOOP_END",
        "PROXY_GUARDRAIL_RETRY",
        "PROXY_TOOL_CHOICE",
    }
)
"""The settings that the fake shows, so that another new one does not change every approved screen."""


@dataclass
class FakePort:
    """Hands out what it is given; `update` is the engine's own."""

    picture: Snapshot = SNAPSHOT
    happened: list[ev.EngineEvent] = field(default_factory=lambda: list(_events()))
    live: LiveSettings = field(default_factory=lambda: LiveSettings(settings_view()))
    commands: list[Command] = field(default_factory=list[Command])
    details: dict[str, SessionDetail] = field(default_factory=dict[str, SessionDetail])
    records: dict[str, RecordView] = field(default_factory=dict[str, RecordView])
    specs: tuple[Setting, ...] = tuple(spec for spec in SPECS if spec.name in SHOWN)
    asked: int = 0
    _shown: SettingsView | None = None
    _view: SettingsView | None = None

    def snapshot(self) -> Snapshot:
        self.asked += 1
        return self.picture

    def events_since(self, number: int) -> EventBatch:
        return EventBatch(tuple(self.happened[number:]), len(self.happened), 0)

    def settings(self) -> SettingsView:
        view = self.live.view
        if self._view is None or self._shown is not view:
            self._shown, self._view = view, replace(view, specs=self.specs)
        return self._view

    def update(self, changes: Mapping[str, str]) -> UpdateResult:
        result = self.live.update(changes)
        for change in result.changes:
            self.happened.append(
                ev.SettingChanged(at=NOW, name=change.name, before=change.before, after=change.after, by="console")
            )
        return result

    def detail(self, session: str) -> SessionDetail | None:
        return self.details.get(session)

    def requests(self, session: str) -> tuple[RequestView, ...]:
        return tuple(record.request for record in self.records.values() if record.request.session == session)

    def record(self, request_id: str) -> RecordView | None:
        return self.records.get(request_id)

    def save(self, names: tuple[str, ...], *, write: bool) -> SaveResult:
        return save(self.live, names, self.happened.append, write=write)

    def command(self, command: Command) -> CommandResult:
        self.commands.append(command)
        return CommandResult(ok=True, message="cancelled 1")
