"""A session of several windows on a small server: it goes on, at nearly the cost of a session that fits.

The client of these tests cannot compact, so the proxy is told to prune whatever it takes.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.real.conversing import Agent, cached_tokens, prompt_tokens
from tests.real.proxy import Interlock
from tests.realserver.server import LlamaServer

TURNS = 60
WINDOW = 4096


@pytest.fixture(scope="module")
def session() -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """Each turn's message and what /v1/context said after it."""
    with LlamaServer("tiny", slots=2, window=WINDOW) as server, Interlock(server.base, PROXY_OVERFLOW="prune") as proxy:
        agent = Agent(proxy)
        turns = []
        for number in range(TURNS):
            message = agent.turn()
            turns.append((message, proxy.context()["sessions"][0]))
            if number % 10 == 0:
                agent.title(number)
        sent = server.count({"messages": [{"role": "user", "content": str(agent.messages)}]})
        assert sent > 2 * WINDOW, "the session has to be longer than the window to say anything"
        return turns


def test_outside_prune_points_nearly_all_of_each_prompt_comes_from_the_cache(
    session: list[tuple[dict[str, Any], dict[str, Any]]],
) -> None:
    quiet = [
        message
        for message, context in session
        if context["prefix"]["recent_turns"][-1]["cause"] not in {"first", "pruned"}
    ]
    share = sum(map(cached_tokens, quiet)) / sum(map(prompt_tokens, quiet))
    print(f"\ncached share outside prune points {share:.3f} over {len(quiet)} of {TURNS} turns")
    assert share >= 0.9


def test_it_prunes_rarely(session: list[tuple[dict[str, Any], dict[str, Any]]]) -> None:
    breaks = session[-1][1]["prefix"]["breaks"]
    print(f"\nbreaks {breaks}")
    assert set(breaks) <= {"pruned"}
    assert 1 <= breaks["pruned"] <= TURNS // 6


def test_every_prompt_and_answer_fits_the_window(session: list[tuple[dict[str, Any], dict[str, Any]]]) -> None:
    """llama.cpp refuses what does not fit, so a full answer behind a smaller prompt was cut by nobody."""
    for message, _ in session:
        assert prompt_tokens(message) + message["usage"]["output_tokens"] <= WINDOW
        assert message["stop_reason"] in {"end_turn", "max_tokens"}


def test_the_figures_before_the_answers_were_near_the_truth(
    session: list[tuple[dict[str, Any], dict[str, Any]]],
) -> None:
    assert all(context["input_tokens_source"].split(" ")[0] in {"exact", "calibrated"} for _, context in session[2:])
    for message, context in session:
        assert sum(context["window_fill"].values()) == pytest.approx(prompt_tokens(message), abs=7)
