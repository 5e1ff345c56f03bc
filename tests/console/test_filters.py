from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.filters import Facts, parse

LINE = Facts(
    texts=("loop.acted", "loop", "warning", "Read(src/app.py) three times"),
    session=("a3f9", "webapp"),
    figures={"ctx": 91.0, "turns": None, "toks": 31.2},
)


@pytest.mark.parametrize(
    ("typed", "passes"),
    [
        ("", True),
        ("loop", True),
        ("LOOP", True),
        ("retry", False),
        ("retry|loop", True),
        ("retry|prune", False),
        ("!loop", False),
        ("!retry", True),
        ("!retry|loop", False),
        ("loop read(", True),
        ("loop nothing", False),
        ("s:a3f", True),
        ("s:webapp", True),
        ("s:loop", False),
        ("!s:a3f9", False),
        ("ctx>80", True),
        ("ctx>91", False),
        ("ctx>=91", True),
        ("ctx<50|toks>30", True),
        ("!ctx>80", False),
        ("turns<5", False),
        ("turns>=0", False),
        ("webapp", True),
        ("!", True),
        ("|", True),
    ],
)
def test_what_passes(typed: str, passes: bool) -> None:
    assert parse(typed).matches(LINE) is passes


def test_a_figure_that_does_not_exist_is_named_and_left_out() -> None:
    chosen = parse("cost>3 loop")
    assert chosen.problem == "cost is none of ctx, turns, toks, ttft"
    assert chosen.matches(LINE)


def test_only_a_filter_with_words_is_one() -> None:
    assert parse("loop")
    assert not parse("  ")
    assert not parse("cost>3")


@given(st.text())
def test_nothing_that_is_typed_raises(text: str) -> None:
    parse(text).matches(LINE)
