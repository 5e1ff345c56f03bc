"""The process with the console on a real terminal: however it ends, the terminal is as before and agents are told."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from tests.e2e.conftest import Start
from tests.e2e.endless_model import EndlessModel, StreamingClient
from tests.e2e.terminal import FULL_SCREEN, ORDINARY_SCREEN, Terminal, environment, free_port, until

CRASH = """
import threading
from console.local_port import LocalPort
original = LocalPort.snapshot
calls = 0
def snapshot(self):
    global calls
    if threading.current_thread() is not threading.main_thread():
        return original(self)
    api_key = "s3cret-value"
    calls += 1
    if calls > 4:
        raise LookupError(f"lost {len(api_key)}")
    return original(self)
LocalPort.snapshot = snapshot
"""
ENGINE_FAILS = """
import asyncio
from proxy_core.engine import Engine
original = Engine.start
def fail():
    raise SystemExit(3)
async def start(self):
    await original(self)
    asyncio.get_running_loop().call_later(2.0, fail)
Engine.start = start
"""
NOISE = """
import logging, os, sys, threading, time, warnings
def noise():
    while not logging.getLogger().handlers:
        time.sleep(0.01)
    for number in range(15):
        logging.getLogger("uvicorn.error").error("NOISE-%d", number)
        logging.getLogger("asyncio").warning("NOISE-%d", number)
        warnings.warn(f"NOISE-{number}")
        time.sleep(0.1)
    1 // 0
threading.Thread(target=noise, daemon=True).start()
"""
IGNORES_HANG_UPS = "import signal; signal.signal(signal.SIGHUP, signal.SIG_IGN)"


def shown(terminal: Terminal) -> None:
    """The console has the screen and is drawn."""
    until(lambda: FULL_SCREEN in terminal.output, "the full screen")
    terminal.wait_for("SERVING")


def streaming(url: str) -> StreamingClient:
    client = StreamingClient(url)
    until(lambda: client.streaming or "<" in client.received, "a stream in flight")
    assert client.streaming, client.received
    return client


@pytest.mark.parametrize(("number", "status"), [(signal.SIGHUP, 129), (signal.SIGINT, 130)], ids=str)
def test_signals_give_the_terminal_back(start: Start, number: signal.Signals, status: int) -> None:
    terminal = start("--port", "0")
    shown(terminal)
    terminal.signal(number)
    assert terminal.status() == status
    assert terminal.given_back() == []
    assert b"Traceback" not in terminal.output


def test_ctrl_c_quits_at_once_when_nothing_runs(start: Start) -> None:
    terminal = start("--port", "0")
    shown(terminal)
    terminal.press("\x03")
    assert terminal.status() == 0
    assert terminal.given_back() == []


def test_quitting_with_streams_in_flight_asks_and_then_tells_the_agents(start: Start, model: EndlessModel) -> None:
    port = free_port()
    terminal = start("--port", str(port), "--upstream", model.url)
    shown(terminal)
    client = streaming(f"http://127.0.0.1:{port}")
    terminal.wait_for("1 active")
    terminal.press("\x03")
    terminal.wait_for("drain")
    assert terminal.process.poll() is None
    terminal.press("\x03")
    assert "overloaded_error" in client.wait()
    assert "message_stop" not in client.received
    assert terminal.status() == 0
    assert terminal.given_back() == []
    assert b"Traceback" not in terminal.output


def test_a_signal_with_streams_in_flight_tells_the_agents(start: Start, model: EndlessModel) -> None:
    port = free_port()
    terminal = start("--port", str(port), "--upstream", model.url)
    shown(terminal)
    client = streaming(f"http://127.0.0.1:{port}")
    terminal.signal(signal.SIGTERM)
    assert "overloaded_error" in client.wait()
    assert terminal.status() == 143
    assert terminal.given_back() == []


def test_a_crash_of_the_console_leaves_the_proxy_serving(start: Start, model: EndlessModel, tmp_path: Path) -> None:
    port = free_port()
    terminal = start("--port", str(port), "--upstream", model.url, code=CRASH)
    until(lambda: b"the console failed" in terminal.output, "the word about the crash")
    client = streaming(f"http://127.0.0.1:{port}")
    assert f"the console failed (LookupError); the proxy serves on at http://127.0.0.1:{port}" in terminal.text
    assert terminal.output.rfind(ORDINARY_SCREEN) > terminal.output.rfind(FULL_SCREEN)
    log = (tmp_path / "interlock" / "interlock.log").read_text()
    assert "LookupError: lost 12" in log
    for place in (log, terminal.output.decode()):
        assert "s3cret-value" not in place
    assert b"Traceback" not in terminal.output
    terminal.press("\x03")
    assert terminal.status() == 130
    assert terminal.given_back() == []
    assert "overloaded_error" in client.wait()


def test_a_failed_engine_ends_the_console_with_exit_status_70(start: Start) -> None:
    terminal = start("--port", "0", code=ENGINE_FAILS)
    shown(terminal)
    assert terminal.status() == 70
    assert terminal.given_back() == []
    assert b"interlock: the engine failed: SystemExit: 3" in terminal.output


def test_logging_does_not_paint_over_the_console(start: Start, tmp_path: Path) -> None:
    terminal = start("--port", "0", code=NOISE)
    shown(terminal)
    log = tmp_path / "interlock" / "interlock.log"
    until(lambda: log.exists() and "ZeroDivisionError" in log.read_text(), "the noise to end")
    terminal.press("q")
    assert terminal.status() == 0
    # What is logged may be drawn by the console as an event, but only between taking the screen and giving it back.
    before, _, rest = terminal.output.partition(FULL_SCREEN)
    drawn, _, after = rest.rpartition(ORDINARY_SCREEN)
    assert b"NOISE" not in before + after
    assert re.search(rb"NOISE-\d+\r?\n", drawn) is None, "a handler's raw line"
    assert b"Traceback" not in terminal.output


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_a_lost_terminal_ends_it(start: Start) -> None:
    terminal = start("--port", "0")
    shown(terminal)
    terminal.hang_up()
    assert terminal.status() == 129


def test_one_that_ignores_hang_ups_serves_on_quietly_without_its_terminal(start: Start) -> None:
    port = free_port()
    terminal = start("--port", str(port), code=IGNORES_HANG_UPS)
    shown(terminal)
    terminal.hang_up()
    time.sleep(0.5)
    before = cpu_seconds(terminal.process.pid)
    time.sleep(1.5)
    assert cpu_seconds(terminal.process.pid) - before < 0.75, "it must not spin on a terminal that is gone"
    assert httpx.get(f"http://127.0.0.1:{port}/v1/models", trust_env=False, timeout=5).status_code == 200
    terminal.signal(signal.SIGTERM)
    assert terminal.status() == 143


@pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed")
def test_inside_tmux(tmp_path: Path) -> None:
    def tmux(*words: str) -> str:
        command = ["tmux", "-S", str(tmp_path / "socket"), "-f", "/dev/null", *words]
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment(tmp_path))
        return done.stdout

    line = f"{sys.executable} -m console --port 0; echo status=$?; exec sleep 60"
    tmux("new-session", "-d", "-x", "120", "-y", "36", "-s", "t", line)
    try:
        until(lambda: "SERVING" in tmux("capture-pane", "-p", "-t", "t"), "the console inside tmux")
        tmux("send-keys", "-t", "t", "q")
        until(lambda: "status=0" in tmux("capture-pane", "-p", "-t", "t"), "the end inside tmux")
        assert tmux("display-message", "-p", "-t", "t", "#{alternate_on}").strip() == "0"
    finally:
        tmux("kill-server")
