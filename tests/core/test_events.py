"""The ring of events that faces follow by number."""

from __future__ import annotations

import threading

from hypothesis import given
from hypothesis import strategies as st

from proxy_core.event_ring import EventBatch, EventRing
from proxy_core.events import EngineEvent, LogRecorded


def entry(number: int) -> LogRecorded:
    return LogRecorded(at=float(number), level="info", text=str(number))


def texts(batch: EventBatch) -> list[str]:
    return [event.text for event in batch.events if isinstance(event, LogRecorded)]


def test_a_reader_sees_each_event_once_and_in_order() -> None:
    ring = EventRing()
    assert ring.since(0) == EventBatch((), 0, 0)
    for number in range(3):
        ring.publish(entry(number))
    first = ring.since(0)
    assert (texts(first), first.next, first.missed) == (["0", "1", "2"], 3, 0)
    assert ring.since(first.next) == EventBatch((), 3, 0)
    ring.publish(entry(3))
    assert texts(ring.since(first.next)) == ["3"]


def test_a_slow_reader_learns_how_many_it_missed() -> None:
    ring = EventRing(capacity=4)
    for number in range(10):
        ring.publish(entry(number))
    batch = ring.since(1)
    assert (texts(batch), batch.next, batch.missed) == (["6", "7", "8", "9"], 10, 5)
    assert ring.count == 10


@given(published=st.integers(0, 40), capacity=st.integers(1, 12), asked=st.integers(0, 40))
def test_kept_and_missed_add_up(published: int, capacity: int, asked: int) -> None:
    ring = EventRing(capacity=capacity)
    for number in range(published):
        ring.publish(entry(number))
    batch = ring.since(asked)
    assert batch.next == published
    assert len(batch.events) + batch.missed == max(published - asked, 0)
    assert texts(batch) == [str(number) for number in range(published)][published - len(batch.events) :]


def test_sinks_hear_everything_after_they_were_added() -> None:
    ring = EventRing()
    heard: list[EngineEvent] = []
    ring.publish(entry(0))
    ring.add_sink(heard.append)
    ring.publish(entry(1))
    assert heard == [entry(1)]


def test_writers_on_many_threads_lose_nothing() -> None:
    ring = EventRing(capacity=10_000)
    writers = [threading.Thread(target=lambda: [ring.publish(entry(n)) for n in range(500)]) for _ in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert ring.count == len(ring.since(0).events) == 2000
