"""Context figures and forecasts of one conversation."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy_core.sessions.monitor import HISTORY, LEVELS, SessionMonitor


def record(monitor, prompt, **changes):
    figures = {
        "prompt_tokens": prompt,
        "cached_tokens": 0,
        "output_tokens": 10,
        "estimated": False,
        "ttft": 0.5,
        "decode_rate": 20.0,
        "tools": (),
        "stop_reason": "end_turn",
        "main": True,
    }
    monitor.record(**{**figures, **changes})


def after(*prompts, window=1000):
    monitor = SessionMonitor(window=window)
    for prompt in prompts:
        record(monitor, prompt)
    return monitor


@pytest.mark.parametrize(
    ("prompt", "level"),
    [
        (0, "ok"),
        (749, "ok"),
        (750, "warning"),
        (849, "warning"),
        (850, "high"),
        (949, "high"),
        (950, "critical"),
        (2000, "critical"),
    ],
)
def test_levels_at_75_85_and_95_per_cent(prompt, level):
    assert after(prompt).level == level


@pytest.mark.parametrize(
    ("prompts", "window", "turns", "basis"),
    [
        ((), 1000, None, "no growth seen yet"),
        ((100,), 1000, None, "no growth seen yet"),
        ((100, 200), 1000, 8, "100 tokens a turn, the last turn"),
        ((100, 200, 400), 1000, 4, "150 tokens a turn, mean of the last 2 turns"),
        ((100, 200, 200, 400), 1000, 4, "150 tokens a turn, mean of the last 2 turns"),
        ((500, 400), 1000, None, "no growth seen yet"),
        ((100, 500, 480, 600), 1000, 2, "167 tokens a turn, mean of the last 3 turns"),
        ((100, 900, 300), 1000, None, "no growth seen yet"),
        ((100, 900, 300, 400), 1000, 6, "100 tokens a turn, the last turn"),
        ((0, 5000, *range(5100, 5900, 100)), 10_000, 42, "100 tokens a turn, mean of the last 8 turns"),
        ((900, 1100), 1000, 0, "200 tokens a turn, the last turn"),
        ((1000, 3000), 0, None, "the context window is not known"),
        ((10_000, 11_234), 100_000, 71, "1,234 tokens a turn, the last turn"),
    ],
)
def test_turns_left_by_recent_growth(prompts, window, turns, basis):
    monitor = after(*prompts, window=window)
    assert (monitor.turns_left, monitor.turns_basis) == (turns, basis)


def test_figures_of_main_and_side_requests():
    monitor = SessionMonitor(window=1000)
    record(monitor, 400, cached_tokens=100, tools=("Read", "Bash"), stop_reason="tool_use")
    record(monitor, 50, cached_tokens=10, output_tokens=5, main=False, tools=("x",), ttft=9.0, stop_reason="max_tokens")
    assert monitor.requests == 2
    assert (monitor.total_prompt_tokens, monitor.total_cached_tokens, monitor.total_output_tokens) == (450, 110, 15)
    assert (monitor.last_input_tokens, monitor.last_output_tokens, monitor.cached_share) == (400, 10, 0.25)
    assert (monitor.last_tool, monitor.last_tools, monitor.stop_reason) == ("Bash", ("Read", "Bash"), "tool_use")
    assert (monitor.ttft, monitor.history, monitor.utilisation) == (0.5, (400,), 0.4)
    record(monitor, 300, ttft=None)
    assert (monitor.peak_input_tokens, monitor.last_input_tokens, monitor.history) == (400, 300, (400, 300))
    assert (monitor.ttft, monitor.last_tool) == (None, "Bash")


def test_a_request_without_a_count_leaves_the_context_figures():
    monitor = after(500)
    record(monitor, 0, estimated=True)
    assert (monitor.last_input_tokens, monitor.history, monitor.estimated, monitor.requests) == (500, (500,), False, 2)


def test_without_a_window_nothing_is_claimed():
    monitor = after(900, 950, window=0)
    assert (monitor.utilisation, monitor.level, monitor.turns_left) == (None, "ok", None)
    assert SessionMonitor().cached_share is None


@given(st.lists(st.integers(0, 10**7), max_size=300), st.integers(0, 10**6))
def test_history_is_bounded_and_figures_make_sense(prompts, window):
    monitor = after(*prompts, window=window)
    seen = [prompt for prompt in prompts if prompt]
    assert monitor.history == tuple(seen[-HISTORY:])
    assert monitor.peak_input_tokens == max(seen, default=0)
    assert monitor.level in LEVELS
    assert monitor.turns_left is None or monitor.turns_left >= 0
    assert monitor.turns_basis


def test_the_absurd_count_of_a_broken_server_harms_nothing():
    assert after(10**30, 500).history == (2**31 - 1, 500)
