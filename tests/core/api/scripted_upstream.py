"""A model server whose every byte and pause a test decides; it notes when its clients hang up."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any


def chunk(delta: dict[str, Any] | None = None, finish: str | None = None, **extra: Any) -> bytes:
    """One Chat Completions chunk as a server-sent event."""
    choices = [] if delta is None else [{"index": 0, "delta": delta, "finish_reason": finish}]
    document = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": choices, **extra}
    return b"data: " + json.dumps(document).encode() + b"\n\n"


DONE = b"data: [DONE]\n\n"
USAGE = chunk(usage={"prompt_tokens": 12, "completion_tokens": 3, "total_tokens": 15})
HELLO = (chunk({"role": "assistant", "content": "hel"}), chunk({"content": "lo"}), chunk({}, "stop"), USAGE, DONE)


@dataclass
class Call:
    """One Chat Completions request, and the means to answer it."""

    body: dict[str, Any]
    headers: dict[str, str]
    writer: asyncio.StreamWriter
    reader: asyncio.StreamReader
    closed: asyncio.Event = field(default_factory=asyncio.Event)

    async def start_stream(self) -> None:
        """Send the headers of a streamed answer."""
        head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
        await self._write(head.encode())

    async def send(self, *events: bytes) -> None:
        """Send events, each as an HTTP chunk of its own."""
        for event in events:
            await self._write(f"{len(event):x}\r\n".encode() + event + b"\r\n")

    async def end(self) -> None:
        """End the streamed answer properly."""
        await self._write(b"0\r\n\r\n")

    async def stream(self, *events: bytes) -> None:
        """A whole streamed answer."""
        await self.start_stream()
        await self.send(*events)
        await self.end()

    async def answer(self, status: int, body: Any, headers: str = "") -> None:
        """A whole JSON answer."""
        content = json.dumps(body).encode()
        head = (
            f"HTTP/1.1 {status} X\r\ncontent-type: application/json\r\n{headers}content-length: {len(content)}\r\n\r\n"
        )
        await self._write(head.encode() + content)

    async def cut(self) -> None:
        """Close the connection in the middle of the answer."""
        self.writer.close()

    async def until_client_leaves(self) -> None:
        """Wait until the proxy hangs up."""
        await self.reader.read(1)
        self.closed.set()

    async def _write(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()


Script = Callable[[Call], Awaitable[None]]


async def hello(call: Call) -> None:
    """The answer "hello"."""
    await call.stream(*HELLO)


class ScriptedUpstream:
    """Listens on a free loopback port; `script` answers each Chat Completions request."""

    def __init__(self, script: Script = hello) -> None:
        self.script = script
        self.calls: list[Call] = []
        self.connections = 0
        self.port = 0
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._serving: set[asyncio.Task[None]] = set()

    @property
    def base(self) -> str:
        """LLAMA_CPP_BASE for this server."""
        return f"http://127.0.0.1:{self.port}/v1"

    async def start(self, port: int = 0) -> None:
        """Listen."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Stop listening and drop every connection, whatever its script is waiting for."""
        if self._server is not None:
            self._server.close()
        for writer in self._writers:
            writer.close()
        for task in self._serving:
            task.cancel()
        await asyncio.gather(*self._serving, return_exceptions=True)

    async def next_call(self, number: int = 1) -> Call:
        """The `number`th call, waiting for it."""
        async with asyncio.timeout(5):
            while len(self.calls) < number:
                await asyncio.sleep(0.005)
        return self.calls[number - 1]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._serving.add(task)
        task.add_done_callback(self._serving.discard)
        self.connections += 1
        self._writers.add(writer)
        try:
            while await self._one(reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            self._writers.discard(writer)
            writer.close()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        first, *lines = head.strip().split("\r\n")
        method, path, _ = first.split(" ")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        raw = await reader.readexactly(int(headers.get("content-length", "0")))
        call = Call(json.loads(raw) if raw else {}, headers, writer, reader)
        if method == "POST" and path.endswith("/chat/completions"):
            self.calls.append(call)
            await self.script(call)
        elif path == "/health":
            await call.answer(200, {"status": "ok"})
        elif path.endswith("/models"):
            await call.answer(200, {"data": [{"id": "tiny", "object": "model", "meta": {"n_ctx": 4096}}]})
        elif path == "/props":
            settings = {"n_ctx": 4096}
            await call.answer(200, {"default_generation_settings": settings, "total_slots": 2, "model_alias": "tiny"})
        else:
            await call.answer(404, {"error": {"message": "File Not Found", "type": "not_found_error", "code": 404}})
        return not writer.is_closing()
