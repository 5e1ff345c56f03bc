"""A text that repeats its end."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy_core.guardrails.repetition import CHECK_EVERY, TailWatch, repeated_tail


@given(st.text("abcdefgh ", min_size=3, max_size=400), st.text("xyz\n", max_size=300), st.integers(0, 5))
def test_a_unit_over_and_over_is_found_behind_anything(unit: str, before: str, cut: int) -> None:
    times = max(8, 500 // len(unit) + 2)
    text = before + unit * times
    assert 0 < repeated_tail(text[: len(text) - cut]) <= len(unit)


@pytest.mark.parametrize(
    "text",
    [
        "", "ha" * 100, "abc " * 80, "-" * 1200, "| --- " * 200,
        "\n".join(f"row {number}: value {number * 7}" for number in range(400)),
        "\n".join(f"| {number} | ok |" for number in range(300)),
        " ".join(str(number) for number in range(100, 190)) * 5,
    ],
)  # fmt: skip
def test_legitimate_texts(text: str) -> None:
    assert repeated_tail(text) == 0


@pytest.mark.parametrize("text", ["-" * 1600, "| --- " * 300, "no " * 200, "x\n" * 300])
def test_even_a_rule_ends_some_time(text: str) -> None:
    assert repeated_tail(text) > 0


@pytest.mark.parametrize("size", [1, 7, 100, 1500])
def test_the_watch_finds_it_while_it_grows(size: int) -> None:
    text = "Some words first. " + "again and again, " * 300
    watch = TailWatch()
    seen = 0
    for at in range(0, len(text), size):
        seen += size
        if watch.add(text[at : at + size]):
            break
    assert seen < 1000 + max(CHECK_EVERY, size)
    assert watch.unit in "again and again, " * 2


def test_a_text_of_its_own_begins_anew() -> None:
    watch = TailWatch()
    found = False
    for _ in range(200):
        watch.begin()
        found = found or watch.add("the same line of reasoning\n")
    assert not found
