"""Draws the pictures in screenshots/ from a fixed state: `make screenshots`, or `python -m tests.screenshots`.

The SVG names a font from the net; for the PNG an installed one takes its place, as wide as the picture expects.
"""

from __future__ import annotations

import asyncio
import io
import re
import sys
from pathlib import Path

import cairosvg
from PIL import Image

from tests.console.recorded import recorded_port
from tests.console.screen import opened

FOLDER = Path(__file__).parents[1] / "screenshots"
THEMES = {"dark": "interlock-dark", "light": "interlock-light"}
SIZES = ((80, 24), (140, 40))
SCREENS = {
    "dashboard": "",
    "session": "jjjj<enter>",
    "inspector": "jjjj<enter><enter>" + 11 * "N",
    "changes": "jjjj<enter><enter>NNd",
    "raw": "jjjj<enter><enter>" + 11 * "N" + "3",
    "timing": "jjjj<enter><enter>NN4",
    "settings": "s/ping<enter><enter><backspace>9",
    "charts": "t",
    "help": "?",
    "quit": "q",
    "toggle": "R",
}
SCALE = 10 / 12.2
"""Whole pixels for a cell, so that frames close."""

COLOURS = 128
"""A picture of a terminal needs no more, and is a third of the size."""

FONT = "DejaVu Sans Mono"
FONT_SIZE = 12.2 / 0.602
"""Pixels: the picture has cells of 12.2, of which a letter of this font takes 0.602 of its size."""


async def draw(screen: str, size: tuple[int, int], theme: str) -> str:
    """One screen as SVG."""
    async with opened(size, port=recorded_port()) as console:
        console.app.theme = THEMES[theme]
        await console.tick()
        await console.type(SCREENS[screen])
        await console.settled()
        return console.app.export_screenshot(title="interlock")


def as_png(svg: str, path: Path) -> None:
    """Write the picture with the installed font, and without the net."""
    local = re.sub(r"@font-face \{.*?\}", "", svg, flags=re.DOTALL)
    local = re.sub(r'font-family: "?Fira Code"?[^;]*;', f'font-family: "{FONT}";', local.replace("Fira Code", FONT))
    local = re.sub(r"font-size: 20px", f"font-size: {FONT_SIZE:.2f}px", local)
    full = cairosvg.svg2png(bytestring=local.encode(), scale=SCALE)
    Image.open(io.BytesIO(full)).convert("RGB").quantize(COLOURS).save(path, optimize=True)


async def main(wanted: list[str]) -> None:
    """Draw the named screens, or all."""
    FOLDER.mkdir(exist_ok=True)
    for screen in wanted or SCREENS:
        for size in SIZES:
            for theme in THEMES:
                name = f"{screen}-{size[0]}x{size[1]}-{theme}"
                svg = await draw(screen, size, theme)
                (FOLDER / f"{name}.svg").write_text(svg, encoding="utf-8")
                as_png(svg, FOLDER / f"{name}.png")
                print(name, f"{(FOLDER / f'{name}.png').stat().st_size // 1024} KB")


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
