"""`python -m benchmarks.soak`: a working day in minutes; exit status 1 when something grew.

The engine and the console in one process, as shipped, at 140x40; a model server in another one.
"""

from __future__ import annotations

import argparse
import asyncio
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import linear_regression, mean, median

from benchmarks.soak.day import Day
from benchmarks.soak.traffic import Traffic
from benchmarks.soak.watching import Watch, Window
from benchmarks.target import free_port
from console.app import ConsoleApp
from console.local_port import LocalPort
from proxy_core.api.app import create_app
from proxy_core.engine import Engine
from proxy_core.listening import bind, url_of
from proxy_core.live_settings import LiveSettings, SettingsView
from proxy_core.server import EngineThread
from proxy_core.settings import SPECS, Settings

SIZE = (140, 40)
WINDOWS = 10
WARM = 5
"""So many windows are the warm-up: by then all memories are full, and as many sessions are forgotten as come."""

MOST_GROWTH = 0.02
"""Share of its memory by which the process may seem to grow from the warm-up to the end, by the line through all."""

MOST_SLOWER = 1.25
"""By so much a tick of the last windows may cost more CPU than one of the first: two busy CPUs are that uneven."""


async def soak(sessions: int, turns: int, events: int) -> list[Window]:
    """Live through the day."""
    day, upstream_port = Day(), free_port()
    upstream = subprocess.Popen([sys.executable, "-m", "benchmarks.upstream", str(upstream_port)])  # noqa: ASYNC220, S603 - before anything runs
    try:
        with day.lived(), tempfile.TemporaryDirectory() as folder:
            return await _with_engine(day, upstream_port, Path(folder), (sessions, turns, events))
    finally:
        upstream.terminate()


async def _with_engine(day: Day, upstream_port: int, folder: Path, amount: tuple[int, int, int]) -> list[Window]:
    settings = Settings().changed(
        {"LLAMA_CPP_BASE": f"http://127.0.0.1:{upstream_port}", "PROXY_CONTEXT_WINDOW": 30_000}
    )
    view = SettingsView(settings, {spec.name: "default" for spec in SPECS})
    sock = bind("127.0.0.1", 0)
    engine = Engine(LiveSettings(view, folder / ".env"), url=url_of(sock))
    thread = EngineThread(engine, lambda: create_app(engine), sock)
    thread.start()
    try:
        return await _with_console(engine, thread, day, sock.getsockname()[1], amount)
    finally:
        thread.stop("now")
        thread.join(10)


async def _with_console(
    engine: Engine, thread: EngineThread, day: Day, port: int, amount: tuple[int, int, int]
) -> list[Window]:
    local = LocalPort(engine, thread)
    app = ConsoleApp(local, clock=day.now, ascii_only=False)
    traffic = Traffic(engine, thread, day, port)
    found: list[Window] = []
    async with app.run_test(size=SIZE):
        watch = Watch(engine, local, app, day)
        traffic.start(*amount)
        total = amount[0] * amount[1]
        for number in range(1, WINDOWS + 1):
            await traffic.until(total * number // WINDOWS)
            found.append(await watch.window(traffic.done))
            show(found[-1])
        app.exit()
    if app.crash is not None:
        raise app.crash
    return found


def show(window: Window) -> None:
    """One line of the table."""
    print(
        f"{window.requests:>9,}{window.events:>12,}{window.memory:>11.1f}{window.tick:>12.2f}"
        f"{window.sessions:>10}{window.records:>9}{window.texts:>9.1f}",
        flush=True,
    )


def verdict(found: list[Window]) -> list[str]:
    """What grew, in words."""
    steady = found[WARM:]
    slope, _ = linear_regression([float(window.requests) for window in steady], [window.memory for window in steady])
    grown = slope * (steady[-1].requests - steady[0].requests)
    share = grown / mean(window.memory for window in steady)
    slower = median(window.tick for window in found[-3:]) / median(window.tick for window in found[1:4])
    print(f"\nmemory after the warm-up: {grown:+.1f} MB ({share:+.1%}, at most {MOST_GROWTH:.0%})")
    print(f"a tick in the last three tenths: {slower:.2f} times one in the second to fourth (at most {MOST_SLOWER})")
    wrong: list[str] = []
    if share > MOST_GROWTH:
        wrong.append("memory grows")
    if slower > MOST_SLOWER:
        wrong.append("the tick becomes slower")
    return wrong


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak")
    parser.add_argument("--sessions", type=int, default=200)
    parser.add_argument("--turns", type=int, default=25, help="requests of each session")
    parser.add_argument("--events", type=int, default=1_000_000)
    given = parser.parse_args()
    print(" requests      events  memory MB tick ms CPU  sessions  records texts MB")
    wrong = verdict(asyncio.run(soak(given.sessions, given.turns, given.events)))
    for words in wrong:
        print(words, file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
