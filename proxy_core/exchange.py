"""The model server's side of one turn: one streaming call, read to its end and given on as Messages API events."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

import orjson

from proxy_core.events import AnswerContinued
from proxy_core.guardrails.again import Again
from proxy_core.guardrails.rails import Rails, RailsPolicy
from proxy_core.guardrails.reasoning import ReasoningFallback
from proxy_core.sending import Road, Sending
from proxy_core.translate.errors import ApiError
from proxy_core.translate.request import ChatRequest
from proxy_core.translate.response import completion_to_chunks
from proxy_core.translate.runs import Run
from proxy_core.translate.sse import SseReader
from proxy_core.translate.stream import StreamConverter, StreamOptions
from proxy_core.translate.tool_schemas import parameter_schemas
from proxy_core.translate.types import Event, JsonObject
from proxy_core.translate.usage import Timings, Usage
from proxy_core.turn import Turn, new_message_id
from proxy_core.upstream.answer_body import read_json, read_to_end
from proxy_core.upstream.client import Answer, transport_error
from proxy_core.upstream.connection import LinkError

BEFORE_SHOWN = 200

Give: TypeAlias = Callable[[list[Event]], Awaitable[None]]
"""Takes events on their way to the client, all that came in one read; there may be none."""


@dataclass(slots=True)
class Outcome:
    """What an exchange came to: tokens, llama.cpp's timings, why it stopped and which tools were called.

    `asked` is false where the proxy itself gave the answer; its usage is then of no model's making.
    """

    usage: Usage
    timings: Timings | None
    stop_reason: str
    tools_called: tuple[str, ...]
    asked: bool = True


class Exchange:
    """Runs one turn upstream; `outcome` tells what it came to when it is over.

    `ending`: text with which a guardrail ends the turn; then the model server is not asked at all.
    """

    def __init__(self, turn: Turn, chat: ChatRequest, road: Road, policy: RailsPolicy, ending: str = "") -> None:
        self.turn = turn
        self._sending = Sending(turn, chat, road)
        self._road = road
        self._policy = policy
        self._ending = ending
        self._begun = False
        self._message_id = new_message_id()
        self._first: Usage | None = None
        self._counted = 0

    def _begin(self) -> None:
        """Make ready for the answer, once: when the request is on its way, so that nobody waits for it."""
        if self._begun:
            return
        self._begun = True
        chat, settings = self._sending.chat, self.turn.settings
        self._road.measure(self.turn, chat)
        self._schemas = parameter_schemas([*chat.body.get("tools", ()), *chat.hidden])
        self.converter = self._new_converter()
        self._rails = Rails(self._policy, self._schemas)
        self._fallback = ReasoningFallback(settings.stream_reasoning_fallback, settings.stream_reasoning_max_chars)

    def _new_converter(self) -> StreamConverter:
        turn, chat = self.turn, self._sending.chat
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
        tools, stop = tuple(converter.tools_called), converter.stop_reason or "end_turn"
        return Outcome(usage, converter.timings, stop, tools, asked=not self._ending)

    def opening(self) -> list[Event]:
        """The `message_start`; may go out as soon as the client should see that work has begun."""
        self._begin()
        return self.converter.start()

    async def run(self, give: Give) -> list[Event]:
        """Give the events after `message_start` as they come; the last ones are returned, up to `message_stop`.

        Raises `ApiError` for every way in which there is no complete answer; what was given before stands.
        """
        await self.turn.let_through()
        if self._ending:
            self._begin()
            return self._spoken(self._ending)
        last = await self._try(self._sending.chat.body, give)
        again = self._rails.again()
        if again is not None:
            await give(last)
            last = await self._try_again(again, give)
        last += self._fallback.process(self._rails.ending(self.converter.usage.wire()))
        for change in self._rails.changes:
            self._road.altered(self.turn, change)
        return last

    async def _try_again(self, again: Again, give: Give) -> list[Event]:
        """The one further try, in the same message; when it fails, the first answer stands as it is."""
        began, first = time.monotonic(), self.converter
        self._rails.begin_again(again, first.usage.wire())
        self._first, self.converter, self._counted = first.usage, self._new_converter(), 0
        outcome = "failed"
        try:
            last = await self._try(again.body(self._sending.chat.body), give)
            outcome = "call" if self.converter.tools_called else "text"
            return last
        except ApiError as error:
            outcome = f"failed: {error.message}"
            self._rails.fall_back()
            self.converter, self._first = first, None
            return []
        finally:
            self._continued(again, outcome, time.monotonic() - began)

    async def _try(self, body: JsonObject, give: Give) -> list[Event]:
        """One call of the model server, read to its end or until the rails cut it; the last events, not given yet."""
        answer = await self._sending.open(body, self._begin)
        try:
            self._begin()
            self.turn.enter("prefill")
            return await self._answer(answer, give)
        finally:
            answer.close()

    async def _answer(self, answer: Answer, give: Give) -> list[Event]:
        if answer.is_json:
            completion = await read_json(answer, self._road.url)
            self.turn.record.hears(orjson.dumps(completion))
            return self._whole(completion)
        reader = SseReader()
        events = await self._read(answer, reader, give)
        broken_off = self._rails.cut or self.converter.failure is not None
        if not broken_off:
            if not reader.done:
                events += self._convert(reader.close())
            events += self._end(done=reader.done)
        if self.converter.failure is not None:
            await give(events)
            raise self.converter.failure
        if broken_off or answer.ended:
            return events
        await give(events)
        await read_to_end(answer)
        return []

    async def _read(self, answer: Answer, reader: SseReader, give: Give) -> list[Event]:
        """Read the stream up to its end mark or to where it is broken off; the events of the last read."""
        read, hears = answer.read, self.turn.record.hears
        try:
            while data := await read():
                hears(data)
                events = self._convert(reader.feed(data))
                if reader.done or self.converter.failure is not None or self._rails.cut:
                    return events
                if events:
                    await give(events)
        except LinkError as error:
            if not self.converter.finish_seen:
                raise transport_error(error, self._road.url) from error
        return []

    def _spoken(self, text: str) -> list[Event]:
        """An answer of the proxy's own, in the shape of the model's."""
        choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
        tokens = {"prompt_tokens": self.turn.input_tokens, "completion_tokens": max(len(text) // 4, 1)}
        events = self._whole({"choices": [choice], "usage": tokens})
        return events + self._rails.ending(self.converter.usage.wire())

    def _whole(self, completion: JsonObject) -> list[Event]:
        """The events of an answer that came as one JSON object although a stream was asked for."""
        events = self._convert([*completion_to_chunks(completion)])
        if self.converter.failure is None:
            events += self._end(done=True)
        if self.converter.failure is not None:
            raise self.converter.failure
        return events

    def _convert(self, items: Sequence[JsonObject | Run]) -> list[Event]:
        feed = self.converter.feed
        events = feed(items[0]) if len(items) == 1 else [event for item in items for event in feed(item)]
        self._observe()
        if not events:
            return events
        events = self._rails.process(events)
        return self._fallback.process(events) if self._fallback.watching else events

    def _end(self, *, done: bool) -> list[Event]:
        return self._fallback.process(self._rails.process(self.converter.finish(done=done)))

    def _observe(self) -> None:
        """Note the phase and the pace, or how far the prompt is read."""
        turn, converter = self.turn, self.converter
        count = converter.pieces - self._counted
        if not count:
            progress = converter.progress
            if progress is not None and progress.total:
                turn.prompt_tokens, turn.prefill_done = progress.total, progress.processed / progress.total
            return
        self._counted = converter.pieces
        if self._ending:
            return
        now = time.time()
        first = turn.first_token is None
        turn.token("thinking" if converter.thinking else "decode", count)
        if first and turn.ttft is not None:
            self._road.throughput.first_token(now, turn.ttft)
        self._road.throughput.decoded(now, count)

    def _continued(self, again: Again, outcome: str, seconds: float) -> None:
        turn = self.turn
        turn.session.acts[again.reason] += 1
        turn.session.continued_after[again.reason] = turn.human
        self._road.publish(
            AnswerContinued(
                **turn.stamp(),
                why=again.reason,
                before=again.said[-BEFORE_SHOWN:],
                outcome=outcome,
                tokens=self.converter.usage.output_tokens,
                seconds=seconds,
            )
        )
