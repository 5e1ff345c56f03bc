"""`interlock attach`: the console on a proxy that runs elsewhere, which goes on when the console ends."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from console.attach_link import CannotAttach
from console.attach_port import AttachPort
from console.http_link import LinkFailed
from console.terminal import console_fits, leave_full_screen, say, terminal_kept
from console.verbs import UNAVAILABLE, USAGE_ERROR, Wanted

if TYPE_CHECKING:
    from console.app import ConsoleApp

CONSOLE_FAILED = 70


def attach(wanted: Wanted) -> int:
    """Show the console until the operator leaves; the exit status."""
    in_browser = bool(os.environ.get("TEXTUAL_DRIVER"))
    if not in_browser and not console_fits(os.environ):
        say("attach needs a terminal on stdin and stdout (and TERM set to more than dumb)")
        return USAGE_ERROR
    try:
        port = AttachPort(wanted.url, wanted.token)
        port.connect()
    except (CannotAttach, LinkFailed) as error:
        say(str(error))
        return UNAVAILABLE
    try:
        return _show(port, wanted, in_browser=in_browser)
    finally:
        port.close()


def _show(port: AttachPort, wanted: Wanted, *, in_browser: bool) -> int:
    from console.app import ConsoleApp
    from console.driver import TerminalDriver
    from console.keys_file import load_keys

    keys = load_keys(wanted.keys, os.environ)
    app = ConsoleApp(port, clock=port.clock, ascii_only=wanted.ascii_only or None, attached=True, keys=keys)
    if not in_browser:
        app.driver_class = TerminalDriver
    crash = _run(app)
    if crash is not None:
        say(f"the console failed ({type(crash).__name__}); the proxy serves on at {port.url}")
        return CONSOLE_FAILED
    return app.return_code or 0


def _run(app: ConsoleApp) -> BaseException | None:
    """Run it to its end; what it died of."""
    try:
        with terminal_kept():
            app.run()
    except Exception as error:  # noqa: BLE001 - a traceback would show what must stay secret
        leave_full_screen()
        return error
    return app.crash
