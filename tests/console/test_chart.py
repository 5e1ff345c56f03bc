from __future__ import annotations

import pytest

from console.theme import DARK, coloured
from console.widgets.chart import Plot, drawn

LOOK = coloured(DARK, ascii_only=False)
CELLS, ROWS = 40, 7


def lines(*values: float | None) -> list[str]:
    return [line.text for line in drawn(Plot(values, "first", "last", 20.0, "good"), CELLS, ROWS, LOOK)]


@pytest.mark.parametrize(
    "values",
    [(), (None,), (5.0,), (5.0, 6.0), (None, 5.0, None), (0.0,) * 200],
    ids=["nothing", "no value", "one", "two", "a gap on both sides", "more than cells"],
)
def test_a_chart_fills_its_place_without_a_word_beside_it(
    values: tuple[float | None, ...], capfd: pytest.CaptureFixture[str]
) -> None:
    chart = lines(*values)
    assert [len(line) for line in chart] == [CELLS] * ROWS
    assert capfd.readouterr() == ("", "")


def test_a_single_value_is_the_beginning() -> None:
    chart = lines(10.0)
    assert {line.index("▐") for line in chart if "▐" in line} == {5}
    assert chart[-1].split() == ["first", "last"]
