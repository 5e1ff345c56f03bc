"""The frozen picture of the engine that screens and endpoints read; it never changes after it was made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

Phase: TypeAlias = Literal["idle", "queued", "prefill", "thinking", "decode", "tool"]
"""Of a session: no request and none expected; sent but not begun; reading the prompt; writing reasoning; writing text
or a call; the client runs a tool whose call we delivered."""


@dataclass(frozen=True, slots=True)
class SessionView:
    """One conversation. Token figures are of its newest request; `estimated` marks those not counted by the server.

    `tokens`, `utilisation` and `level` are of the one that runs as soon as its size is known, the others of the last
    one that was answered.
    """

    key: str
    short: str
    label: str
    client: str
    agent: str
    parent: str
    model: str
    phase: Phase
    phase_since: float
    active: int
    requests: int
    failures: int
    tokens: int
    peak_tokens: int
    estimated: bool
    window: int
    utilisation: float | None
    level: str
    turns_left: int | None
    turns_basis: str
    cached_share: float | None
    decode_rate: float | None
    ttft: float | None
    prefill_done: float | None
    last_tool: str
    total_prompt_tokens: int
    total_output_tokens: int
    history: tuple[int, ...]
    created_at: float
    last_at: float
    seconds_left: float | None = None
    """Seconds until the window is full at the recent pace, pauses included; None unknown."""
    seconds_basis: str = ""
    """What that rests on, in words: "12,300 tokens in the last 14 min"."""
    count_label: str = ""
    """How well the last prompt was known before its answer: "exact", "calibrated ±3 %", "estimate"."""
    fill: tuple[tuple[str, int], ...] = ()
    """Tokens of the last prompt by part, biggest first: tools, system, files, results, calls, chat, thinking."""
    prefilled: int = 0
    """Tokens of the last prompt that the server had to read anew."""
    total_prefilled: int = 0
    """The same, of all turns."""
    total_lost: int = 0
    """Tokens read again because a prompt did not begin with the one before, or the server had lost it."""
    breaks: tuple[tuple[str, int], ...] = ()
    """How often the prefix broke, by cause: pruned, shortened, edited, tools, system, model, server cache ..."""
    last_break: str = ""
    """The last break in words; "" when there was none."""
    slot: int | None = None
    """The slot of llama.cpp that was chosen for the conversation; None when the server chooses."""
    loop_level: int = 0
    """The step of the loop breaker's ladder that holds, 0 to 4."""
    loop_why: str = ""
    """What the loop breaker saw, in words; "" at level 0."""
    held: bool = False
    """An operator holds the session: its new requests wait."""
    waiting: int = 0
    """Requests that wait because of that."""
    overrides: int = 0
    """Guardrail settings that are other than everywhere else."""


@dataclass(frozen=True, slots=True)
class ServerLoad:
    """What llama.cpp says of its slots and its memory. None is what this build does not tell."""

    busy: int | None = None
    """Slots that work, from `/slots`."""
    queued: int | None = None
    """Requests of all clients that wait for a slot: `requests_deferred` of `/metrics`."""
    held: int | None = None
    """Tokens that all slots hold in the KV cache, those of idle slots included."""
    used: float | None = None
    """Share of the whole KV cache, 0 to 1; None also where several slots may or may not share one memory."""
    fullest: float | None = None
    """Share of its own window that the fullest slot holds, 0 to 1."""
    drafting: bool | None = None
    """Whether tokens are drafted (speculative decoding)."""


@dataclass(frozen=True, slots=True)
class UpstreamView:
    """The model server as last seen. `window` 0 and `slots` None are unknown."""

    url: str
    state: str
    since: float
    detail: str
    kind: str
    model: str
    window: int
    window_source: str
    slots: int | None
    window_shared: bool | None = None
    """Whether the slots share one window; None unknown."""
    load: ServerLoad | None = None
    """None while nobody looks, and of servers that tell nothing."""


@dataclass(frozen=True, slots=True)
class Sample:
    """Traffic within one second (`at`, Unix time): tokens decoded and prefilled, first tokens seen and their times."""

    at: int
    decoded: int
    prefilled: int
    first_tokens: int
    ttft_sum: float
    requests: int
    prompted: int = 0
    """Tokens of the prompts of which the server told how much its cache had."""
    cached: int = 0
    """Tokens of those prompts that came from the cache."""


@dataclass(frozen=True, slots=True)
class Medians:
    """Middle values of so many answers: tokens a second, seconds to the first token. None: too few of them."""

    answers: int = 0
    decode_rate: float | None = None
    ttft: float | None = None


@dataclass(frozen=True, slots=True)
class ChangeView:
    """A change of a live setting, and the answers `span` seconds before it and after it.

    `number` counts changes from 1. `session` is empty for a change that holds everywhere.
    """

    number: int
    at: float
    name: str
    before: str
    after: str
    session: str = ""
    span: float = 0.0
    earlier: Medians = Medians()
    later: Medians = Medians()


@dataclass(frozen=True, slots=True)
class Totals:
    """Counts since the start."""

    requests: int
    failed: int
    cancelled: int
    prompt_tokens: int
    cached_tokens: int
    output_tokens: int
    drafted_tokens: int = 0
    """Tokens that speculative decoding drafted, as the answers told."""
    accepted_tokens: int = 0
    """Those of them that the model accepted."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All that a screen shows at one moment; `version` grows by one with every change. Times are Unix time."""

    version: int
    at: float
    started_at: float
    url: str
    draining: bool
    active: int
    sessions: tuple[SessionView, ...]
    upstream: UpstreamView
    samples: tuple[Sample, ...]
    totals: Totals
    loop_lag: float
    changes: tuple[ChangeView, ...] = ()
    """The last changes of live settings, oldest first."""
    lost_since: float | None = None
    """Since when a face in another process has lost the engine, and this is the last that it saw; None it has not."""
