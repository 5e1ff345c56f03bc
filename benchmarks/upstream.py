"""A model server that costs nothing: it answers every request with a stream that was written beforehand.

Its answer is asked for by the name of the user, which a proxy hands on: `bench-KIND-CHUNKS-PER_WRITE`, KIND being text,
tool or reasoning, and behind it, where there shall be pauses between the writes, `-MILLISECONDS`.
"""

from __future__ import annotations

import asyncio
import functools
import re
import sys

import orjson

from proxy_core.server import new_loop

SERIAL = "{:08d} lorem "
"""The text of a chunk: its number, by which a lost or doubled one is found."""

_WISH = re.compile(rb'"bench-(text|tool|reasoning)-(\d+)-(\d+)(?:-(\d+))?"')
_LENGTH = re.compile(rb"(?i)content-length:\s*(\d+)")
_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"


def _event(delta: dict[str, object], finish: str | None = None, **more: object) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    chunk = {"id": "chatcmpl-bench", "object": "chat.completion.chunk", "created": 1, "model": "bench"}
    data = b"data: " + orjson.dumps(chunk | {"choices": [choice]} | more) + b"\n\n"
    return b"%x\r\n%s\r\n" % (len(data), data)


def _delta(kind: str, number: int, chunks: int) -> dict[str, object]:
    text = SERIAL.format(number)
    if kind == "reasoning" and number < chunks // 2:
        return {"reasoning_content": text}
    if kind != "tool":
        return {"content": text}
    text = ('{"content":"' if not number else "") + text + ('"}' if number == chunks - 1 else "")
    call: dict[str, object] = {"index": 0, "function": {"arguments": text}}
    if not number:
        call |= {"id": "call_bench", "type": "function", "function": {"name": "tool_00", "arguments": text}}
    return {"tool_calls": [call]}


@functools.cache
def answer(kind: str, chunks: int, per_write: int, prompt: int = 1000) -> tuple[bytes, ...]:
    """The writes of an answer, `per_write` chunks to one; each event is an HTTP chunk of its own.

    `prompt`: the tokens that it claims to have read.
    """
    events = [_event(_delta(kind, number, chunks)) for number in range(chunks)]
    writes = [b"".join(events[at : at + per_write]) for at in range(0, chunks, per_write)]
    usage = {"prompt_tokens": prompt, "completion_tokens": chunks}
    last = _event({}, "tool_calls" if kind == "tool" else "stop", usage=usage) + b"e\r\ndata: [DONE]\n\n\r\n0\r\n\r\n"
    return (_HEAD + _event({"role": "assistant"}), *writes, last)


class Server(asyncio.Protocol):
    """One connection of a client, kept alive."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._missing = -1
        self._tasks: set[asyncio.Task[None]] = set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Somebody connected."""
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Part of a request came."""
        self._parts.append(data)
        if self._missing < 0:
            head, found, rest = b"".join(self._parts).partition(b"\r\n\r\n")
            if not found:
                return
            length = _LENGTH.search(head)
            self._missing = (int(length[1]) if length else 0) - len(rest)
        else:
            self._missing -= len(data)
        if self._missing == 0:
            request, self._parts, self._missing = b"".join(self._parts), [], -1
            task = asyncio.ensure_future(self._answer(request))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _answer(self, request: bytes) -> None:
        write = self._transport.write  # type: ignore[attr-defined]
        wish = _WISH.search(request)
        if wish is None:
            body = b'{"data":[{"id":"bench","meta":{"n_ctx":4000000}}]}'
            write(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(body) + body)
            return
        loop, pause = asyncio.get_running_loop(), int(wish[4] or 0) / 1000
        due = loop.time()
        for data in answer(wish[1].decode(), int(wish[2]), int(wish[3]), len(request) // 4 + 1):
            if self._transport.is_closing():
                return
            write(data)
            due += pause
            await asyncio.sleep(max(due - loop.time(), 0) if pause else 0)


async def main(port: int) -> None:
    """Serve until somebody ends the process."""
    server = await asyncio.get_running_loop().create_server(Server, "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    new_loop().run_until_complete(main(int(sys.argv[1])))
