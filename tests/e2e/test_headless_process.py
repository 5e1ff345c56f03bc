"""The process without a console: exit statuses, drains, pipes that break, engines that fail."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from proxy_core.listening import bind
from tests.e2e.conftest import Start
from tests.e2e.endless_model import EndlessModel, StreamingClient
from tests.e2e.terminal import FULL_SCREEN, environment, free_port, until

COMMAND = [sys.executable, "-m", "console"]


def piped(tmp_path: Path, *arguments: str, **env: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [*COMMAND, *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=tmp_path,
        env=environment(tmp_path, **env),
    )


def serves(url: str) -> bool:
    try:
        return httpx.get(f"{url}/health", trust_env=False, timeout=5).status_code in {200, 503}
    except httpx.HTTPError:
        return False


def test_a_busy_port_is_one_plain_line_before_any_screen(start: Start) -> None:
    with bind("127.0.0.1", 0) as taken:
        port = str(taken.getsockname()[1])
        terminal = start("--port", port)
        assert terminal.status() == 69
    (line,) = terminal.output.decode().splitlines()
    assert line.startswith(f"interlock: port {port} on 127.0.0.1 is in use by another program; try --port ")
    assert FULL_SCREEN not in terminal.output


def test_the_demo_takes_another_port_unless_one_was_asked_for(tmp_path: Path) -> None:
    code = "from dataclasses import replace\nimport proxy_core.settings as s, sys\nfrom console.__main__ import main\n"
    with bind("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        code += f"spec = s.Settings.__init__\ns.Settings.__init__.__kwdefaults__['port'] = {port}\n"
        code += "sys.exit(main(['--no-tui', '--demo']))"
        process = subprocess.Popen(
            [sys.executable, "-c", code],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment(tmp_path),
            cwd=tmp_path,
        )
        assert process.stderr is not None
        first = process.stderr.readline().decode()
        process.terminate()
        process.communicate(timeout=20)
    assert first.startswith(f"interlock: port {port} is in use; the demo takes ")


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGHUP, 129)], ids=str)
def test_signals_end_it_in_order(tmp_path: Path, number: signal.Signals, status: int) -> None:
    port = free_port()
    process = piped(tmp_path, "--no-tui", "--port", str(port))
    until(lambda: serves(f"http://127.0.0.1:{port}"), "the proxy to serve")
    process.send_signal(number)
    out, error = process.communicate(timeout=20)
    assert process.returncode == status
    kinds = [json.loads(line)["kind"] for line in out.splitlines()]
    assert kinds[0] == "server.started"
    assert kinds[-1] == "summary"
    assert b"Traceback" not in error


@pytest.mark.parametrize("count", [1, 2], ids=["after the grace", "at once by a second signal"])
def test_streams_in_flight_are_told_before_the_end(tmp_path: Path, model: EndlessModel, count: int) -> None:
    port = free_port()
    process = piped(tmp_path, "--no-tui", "--port", str(port), "--upstream", model.url)
    until(lambda: serves(f"http://127.0.0.1:{port}"), "the proxy to serve")
    client = StreamingClient(f"http://127.0.0.1:{port}")
    until(lambda: client.streaming, "a stream in flight")
    for _ in range(count):
        process.send_signal(signal.SIGTERM)
    assert "event: error" in client.wait()
    assert "overloaded_error" in client.received
    assert "message_stop" not in client.received
    process.communicate(timeout=20)
    assert process.returncode == 143


def test_without_a_terminal_it_prints_json_lines_and_says_why(tmp_path: Path) -> None:
    process = piped(tmp_path, "--port", "0")
    assert process.stdout is not None
    first = json.loads(process.stdout.readline())
    process.terminate()
    out, error = process.communicate(timeout=20)
    assert first["kind"] == "server.started"
    assert b"\x1b" not in out + error
    assert b"no terminal for the console" in error
    assert process.returncode == 143


def test_a_dumb_terminal_gets_plain_lines(start: Start) -> None:
    terminal = start("--port", "0", TERM="dumb")
    terminal.wait_for("server.started")
    terminal.press("\x03")
    assert terminal.status() == 130
    assert b"\x1b" not in terminal.output


@pytest.mark.parametrize("env", [{"TERM": "dumb"}, {"TERM": ""}], ids=["dumb", "no TERM"])
def test_the_console_cannot_be_forced_onto_a_dumb_terminal(start: Start, env: dict[str, str]) -> None:
    terminal = start("--tui", **env)
    assert terminal.status() == 2
    assert "--tui needs a terminal" in terminal.output.decode()


def test_the_console_cannot_be_forced_into_a_pipe(tmp_path: Path) -> None:
    process = piped(tmp_path, "--tui")
    out, error = process.communicate(timeout=20)
    assert (process.returncode, out) == (2, b"")
    assert b"--tui needs a terminal" in error


def test_a_broken_pipe_ends_the_lines_but_not_the_proxy(tmp_path: Path, model: EndlessModel) -> None:
    port = free_port()
    process = piped(tmp_path, "--no-tui", "--port", str(port), "--upstream", model.url, "--log-level", "debug")
    assert process.stdout is not None
    process.stdout.readline()
    process.stdout.close()
    client = StreamingClient(f"http://127.0.0.1:{port}")
    until(lambda: client.streaming, "a stream after the pipe broke")
    process.terminate()
    assert process.wait(20) == 143
    assert process.stderr is not None
    assert b"Traceback" not in process.stderr.read()


def test_a_reader_that_stopped_reading_does_not_hold_up_the_end(tmp_path: Path) -> None:
    port = free_port()
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    try:
        while True:
            os.write(writer, b"x" * 4096)
    except BlockingIOError:
        os.set_blocking(writer, True)
    process = subprocess.Popen(
        [*COMMAND, "--no-tui", "--port", str(port)],
        stdin=subprocess.DEVNULL,
        stdout=writer,
        stderr=subprocess.PIPE,
        env=environment(tmp_path),
        cwd=tmp_path,
    )
    os.close(writer)
    until(lambda: serves(f"http://127.0.0.1:{port}"), "the proxy to serve")
    process.terminate()
    assert process.wait(20) == 143
    os.close(reader)


FAILS_AT_START = """
from proxy_core.engine import Engine
async def start(self):
    secret = "s3cret"
    raise SystemExit(3)
Engine.start = start
"""
FAILS_LATER = """
import asyncio, time
from proxy_core.engine import Engine
original = Engine.start
def fail():
    raise SystemExit(3)
async def start(self):
    await original(self)
    asyncio.get_running_loop().call_later(0.7, fail)
Engine.start = start
"""


@pytest.mark.parametrize("code", [FAILS_AT_START, FAILS_LATER], ids=["at the start", "later"])
def test_a_failed_engine_is_one_line_and_exit_status_70(start: Start, code: str) -> None:
    terminal = start("--no-tui", "--port", "0", code=code)
    assert terminal.status() == 70
    text = terminal.output.decode()
    assert "interlock: the engine failed: SystemExit: 3; details in " in text
    assert "Traceback" not in text
    assert "s3cret" not in text


def test_the_log_file_can_be_unwritable(tmp_path: Path) -> None:
    process = piped(tmp_path, "--no-tui", "--port", "0", "--log-file", "/proc/no/such.log")
    assert process.stdout is not None
    lines = [json.loads(process.stdout.readline()) for _ in range(2)]
    process.terminate()
    _, error = process.communicate(timeout=20)
    assert [line["kind"] for line in lines] == ["log", "server.started"]
    assert "cannot be written" in lines[0]["text"]
    assert process.returncode == 143
    assert b"Traceback" not in error
