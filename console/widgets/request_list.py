"""The requests of one session as a list, newest at the bottom; the cursor follows until it is moved up."""

from __future__ import annotations

from rich.style import Style
from textual.strip import Strip

from console.cursor import Cursor
from console.event_text import tokens
from console.format import Align, clock, fit, minute, plain, rate, seconds, visible
from console.frame import Frame
from console.request_text import act_words, stop_word
from console.theme import Look
from console.widgets.choice_list import ChoiceList
from console.widgets.lines import Span, cut, strip
from proxy_core.record_views import RequestView

WIDE, MEDIUM = 110, 78


class RequestList(ChoiceList):
    """A line a request: when, what for, tokens new, cached and written, times, why it stopped, and what was done."""

    def __init__(self) -> None:
        super().__init__(id="requests")
        self._views: tuple[RequestView, ...] = ()
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
        spans = [(f"{look.glyphs.cursor if here else ' '} ", look.accent), *self._figures(view, frame, width)]
        return strip(cut(spans, width, look.glyphs.ellipsis), self.below(look, chosen=here))

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

    def action_move(self, by: int) -> None:
        """Move the cursor; at the end it follows again."""
        super().action_move(by)
        self._follows = self._cursor.index == len(self._views) - 1


def _align(word: str) -> Align:
    return "right" if word == "right" else "left"


def _style(view: RequestView, look: Look) -> Style:
    return {"failed": look.bad, "cancelled": look.warn, "running": look.good}.get(view.state, look.muted)
