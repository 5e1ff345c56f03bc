"""Which differences between two texts count."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy_core.guardrails.loop_text import masked, normalised, without_digits


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("at 2026-01-02T03:04:05Z", "at 2026-11-12T13:14:15.678Z"), ("on 2026-01-02", "on 2025-12-31"),
        ("10:11:12 start", "23:59:01 start"), ("took 1.25s", "took 0.5 s"), ("in 12 ms", "in 7 ms"),
        ("pid 123 died", "pid 9 died"), ("port: 8080", "port: 9090"), ("/tmp/abc/x", "/tmp/zzz/y"),
        ("id 1b9d6bcd-bbfd-4b2d-9b5d-ab8dfbbd4bed", "id 0b9d6bcd-bbfd-4b2d-9b5d-ab8dfbbd4bee"),
        ("0xdeadbeef", "0x12"), ("commit 1a2b3c4d5", "commit 9f8e7d6c5"), ("\x1b[31mred\x1b[0m", "red"),
        ("a  b\n c", "a b c"), ("File unchanged since last read", "file has not been modified, see above"),
    ],
)  # fmt: skip
def test_differences_that_do_not_count(one: str, other: str) -> None:
    assert normalised(one) == normalised(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [("3 of 400", "4 of 400"), ("line 12", "line 13"), ("v1.2", "v1.3"), ("a.py", "b.py"), ("x", "X")],
)
def test_differences_that_count(one: str, other: str) -> None:
    assert normalised(one) != normalised(other)


def test_numbers_masked() -> None:
    assert without_digits("error on line 12") == without_digits("error on line 7")


@given(st.text())
def test_normalising_twice_changes_nothing_more_in_words(text: str) -> None:
    once = normalised(text)
    assert "  " not in once
    assert "\n" not in once


@given(st.text(alphabet="0123456789abcdefgxzABFZ_-:./ T٣é\tms", max_size=40))
def test_what_is_volatile_is_masked_wherever_it_stands(text: str) -> None:
    """A number that nothing in the text can be mistaken for opens the way to the slow patterns, and changes nothing."""
    assert masked(f"{text} | 7") == f"{masked(text)} | 7".lstrip()


def test_a_clients_notice_counts_in_results_alone() -> None:
    notices = ('{"pattern": "file unchanged"}', '{"pattern": "content not changed"}')
    assert normalised(notices[0]) == normalised(notices[1])
    assert masked(notices[0]) != masked(notices[1])


def test_of_a_long_text_both_ends_count() -> None:
    middle = "x " * 40_000
    assert normalised("a" + middle) != normalised("b" + middle)
    assert normalised(middle + "a") != normalised(middle + "b")
