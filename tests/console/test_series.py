from __future__ import annotations

import pytest

from console.series import curve, end_of, recent, span_of
from console.widgets.chart import figure_label, nice_top
from proxy_core.snapshot import Sample


def sample(at: int, decoded: int = 0, prefilled: int = 0, ttfts: tuple[float, ...] = ()) -> Sample:
    return Sample(at, decoded, prefilled, len(ttfts), sum(ttfts), len(ttfts))


BUSY = (sample(1000, 10), sample(1001, 30), sample(1004, 20, 900, (1.0, 3.0)))


def test_a_rate_is_a_mean_over_its_step_and_zero_where_nothing_was() -> None:
    shown = curve(BUSY, "decode", 1009, 10, 5)
    assert (shown.start, shown.end) == (1000, 1010)
    assert shown.values == (20.0, 0.0, 10.0, 0.0, 0.0)


def test_a_time_to_first_token_is_absent_where_nothing_began() -> None:
    assert curve(BUSY, "ttft", 1009, 10, 5).values == (None, None, 2.0, None, None)


def test_what_is_older_or_newer_than_the_curve_is_left_out() -> None:
    assert curve(BUSY, "decode", 1003, 2, 2).values == (0.0, 0.0)


def test_a_curve_moves_by_whole_steps() -> None:
    assert curve(BUSY, "decode", 1008, 10, 5) == curve(BUSY, "decode", 1009.9, 10, 5)


def test_a_curve_stands_still_soon_after_the_last_traffic() -> None:
    assert end_of(BUSY, 1006.5) == 1006.5
    assert end_of(BUSY, 5000.0) == end_of(BUSY, 9000.0) == 1014
    assert end_of((), 5000.0) == 5000.0


def test_a_curve_is_no_longer_than_there_is_to_show() -> None:
    assert [span_of(BUSY, end) for end in (1010, 1060, 1061, 1200, 9999)] == [60, 60, 120, 300, 300]


def test_the_figure_of_now_fades_within_seconds() -> None:
    assert [recent(BUSY, "decode", now) for now in (1005.0, 1006.0, 1009.9, 1010.0)] == [12.0, 10.0, 4.0, 0.0]
    assert recent(BUSY, "prefill", 1005.0) == 180.0
    assert recent(BUSY, "ttft", 1005.0) == 2.0
    assert recent((), "ttft", 1005.0) is None


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
