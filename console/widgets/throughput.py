"""One curve of the traffic of the last minutes, under a title with the figure of now."""

from __future__ import annotations

from textual.strip import Strip

from console.format import minute, rate, seconds
from console.frame import Frame
from console.series import Curve, Measure, curve, end_of, recent, span_of
from console.widgets.chart import Colour, Plot, drawn, nice_top
from console.widgets.lines import Panel

TITLES: dict[Measure, str] = {"decode": "decode", "prefill": "prefill", "ttft": "first token"}
COLOURS: dict[Measure, Colour] = {"decode": "good", "prefill": "name", "ttft": "accent"}
EVERY = 1.0
"""A chart is made anew at most once in so many seconds, and only when its curve moved."""


class ThroughputChart(Panel):
    """Decoded or prefilled tokens a second, or times to the first token."""

    def __init__(self, measure: Measure) -> None:
        super().__init__(id=f"chart-{measure}", classes="chart")
        self._measure: Measure = measure
        self._made_at = float("-inf")
        self._made_of: tuple[object, ...] = ()
        self._made: list[Strip] = []

    def draw(self, frame: Frame) -> list[Strip]:
        """The chart, or the one of before while it would be the same or is younger than `EVERY`."""
        width, height = self.size
        shape = (width, height, id(frame.look))
        if self._made_of[:3] == shape and 0 <= frame.now - self._made_at < EVERY:
            return self._made
        samples = frame.snapshot.samples
        steps = max(min(width - 6, 150), 10)
        end = end_of(samples, frame.now)
        shown = curve(samples, self._measure, end, span_of(samples, end), steps)
        self._entitle(frame, shown)
        self._made_at = frame.now
        if self._made_of != (*shape, shown):
            self._made_of = (*shape, shown)
            self._made = drawn(self._plot(shown), width, height, frame.look)
        return self._made

    def _plot(self, shown: Curve) -> Plot:
        return Plot(
            values=shown.values,
            left=minute(shown.start),
            right=minute(shown.end),
            top=nice_top(shown.top, 1.0 if self._measure == "ttft" else 10.0),
            colour=COLOURS[self._measure],
        )

    def _entitle(self, frame: Frame, shown: Curve) -> None:
        look = frame.look
        value = recent(frame.snapshot.samples, self._measure, frame.now)
        unit, figure, peak = (
            ("", seconds(value, look.glyphs.nothing), seconds(max(shown.top, value or 0.0)))
            if self._measure == "ttft"
            else (" tok/s", rate(value, look.glyphs.nothing), rate(max(shown.top, value or 0.0)))
        )
        spans = [(TITLES[self._measure], look.muted), (f" {figure}{unit}", look.strong)]
        if shown.top:
            spans.append((f" {look.glyphs.middle} peak {peak}", look.muted))
        self.entitle(spans)
