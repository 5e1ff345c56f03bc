"""What keys and the wheel do in every list and every long text: one set of keys, handled in one place."""

from __future__ import annotations

from typing import ClassVar

from textual.events import Blur, Focus, MouseScrollDown, MouseScrollUp

from console.keymap import LIST, bindings
from console.widgets.lines import Lines


class Scrolled(Lines, can_focus=True):
    """Lines that keys go through. Subclasses say in `action_move` what going by some of `count` entries means.

    Textual calls the `on_` handlers of every class of a widget, so subclasses must not repeat those from here.
    """

    BINDINGS = bindings(LIST)
    WHEEL: ClassVar[int] = 1
    """Entries that the wheel goes by at a time."""
    KEPT: ClassVar[int] = 2
    """Lines that a page does not go on by: heads, and one entry that is seen again."""

    @property
    def count(self) -> int:
        """How many entries there are, in view or not."""
        raise NotImplementedError

    def action_move(self, by: int) -> None:
        """Go by some entries, and no further than the ends."""
        raise NotImplementedError

    def action_page(self, by: int) -> None:
        """Go by what is in view."""
        self.action_move(by * max(self.size.height - self.KEPT, 1))

    def action_edge(self, by: int) -> None:
        """Go to one end."""
        self.action_move(by * self.count)

    def on_focus(self, _event: Focus) -> None:
        """It shows that keys go here."""
        self.redraw()

    def on_blur(self, _event: Blur) -> None:
        """It shows that keys go elsewhere."""
        self.redraw()

    def on_mouse_scroll_down(self, event: MouseScrollDown) -> None:
        """The wheel is as good as keys."""
        event.stop()
        self.action_move(self.WHEEL)

    def on_mouse_scroll_up(self, event: MouseScrollUp) -> None:
        """The wheel is as good as keys."""
        event.stop()
        self.action_move(-self.WHEEL)
