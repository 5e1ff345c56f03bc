"""Side requests keep off the slot that holds a conversation."""

from __future__ import annotations

from tests.real.conversing import Agent, cached_tokens, prompt_tokens
from tests.real.proxy import Interlock
from tests.realserver.server import LlamaServer


def cached_after_two_titles(side_slot: str) -> float:
    """The share of the second turn's prompt that a server of two slots still had after two titles."""
    settings = {"PROXY_SIDE_SLOT": side_slot}
    with LlamaServer("tiny", slots=2, window=4096) as server, Interlock(server.base, **settings) as proxy:
        agent = Agent(proxy)
        agent.turn()
        for seed in range(2):
            agent.title(seed)
        second = agent.turn()
        return cached_tokens(second) / prompt_tokens(second)


def test_titles_do_not_push_the_conversation_out() -> None:
    assert cached_after_two_titles("auto") > 0.75


def test_without_a_side_slot_they_do() -> None:
    """What the setting is for: the second of two titles gets the slot that was used longest ago."""
    assert cached_after_two_titles("off") < 0.1


def test_a_single_slot_is_left_to_the_server() -> None:
    with LlamaServer("tiny", slots=1, window=4096) as server, Interlock(server.base) as proxy:
        agent = Agent(proxy)
        agent.turn()
        second = agent.turn()
        assert cached_tokens(second) > 0.75 * prompt_tokens(second)
        assert proxy.context()["sessions"][0]["prefix"]["slot"] is None
