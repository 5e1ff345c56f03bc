"""The scripted model server: answers as llama.cpp does, on the routes that a proxy and a curious person ask for."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import suppress

from starlette.types import Receive, Scope, Send

from console.demo.completion import MODEL, Completion, whole
from console.demo.conversation import Prompt, count_text, read_prompt, reply
from console.demo.slots import Slots
from proxy_core.translate.types import JsonObject

SLOTS = 4
WINDOW = 32_768
BUSY_EVERY = 41
SLOW_EVERY = 23
SLOW_SECONDS = 8.0
"""Every so many requests of the sample agents one is refused as busy, or waits before its first token."""


class Refused(Exception):
    """An error answer: status and llama.cpp's error type."""

    def __init__(self, status: int, kind: str, message: str, **more: int) -> None:
        super().__init__(message)
        self.status = status
        self.body: JsonObject = {"error": {"code": status, "message": message, "type": kind, **more}}


class ScriptedUpstream:
    """An ASGI application; it lives on one event loop."""

    def __init__(self) -> None:
        self._slots = Slots(SLOTS)
        self._agents_requests = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; a client that leaves ends the work at once."""
        body = await _read(receive)
        answering = asyncio.create_task(self._answer(scope["method"], scope["path"], body, send))
        leaving = asyncio.create_task(_until_gone(receive))
        try:
            await asyncio.wait({answering, leaving}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (answering, leaving):
                task.cancel()
            with suppress(asyncio.CancelledError):
                await answering

    async def _answer(self, method: str, path: str, raw: bytes, send: Send) -> None:
        try:
            if method == "POST":
                await self._post(path, _parse(raw), send)
            else:
                await _respond(send, 200, self._fact(path))
        except Refused as refusal:
            await _respond(send, refusal.status, refusal.body)

    async def _post(self, path: str, body: JsonObject, send: Send) -> None:
        if path.endswith("/tokenize"):
            tokens = list(range(count_text(str(body.get("content", "")))))
            await _respond(send, 200, {"tokens": tokens})
            return
        if not path.endswith(("/chat/completions", "/input_tokens")):
            raise Refused(404, "not_found_error", "File Not Found")
        try:
            prompt = read_prompt(body)
        except ValueError as error:
            raise Refused(400, "invalid_request_error", str(error)) from None
        if path.endswith("/input_tokens"):
            await _respond(send, 200, {"input_tokens": prompt.tokens, "object": "response.input_tokens"})
            return
        await self._complete(prompt, send)

    async def _complete(self, prompt: Prompt, send: Send) -> None:
        if prompt.tokens > WINDOW:
            text = (
                f"request ({prompt.tokens} tokens) exceeds the available context size ({WINDOW} tokens), "
                "try increasing it"
            )
            kind = "exceed_context_size_error"
            raise Refused(400, kind, text, n_prompt_tokens=prompt.tokens, n_ctx=WINDOW)
        pause = self._staged_trouble() if prompt.story is not None else 0.0
        async with self._slots.hold() as slot:
            slot.held = prompt.tokens
            completion = Completion(prompt, reply(prompt), self._slots, pause)
            if prompt.body.get("stream"):
                await _stream(send, completion.chunks())
            else:
                chunks = [chunk async for chunk in completion.chunks()]
                await _respond(send, 200, whole(completion, chunks))

    def _staged_trouble(self) -> float:
        """Seconds to wait for this request of a sample agent. Raises `Refused` where a busy server is to be shown."""
        self._agents_requests += 1
        if self._agents_requests % BUSY_EVERY == 0:
            raise Refused(503, "unavailable_error", "no slot available (staged by the demo)")
        return SLOW_SECONDS if self._agents_requests % SLOW_EVERY == 0 else 0.0

    def _fact(self, path: str) -> JsonObject | list[JsonObject]:
        meta = {"n_ctx": WINDOW, "n_ctx_train": 131_072, "n_params": 7_000_000_000, "vocab_type": 2}
        model = {"id": MODEL, "object": "model", "created": 1_700_000_000, "owned_by": "llamacpp", "meta": meta}
        facts: dict[str, JsonObject | list[JsonObject]] = {
            "/health": {"status": "ok"},
            "/props": {
                "default_generation_settings": {"n_ctx": WINDOW, "params": {}},
                "total_slots": SLOTS,
                "model_alias": MODEL,
                "model_path": f"/models/{MODEL}.gguf",
                "modalities": {"vision": False, "audio": False, "video": False},
                "endpoint_slots": True,
                "endpoint_metrics": False,
                "chat_template": "",
                "build_info": "interlock-demo",
            },
            "/models": {"object": "list", "data": [model]},
            "/slots": [
                {"id": slot.number, "n_ctx": WINDOW, "is_processing": slot.busy, "speculative": False}
                | ({"n_prompt_tokens": slot.held} if slot.held else {})
                for slot in self._slots.all
            ],
        }
        try:
            return facts[path.removeprefix("/v1")]
        except KeyError:
            raise Refused(404, "not_found_error", "File Not Found") from None


def _parse(raw: bytes) -> JsonObject:
    try:
        body = json.loads(raw)
    except ValueError as error:
        raise Refused(400, "invalid_request_error", str(error)) from None
    if not isinstance(body, dict):
        raise Refused(400, "invalid_request_error", "the body must be a JSON object")
    return body  # pyright: ignore[reportUnknownVariableType]


async def _read(receive: Receive) -> bytes:
    parts = bytearray()
    while True:
        message = await receive()
        parts += message.get("body", b"")
        if not message.get("more_body"):
            return bytes(parts)


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _respond(send: Send, status: int, body: JsonObject | list[JsonObject]) -> None:
    headers = [(b"content-type", b"application/json; charset=utf-8")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": json.dumps(body).encode()})


async def _stream(send: Send, chunks: AsyncIterator[JsonObject]) -> None:
    headers = [(b"content-type", b"text/event-stream")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    async for chunk in chunks:
        data = b"data: " + json.dumps(chunk, ensure_ascii=False).encode() + b"\n\n"
        await send({"type": "http.response.body", "body": data, "more_body": True})
    await send({"type": "http.response.body", "body": b"data: [DONE]\n\n"})
