from __future__ import annotations

from console.cursor import Cursor
from console.feed import KEPT, WORDS, Feed, FeedView, told
from console.filters import NO_FILTER, parse
from console.glyphs import UNICODE
from proxy_core import events as ev
from proxy_core.event_ring import EventBatch, EventRing
from tests.console.fake_port import NOW, SESSIONS, FakePort


def log(text: str, at: float = NOW) -> ev.LogRecorded:
    return ev.LogRecorded(at=at, level="warning", text=text)


def texts(view: FeedView) -> list[str]:
    return [row.text for row in view.rows]


def test_every_word_is_for_a_kind_of_event_and_has_an_existing_sign() -> None:
    kinds = {kind.kind for kind in ev.EngineEvent.__subclasses__()}
    assert set(WORDS) <= kinds
    assert all(len(getattr(UNICODE, glyph)) == 1 and len(word) <= 8 for glyph, word in WORDS.values())


def test_other_kinds_of_events_go_by_the_last_part_of_their_name() -> None:
    class Novel(ev.EngineEvent):
        kind = "session.astonished"

    feed = Feed()
    feed.take(EventBatch((Novel(at=NOW, session="unknown-to-all"),), 1, 0), ())
    row = feed.rows[0]
    assert (row.word, row.short, row.label) == ("astonished", "unknow", "")


def test_rows_name_their_session_and_number() -> None:
    port, feed = FakePort(), Feed()
    assert feed.take(port.events_since(0), SESSIONS) == len(port.happened)
    last = feed.rows[-1]
    assert (last.number, last.word, last.short, last.label) == (16, "done", "a3f91c", "webapp: dark mode")
    assert last.text == "Edit · 63.1k in, 97% cached · 188 out at 31.2 tok/s · TTFT 4.1s"
    assert feed.take(port.events_since(feed.next), SESSIONS) == 0


def test_a_side_request_says_what_it_was_for() -> None:
    event = ev.RequestFinished(
        at=NOW, role="title", stop_reason="end_turn", prompt_tokens=0, cached_tokens=0, output_tokens=7, seconds=0.2,
        ttft=None, decode_rate=None,
    )  # fmt: skip
    assert told(event) == "title: end_turn · 0 in, 0% cached · 7 out at — tok/s · TTFT —"


def test_a_view_takes_in_only_what_is_new() -> None:
    feed, view = Feed(), FeedView()
    ring = EventRing()
    for text in ("one", "two"):
        ring.publish(log(text))
    feed.take(ring.since(feed.next), ())
    view.update(feed, "info", NO_FILTER)
    assert texts(view) == ["one", "two"]
    ring.publish(log("three"))
    feed.take(ring.since(feed.next), ())
    view.update(feed, "info", NO_FILTER)
    view.update(feed, "info", NO_FILTER)
    assert texts(view) == ["one", "two", "three"]
    chosen = parse("t !three")
    view.update(feed, "info", chosen)
    assert (texts(view), len(view.hidden)) == (["two"], 2)
    ring.publish(log("ten"))
    feed.take(ring.since(feed.next), ())
    view.update(feed, "info", chosen)
    assert (texts(view), len(view.hidden)) == (["two", "ten"], 2)


def test_below_the_least_severity_nothing_is_shown_or_counted() -> None:
    feed, view, chosen = Feed(), FeedView(), parse("nothing")
    feed.take(FakePort().events_since(0), ())
    view.update(feed, "error", chosen)
    assert (len(view.rows), len(view.hidden)) == (0, 1)
    view.update(feed, "debug", NO_FILTER)
    assert len(view.rows) == 16


def test_a_view_forgets_what_the_feed_forgot() -> None:
    feed, view, ring = Feed(), FeedView(), EventRing(capacity=KEPT)
    for number in range(3 * KEPT + 7):
        ring.publish(log("even" if number % 2 else "odd"))
        if number % 900 == 0:
            feed.take(ring.since(feed.next), ())
            view.update(feed, "info", parse_even)
    feed.take(ring.since(feed.next), ())
    view.update(feed, "info", parse_even)
    assert len(feed.rows) == KEPT
    assert len(view.rows) + len(view.hidden) == KEPT
    assert set(texts(view)) == {"even"}


parse_even = parse("even")


def test_events_pushed_out_before_they_were_read_are_counted() -> None:
    feed, ring = Feed(), EventRing(capacity=3)
    for number in range(10):
        ring.publish(log(str(number)))
    feed.take(ring.since(feed.next), ())
    assert (feed.missed, [row.number for row in feed.rows]) == (7, [8, 9, 10])


def test_a_cursor_stays_on_its_entry() -> None:
    cursor = Cursor()
    cursor.settle(["a", "b", "c"], 2)
    assert cursor.key == "a"
    cursor.settle(["c", "a", "b"], 2)
    assert cursor.key == "c", "it was never moved"
    cursor.move(["c", "a", "b"], 1)
    cursor.settle(["b", "c", "x", "a"], 2)
    assert (cursor.key, cursor.index, cursor.top) == ("a", 3, 2)
    cursor.settle(["b", "c", "x"], 2)
    assert (cursor.key, cursor.index, cursor.top) == ("x", 2, 1)
    cursor.settle([], 2)
    assert (cursor.key, cursor.index, cursor.top) == ("", 0, 0)
