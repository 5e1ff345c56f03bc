"""The processes under load: how each is started and asked, and what it costs."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.load import Connection, WrongAnswer

LOAD_CPU, TARGET_CPU = 1, 0
START_SECONDS = 20.0


@dataclass(slots=True)
class Target:
    """`command` and `environment` start it in `folder`; `path` is where it is asked, `end` ends a whole answer."""

    name: str
    command: list[str]
    environment: dict[str, str]
    port: int
    path: str
    end: bytes
    folder: Path | None = None
    process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    async def start(self, body: bytes, chunks: int) -> float:
        """Start it; seconds until its first good answer."""
        began = time.perf_counter()
        self.process = start(self.command, self.environment, TARGET_CPU, self.folder)
        while True:
            connection = Connection(self.port)
            try:
                (await connection.ask(self.path, body)).check(chunks, self.end)
                return time.perf_counter() - began
            except (OSError, WrongAnswer):
                if time.perf_counter() - began > START_SECONDS or self.process.poll() is not None:
                    raise
                await asyncio.sleep(0.01)
            finally:
                connection.close()

    @property
    def pid(self) -> int:
        """Of its process, 0 before it was started."""
        return self.process.pid if self.process is not None else 0

    @property
    def cpu(self) -> float:
        """Seconds of CPU time so far, all threads together."""
        tasks = Path(f"/proc/{self.pid}/task").glob("*/schedstat")
        return sum(int(task.read_text().split()[0]) for task in tasks) / 1e9

    @property
    def memory(self) -> float:
        """Resident memory in MB."""
        pages = int(Path(f"/proc/{self.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 2**20

    def stop(self) -> None:
        """End it."""
        if self.process is not None:
            self.process.terminate()
            self.process.wait(10)


def start(
    command: list[str], environment: dict[str, str], cpu: int, folder: Path | None = None
) -> subprocess.Popen[bytes]:
    """Start a process on one CPU, if the machine has that many."""
    process = subprocess.Popen(  # noqa: S603 - only this package's own commands come here
        command, env=os.environ | environment, stdout=subprocess.DEVNULL, cwd=folder
    )
    if (os.cpu_count() or 1) > 1:
        os.sched_setaffinity(process.pid, {cpu})
    return process


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def passthrough(upstream: int) -> Target:
    """The bound: uvicorn and httpx, bytes in and bytes out."""
    port = free_port()
    serve = ["-m", "uvicorn", "benchmarks.passthrough:app", "--port", str(port), "--log-level", "warning"]
    return Target(
        "passthrough",
        [sys.executable, *serve, "--no-access-log"],
        {"UPSTREAM": f"http://127.0.0.1:{upstream}"},
        port,
        "/v1/chat/completions",
        b"data: [DONE]",
    )


def product(upstream: int, name: str = "interlock", folder: Path | None = None) -> Target:
    """The product as shipped; of another commit when the packages in `folder` are."""
    port = free_port()
    environment = {
        "PROXY_HOST": "127.0.0.1",
        "PROXY_PORT": str(port),
        "PROXY_LOG_LEVEL": "WARNING",
        "LLAMA_CPP_BASE": f"http://127.0.0.1:{upstream}",
    }
    command = [sys.executable, "-m", "console", "--no-tui"]
    return Target(name, command, environment, port, "/v1/messages", b'"message_stop"', folder)
