"""Frozen pictures of single requests and of what is behind a session's state; made only when somebody looks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from proxy_core.events import EngineEvent
from proxy_core.translate.types import Change

RequestState: TypeAlias = Literal["running", "done", "failed", "cancelled"]


@dataclass(frozen=True, slots=True)
class RequestView:
    """One request. Tokens are counts, 0 while it runs; times in seconds, `at` Unix time; None is unknown.

    `phase` is where it is while it runs, or where it ended: admission, held, connect, queued, prefill, decode ...
    `events` are the engine's events of this request, oldest first: what the guardrails did, what was cut, retries.
    `bodies` says whether its texts are still kept.
    """

    id: str
    session: str
    role: str
    model: str
    stream: bool
    messages: int
    at: float
    state: RequestState
    phase: str
    stop_reason: str
    error: str
    prompt_tokens: int
    cached_tokens: int
    output_tokens: int
    seconds: float | None
    ttft: float | None
    prefill_rate: float | None
    decode_rate: float | None
    tools: tuple[str, ...]
    events: tuple[EngineEvent, ...]
    bodies: bool


@dataclass(frozen=True, slots=True)
class BodyView:
    """A text that travelled, secrets masked. `size` in bytes is that of the whole; of a `cut` one the middle lacks."""

    name: str
    text: str
    size: int
    cut: bool


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of a request's life: what it waited for or did, from `start` on, in seconds after it came in."""

    name: str
    start: float
    seconds: float


@dataclass(frozen=True, slots=True)
class RecordView:
    """All that is known of one request, with secrets masked.

    `received` is the Messages API body, `sent` the Chat Completions bodies (the last one of several tries is second),
    `upstream` the bytes of the model server's answers, `answer` what went to the client.
    """

    request: RequestView
    headers: tuple[tuple[str, str], ...]
    url: str
    received: BodyView | None
    sent: tuple[BodyView, ...]
    upstream: BodyView | None
    answer: BodyView | None
    changes: tuple[Change, ...]
    spans: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class CallView:
    """One tool call of a conversation. `turn` counts assistant turns from 0; `kind`: read, write, exec, meta, wait.

    `novelty`: new, stale (it brought nothing new), poll (a wait that found nothing), neutral, "" (not answered yet).
    `same` stands for the call with its arguments: equal calls have equal ones.
    """

    turn: int
    name: str
    target: str
    kind: str
    novelty: str
    error: bool
    same: str


@dataclass(frozen=True, slots=True)
class SessionDetail:
    """What is behind a session's state at its last request: its calls and the loop breaker's judgement of them.

    `level` 0 to 4 of the ladder, whose steps begin at the scores `steps`; `stale_turns` in a row brought nothing new.
    `overrides` are settings of this session alone, as people write them.
    """

    key: str
    calls: tuple[CallView, ...]
    level: int
    score: float
    stale_turns: int
    why: str
    steps: tuple[float, ...]
    overrides: tuple[tuple[str, str], ...]
    acts: tuple[tuple[str, int], ...]
    """How often each guardrail acted in this session."""
