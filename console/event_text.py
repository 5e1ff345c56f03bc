"""Events as one line of words, and as JSON."""

from __future__ import annotations

from dataclasses import fields
from datetime import UTC, datetime
from functools import singledispatch

import orjson

from proxy_core import events
from proxy_core.snapshot import Totals


@singledispatch
def describe(event: events.EngineEvent) -> str:
    """What happened, without time, kind and session. Events without words of their own list their fields."""
    base = {field.name for field in fields(events.EngineEvent)}
    return " ".join(f"{field.name}={getattr(event, field.name)}" for field in fields(event) if field.name not in base)


@describe.register
def _(event: events.ServerStarted) -> str:
    return f"listening at {event.url}"


@describe.register
def _(event: events.ServerDraining) -> str:
    return f"taking no new requests; {event.active} still running"


@describe.register
def _(event: events.UpstreamChanged) -> str:
    return f"model server {event.before} → {event.after}" + (f": {event.detail}" if event.detail else "")


@describe.register
def _(event: events.UpstreamLearned) -> str:
    window = f"{tokens(event.window)} tokens ({event.window_source})" if event.window else "window unknown"
    return f"{event.server} serves {event.model or 'an unnamed model'}, {window}"


@describe.register
def _(event: events.SessionOpened) -> str:
    return f"new session {event.label}" + (f" of {event.client}" if event.client else "")


@describe.register
def _(event: events.RequestStarted) -> str:
    return f"{event.role} request, {event.messages} messages" + ("" if event.stream else ", not streamed")


@describe.register
def _(event: events.RequestFinished) -> str:
    if not event.asked:
        return f"answered by the proxy, the model was not asked stop={event.stop_reason}"
    parts = [f"{tokens(event.prompt_tokens)} in"]
    if event.cached_tokens:
        parts.append(f"({tokens(event.cached_tokens)} cached)")
    parts.append(f"{tokens(event.output_tokens)} out")
    if event.decode_rate is not None:
        parts.append(f"{event.decode_rate:.1f} tok/s")
    if event.ttft is not None:
        parts.append(f"first token {event.ttft:.1f} s")
    parts.append(f"stop={event.stop_reason}")
    if event.tools:
        parts.append("calls " + ", ".join(event.tools))
    return " ".join(parts)


@describe.register
def _(event: events.RequestFailed) -> str:
    return f"{event.status} {event.error} in {event.phase}: {event.message}"


@describe.register
def _(event: events.RequestCancelled) -> str:
    return f"cancelled by {event.by} in {event.phase} after {event.seconds:.1f} s"


@describe.register
def _(event: events.UpstreamRetried) -> str:
    return f"try {event.attempt} in {event.pause:.1f} s: {event.reason}"


@describe.register
def _(event: events.RequestAltered) -> str:
    before, after = event.before, event.after
    change = f"removed {before}" if before and not after else f"{before} → {after}".strip() if after else ""
    return f"{event.what} ({change}): {event.why}" if change else f"{event.what}: {event.why}"


@describe.register
def _(event: events.LoopActed) -> str:
    return f"loop, step {event.level} of 4: {event.act}, because {event.why} (score {event.score:g})"


@describe.register
def _(event: events.AnswerContinued) -> str:
    cost = f"{event.tokens} tokens in {event.seconds:.1f} s"
    return f"{event.why}: one further try, {event.before} → {event.outcome} ({cost})"


@describe.register
def _(event: events.Pruned) -> str:
    done = [
        text
        for count, text in (
            (event.superseded, f"{event.superseded} results replaced"),
            (event.shortened, f"{event.shortened} shortened"),
            (event.turns, f"{event.turns} turns dropped"),
        )
        if count
    ]
    return f"{tokens(event.before)} → {tokens(event.after)} tokens, {', '.join(done) or 'nothing to drop'}: {event.why}"


@describe.register
def _(event: events.OverflowMet) -> str:
    limit = f" of {tokens(event.limit)}" if event.limit else ""
    return f"{tokens(event.tokens)}{limit} tokens, {event.act}: {event.why}"


@describe.register
def _(event: events.OutputCapped) -> str:
    room = f"{tokens(event.input_tokens)} of {tokens(event.window)} in" if event.window else "window unknown"
    return f"max_tokens {event.before} → {event.after} ({room})"


@describe.register
def _(event: events.PrefixBroken) -> str:
    return f"{tokens(event.lost)} tokens read again, {event.cause}: {event.detail}"


@describe.register
def _(event: events.ContextWarning) -> str:
    return f"context {event.level}: {event.utilisation:.0%} of {tokens(event.window)} tokens"


@describe.register
def _(event: events.OperatorActed) -> str:
    return event.act


@describe.register
def _(event: events.SettingChanged) -> str:
    where = ", in this session only" if event.session else ""
    return f"{event.name} {event.before} → {event.after} by {event.by}{where}"


@describe.register
def _(event: events.LogRecorded) -> str:
    return event.text


def event_json(event: events.EngineEvent) -> bytes:
    """The event as one JSON object: `time` (ISO 8601, UTC), `kind`, `severity`, then its own fields."""
    listed: dict[str, object] = {
        "time": iso_time(event.at),
        "kind": event.kind,
        "severity": event.severity,
    }
    listed |= {field.name: getattr(event, field.name) for field in fields(event) if field.name != "at"}
    return orjson.dumps(listed)


def summary(totals: Totals, sessions: int, seconds: float) -> str:
    """What a run came to, in one line."""
    served = f"{totals.requests} requests ({totals.failed} failed, {totals.cancelled} cancelled)"
    read = f"{tokens(totals.prompt_tokens)} tokens in ({tokens(totals.cached_tokens)} cached)"
    return f"{served}, {sessions} sessions, {read}, {tokens(totals.output_tokens)} out, up {duration(seconds)}"


def summary_json(totals: Totals, sessions: int, seconds: float, at: float) -> bytes:
    """The same as one JSON object of kind "summary"."""
    listed: dict[str, object] = {"time": iso_time(at), "kind": "summary", "severity": "info"}
    listed |= {field.name: getattr(totals, field.name) for field in fields(totals)}
    return orjson.dumps(listed | {"sessions": sessions, "uptime_seconds": round(seconds, 3)})


def iso_time(at: float) -> str:
    """Unix time as ISO 8601 in UTC with milliseconds."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def tokens(count: int) -> str:
    """950, 58.1k, 1.2M."""
    if count < 1000:
        return str(count)
    return f"{count / 1000:.1f}k" if count < 999_950 else f"{count / 1_000_000:.1f}M"


def duration(seconds: float) -> str:
    """42 s, 3 min 05 s, 2 h 10 min."""
    whole = int(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02} min"
