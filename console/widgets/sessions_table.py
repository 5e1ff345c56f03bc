"""The table of sessions: the console's main view."""

from __future__ import annotations

from rich.style import Style
from textual.geometry import Size
from textual.strip import Strip

from console.columns import ORDERS, Cell, Column, laid_out, ordered, worthwhile
from console.filters import NO_FILTER, Facts, Filter
from console.format import fit
from console.frame import Frame
from console.theme import Look
from console.widgets.choice_list import ChoiceList, filter_words
from console.widgets.lines import Line, Span, strip
from proxy_core.snapshot import SessionView


class SessionsTable(ChoiceList):
    """Sessions with a cursor that stays on its session while rows move."""

    def __init__(self) -> None:
        super().__init__(id="sessions")
        self.order = "context"
        self.reverse = False
        self.filter: Filter = NO_FILTER
        self._rows: list[tuple[SessionView, bool]] = []
        self._made: dict[str, tuple[tuple[object, ...], Strip]] = {}

    @property
    def keys(self) -> list[str]:
        """The sessions in the order of the table."""
        return [view.key for view, _ in self._rows]

    @property
    def chosen(self) -> SessionView | None:
        """The session under the cursor."""
        return next((view for view, _ in self._rows if view.key == self._cursor.key), None)

    def sort(self, name: str = "") -> None:
        """Sort by a column, or by the one after the present one; largest first."""
        self.order = name or ORDERS[(ORDERS.index(self.order) + 1) % len(ORDERS)]
        self.reverse = False
        self.redraw()

    def turn(self) -> None:
        """Turn the order around."""
        self.reverse = not self.reverse
        self.redraw()

    def filtered(self, chosen: Filter) -> None:
        """Show only the sessions that a filter lets through."""
        self.filter = chosen
        self.redraw()

    def draw(self, frame: Frame) -> list[Strip]:
        """The titles of the columns and a line for each session in view."""
        views = frame.snapshot.sessions
        passed = [view for view in views if self.filter.matches(facts(view))] if self.filter else views
        before = len(self._rows)
        self._rows = ordered(passed, self.order, reverse=self.reverse)
        if len(self._rows) != before:
            self.refresh(layout=True)
        self._entitle(frame, len(views))
        width, height = self.size
        look = frame.look
        columns = laid_out(width - 2, worthwhile(views))
        self._cursor.settle(self.keys, height - 1)
        top = self._cursor.top
        lines = [strip(self._heads(columns, look))]
        if not self._rows:
            lines += [strip(line) for line in _empty(frame, bool(self.filter), width)]
        self._made = {
            view.key: self._made_row(view, columns, Cell(0, frame.now, look, child))
            for view, child in self._rows[top : top + height - 1]
        }
        lines += [line for _, line in self._made.values()]
        return lines[:height]

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:  # noqa: ARG002 - Textual's signature
        """A line for the titles and one for each session."""
        return max(len(self._rows), 3) + 1

    def _made_row(
        self, view: SessionView, columns: list[tuple[Column, int]], cell: Cell
    ) -> tuple[tuple[object, ...], Strip]:
        """A row and what it was made of: the one of before, unless something of it moved."""
        under = self.below(cell.look, chosen=view.key == self._cursor.key)
        moving = cell.now if view.active else int(cell.now - view.phase_since)
        made_of = (view, columns, cell.look, cell.child, under, moving)
        before = self._made.get(view.key)
        if before is not None and before[0] == made_of:
            return made_of, before[1]  # with the newest of two views that are the same, so that old pictures can go
        return made_of, self._row(view, columns, cell, under)

    def _row(self, view: SessionView, columns: list[tuple[Column, int]], cell: Cell, under: Style | None) -> Strip:
        look = cell.look
        mark = look.glyphs.cursor if under is not None else " "
        spans: list[Span] = [(mark, look.accent)]
        for index, (column, cells) in enumerate(columns):
            if index:
                spans.append((" ", look.text))
            spans += column.draw(view, Cell(cells, cell.now, look, cell.child))
        return strip([*spans, (" ", look.text)], under)

    def _heads(self, columns: list[tuple[Column, int]], look: Look) -> list[Span]:
        spans: list[Span] = [(" ", look.muted)]
        for column, cells in columns:
            sorted_here = column.name == self.order
            arrow = (look.glyphs.rising if self.reverse else look.glyphs.falling) if sorted_here else ""
            click = Style(meta={"@click": f"screen.sort_by('{column.name}')"}) if column.order else Style()
            style = (look.accent if sorted_here else look.muted) + click
            inside, beside = (arrow, " ") if column.align == "left" else ("", arrow or " ")
            spans += [(fit(column.title + inside, cells, column.align, ellipsis=""), style), (beside, style)]
        return spans

    def _entitle(self, frame: Frame, total: int) -> None:
        look = frame.look
        middle = f" {look.glyphs.middle} "
        spans: list[Span] = [("sessions", look.strong), (f" {total}", look.muted)]
        spans += filter_words(self.filter, look)
        if self.filter:
            spans.append((f" {total - len(self._rows)} hidden", look.muted))
        above = self._cursor.top
        below = len(self._rows) - above - (self.size.height - 1)
        hidden = [f"{count} {where}" for count, where in ((above, "above"), (below, "below")) if count > 0]
        if hidden:
            spans.append((middle + ", ".join(hidden), look.muted))
        self.entitle(spans)


def facts(view: SessionView) -> Facts:
    """What a filter sees of a session."""
    return Facts(
        texts=(view.client, view.model, view.phase, view.level, view.last_tool),
        session=(view.short, view.label),
        figures={
            "ctx": None if view.utilisation is None else view.utilisation * 100,
            "turns": view.turns_left,
            "toks": view.decode_rate,
            "ttft": view.ttft,
        },
    )


def _empty(frame: Frame, filtered: bool, width: int) -> list[Line]:
    look = frame.look
    if filtered:
        back = frame.key("dashboard.back")
        return [[(fit(f" no session passes the filter; {back} clears it", width), look.muted)]]
    url = frame.snapshot.url
    return [
        [],
        [(" no sessions yet; point an agent here", look.muted)],
        [(f" ANTHROPIC_BASE_URL={url}", look.accent)],
    ]
