"""Estimates learn from what the model server counts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy_core.upstream.calibration import HIGHEST, KEPT, LOWEST, MODELS_KEPT, SMALLEST, Calibration
from proxy_core.upstream.estimate import NOTHING, Mix, fixed, joined, mix_of

PROSE = mix_of("The proxy reads each request whole and sends it on to the model server. " * 20)
CODE = mix_of("for (int i = 0; i < n; i++) { sum += a[i] * b[i]; }\n" * 30)
CHINESE = mix_of("机器学习是人工智能的一个分支,它使计算机能够从数据中学习。" * 20)
KOREAN = mix_of("기계 학습은 컴퓨터가 데이터에서 학습할 수 있게 합니다. " * 20)
KINDS = {"prose": PROSE, "code": CODE, "Chinese": CHINESE, "Korean": KOREAN}


def test_kinds_of_text_are_told_apart():
    assert PROSE.prose > 0.8 * PROSE.total
    assert CODE.code + CODE.marks + CODE.digits > 0.9 * CODE.total
    assert CODE.code > 0 == CODE.prose
    assert CHINESE.han > 0.8 * CHINESE.total
    assert KOREAN.wide > 0.8 * KOREAN.total


def test_nothing_is_known_before_the_first_count():
    calibration = Calibration()
    assert calibration.tokens("m", PROSE) is None
    assert calibration.error("m") is None
    calibration.observe("m", PROSE, 500)
    assert calibration.tokens("m", PROSE) == pytest.approx(500, rel=0.02)
    assert calibration.error("m") is None
    assert calibration.tokens("another", PROSE) is None


def test_each_kind_of_text_has_a_factor_of_its_own():
    true = {"prose": 1.2, "code": 0.8, "Chinese": 3.0, "Korean": 0.5}
    calibration = Calibration()
    for _ in range(6):
        for kind, mix in KINDS.items():
            calibration.observe("m", mix, round(mix.total * true[kind]))
    for kind, mix in KINDS.items():
        assert calibration.tokens("m", mix) == pytest.approx(mix.total * true[kind], rel=0.06)
    both = joined((PROSE, CHINESE))
    expected = PROSE.total * 1.2 + CHINESE.total * 3.0
    assert calibration.tokens("m", both) == pytest.approx(expected, rel=0.06)


def test_a_kind_never_seen_is_taken_for_what_most_cost():
    calibration = Calibration()
    for _ in range(5):
        calibration.observe("m", PROSE, round(PROSE.total * 2))
    assert calibration.tokens("m", CHINESE) == pytest.approx(CHINESE.total * 2, rel=0.05)


def test_many_turns_of_one_kind_do_not_wipe_out_another():
    calibration = Calibration()
    calibration.observe("m", CHINESE, round(CHINESE.total * 3))
    for _ in range(20 * KEPT):
        calibration.observe("m", PROSE, round(PROSE.total))
    assert calibration.tokens("m", CHINESE) == pytest.approx(CHINESE.total * 3, rel=0.15)
    assert calibration.tokens("m", PROSE) == pytest.approx(PROSE.total, rel=0.05)


def test_a_single_count_far_from_the_rest_weighs_little():
    calibration = Calibration()
    for _ in range(8):
        calibration.observe("m", PROSE, round(PROSE.total * 1.1))
    calibration.observe("m", PROSE, round(PROSE.total * 5))
    assert calibration.tokens("m", PROSE) == pytest.approx(PROSE.total * 1.1, rel=0.05)


def test_a_server_that_became_another_is_learnt_anew():
    calibration = Calibration()
    for factor in (1.0, 2.0):
        for _ in range(KEPT):
            calibration.observe("m", PROSE, round(PROSE.total * factor))
    assert calibration.tokens("m", PROSE) == pytest.approx(PROSE.total * 2, rel=0.02)


def test_the_error_is_what_nine_of_ten_predictions_stayed_below():
    calibration = Calibration()
    for turn in range(40):
        calibration.observe("m", PROSE, round(PROSE.total * (1.3 if turn % 5 == 4 else 1.0)))
    error = calibration.error("m")
    assert error is not None
    assert 0.2 <= error <= 0.35


@pytest.mark.parametrize(
    ("mix", "counted"),
    [(NOTHING, 100), (fixed(SMALLEST - 1), 100), (PROSE, SMALLEST - 1), (PROSE.minus(CODE), 100), (PROSE, -5)],
)
def test_what_says_little_is_not_learnt_from(mix, counted):
    calibration = Calibration()
    calibration.observe("m", mix, counted)
    assert calibration.tokens("m", PROSE) is None


def test_the_models_used_longest_ago_are_forgotten():
    calibration = Calibration()
    for number in range(MODELS_KEPT + 1):
        calibration.observe(str(number), PROSE, 500)
    assert calibration.tokens("0", PROSE) is None
    assert calibration.tokens("1", PROSE) is not None


MIXES = st.builds(Mix, *[st.floats(0, 5000) for _ in Mix._fields])


@given(st.lists(st.tuples(MIXES, st.integers(1, 100_000)), min_size=1, max_size=40), MIXES)
def test_whatever_was_counted_figures_stay_in_bounds(seen, mix):
    calibration = Calibration()
    for each, counted in seen:
        calibration.observe("m", each, counted)
    found = calibration.tokens("m", mix)
    if found is not None:
        assert LOWEST * mix.total - 1e-6 <= found <= HIGHEST * mix.total + 1e-6
