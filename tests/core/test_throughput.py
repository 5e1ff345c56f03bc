"""An hour of seconds, and what it costs."""

from __future__ import annotations

import tracemalloc

from proxy_core.snapshot import Sample
from proxy_core.throughput import HOUR, Throughput


def test_what_happens_within_a_second_is_one_sample() -> None:
    seen = Throughput()
    seen.request(100.1)
    seen.first_token(100.4, 0.3)
    seen.decoded(100.5, 3)
    seen.decoded(100.9, 4)
    seen.prompt(101.2, 1_000, 900)
    seen.prompt(101.3, 500, None)
    assert seen.samples() == (
        Sample(100, decoded=7, prefilled=0, first_tokens=1, ttft_sum=0.3, requests=1),
        Sample(101, decoded=0, prefilled=600, first_tokens=0, ttft_sum=0.0, requests=0, prompted=1_000, cached=900),
    )


def test_a_clock_that_went_back_changes_the_newest_second() -> None:
    seen = Throughput()
    seen.decoded(100, 1)
    seen.decoded(90, 1)
    assert [(sample.at, sample.decoded) for sample in seen.samples()] == [(100, 2)]


def test_an_hour_is_kept_and_nothing_older() -> None:
    seen = Throughput()
    for second in range(0, 2 * HOUR, 7):
        seen.decoded(second, 1)
    kept = [sample.at for sample in seen.samples()]
    assert kept == list(range(kept[0], 2 * HOUR, 7))
    assert HOUR - 7 <= kept[-1] - kept[0] <= HOUR
    seen.decoded(9 * HOUR, 1)
    assert [sample.at for sample in seen.samples()] == [9 * HOUR]


def test_a_full_hour_takes_about_a_megabyte() -> None:
    seen = Throughput()
    tracemalloc.start()
    try:
        for second in range(3 * HOUR):
            seen.prompt(1e9 + second, 60_000 + second, 50_000 + second)
            seen.first_token(1e9 + second, second / 7)
            seen.decoded(1e9 + second, 300 + second)
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(seen.samples()) == HOUR
    assert kept < 1_250_000, kept
