"""One answer of the scripted server: prefill with its progress, then reasoning, text and calls, piece by piece."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from console.demo.conversation import Prompt
from console.demo.loose_json import as_list, as_object
from console.demo.script import Reply, dice
from console.demo.slots import Slots
from proxy_core.translate.types import JsonObject

MODEL = "demo-script-7b"
PREFILL_RATE = 4000.0
DECODE_RATE = 34.0
BATCH = 2048
PIECE = re.compile(r"\s*[^\s]{1,7}|\s+")

Piece = tuple[JsonObject, str]
"""A delta, and the text that `max_tokens` and `stop` are measured on."""


@dataclass(slots=True)
class Completion:
    """Makes the chunks of one answer. Times in seconds; `pause` is an additional silence before the first token."""

    prompt: Prompt
    reply: Reply
    slots: Slots
    pause: float = 0.0
    finish_reason: str = "stop"
    decoded: int = 0
    cached: int = 0
    _began: float = field(default_factory=time.monotonic)
    _first: float = 0.0

    @property
    def identity(self) -> str:
        """Identifier of the completion; the same prompt gives the same."""
        return f"chatcmpl-{dice(self.prompt.parts[-1], len(self.prompt.parts)).getrandbits(96):024x}"

    async def chunks(self) -> AsyncIterator[JsonObject]:
        """Chunks as llama.cpp sends them, in its pace."""
        async for progress in self._prefill():
            yield progress
        yield self.chunk({"role": "assistant", "content": None})
        self._first = time.monotonic()
        for delta in self._within_limit():
            yield self.chunk(delta)
            self.decoded += 1
            late = self._first + self.decoded / DECODE_RATE - time.monotonic()
            await asyncio.sleep(max(late, 0.0))
        yield self.chunk({}, self.finish_reason)
        yield {**self.chunk({}), "choices": [], "usage": self.usage(), "timings": self.timings()}

    def chunk(self, delta: JsonObject, finish_reason: str | None = None) -> JsonObject:
        """One chunk of the stream."""
        return {
            "choices": [{"finish_reason": finish_reason, "index": 0, "delta": delta}],
            "created": int(time.time()),
            "id": self.identity,
            "model": MODEL,
            "system_fingerprint": "demo",
            "object": "chat.completion.chunk",
        }

    def usage(self) -> JsonObject:
        """Tokens of prompt and answer."""
        prompt = self.prompt.tokens
        return {
            "completion_tokens": self.decoded,
            "prompt_tokens": prompt,
            "total_tokens": prompt + self.decoded,
            "prompt_tokens_details": {"cached_tokens": self.cached},
        }

    def timings(self) -> JsonObject:
        """Times of prefill and decode, milliseconds and tokens a second."""
        read, prompt_ms = self.prompt.tokens - self.cached, max((self._first - self._began) * 1000, 1.0)
        decode_ms = max((time.monotonic() - self._first) * 1000, 1.0)
        return {
            "cache_n": self.cached,
            "prompt_n": read,
            "prompt_ms": prompt_ms,
            "prompt_per_second": read / prompt_ms * 1000,
            "predicted_n": self.decoded,
            "predicted_ms": decode_ms,
            "predicted_per_second": self.decoded / decode_ms * 1000,
        }

    async def _prefill(self) -> AsyncIterator[JsonObject]:
        total = self.prompt.tokens
        self.cached = self.slots.known_tokens(self.prompt.parts)
        processed = self.cached
        await asyncio.sleep(self.pause)
        while True:
            if self.prompt.body.get("return_progress"):
                yield self._progress(total, processed)
            if processed >= total:
                break
            step = min(BATCH, total - processed)
            await asyncio.sleep(step / PREFILL_RATE)
            processed += step
        self.slots.remember(self.prompt.parts)

    def _progress(self, total: int, processed: int) -> JsonObject:
        spent = int((time.monotonic() - self._began) * 1000)
        state = {"total": total, "cache": self.cached, "processed": processed, "time_ms": spent}
        return {**self.chunk({"role": "assistant", "content": None}), "prompt_progress": state}

    def _within_limit(self) -> list[JsonObject]:
        """The deltas of the answer, cut at `max_tokens` or before a stop string."""
        body = self.prompt.body
        limit = body.get("max_tokens") or body.get("max_completion_tokens") or 0
        thinks = as_object(body.get("chat_template_kwargs")).get("enable_thinking") is not False
        text, stopped = _cut_at_stop(self.reply.text, body.get("stop"))
        deltas: list[JsonObject] = []
        if thinks and body.get("reasoning_effort") != "none":
            deltas += [{"reasoning_content": piece} for piece in PIECE.findall(self.reply.reasoning)]
        deltas += [{"content": piece} for piece in PIECE.findall(text)]
        if self.reply.calls and not stopped:
            deltas += self._call_deltas()
            self.finish_reason = "tool_calls"
        if isinstance(limit, int) and 0 < limit < len(deltas):
            self.finish_reason = "length"
            return deltas[:limit]
        return deltas

    def _call_deltas(self) -> list[JsonObject]:
        deltas: list[JsonObject] = []
        for index, call in enumerate(self.reply.calls):
            identity = f"{dice(self.identity, index).getrandbits(128):032x}"
            pieces = PIECE.findall(json.dumps(call.arguments, ensure_ascii=False))
            function = {"name": call.name, "arguments": pieces[0]}
            first = {"index": index, "id": identity, "type": "function", "function": function}
            deltas.append({"tool_calls": [first]})
            deltas += [{"tool_calls": [{"index": index, "function": {"arguments": piece}}]} for piece in pieces[1:]]
        return deltas


def _cut_at_stop(text: str, stop: object) -> tuple[str, bool]:
    stops = [stop] if isinstance(stop, str) else [str(one) for one in as_list(stop)]
    places = [place for place in (text.find(one) for one in stops if one) if place >= 0]
    return (text[: min(places)], True) if places else (text, False)


def whole(completion: Completion, chunks: list[JsonObject]) -> JsonObject:
    """The chunks of an answer as one `chat.completion` object, for a client that does not stream."""
    message: JsonObject = {"role": "assistant", "content": ""}
    calls: list[JsonObject] = []
    for chunk in chunks:
        for choice in chunk["choices"]:
            delta = choice["delta"]
            for key in ("content", "reasoning_content"):
                if delta.get(key):
                    message[key] = message.get(key, "") + delta[key]
            for part in delta.get("tool_calls", []):
                if "id" in part:
                    calls.append({key: part[key] for key in ("id", "type")} | {"function": dict(part["function"])})
                else:
                    calls[-1]["function"]["arguments"] += part["function"]["arguments"]
    if calls:
        message["tool_calls"] = calls
    last = chunks[-1]
    choice = {"finish_reason": completion.finish_reason, "index": 0, "message": message}
    return {**last, "object": "chat.completion", "choices": [choice]}
