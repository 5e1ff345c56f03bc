"""The theme at the start, from the variable that Textual's programs share."""

from __future__ import annotations

import pytest

from console.theme import DARK, LIGHT
from tests.console.screen import opened


@pytest.mark.parametrize(
    ("wish", "name", "background"),
    [
        (None, DARK.name, DARK.background),
        (DARK.name, DARK.name, DARK.background),
        (LIGHT.name, LIGHT.name, LIGHT.background),
        ("nord", "nord", "#2E3440"),
        ("no such theme", DARK.name, DARK.background),
    ],
)
async def test_the_wished_theme_with_its_own_colours(
    wish: str | None, name: str, background: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TEXTUAL_THEME", raising=False)
    if wish is not None:
        monkeypatch.setenv("TEXTUAL_THEME", wish)
    async with opened() as console:
        assert console.app.theme == name
        assert console.app.theme_variables["background"].lower() == str(background).lower()
