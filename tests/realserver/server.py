"""Start, watch and end one real llama.cpp server."""

from __future__ import annotations

import json
import socket
import subprocess
import time
from types import TracebackType
from typing import Any, Self

import httpx

from tests.realserver import installation

READY_SECONDS = 60.0
STOP_SECONDS = 10.0


def free_port() -> int:
    """A loopback port that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class LlamaServer:
    """A llama.cpp server with a tiny model; use it as a context manager.

    `window` is each slot's context window in tokens. `params` are attributes of xllamacpp.CommonParams
    (n_batch, kv_unified, "sampling.temp" ...). A stopped server can be started again, on the same port.
    """

    def __init__(
        self, model: str = "tiny", *, slots: int = 1, window: int = 8192, api_key: str = "", **params: Any
    ) -> None:
        self.port = free_port()
        self.base = f"http://127.0.0.1:{self.port}"
        self.slots = slots
        self.window = window
        self.params = params
        self._model = model
        self._key = api_key
        self._process: subprocess.Popen[bytes] | None = None
        headers = {"authorization": f"Bearer {api_key}"} if api_key else {}
        self.http = httpx.Client(base_url=self.base, headers=headers, timeout=30.0, trust_env=False)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    def start(self, *, wait: bool = True) -> None:
        """Start the process, and wait until it serves."""
        params = {"n_parallel": self.slots, "n_ctx": self.window * self.slots, **self.params}
        if self._key:
            params["api_keys"] = [self._key]
        settings = {"model": str(installation.model(self._model)), "port": self.port, "params": params}
        log = installation.home() / f"server-{self.port}.log"
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                [str(installation.python()), str(installation.HERE / "serve.py"), json.dumps(settings)],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )
        if wait:
            self.wait_for_health(200)
        log.unlink()  # the process writes on; its disk space is freed when it ends

    def wait_for_health(self, status: int) -> None:
        """Return once /health answers with this status; raises RuntimeError when it does not in time."""
        end = time.monotonic() + READY_SECONDS
        while time.monotonic() < end:
            if self._process is None or self._process.poll() is not None:
                break
            if self.health() == status:
                return
            time.sleep(0.005)
        self.stop()
        raise RuntimeError(f"the llama.cpp server on port {self.port} did not come to health {status}")

    def health(self) -> int:
        """The status of /health: 503 while loading, 200 when ready, 0 when nothing listens."""
        try:
            return self.http.get("/health", timeout=5.0).status_code
        except httpx.TransportError:
            return 0

    def stop(self) -> None:
        """End the process in order."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.kill()

    def kill(self) -> None:
        """End the process at once, in the middle of whatever it does."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def busy_slots(self) -> int:
        """How many slots work at this moment."""
        return sum(bool(slot["is_processing"]) for slot in self._slots())

    def decoded(self) -> list[int]:
        """The tokens that each working slot has written so far; 0 while it reads its prompt."""
        working = [slot for slot in self._slots() if slot["is_processing"]]
        return [sum(int(state["n_decoded"]) for state in slot.get("next_token", ())) for slot in working]

    def _slots(self) -> list[dict[str, Any]]:
        return self.http.get("/slots").json()

    def count(self, body: dict[str, Any]) -> int:
        """The exact number of prompt tokens of a Chat Completions body, template and tools included."""
        return int(self.http.post("/v1/chat/completions/input_tokens", json=body).json()["input_tokens"])
