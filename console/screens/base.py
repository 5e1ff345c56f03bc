"""What all screens of the console have in common."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, ClassVar, cast

from textual.app import SystemCommand
from textual.screen import Screen

from console.frame import Frame
from console.keymap import Scope
from console.widgets.lines import Lines

if TYPE_CHECKING:
    from console.app import ConsoleApp


class ConsoleScreen(Screen[None]):
    """A screen whose lines show each frame, beginning with the one of its mount."""

    SCOPE: ClassVar[Scope]
    """Its own keys."""

    @property
    def console(self) -> ConsoleApp:
        """The app, with what it knows beyond Textual's."""
        return cast("ConsoleApp", self.app)

    def can(self, action: str) -> bool:  # noqa: ARG002 - for subclasses
        """Whether the action of one of its keys has a point now; the palette leaves out those that have none."""
        return True

    def offers(self) -> Iterable[SystemCommand]:
        """What the palette offers here beside what keys do."""
        return ()

    def on_mount(self) -> None:
        """Show what there is."""
        self.show(self.console.frame)

    def on_screen_resume(self) -> None:
        """The frames of the meantime went to another screen."""
        self.show(self.console.frame)

    def show(self, frame: Frame) -> None:
        """Hand the frame to everything that shows one."""
        for widget in self.query(Lines):
            widget.show(frame)
