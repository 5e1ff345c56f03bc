"""What the loop breaker costs, in function calls: a turn of history once, and on later requests what is new alone.

The bounds lie a few calls above what it is now.
"""

import functools
from collections.abc import Callable

import pytest

from benchmarks.bodies import conversation
from proxy_core.guardrails.loop_breaker import plan
from proxy_core.guardrails.loop_digest import content_key
from proxy_core.guardrails.loop_history import ScoreCache
from proxy_core.guardrails.policy import loop_settings
from proxy_core.settings import Settings
from proxy_core.translate.types import JsonObject
from tests.performance.counting import calls_in

SETTINGS = loop_settings(Settings())
TURNS = 200


@functools.cache
def messages(size: int) -> list[JsonObject]:
    made: list[JsonObject] = conversation(size, TURNS, 20)["messages"]
    return made


def analysis(size: int, turns: int, cache: ScoreCache) -> Callable[[], object]:
    begun = messages(size)[: 1 + 2 * turns]
    keys = [content_key(message) for message in begun]
    return lambda: plan(begun, SETTINGS, 0.5, cache, keys)


@pytest.mark.parametrize("size", [200_000, 2_000_000])
def test_a_turn_seen_for_the_first_time_costs_few_calls(size: int) -> None:
    cost = calls_in(analysis(size, TURNS, ScoreCache())) / TURNS
    print(f"{cost:.1f} calls a turn")
    assert cost <= 95


@pytest.mark.parametrize("turns", [20, 100, 199])
def test_a_later_request_costs_what_its_new_turn_costs(turns: int) -> None:
    cache = ScoreCache()
    analysis(200_000, turns, cache)()
    cost = calls_in(analysis(200_000, turns + 1, cache))
    print(f"{cost} calls after {turns} turns")
    assert cost <= 145


def test_a_repeated_request_costs_the_same_however_long_it_is() -> None:
    costs = list[int]()
    for turns in (20, TURNS):
        cache = ScoreCache()
        analysis(200_000, turns, cache)()
        costs.append(calls_in(analysis(200_000, turns, cache)))
    assert costs[0] == costs[1]
