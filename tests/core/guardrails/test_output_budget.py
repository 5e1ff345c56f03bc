"""How long an answer may be behind a prompt."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy_core.guardrails.output_budget import MARGIN, fitting_max_tokens, raised_to_floor


@pytest.mark.parametrize(
    ("wished", "tokens", "window", "allowed"),
    [
        (1000, 1000, 32_768, 1000),
        (32_000, 12_000, 32_768, 32_768 - 12_000 - MARGIN - 4915),
        (32_000, 26_000, 32_768, 32_768 - 26_000 - MARGIN),
        (32_000, 32_700, 32_768, 60),
        (500, 3000, 4096, 500),
        (4000, 3000, 4096, 1096 - MARGIN),
        (4000, 4096, 4096, 4000),
        (4000, 9000, 4096, 4000),
    ],
)
def test_cap(wished: int, tokens: int, window: int, allowed: int) -> None:
    assert fitting_max_tokens(wished, tokens, window) == allowed


@given(st.integers(1, 10**6), st.integers(0, 10**6), st.integers(512, 10**6))
def test_never_raised_and_always_fits_where_it_can(wished: int, tokens: int, window: int) -> None:
    allowed = fitting_max_tokens(wished, tokens, window)
    assert 0 < allowed <= wished
    if tokens + MARGIN < window:
        assert tokens + allowed < window


THINKING = {"thinking": {"type": "enabled", "budget_tokens": 1024}}
TOOLS = {"tools": [{"name": "Read"}]}


@pytest.mark.parametrize(
    ("body", "floor", "wished"),
    [
        (THINKING | TOOLS, 16_384, 16_384),
        (THINKING | TOOLS, 0, 4096),
        (THINKING | TOOLS, 1000, 4096),
        ({"thinking": {"type": "adaptive"}} | TOOLS, 16_384, 16_384),
        ({"thinking": {"type": "disabled"}} | TOOLS, 16_384, 4096),
        (THINKING, 16_384, 4096),
        (TOOLS, 16_384, 4096),
    ],
)
def test_floor(body: dict[str, Any], floor: int, wished: int) -> None:
    assert raised_to_floor({"max_tokens": 4096} | body, floor) == wished


def test_no_wish() -> None:
    assert raised_to_floor(THINKING | TOOLS, 16_384) is None
