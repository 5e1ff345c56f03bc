"""Time until a conversation's window is full."""

import pytest

from proxy_core.sessions.monitor import SessionMonitor


def after(*prompts, window=1000):
    """Each prompt as (tokens, Unix time)."""
    monitor = SessionMonitor(window=window)
    for tokens, at in prompts:
        monitor.record(
            prompt_tokens=tokens,
            cached_tokens=0,
            output_tokens=1,
            estimated=False,
            ttft=None,
            decode_rate=None,
            tools=(),
            stop_reason="end_turn",
            main=True,
            at=at,
        )
    return monitor


@pytest.mark.parametrize(
    ("prompts", "window", "seconds", "basis"),
    [
        ((), 1000, None, ""),
        (((100, 5.0),), 1000, None, ""),
        (((100, 0.0), (200, 60.0)), 0, None, ""),
        (((100, 0.0), (200, 60.0)), 1000, 480.0, "100 tokens in the last 60 s"),
        (((100, 0.0), (200, 60.0), (400, 600.0)), 1000, 1200.0, "300 tokens in the last 10 min"),
        (((100, 0.0), (900, 60.0), (300, 120.0)), 1000, None, ""),
        (((100, 0.0), (900, 60.0), (300, 120.0), (400, 180.0)), 1000, 360.0, "100 tokens in the last 60 s"),
        (((500, 0.0), (1200, 10.0)), 1000, 0.0, "700 tokens in the last 10 s"),
        (((500, 3.0), (600, 3.0)), 1000, None, ""),
    ],
)
def test_time_to_the_wall_and_what_it_rests_on(prompts, window, seconds, basis):
    monitor = after(*prompts, window=window)
    assert monitor.seconds_left == (None if seconds is None else pytest.approx(seconds))
    assert monitor.seconds_basis == basis
