"""Which sessions are remembered, and for how long."""

import pytest

from proxy_core.sessions.identity import identify
from proxy_core.sessions.store import NEWS_KEPT, SessionStore
from proxy_core.translate.types import Change

HELLO = {"messages": [{"role": "user", "content": "hello there"}]}
TITLE = {
    "messages": [{"role": "user", "content": "Write a title for: hello there"}],
    "tools": [],
    "output_config": {"format": {"type": "json_schema", "schema": {"properties": {"title": {"type": "string"}}}}},
}


class Kept:
    """A store with a clock, and what it dropped."""

    def __init__(self, ttl=100.0, limit=10):
        self.dropped = []
        self.store = SessionStore(lambda session, reason: self.dropped.append((session.key, reason)))
        self.ttl, self.limit = ttl, limit

    def get(self, session, now, agent="", body=HELLO):
        headers = {"x-claude-code-session-id": session}
        if agent:
            headers["x-claude-code-agent-id"] = agent
        return self.store.get_or_create(identify(headers, body), body, now=now, ttl=self.ttl, limit=self.limit)

    @property
    def keys(self):
        return [session.key for session in self.store.all()]


def test_a_session_is_made_once_and_carries_its_names():
    kept = Kept()
    session, new = kept.get("0f8fad5b-d9cb-469f-a165-70867728950e", 1.0)
    again, new_again = kept.get("0f8fad5b-d9cb-469f-a165-70867728950e", 5.0)
    assert (new, new_again) == (True, False)
    assert again is session
    assert (session.label, session.short, session.identity.client) == ("hello there", "0f8fad", "unknown")
    assert (session.created_at, session.last_at, session.touched) == (1.0, 1.0, 5.0)
    assert kept.store.get(session.key) is session
    assert kept.store.get("nobody") is None


def test_sub_agents_have_their_own_monitor():
    kept = Kept()
    main, _ = kept.get("s", 1.0)
    sub, new = kept.get("s", 2.0, agent="agent-7f3a9c")
    assert new
    assert sub.monitor is not main.monitor
    assert (sub.key, sub.short) == ("s/agent-7f3a9c", "7f3a9c")


def test_a_title_request_lends_its_label_only():
    kept = Kept()
    session, _ = kept.get("s", 1.0, body=TITLE)
    assert session.label == "Write a title for: hello there"
    kept.get("s", 1.1)
    assert session.label == "hello there"
    kept.get("s", 1.2, body={"messages": [{"role": "user", "content": "something else"}]})
    assert session.label == "hello there"


def test_the_longest_untouched_goes_first_beyond_the_limit():
    kept = Kept(limit=2)
    kept.get("a", 1.0)
    kept.get("b", 2.0)
    kept.get("a", 3.0)
    kept.get("c", 4.0)
    assert kept.keys == ["a", "c"]
    assert kept.dropped == [("b", "more sessions than are kept")]


def test_sessions_at_work_are_never_dropped():
    kept = Kept(ttl=10, limit=1)
    busy, _ = kept.get("busy", 1.0)
    busy.begin(1.0)
    kept.get("b", 2.0)
    kept.get("c", 3.0)
    assert kept.keys == ["busy", "c"]
    kept.store.expire(1000.0, 10)
    assert kept.keys == ["busy"]
    busy.end(1000.0)
    kept.store.expire(1009.0, 10)
    assert kept.keys == ["busy"]
    kept.store.expire(1011.0, 10)
    assert kept.keys == []
    assert kept.dropped[-1] == ("busy", "idle for too long")


def test_idle_sessions_are_dropped_by_any_later_request():
    kept = Kept(ttl=100)
    kept.get("old", 0.0)
    kept.get("young", 50.0)
    kept.get("new", 101.0)
    assert kept.keys == ["young", "new"]
    assert kept.dropped == [("old", "idle for too long")]


def test_a_returning_session_after_its_time_is_a_new_one():
    kept = Kept(ttl=100)
    first, _ = kept.get("s", 0.0)
    second, new = kept.get("s", 500.0)
    assert new
    assert second is not first


def test_a_main_agent_lives_as_long_as_its_sub_agents():
    kept = Kept(ttl=100)
    kept.get("s", 0.0)
    for now in (90.0, 180.0, 270.0):
        kept.get("s", now, agent="a")
    assert kept.keys == ["s", "s/a"]


@pytest.mark.parametrize("limit", [1, 3])
def test_the_session_asked_for_is_always_there(limit):
    kept = Kept(limit=limit)
    for number in range(10):
        kept.get(f"s{number}", float(number))
        assert kept.keys[-1] == f"s{number}"
        assert len(kept.store) == min(number + 1, limit)


def test_changes_of_the_history_are_told_once():
    session, _ = Kept().get("s", 1.0)
    pdf, image = Change("document", "no text in it"), Change("image", "the model cannot see")
    assert session.news([pdf]) == [pdf]
    assert session.news([pdf, image]) == [image]
    assert session.news([pdf, image, image]) == [image]
    assert session.news([pdf, image, image]) == []


def test_memory_of_changes_is_bounded():
    session, _ = Kept().get("s", 1.0)
    first = Change("part 0", "why")
    session.news([Change(f"part {number}", "why") for number in range(NEWS_KEPT + 1)])
    assert session.news([first]) == [first]
    assert session.news([Change(f"part {NEWS_KEPT}", "why")]) == []
