"""Makes frozen views of a request's record: decoded, masked, and put into the words and times that people ask for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from proxy_core.events import RequestAltered, RequestCancelled, RequestFailed, RequestFinished
from proxy_core.masking import masked, masked_headers
from proxy_core.record_views import BodyView, RecordView, RequestState, RequestView, Span
from proxy_core.recording import Kept, Tape
from proxy_core.translate.types import Change

if TYPE_CHECKING:
    from proxy_core.records import Record

LEFT_OUT = "\n\n[... {count:,} bytes are not kept ...]\n\n"


def request_view(record: Record, now: float) -> RequestView:
    """The figures of a request; `now` is monotonic."""
    ending = record.ending
    done = ending if isinstance(ending, RequestFinished) else None
    return RequestView(
        id=record.request_id,
        session=record.session,
        role=record.role,
        model=record.model,
        stream=record.stream,
        messages=record.messages,
        at=record.at,
        state=_state(record),
        phase=marks[-1][0] if (marks := record.marks) else "admission",
        stop_reason=done.stop_reason if done else "",
        error=_error(record),
        prompt_tokens=done.prompt_tokens if done else 0,
        cached_tokens=done.cached_tokens if done else 0,
        output_tokens=done.output_tokens if done else 0,
        seconds=_seconds(record, now),
        ttft=done.ttft if done else None,
        prefill_rate=done.prefill_rate if done else None,
        decode_rate=done.decode_rate if done else None,
        tools=done.tools if done else (),
        events=record.events,
        bodies=record.bodies,
    )


def record_view(record: Record, secrets: Sequence[str], now: float) -> RecordView:
    """All of a request; `secrets` are the program's own."""
    sent = record.sent
    names = ["sent", "sent last"][: len(sent)]
    received = record.received
    return RecordView(
        request=request_view(record, now),
        headers=masked_headers(_headers(record.headers), secrets),
        url=record.url,
        received=_body("received", received, secrets) if received else None,
        sent=tuple(_body(name, body, secrets) for name, body in zip(names, sent, strict=True)),
        upstream=_stream("model server", record.upstream, secrets),
        answer=_stream("answer", record.answer, secrets),
        changes=_changes(record, secrets),
        spans=spans(record.marks, record.began, _seconds(record, now) or 0.0),
    )


def spans(marks: Sequence[tuple[str, float]], began: float, seconds: float) -> tuple[Span, ...]:
    """The phases one after the other, filling the request's `seconds`. `began` and the times of marks are monotonic."""
    starts = [("admission", 0.0), *((name, min(max(at - began, 0.0), seconds)) for name, at in marks)]
    ends = [start for _, start in starts[1:]] + [seconds]
    found: list[Span] = []
    for (name, start), end in zip(starts, ends, strict=True):
        if found and found[-1].name == name:
            found[-1] = Span(name, found[-1].start, end - found[-1].start)
        elif end > start or (name == starts[-1][0] and start == starts[-1][1]):
            found.append(Span(name, start, end - start))
    return tuple(found)


def _state(record: Record) -> RequestState:
    if record.ending is None:
        return "running"
    if isinstance(record.ending, RequestFinished):
        return "done"
    return "failed" if isinstance(record.ending, RequestFailed) else "cancelled"


def _error(record: Record) -> str:
    ending = record.ending
    if isinstance(ending, RequestFailed):
        return f"{ending.status} {ending.error} in {ending.phase}: {ending.message}"
    return f"by {ending.by} in {ending.phase}" if isinstance(ending, RequestCancelled) else ""


def _seconds(record: Record, now: float) -> float | None:
    ending = record.ending
    if isinstance(ending, RequestFailed):
        return max(ending.at - record.at, 0.0)
    return now - record.began if ending is None else ending.seconds


def _headers(lines: str) -> dict[str, str]:
    parts = [line.partition(": ") for line in lines.split("\n") if line]
    return {name: value for name, _, value in parts}


def _changes(record: Record, secrets: Sequence[str]) -> tuple[Change, ...]:
    """What translation and guardrails changed, each once, in the order in which it was done."""
    told = (
        Change(event.what, event.why, event.before, event.after)
        for event in record.events
        if isinstance(event, RequestAltered)
    )
    return tuple(
        Change(*(masked(text, secrets) for text in (change.what, change.why, change.before, change.after)))
        for change in dict.fromkeys((*record.changes, *told))
    )


def _stream(name: str, tape: Tape | None, secrets: Sequence[str]) -> BodyView | None:
    whole = tape.kept() if tape is not None else None
    return _body(name, whole, secrets) if whole is not None else None


def _body(name: str, body: Kept, secrets: Sequence[str]) -> BodyView:
    missing = body.size - body.held
    text = body.head.decode("utf-8", "replace")
    if missing > 0:
        text += LEFT_OUT.format(count=missing) + body.tail.decode("utf-8", "replace")
    elif body.tail:
        text = (body.head + body.tail).decode("utf-8", "replace")
    return BodyView(name, masked(text, secrets), body.size, missing > 0)
