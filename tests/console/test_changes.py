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


async def test_the_event_of_a_change_says_what_it_did() -> None:
    async with opened((200, 40)) as console:
        line = console.line("PROXY_LOOP_HIDE_TOOL off → on by console")
        assert "· a decode 24.6 → 31.0 tok/s, TTFT 5.2s → 3.1s" in line
        console.port.picture = replace(SNAPSHOT, changes=(replace(CHANGE, later=Medians(3)),))
        await console.tick()
        assert "· a too few answers to compare (11 before, 3 after, 5 are needed)" in console.text


async def test_the_line_of_a_setting_says_what_its_last_change_did() -> None:
    async with opened((140, 40)) as console:
        await console.type("s/PROXY_LOOP_HIDE<enter>")
        assert " a 14:11 off → on: decode 24.6 → 31.0 tok/s, TTFT 5.2s → 3.1s" in console.text
        await console.type("<escape>/PROXY_LOOP_NOTE<enter>")
        assert "14:11" not in console.text


@pytest.mark.parametrize(
    ("wish", "presses"), [("5 min", 1), ("15 min", 2), ("1 h", 3), ("what there is", 4), ("5 min", 5)]
)
async def test_a_key_goes_through_the_spans(wish: str, presses: int) -> None:
    async with opened((140, 40)) as console:
        await console.type("T" * presses)
        assert wish in console.text
        span = wish if presses < 4 else "5 min"
        axis = next(line for line in reversed(console.lines) if "14:13" in line)
        assert axis.count(span) == 4, axis


async def test_charts_without_room_or_data_are_left_out() -> None:
    mute = tuple(replace(sample, prompted=0, cached=0) for sample in SNAPSHOT.samples)
    port = FakePort(picture=replace(SNAPSHOT, samples=mute))
    async with opened((140, 40), port=port) as console:
        assert "first token" in console.text
        assert "prefix re-use" not in console.text
        newer = replace(SNAPSHOT.samples[-1], at=int(NOW), prompted=4_000, cached=3_000)
        port.picture = replace(SNAPSHOT, samples=(*mute, newer))
        await console.tick()
        assert "prefix re-use 75%" in console.text
        port.picture = SNAPSHOT
        for size in ((140, 31), (126, 29), (140, 24), (140, 20), (100, 20), (80, 20), (60, 16)):
            await console.resize(*size)
            for title in ("decode 4", "prefill 0", "prefix re-use"):
                rows = [index for index, line in enumerate(console.lines) if title in line]
                assert not rows or "█" in console.lines[rows[0] + 3], f"an empty {title} at {size}"
        port.picture = replace(SNAPSHOT, samples=())
        await console.resize(140, 40)
        await console.tick()
        for title in ("decode", "prefill", "first token", "prefix re-use"):
            assert not any(f"─ {title}" in line for line in console.lines), title
