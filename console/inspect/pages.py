"""The four pages of the inspector: request, response, raw streams, timing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Literal, TypeAlias

from console.event_text import describe, tokens
from console.format import counted, percent, rate, seconds
from console.inspect.alignment import Section, sections
from console.inspect.answers import completion, message
from console.inspect.difference import Line, Sign
from console.inspect.loose_json import read_object
from console.inspect.page import Budget, Kind, Page, Paper, Row, Side, double, prose, single, titled
from console.inspect.pretty import pretty
from proxy_core.record_views import BodyView, RecordView, Span
from proxy_core.translate.types import Change, JsonObject

Tab: TypeAlias = Literal["request", "response", "raw", "timing"]
TABS: tuple[Tab, ...] = ("request", "response", "raw", "timing")
SIGNS: dict[Sign, Kind] = {"-": "removed", "+": "added", " ": "faint"}
RUN_SHOWN = 12
"""Lines of one stretch of a difference that are shown until somebody asks for all."""

BESIDE_BAR = 29
"""Cells of a line of the waterfall that are not its bar: name, beginning and length."""

SHORT = 0.0995
"""Seconds below which milliseconds are shown."""

NOT_KEPT = "not kept: recording was off (PROXY_RECORD_BODIES), or newer requests took the room"


def request_page(record: RecordView, paper: Paper, side: Side, *, changed: bool) -> Page:
    """Both bodies, aligned; or only what the proxy `changed`. With one column it is the body of `side`."""
    if record.received is None:
        return Page((Row("note", NOT_KEPT),), 1)
    received, rest = read_object(record.received.text)
    sent, other_rest = read_object(record.sent[-1].text) if record.sent else (None, "")
    if received is None:
        return _plain(record.received.text, paper)
    found = list(sections(received, sent or {}))
    if changed:
        rows = [*_acts(record, paper), *(row for section in found for row in _difference(section, paper, sent))]
        return Page(tuple(rows), 1)
    return _bodies(found, (rest, other_rest), paper, side, sent)


def response_page(record: RecordView, paper: Paper, side: Side) -> Page:
    """What the model server answered, and what became of it for the client."""
    mine = tuple(pretty(message(record.answer.text))) if record.answer else ("nothing was sent",)
    theirs = tuple(pretty(completion(record.upstream.text))) if record.upstream else ("the model server was not heard",)
    rows = [Row("note", text) for text in (record.request.error,) if text]
    return _two(rows, mine, theirs, paper, side)


def raw_page(record: RecordView, paper: Paper, side: Side) -> Page:
    """The bytes of both streams as they were."""
    mine = record.answer.text.split("\n") if record.answer else ["nothing was sent"]
    theirs = record.upstream.text.split("\n") if record.upstream else ["the model server was not heard"]
    return _two([], mine, theirs, paper, side)


def timing_page(record: RecordView, paper: Paper) -> Page:
    """The phases as a waterfall, the figures, and what happened when."""
    request = record.request
    total = request.seconds or 0.0
    bars = max(paper.cells - BESIDE_BAR, 10)
    rows = [titled(f"timing, {seconds(total)} in all", paper)]
    rows += [Row("bar", _waterfall(span, total, bars, paper)) for span in record.spans]
    rows += [Row("text", ""), titled("figures", paper)]
    if request.state == "running":
        rows.append(Row("faint", f"still running: {request.phase}"))
        return Page(tuple(rows), 1)
    share = request.cached_tokens / request.prompt_tokens if request.prompt_tokens else None
    fresh = request.prompt_tokens - request.cached_tokens
    rows += single(
        [
            f"prompt        {tokens(request.prompt_tokens)} tokens, {tokens(fresh)} new, {percent(share)} cached",
            f"written       {tokens(request.output_tokens)} tokens at {rate(request.decode_rate)} tok/s",
            f"prefill       {rate(request.prefill_rate)} tok/s",
            f"first token   after {seconds(request.ttft)}",
            f"stop          {request.stop_reason or request.error or request.state}",
        ],
        paper,
    )
    rows += [Row("text", ""), titled("what happened", paper)]
    told = (f"{event.at - request.at:+8.2f} s  {event.kind}: {describe(event)}" for event in request.events)
    rows += prose(told, paper, hang=12)
    if not request.events:
        rows.append(Row("faint", "nothing but the request itself"))
    return Page(tuple(rows), 1)


def _waterfall(span: Span, total: float, cells: int, paper: Paper) -> str:
    start = round(span.start / total * cells) if total else 0
    length = max(round((span.start + span.seconds) / total * cells) - start, 1) if total else 1
    full, track = ("#", ".") if paper.ascii_only else ("█", "·")
    bar = track * min(start, cells - 1) + full * min(length, cells - min(start, cells - 1))
    lasts = f"{span.seconds * 1000:.0f} ms" if span.seconds < SHORT else seconds(span.seconds)
    return f"{span.name:<10} {span.start:8.2f} s {bar.ljust(cells, track)} {lasts:>6}"


def _bodies(
    found: Iterable[Section], rests: tuple[str, str], paper: Paper, side: Side, sent: JsonObject | None
) -> Page:
    mine, theirs = Budget(paper), Budget(paper)
    rows: list[Row] = []
    nothing = "" if sent is None else "(not sent)"
    for section in found:
        left = mine.take(section.left or ("(not from the client)",))
        right = theirs.take(section.right or (nothing,))
        if paper.columns == 2:
            if left or right:
                rows += [titled(_marked(section), paper), *double(left, right, paper)]
        elif shown := left if side == "anthropic" else right:
            rows += [titled(_marked(section), paper), *single(shown, paper)]
    for budget, rest, name in ((mine, rests[0], "anthropic"), (theirs, rests[1], "openai")):
        lines = budget.take(rest.split("\n")) if rest else []
        if lines and (paper.columns == 2 or side == name):
            rows += [titled(f"the rest of the {name} body, cut by the recorder", paper), *single(lines, paper)]
    cut = max(mine.cut, theirs.cut) if paper.columns == 2 else (mine if side == "anthropic" else theirs).cut
    return Page(tuple(rows), paper.columns, cut)


def _marked(section: Section) -> str:
    if not section.difference:
        return section.title
    if section.right is None:
        return f"{section.title}  (not sent)"
    changes = sum(line.sign != " " for line in section.difference)
    return f"{section.title}  ({counted(changes, 'line')} changed)"


def _difference(section: Section, paper: Paper, sent: JsonObject | None) -> Iterator[Row]:
    if not section.difference or sent is None:
        return
    yield titled(_marked(section), paper)
    if section.right is None and section.left is not None:
        yield Row("removed", f"- all {len(section.left)} lines of it")
        return
    for sign, run in groupby(section.difference, _sign):
        lines = [f"{line.sign} {line.text}" for line in run]
        shown = lines if paper.everything else lines[:RUN_SHOWN]
        yield from single(shown, paper, SIGNS[sign])
        if len(shown) < len(lines):
            yield Row("faint", f"  {len(lines) - len(shown)} more lines like these, {paper.more} shows all")


def _sign(line: Line) -> Sign:
    return line.sign


def _acts(record: RecordView, paper: Paper) -> Iterator[Row]:
    """What the proxy says that it did."""
    events = [event for event in record.request.events if event.kind not in {"request.started", "request.altered"}]
    count = f"{counted(len(record.changes), 'change')}, {counted(len(events), 'act')}"
    yield titled(f"what the proxy did: {count}", paper)
    yield from prose((_change(change) for change in record.changes), paper)
    yield from prose((f"{event.kind}: {describe(event)}" for event in events), paper)
    if not record.changes and not events:
        yield Row("faint", "nothing but translation")
    if not record.sent:
        yield Row("note", "nothing was sent to the model server")
    elif len(record.sent) > 1:
        yield Row("note", "it was sent more than once; compared is what was sent last")


def _change(change: Change) -> str:
    moved = f" ({change.before or 'nothing'} → {change.after or 'nothing'})" if change.before or change.after else ""
    return f"{change.what}{moved}: {change.why}"


def _two(rows: list[Row], mine: Iterable[str], theirs: Iterable[str], paper: Paper, side: Side) -> Page:
    left, right = Budget(paper), Budget(paper)
    one, other = left.take(mine), right.take(theirs)
    if paper.columns == 2:
        return Page((*rows, *double(one, other, paper)), 2, max(left.cut, right.cut))
    shown, budget = (one, left) if side == "anthropic" else (other, right)
    return Page((*rows, *single(shown, paper)), 1, budget.cut)


def _plain(text: str, paper: Paper) -> Page:
    budget = Budget(paper)
    return Page(tuple(single(budget.take(text.split("\n")), paper)), 1, budget.cut)


def body_of(record: RecordView, tab: Tab, side: Side) -> BodyView | None:
    """The text that a tab shows on a side, as it travelled."""
    if tab in {"response", "raw"}:
        return record.answer if side == "anthropic" else record.upstream
    return record.received if side == "anthropic" else (record.sent[-1] if record.sent else None)
