from __future__ import annotations

from dataclasses import replace

import pytest
from rich.cells import cell_len

from console.columns import COLUMNS, ORDERS, Cell, laid_out, ordered, worthwhile
from console.glyphs import ASCII, UNICODE, bar, spark
from console.theme import colourless
from tests.console.fake_port import NOW, SESSIONS, session

LOOK = colourless(ascii_only=False)
HOSTILE = session(
    "\x1b[2J" * 3, "a\u202eb\n👨\u200d👩日本" * 3, model="\x9b" * 9, last_tool="é" * 90, short="\x1b[2", tokens=10**9,
    window=10**9, turns_left=10**9, decode_rate=1e9, ttft=1e9, cached_share=9.9, utilisation=9.9, active=70,
)  # fmt: skip


def drawn(name: str, cells: int, **changes: object) -> str:
    column = next(column for column in COLUMNS if column.name == name)
    view = session("abcd1234", str(changes.pop("label", "web")), **changes)
    spans = column.draw(view, Cell(cells, NOW, LOOK))
    return "".join(text for text, _ in spans)


@pytest.mark.parametrize("width", range(20, 260, 7))
def test_columns_fill_the_width_they_are_given_and_no_more(width: int) -> None:
    columns = laid_out(width)
    used = sum(cells for _, cells in columns) + len(columns) - 1
    assert used <= width
    assert all(column.low <= cells <= column.high for column, cells in columns)
    names = [column.name for column, _ in columns]
    assert names == [column.name for column in COLUMNS if column.name in names], "their order stays"


@pytest.mark.parametrize(
    ("width", "shown"),
    [
        (44, "session context state"),
        (58, "session context turns loop state"),
        (78, "session used context turns rate ttft loop state"),
        (98, "session used context turns cached rate ttft tool loop state"),
        (118, "session used context history turns cached rate ttft tool loop state"),
        (136, "session model used context history turns cached rate ttft tool loop state"),
    ],
)
def test_the_least_important_columns_go_first(width: int, shown: str) -> None:
    assert [column.name for column, _ in laid_out(width)] == shown.split()


@pytest.mark.parametrize("look", [LOOK, colourless(ascii_only=True)], ids=["unicode", "ascii"])
@pytest.mark.parametrize("column", COLUMNS, ids=lambda column: column.name)
@pytest.mark.parametrize("view", [*SESSIONS, HOSTILE], ids=lambda view: ascii(view.short))
def test_every_cell_is_exactly_as_wide_as_its_column(view, column, look) -> None:
    for cells in (column.low, column.high):
        for child in (False, True):
            spans = column.draw(view, Cell(cells, NOW, look, child))
            assert sum(cell_len(text) for text, _ in spans) == cells, spans
            assert all(text.isprintable() for text, _ in spans)
            assert not look.glyphs.ascii_only or all(text.isascii() for text, _ in spans)


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (drawn("session", 14), "abcd web      "),
        (drawn("session", 8, label="a long name"), "abcd a …"),
        (drawn("used", 12), " 31.0k/65.5k"),
        (drawn("used", 12, estimated=True), "~31.0k/65.5k"),
        (drawn("used", 12, window=0), "     31.0k/?"),
        (drawn("used", 12, tokens=0), "     —/65.5k"),
        (drawn("context", 14, utilisation=0.5), "████░░░░  50% "),
        (drawn("context", 14, utilisation=0.8, level="warning"), "██████▍░  80%△"),
        (drawn("context", 14, utilisation=0.97, level="critical"), "███████▊  97%▲"),
        (drawn("context", 14, utilisation=None), "window unknown"),
        (drawn("turns", 5, turns_left=0), "   ~0"),
        (drawn("turns", 5, turns_left=None), "    —"),
        (drawn("cached", 6, cached_share=0.0), "    0%"),
        (drawn("cached", 6, cached_share=None), "     —"),
        (drawn("loop", 4), "   ·"),
        (drawn("loop", 4, loop_level=2), "↻2/4"),
        (drawn("state", 17, held=True, active=0, phase="idle"), "■ held           "),
        (drawn("state", 17, held=True, waiting=2, phase="queued"), "■ held, 2 wait   "),
        (drawn("state", 17, held=True, active=1, phase="decode"), "● decode         "),
        (drawn("state", 17, phase="idle", phase_since=NOW - 200), "· idle 3m        "),
        (drawn("state", 17, phase="queued", phase_since=NOW - 3), "○ queued 3s      "),
        (drawn("state", 17, phase="prefill", phase_since=NOW - 12, prefill_done=0.6), "◐ prefill 60% ~8s"),
        (drawn("state", 13, phase="prefill", phase_since=NOW - 12, prefill_done=0.6), "◐ prefill 60%"),
        (drawn("state", 17, phase="prefill", phase_since=NOW - 2, prefill_done=0.6), "◐ prefill 60%    "),
        (drawn("state", 17, phase="prefill", phase_since=NOW - 2), "◐ prefill 2s     "),
        (drawn("state", 17, phase="decode", active=3), "● decode ×3      "),
        (drawn("state", 17, phase="tool", phase_since=NOW - 61), "◇ tool 1m        "),
    ],
)
def test_cells(cell: str, text: str) -> None:
    assert cell == text


def test_sessions_are_sorted_with_their_sub_agents_below_them() -> None:
    def keys(name: str, *, reverse: bool = False) -> list[str]:
        return [("└" if child else "") + view.short for view, child in ordered(SESSIONS, name, reverse=reverse)]

    assert keys("context") == ["a3f91c", "5d10e2", "└e71a04", "9b44d3", "77c1f0", "e02b5a"]
    assert keys("context", reverse=True) == ["e02b5a", "77c1f0", "9b44d3", "5d10e2", "└e71a04", "a3f91c"]
    assert keys("session") == ["a3f91c", "5d10e2", "└e71a04", "77c1f0", "9b44d3", "e02b5a"]
    assert keys("loop")[0] == "5d10e2", "the highest step first"
    assert keys("turns")[0] == "a3f91c", "the fewest turns first"
    assert keys("turns")[-1] == "e02b5a", "what is not known comes last"


def test_the_model_is_shown_where_there_are_several() -> None:
    assert "model" not in [column.name for column in worthwhile(SESSIONS)]
    several = worthwhile([*SESSIONS, session("x", "", model="another")])
    assert several == COLUMNS


def test_a_sub_agent_whose_session_is_gone_stands_for_itself() -> None:
    orphan = replace(SESSIONS[2], key="gone/e71a04")
    assert ordered([orphan], "context", reverse=False) == [(orphan, False)]


def test_every_order_works_without_figures() -> None:
    bare = session("x", "", utilisation=None, turns_left=None, decode_rate=None, ttft=None, cached_share=None)
    for name in ORDERS:
        assert ordered([bare], name, reverse=False) == [(bare, False)]


@pytest.mark.parametrize(
    ("share", "filled", "track"),
    [
        (0.0, "", "░░░░"),
        (0.001, "▏", "░░░"),
        (0.25, "█", "░░░"),
        (0.5, "██", "░░"),
        (0.97, "███▉"[:4], ""),
        (0.999, "███▉", ""),
        (1.0, "████", ""),
        (7.5, "████", ""),
        (-1.0, "", "░░░░"),
    ],
)
def test_bars(share: float, filled: str, track: str) -> None:
    assert bar(share, 4, UNICODE)[1] == track
    assert bar(share, 4, UNICODE)[0] == filled or share == 0.97


def test_bars_and_sparks_in_ascii() -> None:
    assert bar(0.6, 5, ASCII) == ("###", "..")
    assert spark((0, 50, 100), 5, 100, ASCII) == "  _+#"
    assert spark((0, 50, 100), 2, 100, UNICODE) == "▅█"
    assert spark((), 3, 0, UNICODE) == "   "
