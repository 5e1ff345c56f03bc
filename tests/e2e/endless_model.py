"""A model server whose answers never end, so that a stream is certainly in flight when a test wants one."""

from __future__ import annotations

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from typing import Any, Self

import httpx


class Endless(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        model = {"id": "endless", "object": "model", "meta": {"n_ctx": 8192}}
        facts: dict[str, Any] = {"/health": {"status": "ok"}, "/v1/models": {"object": "list", "data": [model]}}
        body = json.dumps(facts.get(self.path, {"error": {"code": 404, "message": "no", "type": "not_found_error"}}))
        self.send_response(200 if self.path in facts else 404)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("content-length", 0)))
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        try:
            for number in count(1):
                choice = {"index": 0, "delta": {"content": f"word{number} "}, "finish_reason": None}
                chunk = {"id": "c", "object": "chat.completion.chunk", "model": "endless", "choices": [choice]}
                data = b"data: " + json.dumps(chunk).encode() + b"\n\n"
                self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
                time.sleep(0.05)
        except OSError:
            self.close_connection = True

    def log_message(self, *args: object) -> None:
        pass


class EndlessModel:
    """Serves on a free port of loopback from entering the block to leaving it."""

    def __enter__(self) -> Self:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Endless)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/v1"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


class StreamingClient:
    """One streamed Messages API request on a thread; `received` grows while it runs."""

    def __init__(self, url: str, user_agent: str = "test", token: str = "", **changes: Any) -> None:
        """`changes` replace fields of the body."""
        self.received = ""
        self._url = url
        self._headers = {"user-agent": user_agent} | ({"x-api-key": token} if token else {})
        self._body = {"model": "m", "max_tokens": 1000, "stream": True, **changes}
        self._body.setdefault("messages", [{"role": "user", "content": "go on"}])
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    @property
    def text(self) -> str:
        """The words that came whole."""
        events = [line.removeprefix("data: ") for line in self.received.splitlines() if "text_delta" in line]
        return "".join(json.loads(event)["delta"]["text"] for event in events)

    @property
    def streaming(self) -> bool:
        return "text_delta" in self.received

    def wait(self) -> str:
        """Everything that was received, once the answer ended."""
        self._thread.join(20)
        assert not self._thread.is_alive(), "the answer did not end"
        return self.received

    def _run(self) -> None:
        try:
            with (
                httpx.Client(trust_env=False, timeout=20) as http,
                http.stream("POST", f"{self._url}/v1/messages", json=self._body, headers=self._headers) as answer,
            ):
                for text in answer.iter_text():
                    self.received += text
        except httpx.HTTPError as error:
            self.received += f"\n<{type(error).__name__}: {error}>"
