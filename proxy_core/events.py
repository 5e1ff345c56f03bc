"""What happens in the engine, as values.

Every act of the proxy that a client or an operator would want to know of is an event: it names the reason and what was
before and after.
"""

from __future__ import annotations

from typing import ClassVar, Literal, TypeAlias

from proxy_core.value_types import named_value_type

Severity: TypeAlias = Literal["debug", "info", "notice", "warning", "error"]


@named_value_type
class EngineEvent:
    """Base of all events. `at` is Unix time in seconds; `session` and `request` are empty where none is concerned."""

    kind: ClassVar[str] = "event"
    severity: ClassVar[Severity] = "info"

    at: float
    session: str = ""
    request: str = ""


@named_value_type
class ServerStarted(EngineEvent):
    """The proxy listens at `url`."""

    kind: ClassVar[str] = "server.started"
    url: str


@named_value_type
class ServerDraining(EngineEvent):
    """The proxy takes no new requests; `active` are still running."""

    kind: ClassVar[str] = "server.draining"
    severity: ClassVar[Severity] = "notice"
    active: int


@named_value_type
class UpstreamChanged(EngineEvent):
    """The model server went from state `before` to `after` (connecting, up, loading, down, refused)."""

    kind: ClassVar[str] = "upstream.changed"
    severity: ClassVar[Severity] = "notice"
    before: str
    after: str
    detail: str = ""


@named_value_type
class UpstreamLearned(EngineEvent):
    """Model, window and kind of the model server became known or changed."""

    kind: ClassVar[str] = "upstream.learned"
    server: str
    model: str
    window: int
    window_source: str


@named_value_type
class SessionOpened(EngineEvent):
    """A session was seen for the first time."""

    kind: ClassVar[str] = "session.opened"
    label: str
    client: str
    agent: str = ""


@named_value_type
class SessionForgotten(EngineEvent):
    """A session was dropped: idle too long, or too many of them."""

    kind: ClassVar[str] = "session.forgotten"
    severity: ClassVar[Severity] = "debug"
    reason: str


@named_value_type
class RequestStarted(EngineEvent):
    """A Messages API request was accepted. `role` says what it is for: main, title, compaction, subagent ..."""

    kind: ClassVar[str] = "request.started"
    severity: ClassVar[Severity] = "debug"
    role: str
    model: str
    messages: int
    stream: bool


@named_value_type
class RequestFinished(EngineEvent):
    """A request ended well. Times in seconds, rates in tokens a second; `prompt_tokens` includes `cached_tokens`.

    `asked` is false where the proxy itself gave the answer: no model read or wrote anything.
    """

    kind: ClassVar[str] = "request.finished"
    role: str
    stop_reason: str
    prompt_tokens: int
    cached_tokens: int
    output_tokens: int
    seconds: float
    ttft: float | None
    decode_rate: float | None
    prefill_rate: float | None = None
    tools: tuple[str, ...] = ()
    asked: bool = True


@named_value_type
class RequestFailed(EngineEvent):
    """A request ended with an error; `phase` is where: admission, connect, prefill, decode."""

    kind: ClassVar[str] = "request.failed"
    severity: ClassVar[Severity] = "error"
    status: int
    error: str
    message: str
    phase: str


@named_value_type
class RequestCancelled(EngineEvent):
    """The client left, or the operator cancelled; the upstream's work was stopped at once."""

    kind: ClassVar[str] = "request.cancelled"
    severity: ClassVar[Severity] = "notice"
    phase: str
    by: str
    seconds: float


@named_value_type
class UpstreamRetried(EngineEvent):
    """A request was sent again before its first byte."""

    kind: ClassVar[str] = "request.retried"
    severity: ClassVar[Severity] = "notice"
    reason: str
    attempt: int
    pause: float


@named_value_type
class RequestAltered(EngineEvent):
    """Something of the client's request or the model's answer was dropped, replaced or added."""

    kind: ClassVar[str] = "request.altered"
    severity: ClassVar[Severity] = "notice"
    what: str
    why: str
    before: str = ""
    after: str = ""


@named_value_type
class LoopActed(EngineEvent):
    """The loop breaker acted on a request: `level` 1 to 4 of its ladder, `act` what it did, `why` what it saw."""

    kind: ClassVar[str] = "loop.acted"
    severity: ClassVar[Severity] = "warning"
    level: int
    act: str
    why: str
    score: float


@named_value_type
class AnswerContinued(EngineEvent):
    """An answer got its one further try in the same message. `tokens` and `seconds` are what the try cost."""

    kind: ClassVar[str] = "answer.continued"
    severity: ClassVar[Severity] = "notice"
    why: str
    before: str
    outcome: str
    tokens: int
    seconds: float


@named_value_type
class Pruned(EngineEvent):
    """A conversation was cut to fit its window. Estimated tokens of the whole prompt `before` and `after`.

    `superseded` results were replaced by a note, of `shortened` ones head and tail are left, `turns` went whole.
    """

    kind: ClassVar[str] = "context.pruned"
    severity: ClassVar[Severity] = "notice"
    before: int
    after: int
    superseded: int
    shortened: int
    turns: int
    why: str


@named_value_type
class OverflowMet(EngineEvent):
    """A prompt did not fit: `tokens` against the `limit`, 0 unknown. `act`: what was done about it."""

    kind: ClassVar[str] = "context.overflow"
    severity: ClassVar[Severity] = "warning"
    tokens: int
    limit: int
    act: str
    why: str


@named_value_type
class OutputCapped(EngineEvent):
    """`max_tokens` was changed so that input and output fit together, or raised to the operator's floor."""

    kind: ClassVar[str] = "output.capped"
    severity: ClassVar[Severity] = "debug"
    before: int
    after: int
    input_tokens: int
    window: int


@named_value_type
class ContextWarning(EngineEvent):
    """A session's context utilisation (0 to 1) crossed into a higher warning level."""

    kind: ClassVar[str] = "context.warning"
    severity: ClassVar[Severity] = "warning"
    level: str
    utilisation: float
    tokens: int
    window: int


@named_value_type
class PrefixBroken(EngineEvent):
    """A prompt did not begin with the one before it, or the server no longer had that: `lost` tokens were read again.

    `cause`: model, tools, system, edited, shortened, pruned, server cache or unexplained; `detail` says it in words.
    """

    kind: ClassVar[str] = "prefix.broken"
    severity: ClassVar[Severity] = "warning"
    cause: str
    detail: str
    lost: int
    prefilled: int
    prompt_tokens: int


@named_value_type
class OperatorActed(EngineEvent):
    """An operator did something to a session; `act` says what, in words."""

    kind: ClassVar[str] = "operator.acted"
    severity: ClassVar[Severity] = "notice"
    act: str


@named_value_type
class SettingChanged(EngineEvent):
    """A live setting got another value; the next request of every session, or of `session` alone, uses it."""

    kind: ClassVar[str] = "setting.changed"
    severity: ClassVar[Severity] = "notice"
    name: str
    before: str
    after: str
    by: str


@named_value_type
class LogRecorded(EngineEvent):
    """A line of the program's log at warning level or above."""

    kind: ClassVar[str] = "log"
    severity: ClassVar[Severity] = "warning"
    level: str
    text: str
