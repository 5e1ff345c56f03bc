"""One run of Interlock: bind, log, start the engine, show a face until it ends, stop in order, give the exit status."""

from __future__ import annotations

import logging
import os
import signal
import socket
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from console import collector
from console.cli import CommandLine
from console.headless import Headless
from console.local_port import LocalPort
from console.signals import Signals
from console.terminal import TERMINAL_LOST, colour_allowed, console_fits, leave_full_screen, say, terminal_kept
from proxy_core import logs
from proxy_core.api.app import create_app
from proxy_core.engine import Engine
from proxy_core.listening import CannotListen, bind, url_of
from proxy_core.live_settings import DEFAULT_ENV_FILE, LiveSettings, SettingsView
from proxy_core.server import STOP_SECONDS, EngineFailed, EngineThread, StopMode, describe

if TYPE_CHECKING:
    from console.app import ConsoleApp
    from console.demo.world import DemoWorld

SIGNAL_GRACE = 2.0
"""After a signal, requests in flight have this long to end by themselves."""

OPERATOR_GRACE = 60.0
"""The same after the operator chose to drain, who can still choose "now"."""

CANNOT_LISTEN = 69
ENGINE_FAILED = 70


class Run:
    """The engine with its log, its demo and its faces, from `start` to `stop`."""

    def __init__(
        self, view: SettingsView, sock: socket.socket, signals: Signals, demo: DemoWorld | None, env_file: Path
    ) -> None:
        self._signals = signals
        self._demo = demo
        self._view = view
        self._app: ConsoleApp | None = None
        self.url = url_of(sock)
        self._engine = Engine(LiveSettings(view, env_file), url=self.url)
        self._thread = EngineThread(self._engine, lambda: create_app(self._engine), sock, self._engine_failed)
        self.port = LocalPort(self._engine, self._thread)
        self.log_file = self._start_log()

    @property
    def failed(self) -> bool:
        """Whether the engine ended by itself."""
        return self._thread.failure is not None

    def start(self) -> None:
        """Serve. Raises `EngineFailed`."""
        self._thread.start()
        if self._demo is not None:
            self._engine.events.publish(self._demo.hint(self.url))
            self._demo.begin(self.url, self._view.settings.auth_token)

    def headless(self) -> None:
        """Print events as lines until a signal comes or the engine fails."""
        lines = Headless(self.port, human=os.isatty(1), colour=colour_allowed(os.environ))
        lines.start()
        while not self._signals.caught and self._thread.running:
            self._signals.wait(5.0)
        self.stop("drain", SIGNAL_GRACE)
        lines.finish()

    def console(self, keys: Path | None) -> int | None:
        """Show the console; its exit status, or None when it is gone and the engine is to serve on."""
        status = 0
        try:
            status, crash = self._show_console(keys)
        except Exception as error:  # noqa: BLE001 - whatever the console dies of, the agents' traffic goes on
            crash = error
            leave_full_screen()
        self._signals.install()
        if crash is not None and not self.failed:
            self._tell_crash(crash)
            return None
        outlives_terminal = signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
        return None if status == TERMINAL_LOST and outlives_terminal else status

    def _show_console(self, keys: Path | None) -> tuple[int, BaseException | None]:
        from console.app import ConsoleApp
        from console.driver import TerminalDriver
        from console.keys_file import load_keys

        with terminal_kept():
            self._app = app = ConsoleApp(self.port, keys=load_keys(keys, os.environ))
            app.driver_class = TerminalDriver
            app.run()
        return app.return_code or 0, app.crash

    def stop_after_console(self, status: int) -> None:
        """End as the operator chose in the console, or as after a signal."""
        if status or self._app is None:
            self.stop("drain", SIGNAL_GRACE)
            return
        mode: StopMode = self._app.quit_mode
        if mode == "drain" and self._engine.active:
            say(f"finishing {self._engine.active} requests; ctrl+c ends them now")
        self.stop(mode, OPERATOR_GRACE)

    def stop(self, mode: StopMode, grace: float) -> None:
        """End everything in order; a further signal turns a drain into "now"."""
        if self._demo is not None:
            self._demo.end_agents()
        self._thread.stop(mode, grace)
        signals_before = len(self._signals.caught)
        left = grace + STOP_SECONDS
        while left > 0 and not self._thread.join(0.05):
            left -= 0.05
            if len(self._signals.caught) > signals_before:
                self._thread.stop("now")
                left = min(left, STOP_SECONDS)
        if self._demo is not None:
            self._demo.stop()

    def tell_failure(self) -> None:
        """Say in one line that the engine failed."""
        reason = describe(self._thread.failure) if self._thread.failure is not None else "it did not start"
        say(f"the engine failed: {self._masked(reason)}{self._where()}")

    def _start_log(self) -> Path | None:
        settings = self._view.settings
        path = Path(settings.log_file).expanduser() if settings.log_file else logs.default_path(os.environ)
        secrets = [str(settings.value(spec.name)) for spec in self._view.specs if spec.kind == "secret"]
        self._masked = logs.MaskingFormatter(secrets).mask
        return logs.configure(path, settings.log_level, self._engine.events, secrets)

    def _engine_failed(self) -> None:
        """On the engine's thread: end whichever face is shown."""
        self._signals.wake()
        if self._app is not None:
            with suppress(RuntimeError):  # the console is not running, or no longer
                self._app.call_from_thread(self._app.exit, None, ENGINE_FAILED)

    def _tell_crash(self, crash: BaseException) -> None:
        logging.getLogger(__name__).error("the console failed\n%s", logs.traceback_without_locals(crash))
        say(f"the console failed ({type(crash).__name__}); the proxy serves on at {self.url}{self._where()}")

    def _where(self) -> str:
        return f"; details in {self.log_file}" if self.log_file is not None else ""


def run(line: CommandLine, view: SettingsView) -> int:
    """Serve until the end; the exit status."""
    signals = Signals()
    signals.install()
    wants_console = line.face == "tui" or (line.face == "auto" and console_fits(os.environ))
    try:
        sock = _listen(line, view)
    except CannotListen as error:
        say(str(error))
        return CANNOT_LISTEN
    demo = _make_demo() if line.demo else None
    env_file = line.env_file or DEFAULT_ENV_FILE
    this = Run(view if demo is None else _on_demo(view, demo), sock, signals, demo, env_file)
    try:
        this.start()
    except EngineFailed:
        this.tell_failure()
        this.stop("now", 0.0)
        return ENGINE_FAILED
    collector.resume()
    _greet(this, line, wants_console=wants_console)
    status = this.console(line.keys) if wants_console and not signals.caught else None
    if status is None:
        this.headless()
    else:
        this.stop_after_console(status)
    if this.failed:
        this.tell_failure()
        return ENGINE_FAILED
    return status or signals.exit_status


def _listen(line: CommandLine, view: SettingsView) -> socket.socket:
    settings = view.settings
    try:
        return bind(settings.host, settings.port)
    except CannotListen:
        if not line.demo or view.sources["PROXY_PORT"] != "default":
            raise
    sock = bind(settings.host, 0)
    say(f"port {settings.port} is in use; the demo takes {sock.getsockname()[1]}")
    return sock


def _make_demo() -> DemoWorld:
    from console.demo.world import DemoWorld

    demo = DemoWorld()
    demo.start()
    return demo


def _on_demo(view: SettingsView, demo: DemoWorld) -> SettingsView:
    settings = view.settings.changed({"LLAMA_CPP_BASE": demo.upstream_url, "UPSTREAM_API_KEY": ""})
    return SettingsView(settings, {**view.sources, "LLAMA_CPP_BASE": "command line"})


def _greet(this: Run, line: CommandLine, *, wants_console: bool) -> None:
    """Say where the proxy is; below a console these lines stand in the ordinary screen for later."""
    if line.face == "auto" and not wants_console:
        say("no terminal for the console; events follow as lines")
    say(f"point your agent at it: ANTHROPIC_BASE_URL={this.url}")
    if line.demo and wants_console:
        from console.demo import curl_line

        say(f"or talk to the demo model: {curl_line(this.url)}")
    sys.stderr.flush()
