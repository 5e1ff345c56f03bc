"""Changes of settings: their letters, their lines on charts, and the medians around them in words."""

from __future__ import annotations

from dataclasses import replace

import pytest
from textual.strip import Strip

from console.changes import brief_effect, effect, last_of, letter
from console.theme import Look, colourless
from console.widgets.lines import strip
from console.widgets.overlay import Y_LABEL, column, marked
from proxy_core.snapshot import ChangeView, Medians
from tests.console.fake_port import CHANGE, NOW, SNAPSHOT, FakePort
from tests.console.screen import opened

LOOK = colourless(ascii_only=False)
NONE_YET = ChangeView(1, NOW, "PROXY_X", "off", "on")


@pytest.mark.parametrize(("number", "mark"), [(1, "a"), (2, "b"), (26, "z"), (27, "a")])
def test_letters_go_round(number: int, mark: str) -> None:
    assert letter(replace(CHANGE, number=number)) == mark


@pytest.mark.parametrize(
    ("change", "words", "few_words"),
    [
        (
            CHANGE,
            "decode 24.6 → 31.0 tok/s, TTFT 5.2s → 3.1s (medians of 11 and 9 answers, 2m20 each)",
            ("24.6 → 31.0 tok/s", "5.2s → 3.1s TTFT", "n 11, 9"),
        ),
        (
            replace(CHANGE, later=Medians(9, None, 3.1)),
            "TTFT 5.2s → 3.1s (medians of 11 and 9 answers, 2m20 each)",
            ("5.2s → 3.1s TTFT", "n 11, 9"),
        ),
        (
            replace(CHANGE, later=Medians(1)),
            "too few answers to compare (11 before, 1 after, 5 are needed)",
            (),
        ),
        (NONE_YET, "", ()),
    ],
    ids=["both", "one", "too few", "just now"],
)
def test_what_a_change_did(change: ChangeView, words: str, few_words: tuple[str, ...]) -> None:
    assert effect(change) == words
    assert brief_effect(change) == few_words


def test_the_last_change_of_a_setting_that_holds_everywhere() -> None:
    other = replace(CHANGE, number=2, name="PROXY_OTHER")
    newer = replace(CHANGE, number=3)
    for_one = replace(CHANGE, number=4, session="a3f91c77")
    assert last_of((CHANGE, other, newer, for_one), CHANGE.name) is newer
    assert last_of((other, for_one), CHANGE.name) is None


def lines_of(*texts: str, look: Look = LOOK) -> list[Strip]:
    return [strip([(text, look.text)]) for text in texts]


def test_a_mark_stands_behind_the_curve_and_leaves_the_axis_alone() -> None:
    chart = lines_of("  80      ", "     ██   ", "     ██   ", "     a   b")
    shown = marked(chart, [(0.25, "a"), (0.75, "b")], LOOK)
    assert [line.text for line in shown] == ["  80  a b ", "     ██ │ ", "     ██ │ ", "     a   b"]


def test_marks_in_the_same_cell_show_the_later_one() -> None:
    shown = marked(lines_of(" " * 40, " " * 40), [(0.5, "a"), (0.501, "b")], colourless(ascii_only=True))
    assert shown[0].text.strip() == "b"
    assert len(marked([], [(0.5, "a")], LOOK)) == 0


@pytest.mark.parametrize(("share", "cell"), [(-1, Y_LABEL), (0, Y_LABEL), (0.5, 20), (1, 35), (2, 35)])
def test_the_ends_of_an_axis_are_its_first_and_last_cell(share: float, cell: int) -> None:
    assert column(share, 36) == cell


async def test_charts_mark_changes_and_the_whole_screen_says_what_they_did() -> None:
    async with opened((140, 40)) as console:
        assert "a" in console.lines[console.lines.index(console.line("prefix re-use")) + 1].partition("100")[2]
        await console.type("t")
        assert "a 14:11 loop hide tool off → on · 24.6 → 31.0 tok/s, 5.2s → 3.1s TTFT, n 11, 9" in console.text
        for width, height in ((100, 30), (80, 24)):
            await console.resize(width, height)
            assert "a 14:11 loop hide tool off → on" in console.text
            assert "24.6 → 31.0 tok/s" in console.text


async def test_without_changes_the_panel_says_what_will_be_there() -> None:
    async with opened((140, 40), port=FakePort(picture=replace(SNAPSHOT, changes=()))) as console:
        await console.type("t")
        assert "none yet; a letter in the charts marks each" in console.text
