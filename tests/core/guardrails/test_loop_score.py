"""The score of going in circles: what raises it, what lowers it, and what never does either."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy_core.guardrails.loop_digest import content_key
from proxy_core.guardrails.loop_history import ScoreCache, last_human, score_conversation
from proxy_core.guardrails.loop_score import TurnScore

from .agent_turns import HEALTHY, LOOPS, Turn, bash, conversation, edit, read

JsonObject = dict[str, Any]


def score_turns(messages: list[JsonObject]) -> tuple[TurnScore, ...]:
    return score_conversation(messages).turns


@pytest.mark.parametrize("family", LOOPS)
def test_a_loop_reaches_every_level(family: str) -> None:
    turns = score_turns(conversation(LOOPS[family]))
    assert max(turn.level for turn in turns) == 4


@pytest.mark.parametrize("family", HEALTHY)
def test_healthy_work_reaches_none(family: str) -> None:
    assert [turn.level for turn in score_turns(conversation(HEALTHY[family])) if turn.level] == []


@pytest.mark.parametrize(
    ("turns", "scores"),
    [
        ([read("/a")] * 5, [0, 1.5, 3, 4.5, 6]),
        ([read("/a"), read("/b")] * 3, [0, 0, 1, 2, 3, 4]),
        ([read("/a")] * 3 + [read("/b", "other")], [0, 1.5, 3, 1]),
        ([read("/a")] * 3 + [edit("/a", "x", "updated")], [0, 1.5, 3, 0]),
        ([read(f"/{n % 10}", f"{n % 10}") for n in range(21)], [0] * 10 + [0.75 * n for n in range(1, 11)] + [8.5]),
        ([bash("sleep 5; cat state", "running")] * 5, [0, 0.25, 0.5, 0.75, 1]),
        ([read("/a"), bash("make", "built"), read("/a")], [0, 0, 0]),
        ([bash("make", "no rule 1", failed=True), bash("make", "no rule 2", failed=True)], [0, 1]),
        ([edit("/a", "x", "not found", failed=True), edit("/a", "y", "other words", failed=True)], [0, 1]),
        ([edit("/a", "x", "not found", failed=True), edit("/b", "y", "other words", failed=True)], [0, 0]),
        (["I go on now with the rest.", "I go on now with the rest."], [0, 1.5]),
        (["42", "43"], [0, 0]),
    ],
    ids=lambda value: None,
)
def test_what_a_turn_counts(turns: list[Turn], scores: list[float]) -> None:
    assert [turn.score for turn in score_turns(conversation(turns))] == scores


def test_a_human_word_begins_afresh_and_a_reminder_does_not() -> None:
    loop = conversation([read("/a")] * 6)
    reminded = [*loop, {"role": "user", "content": "<system-reminder>todo list is empty</system-reminder>"}]
    asked = [*loop, {"role": "user", "content": "now something else"}]
    more = conversation([read("/a")])[1:]
    assert score_turns(reminded + more)[-1].score > 7
    assert score_turns(asked + more)[-1].score == 0


def test_several_calls_count_as_one_turn() -> None:
    calls = [{"type": "tool_use", "id": f"t{n}", "name": "Read", "input": {"file_path": f"/{n}"}} for n in range(3)]
    results = [{"type": "tool_result", "tool_use_id": f"t{n}", "content": str(n)} for n in range(3)]
    turn = [{"role": "assistant", "content": calls}, {"role": "user", "content": results}]
    scores = [scored.score for scored in score_turns([{"role": "user", "content": "go"}, *turn, *turn, *turn])]
    assert scores == [0, 1.5, 3]


def test_a_clients_own_unchanged_notice_is_one_result() -> None:
    notices = ["File unchanged since your last read.", "The file has not been modified since it was read.",
               "File content unchanged, see above."]  # fmt: skip
    turns = score_turns(conversation([read("/a", notice) for notice in notices]))
    assert turns[-1].score == 3


def test_a_reply_that_repeats_itself_is_told_and_does_not_count() -> None:
    """It was cut while it was written; a note about its call would be about nothing."""
    turns = score_turns(conversation(["and so on and on and on, " * 100]))
    assert [(turn.repeats, turn.level) for turn in turns] == [(True, 0)]


@given(st.randoms(use_true_random=False))
def test_the_cache_never_changes_a_score(rng: random.Random) -> None:
    turns: list[Turn] = [read(f"/{rng.randrange(4)}", str(rng.randrange(3))) for _ in range(rng.randint(1, 25))]
    if rng.random() < 0.5:
        turns.insert(rng.randrange(len(turns)), "I think about it for a while.")
    messages = conversation(turns)
    cache = ScoreCache(conversations=rng.choice([1, 10]), characters=rng.choice([1, 50, 10_000]))
    for end in sorted(rng.sample(range(1, len(messages) + 1), min(6, len(messages)))):
        begun = messages[:end]
        cached = score_conversation(begun, cache)
        assert cached == score_conversation(begun)
        assert cached.human == last_human(begun, [content_key(message) for message in begun]) != 0


def test_a_beginning_scores_the_same_as_it_grows() -> None:
    messages = conversation(LOOPS["d three in turn"])
    whole = score_turns(messages)
    for end in range(3, len(messages), 2):
        assert score_turns(messages[:end]) == whole[: (end - 1) // 2]


def test_each_level_is_climbed_once_until_the_score_has_fallen() -> None:
    again = [read("/b", "new"), edit("/b", "x", "updated")]
    scores = score_conversation(conversation([read("/a")] * 7 + again + [read("/c")] * 5))
    assert [(turn.index, level) for turn, level in scores.climbs] == [(3, 1), (4, 2), (6, 3), (11, 1), (13, 2)]


@pytest.mark.parametrize(("characters", "kept"), [(10_000, True), (20, False)])
def test_the_cache_is_bounded_by_the_size_of_results(characters: int, kept: bool) -> None:
    cache = ScoreCache(characters=characters)
    first, second = [conversation([read(f"/{n}", "y" * 15)] * 2) for n in range(2)]
    for messages in (first, second):
        score_conversation(messages, cache)
    keys = [content_key(message) for message in first]
    assert (cache.resume(keys, frozenset()).done > 0) is kept


def test_cache_marks_do_not_make_another_message() -> None:
    plain: JsonObject = {"role": "user", "content": [{"type": "text", "text": "hi"}]}
    marked: JsonObject = {
        "role": "user",
        "content": [{"type": "text", "text": "hi", "cache_control": {"type": "ephemeral"}}],
    }
    assert content_key(plain) == content_key(marked)
    assert last_human([plain], [content_key(plain)]) != 0
