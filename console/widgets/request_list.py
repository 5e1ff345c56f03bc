"""The requests of one session as a list, newest at the bottom; the cursor follows until it is moved up."""

from __future__ import annotations

from rich.style import Style
from textual.events import Blur, Click, Focus, MouseScrollDown, MouseScrollUp
from textual.message import Message
from textual.strip import Strip

from console.cursor import Cursor
from console.event_text import tokens
from console.format import Align, clock, fit, minute, plain, rate, seconds, visible
from console.frame import Frame
from console.keymap import LIST, bindings
from console.request_text import act_words, stop_word
from console.theme import Look
from console.widgets.lines import Panel, Span, cut, strip
from proxy_core.record_views import RequestView

WIDE, MEDIUM = 110, 78


class RequestList(Panel, can_focus=True):
    """A line a request: when, what for, tokens new, cached and written, times, why it stopped, and what was done."""

    BINDINGS = bindings(LIST)

    class Opened(Message):
        """A request was double-clicked."""

    def __init__(self) -> None:
        super().__init__(id="requests")
        self._views: tuple[RequestView, ...] = ()
        self._cursor = Cursor()
        self._follows = True

    @property
    def chosen(self) -> RequestView | None:
        """The request under the cursor."""
        return self._views[self._cursor.index] if self._views else None

    @property
    def keys(self) -> list[str]:
        """The ids of all requests, oldest first."""
        return [view.id for view in self._views]

    def fill(self, views: tuple[RequestView, ...]) -> None:
        """Show these requests."""
        if views != self._views:
            self._views = views
            if self._follows and views:
                self._cursor = Cursor(views[-1].id, len(views) - 1, self._cursor.top, moved=True)
            self.redraw()

    def forget(self) -> None:
        """Begin with another session."""
        self._views, self._cursor, self._follows = (), Cursor(), True
        self.redraw()

    def draw(self, frame: Frame) -> list[Strip]:
        """The heads of the columns and the requests in view."""
        look, (width, height) = frame.look, self.size
        self._entitle(look)
        if not self._views:
            return [strip([(" no requests are kept of this session", look.muted)])]
        self._cursor.settle(self.keys, max(height - 1, 1))
        heads = cut([(self._heads(width), look.faint)], width, look.glyphs.ellipsis)
        rows = self._views[self._cursor.top : self._cursor.top + height - 1]
        return [strip(heads), *(self._row(view, frame, width) for view in rows)]

    def _entitle(self, look: Look) -> None:
        failed = sum(view.state == "failed" for view in self._views)
        spans: list[Span] = [("requests", look.strong), (f" {len(self._views)}", look.muted)]
        if failed:
            spans.append((f" {look.glyphs.middle} {failed} failed", look.bad))
        self.entitle(spans)

    @staticmethod
    def _heads(width: int) -> str:
        words = [
            ("TIME", 8 if width >= MEDIUM else 5, "left"),
            ("NEW", 6, "right"),
            ("CACHED", 6, "right"),
            ("OUT", 6, "right"),
        ]
        if width >= MEDIUM:
            words += [("TTFT", 5, "right"), ("TOK/S", 5, "right")]
        words += [("TOOK", 5, "right"), ("STOP", 9, "left")]
        if width >= WIDE:
            words.insert(1, ("FOR", 9, "left"))
        return "  " + " ".join(fit(word, cells, _align(align)) for word, cells, align in words) + " WHAT"

    def _row(self, view: RequestView, frame: Frame, width: int) -> Strip:
        look = frame.look
        here = self._views[self._cursor.index] is view
        under = (look.selected if self.has_focus else look.resting) if here else None
        spans = [(f"{look.glyphs.cursor if here else ' '} ", look.accent), *self._figures(view, frame, width)]
        return strip(cut(spans, width, look.glyphs.ellipsis), under)

    def _figures(self, view: RequestView, frame: Frame, width: int) -> list[Span]:
        look = frame.look
        nothing = look.glyphs.nothing
        done = view.state == "done"
        time = clock(view.at) if width >= MEDIUM else minute(view.at)
        spans: list[Span] = [(f"{time} ", look.faint)]
        if width >= WIDE:
            spans.append((fit(view.role, 9, ellipsis=look.glyphs.ellipsis) + " ", look.muted))
        new = tokens(view.prompt_tokens - view.cached_tokens) if done else nothing
        cached = tokens(view.cached_tokens) if done else nothing
        spans += [(f"{new:>6} ", look.text), (f"{cached:>6} ", look.muted)]
        spans.append((f"{tokens(view.output_tokens) if done else nothing:>6} ", look.text))
        if width >= MEDIUM:
            spans.append((f"{seconds(view.ttft, nothing):>5} {rate(view.decode_rate, nothing):>5} ", look.muted))
        took = frame.now - view.at if view.state == "running" else view.seconds
        spans.append((f"{seconds(took, nothing):>5} ", look.text))
        spans.append((fit(stop_word(view), 9, ellipsis=look.glyphs.ellipsis) + " ", _style(view, look)))
        spans += self._what(view, look)
        return spans

    @staticmethod
    def _what(view: RequestView, look: Look) -> list[Span]:
        ascii_only = look.glyphs.ascii_only
        tools = visible(" ".join(view.tools), ascii_only=ascii_only)
        acts = act_words(view)
        acts = plain(acts) if ascii_only else acts
        middle = f" {look.glyphs.middle} " if tools and (acts or view.error) else ""
        error = visible(view.error, ascii_only=ascii_only)
        return [(tools, look.name), (middle, look.faint), (acts or error, look.warn if acts else look.bad)]

    # -- keys and mouse ---------------------------------------------------------------------------------------------

    def action_move(self, by: int) -> None:
        """Move the cursor; at the end it follows again."""
        self._cursor.move(self.keys, by)
        self._follows = self._cursor.index == len(self._views) - 1
        self.redraw()

    def action_page(self, by: int) -> None:
        """Move the cursor by what is in view."""
        self.action_move(by * max(self.size.height - 2, 1))

    def action_edge(self, by: int) -> None:
        """Move the cursor to one end."""
        self.action_move(by * len(self._views))

    def on_focus(self, _event: Focus) -> None:
        """The cursor shows where keys go."""
        self.redraw()

    def on_blur(self, _event: Blur) -> None:
        """The cursor rests."""
        self.redraw()

    def on_mouse_scroll_down(self, event: MouseScrollDown) -> None:
        """The wheel moves the cursor."""
        event.stop()
        self.action_move(1)

    def on_mouse_scroll_up(self, event: MouseScrollUp) -> None:
        """The wheel moves the cursor."""
        event.stop()
        self.action_move(-1)

    def on_click(self, event: Click) -> None:
        """A click chooses, a double click opens."""
        offset = event.get_content_offset(self)
        row = self._cursor.top + offset.y - 1 if offset is not None else -1
        if offset is None or offset.y < 1 or row >= len(self._views):
            return
        self.action_move(row - self._cursor.index)
        if event.chain == 2:
            self.post_message(self.Opened())


def _align(word: str) -> Align:
    return "right" if word == "right" else "left"


def _style(view: RequestView, look: Look) -> Style:
    return {"failed": look.bad, "cancelled": look.warn, "running": look.good}.get(view.state, look.muted)
