"""Which slot of the model server a request gets."""

import pytest

from proxy_core.upstream.slots import PATIENCE, SlotBook

NOBODY = frozenset[int]()


def book(slots):
    made = SlotBook()
    made.reset(slots)
    return made


@pytest.mark.parametrize(
    ("slots", "asked", "expected"),
    [
        (0, ["a", "title"], [None, None]),
        (1, ["a", "title", "a"], [None, None, None]),
        (2, ["a", "title", "a"], [0, 1, 0]),
        (2, ["title", "a", "a"], [1, 0, 0]),
        (2, ["a", "b", "a", "b"], [0, 1, 0, 1]),
        (2, ["a", "b", "title"], [0, 1, None]),
        (2, ["a", "b", "c", "a", "title"], [0, 1, None, None, None]),
        (4, ["a", "b", "title", "c", "web_search", "a"], [0, 1, 3, 2, 3, 0]),
        (4, ["a", "b", "c", "d", "title"], [0, 1, 2, 3, None]),
    ],
)
def test_a_slot_for_every_conversation_and_the_last_for_side_requests(slots, asked, expected):
    made = book(slots)
    given = []
    for who in asked:
        side = who in {"title", "web_search"}
        given.append(made.choose("a" if side else who, who if side else "main", 0.0, NOBODY))
    assert given == expected


@pytest.mark.parametrize("role", ["main", "subagent", "compaction"])
def test_what_belongs_to_a_conversation_runs_where_it_lies(role):
    made = book(3)
    assert made.choose("a", "main", 0.0, NOBODY) == made.choose("a", role, 1.0, NOBODY) == 0


def test_a_conversation_never_waits_for_itself_but_a_side_request_does():
    made = book(2)
    assert made.choose("a", "main", 0.0, {0}) is None
    assert made.choose("a", "title", 0.0, {0, 1}) == 1


def test_a_conversation_that_rested_long_gives_its_slot_back():
    made = book(2)
    made.choose("a", "main", 0.0, NOBODY)
    made.choose("b", "main", 10.0, NOBODY)
    assert made.choose("b", "title", PATIENCE - 1, NOBODY) is None
    assert made.choose("c", "main", PATIENCE + 1, NOBODY) == 0
    assert made.choose("b", "main", PATIENCE + 2, NOBODY) == 1


def test_the_places_are_filled_anew_after_there_were_too_many():
    made = book(2)
    for number, who in enumerate("abc"):
        made.choose(who, "main", float(number), NOBODY)
    assert made.choose("c", "main", PATIENCE + 1, NOBODY) == 0


def test_a_server_that_was_started_anew_holds_nothing():
    made = book(3)
    made.choose("a", "main", 0.0, NOBODY)
    made.choose("b", "main", 0.0, NOBODY)
    made.reset(3)
    assert made.choose("b", "main", 0.0, NOBODY) == 0
