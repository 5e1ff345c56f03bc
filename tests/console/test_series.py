from __future__ import annotations

import pytest

from console.series import MEASURES, curve, end_of, known, recent, span_of, step_of
from console.widgets.chart import figure_label, nice_top
from proxy_core.snapshot import Sample


def sample(at: int, decoded: int = 0, prefilled: int = 0, ttfts: tuple[float, ...] = (), cached: int = -1) -> Sample:
    """`cached` -1: the server does not tell."""
    prompted = prefilled + cached if cached >= 0 else 0
    return Sample(at, decoded, prefilled, len(ttfts), sum(ttfts), len(ttfts), prompted, max(cached, 0))


BUSY = (sample(1000, 10), sample(1001, 30), sample(1004, 20, 900, (1.0, 3.0), 2700))


def test_a_rate_is_a_mean_over_its_step_and_zero_where_nothing_was() -> None:
    shown = curve(BUSY, "decode", 1009, 10, 5)
    assert (shown.start, shown.end) == (1000, 1010)
    assert shown.values == (20.0, 0.0, 10.0, 0.0, 0.0)


def test_a_time_or_a_share_is_absent_where_nothing_began() -> None:
    assert curve(BUSY, "ttft", 1009, 10, 5).values == (None, None, 2.0, None, None)
    assert curve(BUSY, "reuse", 1009, 10, 5).values == (None, None, 75.0, None, None)


def test_a_share_is_of_all_prompts_in_its_step_and_only_of_those_that_are_known() -> None:
    samples = (sample(1000, 0, 100, cached=900), sample(1001, 0, 3000, cached=0), sample(1002, 0, 9999))
    assert curve(samples, "reuse", 1002.9, 4, 1).values == (22.5,)
    assert curve(samples, "prefill", 1003.5, 4, 1).values == ((100 + 3000 + 9999) / 3.5,)


def test_the_step_under_way_is_shown_once_half_of_it_is_over_and_counts_for_that_much() -> None:
    samples = tuple(sample(second, 12) for second in range(1000, 1025))
    assert curve(samples, "decode", 1025, 20, 2).values == (12.0, 12.0)
    assert curve(samples, "decode", 1025, 20, 2).end == 1030
    unripe = curve(samples, "decode", 1024.5, 20, 2)
    assert (unripe.end, unripe.values) == (1020, (12.0, 12.0))


def test_what_is_older_or_newer_than_the_curve_is_left_out() -> None:
    assert curve(BUSY, "decode", 1003.9, 2, 2).values == (0.0, 0.0)


def test_a_curve_moves_by_whole_steps() -> None:
    assert curve(BUSY, "ttft", 1009, 10, 5) == curve(BUSY, "ttft", 1010.9, 10, 5)


def test_a_curve_stands_still_soon_after_the_last_traffic() -> None:
    assert end_of(BUSY, 1006.5) == 1006.5
    assert end_of(BUSY, 5000.0) == end_of(BUSY, 9000.0) == 1014
    assert end_of((), 5000.0) == 5000.0


def test_what_came_last_is_shown_before_a_curve_stands_still() -> None:
    step = step_of(3600, 40)
    end = end_of(BUSY, 9000.0, step)
    assert end >= 1004 + step
    assert curve(BUSY, "decode", end, 3600, 40).values[-2:] != (0.0, 0.0)


@pytest.mark.parametrize(
    ("end", "wish", "span"),
    [
        (1010, 0, 60),
        (1060, 0, 60),
        (1061, 0, 120),
        (1200, 0, 300),
        (9999, 0, 300),
        (1010, 900, 900),
        (9999, 3600, 3600),
    ],
)
def test_a_curve_is_no_longer_than_there_is_to_show_unless_somebody_wishes_so(
    end: float, wish: float, span: float
) -> None:
    assert span_of(BUSY, end, wish) == span


def test_the_figure_of_now_fades_within_seconds() -> None:
    assert [recent(BUSY, "decode", now) for now in (1005.0, 1006.0, 1009.9, 1010.0)] == [12.0, 10.0, 4.0, 0.0]
    assert recent(BUSY, "prefill", 1005.0) == 180.0
    assert recent(BUSY, "ttft", 1005.0) == 2.0
    assert recent(BUSY, "reuse", 9005.0) == 75.0
    assert recent((), "ttft", 1005.0) is None
    assert recent((sample(1000, 5, 800),), "reuse", 1005.0) is None


def test_what_no_server_told_is_not_known() -> None:
    mute = (sample(1000, 5, 800), sample(1001, 7))
    assert [known(mute, measure) for measure in MEASURES] == [True, True, False, False]
    assert all(known(BUSY, measure) for measure in MEASURES)
    assert known(BUSY, "decode", since=1004)
    assert not known(BUSY[:2], "reuse", since=1001)
    assert not known((), "decode")


@pytest.mark.parametrize(
    ("value", "top"), [(0, 1), (1, 1), (1.1, 2), (3.5, 4), (41, 50), (78, 80), (99, 100), (812, 1000), (1002, 2000)]
)
def test_tops_are_round(value: float, top: float) -> None:
    assert nice_top(value) == top


@pytest.mark.parametrize(
    ("value", "label"),
    [(0, "0"), (2.5, "2.5"), (40, "40"), (500, "500"), (1000, "1k"), (1500, "1.5k"), (65_536, "66k")],
)
def test_labels_are_short(value: float, label: str) -> None:
    assert figure_label(value) == label
