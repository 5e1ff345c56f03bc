"""The ladder: note, free choice, one tool less, an end with a reason; and nothing at all without a loop."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from proxy_core.guardrails.loop_breaker import LoopPlan, LoopSettings, plan
from proxy_core.guardrails.loop_history import ScoreCache

from .agent_turns import HEALTHY, LOOPS, Turn, conversation, edit, read

JsonObject = dict[str, Any]
ALL = LoopSettings(
    note=True, release=True, hide=True, end=True, window=6, repeats=8, forced=15, stale=4, utilisation=0.9
)
NONE = replace(ALL, note=False, release=False, hide=False, end=False)


def planned(turns: list[Turn], settings: LoopSettings = ALL, utilisation: float | None = None) -> LoopPlan:
    return plan(conversation(turns), settings, utilisation)


@pytest.mark.parametrize("family", HEALTHY)
@pytest.mark.parametrize("settings", [ALL, NONE])
def test_healthy_work_is_the_same_object(family: str, settings: LoopSettings) -> None:
    messages = conversation(HEALTHY[family])
    for end in range(1, len(messages) + 1):
        begun = messages[:end]
        done = plan(begun, settings, None)
        assert done.messages is begun
        assert (done.level, done.notes, done.hidden, done.ending) == (0, 0, frozenset(), "")
        assert not done.release.startswith("the conversation")


@pytest.mark.parametrize(
    ("times", "levels", "acts"),
    [(3, (0, 0), ""), (4, (1, 1), "note"), (5, (2, 2), "note release"), (7, (3, 3), "note release hide"),
     (9, (4, 4), "note release hide end")],
)  # fmt: skip
def test_the_same_call_climbs_the_ladder(times: int, levels: tuple[int, int], acts: str) -> None:
    done = planned([read("/a")] * times)
    assert (done.level, done.notes) == levels
    taken = {"note": done.notes, "release": done.release, "hide": done.hidden, "end": done.ending}
    assert " ".join(act for act, what in taken.items() if what) == acts


@pytest.mark.parametrize(
    ("switch", "field", "nothing"),
    [("note", "notes", 0), ("release", "release", ""), ("hide", "hidden", frozenset()), ("end", "ending", "")],
)
def test_each_step_has_its_switch(switch: str, field: str, nothing: object) -> None:
    turns = [read("/a")] * 12
    settings = replace(ALL, stale=1000, **{switch: False})
    assert getattr(planned(turns, settings), field) == nothing
    assert getattr(planned(turns), field) != nothing


def test_without_notes_the_messages_stay() -> None:
    messages = conversation([read("/a")] * 12)
    assert plan(messages, replace(ALL, note=False), None).messages is messages


def test_a_note_stands_inside_the_last_tool_result_and_speaks_of_the_loop() -> None:
    messages = conversation([read("/a")] * 4)
    noted = plan(messages, ALL, None).messages
    changed = [number for number, pair in enumerate(zip(messages, noted, strict=True)) if pair[0] != pair[1]]
    assert changed == [len(messages) - 1]
    [result] = noted[-1]["content"]
    assert result["content"][0] == {"type": "text", "text": "1 x = 1"}
    note = result["content"][1]["text"]
    assert "Read(/a) was called 4 times" in note
    assert "different approach" in note
    assert "ask the user" in note
    assert "finish" in note
    assert [message["role"] for message in noted] == [message["role"] for message in messages]


@pytest.mark.parametrize("family", LOOPS)
def test_notes_keep_their_place_and_words_on_later_turns(family: str) -> None:
    messages = conversation(LOOPS[family])
    before: list[JsonObject] = []
    for end in range(3, len(messages) + 1, 2):
        noted = plan(messages[:end], ALL, None).messages
        assert noted[: len(before)] == before
        before = noted


def test_notes_stay_when_a_person_has_spoken_and_the_loop_is_over() -> None:
    loop = conversation([read("/a")] * 6)
    noted = plan(loop, ALL, None).messages
    after = [*loop, {"role": "assistant", "content": "ok"}, {"role": "user", "content": "go on with the router"}]
    later = plan(after, ALL, None)
    assert later.messages[: len(noted)] == noted
    assert (later.level, later.release, later.ending) == (0, "", "")


@pytest.mark.parametrize("word", ["try the other file", "continue", "Continue.", [{"type": "text", "text": "weiter"}]])
def test_any_word_behind_the_explanation_begins_afresh(word: Any) -> None:
    loop = conversation([read("/a")] * 12)
    ending = plan(loop, ALL, None).ending
    assert ending
    after = [*loop, {"role": "assistant", "content": [{"type": "text", "text": ending}]},
             {"role": "user", "content": word}]  # fmt: skip
    assert plan(after, ALL, None).ending == ""
    assert plan(after, ALL, None).level == 0


def test_the_explanation_says_what_and_how_often_and_what_to_do() -> None:
    turns = [edit("/a.py", f"x{n}", "String to replace not found\nmore", failed=True) for n in range(20)]
    ending = planned(turns).ending
    assert "Edit(/a.py) was called 20 times" in ending
    assert "String to replace not found" in ending
    assert "more" not in ending.split("Tell me")[0].split("not found")[1]
    assert "PROXY_LOOP_END" in ending


def test_a_monologue_is_told_as_one() -> None:
    done = planned(["I will go on with the work on the router."] * 12)
    assert "the same text was written 12 times" in done.ending


@pytest.mark.parametrize(
    ("turns", "utilisation", "word"),
    [
        ([read("/a")] * 5, 0.95, "95% full"),
        ([read("/a")] * 9, None, "same calls 9 turns in a row"),
        ([read(f"/{n % 5}") for n in range(20)], None, "20 turns of calls in a row"),
        ([read("/a")] * 3, None, ""),
        ([read(f"/{n}", str(n)) for n in range(40)], 0.5, ""),
    ],
)
def test_the_older_release_rules_can_fire(turns: list[Turn], utilisation: float | None, word: str) -> None:
    release = planned(turns, NONE, utilisation).release
    assert (word in release) if word else release == ""


def test_sessions_with_one_cache_do_not_share_a_score() -> None:
    cache = ScoreCache()
    looping, other = conversation([read("/a")] * 9), conversation([read("/a"), read("/b", "new")])
    assert plan(looping, ALL, None, cache).level == 4
    assert plan(other, ALL, None, cache).level == 0
    assert plan(looping[:3], ALL, None, cache).level == 0
