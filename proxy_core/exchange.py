"""The model server's side of one turn: one streaming call, read to its end and given on as Messages API events."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AsyncExitStack, aclosing
from dataclasses import dataclass, replace

import httpx
import orjson

from proxy_core.events import AnswerContinued, EngineEvent, RequestAltered, UpstreamRetried
from proxy_core.guardrails.again import Again
from proxy_core.guardrails.grammar_memory import GrammarMemory
from proxy_core.guardrails.rails import Rails, RailsPolicy
from proxy_core.guardrails.reasoning import ReasoningFallback
from proxy_core.throughput import Throughput
from proxy_core.translate.errors import ApiError, is_grammar_error
from proxy_core.translate.request import ChatRequest
from proxy_core.translate.response import completion_to_chunks
from proxy_core.translate.sse import SseReader
from proxy_core.translate.stream import StreamConverter, StreamOptions
from proxy_core.translate.tool_schemas import parameter_schemas
from proxy_core.translate.types import Change, Event, JsonObject
from proxy_core.translate.usage import Timings, Usage
from proxy_core.turn import Turn, new_message_id
from proxy_core.upstream.answer_body import read_json, read_to_end
from proxy_core.upstream.client import Answer, UpstreamClient, transport_error

BEFORE_SHOWN = 200

Publish = Callable[[EngineEvent], None]

Recover = Callable[[Turn, ApiError], Awaitable[JsonObject | None]]
"""Gives the body to send once more after a refusal; may raise the `ApiError` that the client is to have instead."""


@dataclass(frozen=True, slots=True)
class Road:
    """What an exchange needs of the engine."""

    upstream: UpstreamClient
    url: str
    publish: Publish
    throughput: Throughput
    recover: Recover
    grammars: GrammarMemory


@dataclass(slots=True)
class Outcome:
    """What an exchange came to: tokens, llama.cpp's timings, why it stopped and which tools were called."""

    usage: Usage
    timings: Timings | None
    stop_reason: str
    tools_called: tuple[str, ...]


class Exchange:
    """Runs one turn upstream; `outcome` tells what it came to when it is over.

    `ending`: text with which a guardrail ends the turn; then the model server is not asked at all.
    """

    def __init__(self, turn: Turn, chat: ChatRequest, road: Road, policy: RailsPolicy, ending: str = "") -> None:
        self.turn = turn
        self.chat = chat
        self._road = road
        self._ending = ending
        self._schemas = parameter_schemas(chat.body)
        self._message_id = new_message_id()
        self.converter = self._new_converter()
        self._rails = Rails(policy, self._schemas)
        self._first: Usage | None = None
        settings = turn.settings
        self._fallback = ReasoningFallback(settings.stream_reasoning_fallback, settings.stream_reasoning_max_chars)

    def _new_converter(self) -> StreamConverter:
        turn, chat = self.turn, self.chat
        return StreamConverter(
            message_id=self._message_id,
            model=turn.model,
            input_tokens=turn.input_tokens,
            tool_names=chat.tool_names,
            tool_schemas=self._schemas,
            stop_sequences=chat.stop_sequences,
            max_tokens=turn.body.get("max_tokens"),
            options=StreamOptions(text_tool_calls=turn.settings.text_tool_calls, live=turn.stream),
        )

    @property
    def outcome(self) -> Outcome:
        """What the answer came to, both tries together: the prompt of the first, the tokens written in both."""
        usage, converter = self.converter.usage, self.converter
        if self._first is not None:
            usage = replace(self._first, output_tokens=self._first.output_tokens + usage.output_tokens)
        return Outcome(usage, converter.timings, converter.stop_reason or "end_turn", tuple(converter.tools_called))

    def opening(self) -> list[Event]:
        """The `message_start`; may go out as soon as the client should see that work has begun."""
        return self.converter.start()

    async def run(self) -> AsyncGenerator[list[Event]]:
        """The events after `message_start`, batch by batch as they are read; the last batch ends with `message_stop`.

        Raises `ApiError` for every way in which there is no complete answer; what was given before stands.
        """
        await self.turn.let_through()
        if self._ending:
            yield self._spoken(self._ending)
            return
        async with aclosing(self._try(self.chat.body)) as batches:
            async for events in batches:
                yield events
        again = self._rails.again()
        if again is not None:
            async with aclosing(self._try_again(again)) as batches:
                async for events in batches:
                    yield events
        yield self._fallback.process(self._rails.ending(self.converter.usage.wire()))
        for change in self._rails.changes:
            self._altered(change)

    async def _try_again(self, again: Again) -> AsyncGenerator[list[Event]]:
        """The one further try, in the same message; when it fails, the first answer stands as it is."""
        began, first = time.monotonic(), self.converter
        self._rails.begin_again(again, first.usage.wire())
        self._first, self.converter = first.usage, self._new_converter()
        outcome = "failed"
        try:
            async with aclosing(self._try(again.body(self.chat.body))) as batches:
                async for events in batches:
                    yield events
            outcome = "call" if self.converter.tools_called else "text"
        except ApiError as error:
            outcome = f"failed: {error.message}"
            self._rails.fall_back()
            self.converter, self._first = first, None
        finally:
            self._continued(again, outcome, time.monotonic() - began)

    async def _try(self, body: JsonObject) -> AsyncGenerator[list[Event]]:
        """One call of the model server, read to its end or until the rails cut it."""
        async with AsyncExitStack() as opened:
            response = await self._open(opened, body)
            self.turn.enter("prefill")
            if response.headers.get("content-type", "").startswith("application/json"):
                answer = await read_json(response, self._road.url)
                self.turn.record.hears(orjson.dumps(answer))
                yield self._whole(answer)
                return
            reader = SseReader()
            incoming = response.aiter_raw()
            try:
                async for data in incoming:
                    self.turn.record.hears(data)
                    events = self._convert(reader.feed(data))
                    if events:
                        yield events
                    if reader.done or self.converter.failure is not None or self._rails.cut:
                        break
            except httpx.HTTPError as error:
                if not self.converter.finish_seen:
                    raise transport_error(error, self._road.url) from error
            if self._rails.cut:
                return
            yield self._sound(self._convert(reader.close()))
            yield self._sound(self._end(done=reader.done))
            await read_to_end(incoming)

    def _spoken(self, text: str) -> list[Event]:
        """An answer of the proxy's own, in the shape of the model's."""
        choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
        tokens = {"prompt_tokens": self.turn.input_tokens, "completion_tokens": max(len(text) // 4, 1)}
        events = self._whole({"choices": [choice], "usage": tokens})
        return events + self._rails.ending(self.converter.usage.wire())

    async def _open(self, opened: AsyncExitStack, body: JsonObject) -> Answer:
        """Send the request; once more with simpler tool schemas after a refused grammar, or cut after an overflow."""
        try:
            return await self._sent(opened, self._expressible(body))
        except ApiError as error:
            other = await self._other(body, error)
            if other is None:
                raise
            return await self._sent(opened, other)

    async def _other(self, body: JsonObject, error: ApiError) -> JsonObject | None:
        """The body to send after a refusal."""
        if is_grammar_error(error) and self._road.grammars.refuse(body):
            return self._expressible(body)
        if body is not self.chat.body:
            return None
        other = await self._road.recover(self.turn, error)
        self.chat = replace(self.chat, body=other or body)
        return self._expressible(other) if other is not None else None

    def _expressible(self, body: JsonObject) -> JsonObject:
        """The body with simpler tool schemas where the server refused these before; the session is told once."""
        simpler, changes = self._road.grammars.simplified(body)
        for change in self.turn.session.news(changes):
            self._altered(change)
        return simpler

    async def _sent(self, opened: AsyncExitStack, body: JsonObject) -> Answer:
        road, content = self._road, orjson.dumps(body)
        self.turn.record.sends(content)
        stream = road.upstream.stream(road.url, content, self.turn.settings, self._retried, self._waiting)
        return await opened.enter_async_context(stream)

    def _sound(self, events: list[Event]) -> list[Event]:
        """The last events, unless they show that the answer broke."""
        if self.converter.failure is not None:
            raise self.converter.failure
        return events

    def _whole(self, completion: JsonObject) -> list[Event]:
        """The events of an answer that came as one JSON object although a stream was asked for."""
        events = self._sound(self._convert(completion_to_chunks(completion)))
        return events + self._sound(self._end(done=True))

    def _convert(self, chunks: list[JsonObject]) -> list[Event]:
        converter = self.converter
        events: list[Event] = []
        for chunk in chunks:
            events += converter.feed(chunk)
        if not events:
            progress = converter.progress
            if progress is not None and progress.total:
                self.turn.prefill_done = progress.processed / progress.total
            return events
        self._observe(events)
        return self._fallback.process(self._rails.process(events))

    def _end(self, *, done: bool) -> list[Event]:
        return self._fallback.process(self._rails.process(self.converter.finish(done=done)))

    def _observe(self, events: list[Event]) -> None:
        """Note the phase and the pace; a delta is about one token."""
        turn = self.turn
        deltas = [event for event in events if event["type"] == "content_block_delta"]
        if not deltas:
            return
        now = time.time()
        first = turn.first_token is None
        turn.token("thinking" if deltas[-1]["delta"]["type"] == "thinking_delta" else "decode", len(deltas))
        if first and turn.ttft is not None:
            self._road.throughput.first_token(now, turn.ttft)
        self._road.throughput.decoded(now, len(deltas))

    def _altered(self, change: Change) -> None:
        turn = self.turn
        self._road.publish(
            RequestAltered(
                at=time.time(),
                session=turn.session.key,
                request=turn.request_id,
                what=change.what,
                why=change.why,
                before=change.before,
                after=change.after,
            )
        )

    def _continued(self, again: Again, outcome: str, seconds: float) -> None:
        turn = self.turn
        turn.session.acts[again.reason] += 1
        turn.session.continued_after[again.reason] = turn.human
        self._road.publish(
            AnswerContinued(
                at=time.time(),
                session=turn.session.key,
                request=turn.request_id,
                why=again.reason,
                before=again.said[-BEFORE_SHOWN:],
                outcome=outcome,
                tokens=self.converter.usage.output_tokens,
                seconds=seconds,
            )
        )

    def _retried(self, reason: str, attempt: int, pause: float) -> None:
        turn = self.turn
        self._road.publish(
            UpstreamRetried(
                at=time.time(),
                session=turn.session.key,
                request=turn.request_id,
                reason=reason,
                attempt=attempt,
                pause=pause,
            )
        )

    def _waiting(self, waiting: bool) -> None:
        self.turn.enter("connect" if waiting else "queued")
