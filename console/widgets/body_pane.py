"""A page of the inspector on the screen: only the rows in view are ever drawn, however long the page is."""

from __future__ import annotations

import re

from rich.style import Style
from textual.strip import Strip

from console.frame import Frame
from console.inspect.page import Kind, Page, Row
from console.theme import Look
from console.widgets.lines import Span, cut, strip
from console.widgets.scrolled import Scrolled

KEY = re.compile(r"(\s*(?:- )*)([\w.$-]{1,60}:)(?=\s|$)")
BAR = re.compile(r"(?<= s )([·.]*)([█#]+)[·.]*")
EMPTY = Page((), 1)


class BodyPane(Scrolled):
    """Scrolls by lines and pages; marks what is searched for."""

    WHEEL = 3

    def __init__(self) -> None:
        super().__init__(id="body")
        self.page = EMPTY
        self.top = 0
        self.needle = ""
        self._found: list[int] = []

    @property
    def count(self) -> int:
        """How many rows the page has."""
        return len(self.page.rows)

    def put(self, page: Page, *, keep: bool = False) -> None:
        """Show a page, from its beginning or from where the one before was scrolled to."""
        self.page = page
        self.top = self.top if keep else 0
        self._search()
        self._scroll(0)

    def draw(self, frame: Frame) -> list[Strip]:
        """The rows in view."""
        width, height = self.size
        rows = self.page.rows[self.top : self.top + height]
        return [self._line(row, width, frame.look) for row in rows]

    def _line(self, row: Row, width: int, look: Look) -> Strip:
        ellipsis = look.glyphs.ellipsis
        if row.kind == "title":
            rule = ("-" if look.glyphs.ascii_only else "─") * width
            spans = [(f"{row.left} ", look.strong), (rule, look.faint)]
            return strip(cut(spans, width, rule[:1]))
        if self.page.columns == 1:
            return strip(cut(self._spans(row.kind, row.left, look), width, ellipsis))
        half = (width - 3) // 2
        left = cut(self._spans(row.kind, row.left, look), half, ellipsis)
        right = cut(self._spans(row.kind, row.right, look), width - half - 3, ellipsis)
        return strip([*left, (f" {look.glyphs.separator} ", look.faint), *right])

    def _spans(self, kind: Kind, text: str, look: Look) -> list[Span]:
        style = _style(kind, look)
        spans: list[Span] = [(text, style)]
        if kind == "bar" and (bar := BAR.search(text)) is not None:
            before, after = bar.span(2)
            return [
                (text[: bar.start()], style),
                (text[bar.start() : before], look.faint),
                (bar[2], look.name),
                (text[after : bar.end()], look.faint),
                (text[bar.end() :], style),
            ]
        key = KEY.match(text) if kind == "text" else None
        if key is not None:
            spans = [(key[1], style), (key[2], look.name), (text[key.end() :], style)]
        return self._marked(spans, look) if self.needle else spans

    def _marked(self, spans: list[Span], look: Look) -> list[Span]:
        found: list[Span] = []
        for text, style in spans:
            low, at = text.lower(), 0
            while (start := low.find(self.needle, at)) >= 0:
                end = start + len(self.needle)
                found += [(text[at:start], style), (text[start:end], look.accent + Style(reverse=True))]
                at = end
            found.append((text[at:], style))
        return found

    # -- search -----------------------------------------------------------------------------------------------------

    @property
    def matches(self) -> int:
        """How many rows have what is searched for."""
        return len(self._found)

    def search(self, needle: str) -> None:
        """Mark it everywhere and go to the first place in view or below."""
        self.needle = needle.lower()
        self._search()
        here = next((row for row in self._found if row >= self.top), None)
        if here is None and self._found:
            here = self._found[0]
        self._go(here)

    def next_match(self, by: int) -> None:
        """Go to the next row with it, or the one before; round at the ends."""
        if not self._found:
            return
        if by > 0:
            here = next((row for row in self._found if row > self.top), self._found[0])
        else:
            here = next((row for row in reversed(self._found) if row < self.top), self._found[-1])
        self._go(here)

    def _search(self) -> None:
        needle = self.needle
        rows = self.page.rows
        self._found = (
            [at for at, row in enumerate(rows) if needle in row.left.lower() or needle in row.right.lower()]
            if needle
            else []
        )

    def _go(self, row: int | None) -> None:
        if row is not None:
            self.top = row
        self._scroll(0)

    # -- scrolling --------------------------------------------------------------------------------------------------

    def _scroll(self, by: int) -> None:
        most = max(len(self.page.rows) - 1, 0) if self._found else max(len(self.page.rows) - self.size.height, 0)
        self.top = min(max(self.top + by, 0), most)
        self.redraw()

    def action_move(self, by: int) -> None:
        """Scroll by lines."""
        self._scroll(by)


def _style(kind: Kind, look: Look) -> Style:
    return {"added": look.good, "removed": look.bad, "note": look.warn, "faint": look.muted}.get(kind, look.text)
