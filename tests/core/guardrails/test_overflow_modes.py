"""Who is pruned, who is asked to compact, and in which words."""

from __future__ import annotations

import pytest

from proxy_core.guardrails.overflow import asks_to_compact, compacts, prune_mode, prune_settings, too_long
from proxy_core.guardrails.usage_scale import UsageScale
from proxy_core.settings import Settings

from .conversations import session, user


@pytest.mark.parametrize(
    ("client", "source", "role", "expected"),
    [
        ("claude-code", "claude-code header", "main", True),
        ("claude-code", "claude-code header", "compaction", True),
        ("claude-code", "claude-code header", "subagent", False),
        ("unknown", "claude-code header", "main", True),
        ("opencode", "session header", "main", False),
        ("anthropic-sdk-python", "first message", "main", False),
    ],
)
def test_who_compacts(client: str, source: str, role: str, expected: bool) -> None:
    assert compacts(client, source, role) is expected


@pytest.mark.parametrize(
    ("overflow", "compacting", "mode"),
    [
        ("auto", True, "results"),
        ("auto", False, "all"),
        ("prune", True, "all"),
        ("prune", False, "all"),
        ("compact", True, "none"),
        ("compact", False, "none"),
    ],
)
def test_what_may_be_cut(overflow: str, compacting: bool, mode: str) -> None:
    settings = Settings().changed({"PROXY_OVERFLOW": overflow})
    assert prune_mode(settings, compacting=compacting) == mode
    long, short = {"messages": session(3)}, {"messages": [user("go")]}
    assert asks_to_compact(settings, long, compacting) is (mode != "all")
    assert not asks_to_compact(settings, short, compacting)


def test_settings_of_a_request() -> None:
    settings = Settings().changed(
        {"PROXY_CONTEXT_PRUNE_THRESHOLD": 0.6, "PROXY_CONTEXT_PRUNE_TARGET": 0.3, "PROXY_PRUNE_KEEP_LAST": 9}
    )
    main = prune_settings(settings, "main", compacting=False)
    assert (main.threshold, main.target, main.keep_last, main.mode, main.at_end) == (0.6, 0.3, 9, "all", True)
    assert not prune_settings(settings, "compaction", compacting=True).at_end


def test_the_words_on_which_claude_code_compacts() -> None:
    error = too_long(210_000, 200_000)
    assert (error.status, error.type) == (400, "invalid_request_error")
    assert error.message == "prompt is too long: 210000 tokens > 200000 maximum"


@pytest.mark.parametrize(
    ("assumed", "window", "told"), [(200_000, 50_000, 4000), (0, 50_000, 1000), (200_000, 0, 1000), (9, 50_000, 1000)]
)
def test_scaled_usage(assumed: int, window: int, told: int) -> None:
    scale = UsageScale(assumed, window)
    usage = {"input_tokens": 1000, "cache_read_input_tokens": 0, "output_tokens": 5}
    events = [
        {"type": "message_start", "message": {"id": "m", "usage": usage}},
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": {}, "usage": usage},
    ]
    scaled = usage | {"input_tokens": told}
    assert scale.events(events) == [
        {"type": "message_start", "message": {"id": "m", "usage": scaled}},
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": {}, "usage": scaled},
    ]
    assert usage["input_tokens"] == 1000
