"""What a change of a setting did: which answers are compared, and when nothing is said."""

from __future__ import annotations

import pytest

from proxy_core.effects import ANSWERS_KEPT, CHANGES_KEPT, ENOUGH, LONGEST, Effects, compared, medians
from proxy_core.events import LogRecorded, RequestFinished, SettingChanged
from proxy_core.snapshot import ChangeView, Medians

START = 1_000.0


def change(at: float, after: str = "on", session: str = "") -> SettingChanged:
    return SettingChanged(at=at, name="PROXY_X", before="off", after=after, by="console", session=session)


def answers(began: float, step: float, *rates: float, session: str = "s") -> list[RequestFinished]:
    return [finished(began + index * step, rate, session=session) for index, rate in enumerate(rates)]


def finished(
    began: float, rate: float | None, seconds: float = 2.0, role: str = "main", session: str = "s"
) -> RequestFinished:
    return RequestFinished(
        at=began + seconds, session=session, role=role, stop_reason="end_turn", prompt_tokens=10, cached_tokens=0,
        output_tokens=5, seconds=seconds, ttft=None if rate is None else rate / 10, decode_rate=rate,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("rates", "result"),
    [
        ((), Medians(0)),
        ((1, 2, 3, 4), Medians(4)),
        ((9, 1, 5, 2, 30), Medians(5, 5, 0.5)),
        ((9, 1, 5, 2, 30, 6), Medians(6, 5.5, 0.55)),
    ],
    ids=["none", "too few", "odd", "even"],
)
def test_middle_values_need_enough_answers(rates: tuple[float, ...], result: Medians) -> None:
    assert medians(answers(0, 1, *rates)) == result


def test_answers_without_a_first_token_count_and_have_no_figures() -> None:
    mute = [finished(float(second), None) for second in range(ENOUGH)]
    assert medians(mute) == Medians(ENOUGH)


def test_both_sides_are_of_the_same_length_and_an_answer_counts_where_its_request_began() -> None:
    seen = [*answers(1_900, 10, 10, 10, 10, 10, 10), *answers(1_999, 0, 99), *answers(2_000, 20, 30, 30, 30, 30, 30)]
    view = compared(0, [change(2_000)], seen, now=2_100, since=START)
    assert view.span == 100
    assert view.earlier == Medians(6, 10, 1)
    assert view.later == Medians(5, 30, 3)


@pytest.mark.parametrize(
    ("changes", "index", "now", "span"),
    [
        ([2_000], 0, 2_060, 60),
        ([1_030], 0, 2_060, 30),
        ([5_000], 0, 90_000, LONGEST),
        ([2_000, 2_200], 0, 9_000, 200),
        ([2_000, 2_200], 1, 9_000, 200),
        ([2_000, 2_005, 2_012], 0, 2_100, 88),
        ([2_000, 2_005, 2_012], 1, 2_100, 88),
        ([2_000, 2_005, 2_012], 2, 2_100, 88),
        ([2_000, 2_000], 1, 2_000, 0),
        ([2_000], 0, 1_999, 0),
    ],
    ids=[
        "until now", "since the start", "the longest", "until the next", "since the last", "one step, first",
        "one step, middle", "one step, last", "just now", "a clock that went back",
    ],
)  # fmt: skip
def test_how_long_is_compared(changes: list[float], index: int, now: float, span: float) -> None:
    assert compared(index, [change(at) for at in changes], [], now, START).span == span


def test_changes_of_one_step_are_compared_around_the_whole_step() -> None:
    seen = [*answers(1_950, 5, *[10.0] * 10), *answers(2_001, 1, 99, 99), *answers(2_008, 5, *[20.0] * 10)]
    steps = [change(2_000, "sanitized"), change(2_008, "visible")]
    views = [compared(index, steps, seen, 2_060, START) for index in (0, 1)]
    assert [(view.earlier.decode_rate, view.later.decode_rate) for view in views] == [(10, 20), (10, 20)]
    assert [view.earlier.answers for view in views] == [10, 10]


def test_a_change_for_one_session_is_judged_by_its_answers_alone() -> None:
    seen = [*answers(1_900, 10, *[10.0] * 6), *answers(1_900, 10, *[50.0] * 6, session="other")]
    assert compared(0, [change(2_000, session="s")], seen, 2_100, START).earlier == Medians(6, 10, 1)
    assert compared(0, [change(2_000)], seen, 2_100, START).earlier == Medians(12, 30, 3)


def test_what_the_engine_tells_becomes_views() -> None:
    effects = Effects(START)
    assert effects.views(1_500) == ()
    for second in range(5):
        effects.take(finished(1_950 + second, 10))
        effects.take(finished(1_950 + second, 900, role="title"))
    effects.take(LogRecorded(at=2_000, level="warning", text="nothing of ours"))
    effects.take(change(2_000))
    (view,) = effects.views(2_000)
    assert view == ChangeView(1, 2_000, "PROXY_X", "off", "on")
    for second in range(5):
        effects.take(finished(2_001 + second, 20))
    (view,) = effects.views(2_060)
    assert (view.span, view.earlier, view.later) == (60, Medians(5, 10, 1), Medians(5, 20, 2))


def test_nothing_is_made_anew_while_nothing_new_came() -> None:
    effects = Effects(START)
    effects.take(change(2_000))
    views = effects.views(2_010)
    assert effects.views(2_300) is views
    effects.take(finished(2_299, 10))
    assert effects.views(2_301) is not views


def test_what_was_found_stays_when_its_answers_are_forgotten() -> None:
    effects = Effects(START)
    for second in range(5):
        effects.take(finished(1_990 + second, 10))
    effects.take(change(2_000))
    for second in range(5):
        effects.take(finished(2_001 + second, 20))
    long_after = 2_000 + 2 * LONGEST + 1
    effects.take(finished(long_after, 5))
    (found,) = effects.views(long_after)
    assert (found.earlier.decode_rate, found.later.decode_rate) == (10, 20)
    for second in range(ANSWERS_KEPT):
        effects.take(finished(long_after + second, 5))
    assert effects.views(long_after + 9_000) == (found,)


def test_answers_that_were_forgotten_are_not_taken_for_quiet_times() -> None:
    effects = Effects(START)
    for second in range(ANSWERS_KEPT + 50):
        effects.take(finished(5_000 + second / 100, 10))
    effects.take(change(5_030))
    assert round(effects.views(5_900)[0].span, 3) == 29.5


def test_the_oldest_changes_go_and_numbers_stay() -> None:
    effects = Effects(START)
    for number in range(CHANGES_KEPT + 3):
        effects.take(change(2_000 + 100 * number))
    views = effects.views(2_000 + 100 * (CHANGES_KEPT + 3))
    assert [view.number for view in views] == list(range(4, CHANGES_KEPT + 4))
    assert views[0].span == 100, "the change before it is gone, its time is not"
