"""The proxy as a person runs it, `interlock --no-tui` in a process of its own, and the SDK's client for it."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx
from anthropic import AsyncAnthropic

from tests.realserver.server import free_port

COMMAND = Path(sys.executable).parent / "interlock"
READY_SECONDS = 30.0
STOP_SECONDS = 10.0


class Interlock:
    """A proxy before the model server at `upstream`; use it as a context manager. `settings` by environment name."""

    def __init__(self, upstream: str, **settings: str) -> None:
        self.port = free_port()
        self.base = f"http://127.0.0.1:{self.port}"
        self._settings = {"LLAMA_CPP_BASE": upstream, "PROXY_PORT": str(self.port)} | settings
        self._folder = tempfile.TemporaryDirectory(prefix="interlock-")
        self._log = Path(self._folder.name) / "output"
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        # an empty folder and environment: neither a .env nor the tester's own settings reach the proxy
        environment = {"PATH": "/usr/bin:/bin", "HOME": self._folder.name, "PROXY_LOG_LEVEL": "debug"} | self._settings
        with self._log.open("wb") as output:
            self._process = subprocess.Popen(
                [str(COMMAND), "--no-tui"],
                cwd=self._folder.name,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )
        try:
            self._wait_until_it_serves(self._process)
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """End the process with SIGTERM."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._folder.cleanup()

    def client(self, **options: Any) -> AsyncAnthropic:
        """The SDK's client, which shows every failure at once unless `max_retries` says otherwise."""
        usual: dict[str, Any] = {"base_url": self.base, "api_key": "unused", "max_retries": 0}
        return AsyncAnthropic(**(usual | options))

    def context(self) -> dict[str, Any]:
        """What GET /v1/context says."""
        return httpx.get(f"{self.base}/v1/context", trust_env=False).json()

    def _wait_until_it_serves(self, process: subprocess.Popen[bytes]) -> None:
        end = time.monotonic() + READY_SECONDS
        while time.monotonic() < end and process.poll() is None:
            try:
                if httpx.get(f"{self.base}/health", trust_env=False).status_code == 200:
                    return
            except httpx.TransportError:
                pass
            time.sleep(0.05)
        raise RuntimeError("the proxy does not serve:\n" + self._log.read_text(errors="replace")[-2000:])
