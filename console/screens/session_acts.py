"""What an operator can do to one session. Whatever cannot be taken back is asked first."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from console.format import counted, visible
from console.screens.confirm import ConfirmScreen
from console.screens.override import OverrideScreen
from proxy_core.commands import CancelSession, Command, HoldSession, PruneNow, ReleaseSession, ResetLoop
from proxy_core.snapshot import SessionView

if TYPE_CHECKING:
    from console.app import ConsoleApp


def cancel(app: ConsoleApp, view: SessionView) -> None:
    """Cancel what it has in flight."""
    if not view.active:
        app.notify(f"{name_of(app, view)} has nothing in flight", markup=False)
        return
    question = f"Cancel {counted(view.active, 'request')} of"
    _ask(app, view, question, CancelSession(view.key), "The model server stops at once; the agent gets an error.")


def hold(app: ConsoleApp, view: SessionView) -> None:
    """Hold it; one that is held is released at once."""
    if view.held:
        app.tell(ReleaseSession(view.key))
    else:
        key = app.frame.key("session.hold")
        consequence = f"Its new requests wait until it is released with {key}; streaming agents are kept alive."
        _ask(app, view, "Hold", HoldSession(view.key), consequence)


def reset(app: ConsoleApp, view: SessionView) -> None:
    """Begin the loop breaker's ladder anew."""
    consequence = "What came before no longer counts as a loop."
    _ask(app, view, "Reset the loop breaker of", ResetLoop(view.key), consequence)


def prune(app: ConsoleApp, view: SessionView) -> None:
    """Prune at the next request."""
    consequence = "Its next request is cut down as if the threshold were reached; what is cut stays cut, and the\n"
    consequence += "model server reads everything behind the cut anew."
    _ask(app, view, "Prune", PruneNow(view.key), consequence)


def override(app: ConsoleApp, view: SessionView) -> None:
    """Guardrail settings for it alone."""
    app.push_screen(OverrideScreen(view.key, visible(view.short, ascii_only=app.look.glyphs.ascii_only)))


@dataclass(frozen=True, slots=True)
class Act:
    """One of these by the id of its key, in words that begin with the session's name, and where it has a point."""

    key: str
    words: str
    run: Callable[[ConsoleApp, SessionView], None]
    applies: Callable[[SessionView], bool] = lambda _view: True


ACTS = (
    Act("session.cancel", "cancel what is in flight", cancel, lambda view: view.active > 0),
    Act("session.hold", "hold it", hold, lambda view: not view.held),
    Act("session.hold", "release it", hold, lambda view: view.held),
    Act("session.reset", "reset the loop breaker", reset),
    Act("session.prune", "prune at its next request", prune),
    Act("session.override", "override guardrails for it alone", override),
)


def name_of(app: ConsoleApp, view: SessionView) -> str:
    """What a session is called where there is room for its name."""
    return visible(f"{view.short} {view.label}", ascii_only=app.look.glyphs.ascii_only)


def _ask(app: ConsoleApp, view: SessionView, verb: str, command: Command, consequence: str) -> None:
    def answered(yes: bool | None) -> None:
        if yes:
            app.tell(command)

    app.push_screen(ConfirmScreen(f"{verb} {name_of(app, view)}?", consequence), answered)
