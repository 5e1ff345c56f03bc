from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from console.format import age, brief_tokens, elapsed, fit, percent, plain, rate, seconds, visible


@pytest.mark.parametrize(
    ("hostile", "shown"),
    [
        ("plain", "plain"),
        ("two\nlines\r\nthree", "two⏎lines⏎three"),
        ("\x1b[31mred\x1b[0m", "␛[31mred␛[0m"),
        ("\x1b]0;title\x07", "␛]0;title␇"),
        ("\x9b2J", "‹9b›2J"),
        ("a\x00b\x7fc", "a␀b␡c"),
        ("user\u202egnp.exe", "user‹202e›gnp.exe"),
        ("\u2066isolate\u2069", "‹2066›isolate‹2069›"),
        ("zero\u200bwidth\ufeff", "zero‹200b›width‹feff›"),
        ("tab\tstop", "tab␉stop"),
        ("lone \ud800", "lone ‹d800›"),
        ("private \ue000", "private ‹e000›"),
        ("e\u0301", "é"),
        ("z" + "\u0335" * 40, "z\u0335\u0335"),
        ("\u0301first", "‹301›first"),
        ("[b]markup[/b]", "[b]markup[/b]"),
        ("日本語", "日本語"),
        ("👍🏽", "👍"),
        ("❤\ufe0f", "❤"),
        ("👨\u200d👩", "👨‹200d›👩"),
        ("🇩🇪", "DE"),
        ("no\u00a0break\u3000wide", "no break wide"),
        ("line\u2028sep", "line‹2028›sep"),
    ],
)
def test_visible(hostile: str, shown: str) -> None:
    assert visible(hostile) == shown


@given(st.text())
def test_visible_text_is_one_harmless_line_whose_width_adds_up(text: str) -> None:
    shown = visible(text)
    assert not any(ord(character) < 32 or 127 <= ord(character) < 160 for character in shown)
    assert not any(character in "\u200b\u200e\u200f\u202a\u202e\u2066\u2069\ufeff" for character in shown)
    assert sum(cell_len(character) for character in shown) == cell_len(shown)
    shown.encode()


@given(st.text())
def test_ascii_text_is_ascii(text: str) -> None:
    assert visible(text, ascii_only=True).isascii()


@given(st.text(), st.integers(0, 40), st.sampled_from(["left", "right"]))
def test_fit_is_exact(text: str, cells: int, align: str) -> None:
    assert cell_len(fit(visible(text), cells, align)) == cells  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize(
    ("text", "cells", "fitted"),
    [
        ("abc", 5, "abc  "),
        ("abcdef", 5, "abcd…"),
        ("日本語", 4, "日… "),
        ("日本語", 5, "日本…"),
        ("日本語", 6, "日本語"),
        ("x", 0, ""),
        ("long", 1, "…"),
    ],
)
def test_fit(text: str, cells: int, fitted: str) -> None:
    assert fit(text, cells) == fitted


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        (rate(None), "—"), (rate(0.0), "0"), (rate(31.24), "31.2"), (rate(99.96), "100"), (rate(812.4), "812"),
        (rate(12_400), "12k"),
        (seconds(None), "—"), (seconds(0.44), "0.4s"), (seconds(9.96), "10s"), (seconds(59.6), "1m00"),
        (seconds(185), "3m05"), (seconds(7_800), "2h10"),
        (elapsed(-1), "0s"), (elapsed(9.9), "9s"), (elapsed(42.7), "42s"), (elapsed(3_700), "1h01"),
        (age(59), "<1m"), (age(190), "3m"), (age(7_300), "2h"), (age(200_000), "2d"),
        (percent(None), "—"), (percent(0.29), "29%"), (percent(0.996), "99%"), (percent(1.0), "100%"),
        (percent(1.234), "123%"),
        (brief_tokens(0), "0"), (brief_tokens(999), "999"), (brief_tokens(58_140), "58.1k"),
        (brief_tokens(131_072), "131k"), (brief_tokens(999_700), "1.00M"), (brief_tokens(12_500_000), "12.5M"),
        (plain("a → b · ×3 日"), "a -> b - x3 ??"),
    ],
)  # fmt: skip
def test_figures(shown: str, expected: str) -> None:
    assert shown == expected
