"""What is kept of requests: bounded, by reference, and without secrets in what is looked at."""

from __future__ import annotations

import random
import tracemalloc
from itertools import count

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy_core import events as ev
from proxy_core.masking import MASK
from proxy_core.record_making import spans
from proxy_core.record_views import Span
from proxy_core.recording import PIECE_OVERHEAD, Kept, Tape, kept
from proxy_core.records import OVERHEAD, RESERVED, Record, RecordStore
from proxy_core.translate.types import Change


def begun(
    store: RecordStore, request_id: str, session: str = "s", raw: bytes = b"{}", *, bodies: bool = True
) -> Record:
    record = Record(request_id=request_id, session=session, role="main", at=100.0, began=10.0, bodies=bodies)
    store.begin(record, raw)
    return record


def finished(request_id: str, session: str = "s", **values: object) -> ev.RequestFinished:
    plain: dict[str, object] = {
        "role": "main", "stop_reason": "end_turn", "prompt_tokens": 900, "cached_tokens": 800, "output_tokens": 20,
        "seconds": 5.0, "ttft": 1.0, "decode_rate": 5.0, "tools": ("Read",),
    }  # fmt: skip
    return ev.RequestFinished(at=105.0, session=session, request=request_id, **(plain | values))  # pyright: ignore[reportArgumentType]


def failed(request_id: str, session: str = "s") -> ev.RequestFailed:
    return ev.RequestFailed(
        at=101.5, session=session, request=request_id, status=503, error="overloaded_error", message="busy",
        phase="connect",
    )  # fmt: skip


# -- one body, one stream --------------------------------------------------------------------------------------------


def test_a_small_body_is_not_copied() -> None:
    data = b"x" * Kept.LIMIT
    assert kept(data).head is data


@given(st.integers(Kept.LIMIT + 1, 3 * Kept.LIMIT))
def test_of_a_large_body_both_ends_are_kept(size: int) -> None:
    data = (bytes(range(251)) * (size // 251 + 1))[:size]
    part = kept(data)
    assert part.held == Kept.LIMIT
    assert part.size == size
    assert data.startswith(part.head)
    assert data.endswith(part.tail)


@given(st.lists(st.integers(1, 40_000), max_size=40))
def test_a_stream_is_bounded_and_keeps_both_ends(sizes: list[int]) -> None:
    tape, whole = Tape(), b""
    for number, size in enumerate(sizes):
        piece = bytes([number % 251]) * size
        tape.add(piece)
        whole += piece
        assert tape.held <= Tape.LIMIT
    part = tape.kept()
    assert tape.size == len(whole)
    if part is None:
        assert not whole
        return
    assert whole.startswith(part.head)
    assert whole.endswith(part.tail)
    if len(whole) + 48 * len(sizes) <= Tape.HEAD:
        assert part.head == whole


@given(st.lists(st.integers(1, 40_000), max_size=40), st.booleans())
def test_an_ended_stream_reads_the_same_in_less_memory(sizes: list[int], alike: bool) -> None:
    tape = Tape()
    for number, size in enumerate(sizes):
        tape.add((b"data: {}" * size)[:size] if alike else random.Random(number).randbytes(size))
    ended = tape.settled()
    assert ended.kept() == tape.kept()
    assert ended.held <= tape.held + PIECE_OVERHEAD
    if alike and sum(sizes) > 10_000:
        assert ended.held < tape.held / 4
    for late in (tape, ended):
        late.add(b"event: error\n\n")
    assert ended.kept() == tape.kept()


def test_pieces_are_kept_by_reference() -> None:
    tape, piece = Tape(), b"data: {}\n\n"
    tape.add(piece)
    assert tape._head[0] is piece


# -- the store -------------------------------------------------------------------------------------------------------

STEPS = st.lists(
    st.tuples(st.sampled_from("abcd"), st.sampled_from(["begin", "send", "hear", "end", "fail", "forget"]),
              st.integers(0, 400_000)),
    max_size=120,
)  # fmt: skip


@given(STEPS)
def test_the_store_stays_within_its_bounds_whatever_happens(steps: list[tuple[str, str, int]]) -> None:
    store = RecordStore(per_session=5, most=12, most_bytes=3 * 2**20)
    numbers, running = count(), dict[str, Record]()
    for session, act, size in steps:
        record = running.get(session)
        if act == "begin":
            running[session] = begun(store, f"r{next(numbers)}", session, b"x" * size)
        elif act == "forget":
            store.take(ev.SessionForgotten(at=1.0, session=session, reason="idle"))
        elif record is not None:
            if act == "send":
                record.sends(b"y" * size)
            elif act == "hear":
                record.hears(b"z" * (size % 10_000))
                record.tells(b"z" * (size % 10_000))
            else:
                store.take((finished if act == "end" else failed)(record.request_id, session))
        held = [store.find(f"r{number}") for number in range(200)]
        records = [record for record in held if record is not None]
        assert sum(record.size for record in records) <= store.held <= store.most_bytes + OVERHEAD * store.most
        assert len(records) == len(store) <= store.most
        for name in "abcd":
            assert len(store.requests(name)) <= store.per_session
            assert all(record.size <= record.counted for record in records)


def test_small_texts_are_bounded_by_their_number() -> None:
    store = RecordStore(most_texts=3)
    for number, session in enumerate("abcab"):
        begun(store, f"r{number}", session)
        store.take(finished(f"r{number}", session))
    assert {view.id for session in "abc" for view in store.requests(session) if view.bodies} == {"r0", "r3", "r4"}, (
        "b and c had none for longest"
    )
    assert (store.texts, len(store)) == (3, 5)
    for session in "abc":
        store.take(ev.SessionForgotten(at=1.0, session=session, reason="idle"))
    assert (store.texts, store.held, len(store)) == (0, 0, 0)


def test_what_a_client_sends_with_every_request_is_held_once() -> None:
    store = RecordStore()
    records = [begun(store, f"r{number}") for number in range(2)]
    assert records[0].headers is records[1].headers


def test_a_body_of_orjson_does_not_keep_the_room_behind_it() -> None:
    store = RecordStore()
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        for number in range(100):
            record = begun(store, f"r{number}")
            record.sends(orjson.dumps({"text": "x" * 100}))
            record.tells(orjson.dumps({"text": "y" * 100}))
            store.take(finished(f"r{number}"))
            del record
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (after - before) / 100 < 3000


def test_texts_go_first_where_there_was_no_request_for_longest() -> None:
    store = RecordStore(most_bytes=2 * RESERVED)
    for number, session in enumerate("abcab"):
        begun(store, f"r{number}", session, b"x" * 200_000)
        store.take(finished(f"r{number}", session))
    begun(store, "last", "a", b"x" * 200_000)
    kept_texts = {view.id for session in "abc" for view in store.requests(session) if view.bodies}
    gone = {f"r{number}" for number in range(5)} - kept_texts
    assert "last" in kept_texts
    assert gone == {"r1", "r2", "r4"}, "c, and after it b, had no request for longest"
    assert len(store) == 6, "figures stay when texts go"


def test_of_several_tries_the_first_and_the_last_body_are_kept() -> None:
    record = begun(RecordStore(), "r")
    for body in (b"1", b"2", b"3"):
        record.sends(body)
    assert [part.head for part in record.sent] == [b"1", b"3"]


def test_without_bodies_only_figures_are_kept() -> None:
    store = RecordStore()
    record = begun(store, "r", raw=b"x" * 1000, bodies=False)
    record.sends(b"y" * 1000)
    record.hears(b"z" * 1000)
    record.tells(b"z" * 1000)
    store.take(finished("r"))
    assert record.size == 0
    (view,) = store.requests("s")
    assert (view.state, view.prompt_tokens, view.cached_tokens, view.tools, view.bodies) == (
        "done", 900, 800, ("Read",), False,
    )  # fmt: skip
    shown = store.record("r")
    assert shown is not None
    assert (shown.received, shown.sent, shown.upstream, shown.answer) == (None, (), None, None)


def test_a_turn_without_a_store_records_nothing() -> None:
    record = Record()
    record.sends(b"x")
    record.hears(b"x")
    assert record.size == 0


def test_requests_that_went_the_same_way_hold_its_names_once() -> None:
    records = [Record(), Record()]
    for record in records:
        for phase in ("queued", "prefill", "decode"):
            record.enters(phase)
    first, second = (record.marks for record in records)
    assert [phase for phase, _ in first] == ["queued", "prefill", "decode"]
    assert [at for _, at in first] == sorted(at for _, at in first)
    assert max(at for _, at in first) <= min(at for _, at in second)
    assert records[0]._marks[0] is records[1]._marks[0]


# -- views -----------------------------------------------------------------------------------------------------------


def test_a_view_has_everything_and_no_secret() -> None:
    key = "sk-ant-api03-abcdefghijklmnop"
    store = RecordStore(lambda: ("own-secret", ""))
    record = begun(store, "r", raw=b'{"text": "' + key.encode() + b'"}')
    record.headers = f"x-api-key: {key}\nuser-agent: cli\nx-odd: a: b\nx-empty: "
    record.sends(b'{"text": "own-secret"}')
    record.hears(b"data: " + key.encode())
    record.tells(b"event: ping\n\n")
    record.changes = (Change("image", "no vision", key, ""),)
    altered = ev.RequestAltered(at=101.0, request="r", what="image", why="no vision", before=key)
    pruned = ev.Pruned(at=101.0, request="r", before=9, after=5, superseded=1, shortened=0, turns=0, why="full")
    for event in (altered, pruned, finished("r")):
        store.take(event)
    shown = store.record("r")
    assert shown is not None
    texts = [shown.received, *shown.sent, shown.upstream, shown.answer]
    assert [body.text for body in texts if body] == [
        f'{{"text": "sk-ant-{MASK}"}}', f'{{"text": "{MASK}"}}', f"data: sk-ant-{MASK}", "event: ping\n\n",
    ]  # fmt: skip
    assert shown.headers == (("x-api-key", MASK), ("user-agent", "cli"), ("x-odd", "a: b"), ("x-empty", ""))
    assert shown.changes == (Change("image", "no vision", f"sk-ant-{MASK}", ""),), "told twice, listed once"
    assert shown.request.events == (altered, pruned)


def test_what_is_cut_says_so() -> None:
    store = RecordStore()
    begun(store, "r", raw=b"a" * Kept.LIMIT + b"b" * 100)
    shown = store.record("r")
    assert shown is not None
    assert shown.received is not None
    assert (shown.received.cut, shown.received.size) == (True, Kept.LIMIT + 100)
    assert "[... 100 bytes are not kept ...]" in shown.received.text


@pytest.mark.parametrize(
    ("event", "state", "error"),
    [
        (None, "running", ""),
        (finished("r"), "done", ""),
        (failed("r"), "failed", "503 overloaded_error in connect: busy"),
        (ev.RequestCancelled(at=1.0, request="r", phase="decode", by="client", seconds=2.0), "cancelled",
         "by client in decode"),
    ],
)  # fmt: skip
def test_how_a_request_stands(event: ev.EngineEvent | None, state: str, error: str) -> None:
    store = RecordStore()
    begun(store, "r")
    if event is not None:
        store.take(event)
    (view,) = store.requests("s")
    assert (view.state, view.error) == (state, error)


def test_phases_fill_the_time_without_a_gap() -> None:
    marks = [("connect", 10.5), ("queued", 11.0), ("queued", 11.5), ("prefill", 12.0), ("decode", 14.0)]
    assert spans(marks, 10.0, 6.0) == (
        Span("admission", 0.0, 0.5), Span("connect", 0.5, 0.5), Span("queued", 1.0, 1.0), Span("prefill", 2.0, 2.0),
        Span("decode", 4.0, 2.0),
    )  # fmt: skip


@given(st.lists(st.floats(0, 50), max_size=10), st.floats(0, 40))
def test_phases_add_up(times: list[float], seconds: float) -> None:
    marks = [(f"phase {number}", 10.0 + at) for number, at in enumerate(sorted(times))]
    found = spans(marks, 10.0, seconds)
    assert sum(span.seconds for span in found) == pytest.approx(seconds)
    assert all(span.seconds >= 0 for span in found)
