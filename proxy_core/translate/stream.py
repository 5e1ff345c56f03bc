"""Chat Completions chunks in, Messages API events out: one state machine for streaming and plain answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from proxy_core.translate.blocks import BlockWriter
from proxy_core.translate.chunks import calls_carry, error_of, first_choice, reasoning_of, text_parts
from proxy_core.translate.content_scan import ContentScanner, Piece
from proxy_core.translate.continuation import Continuation
from proxy_core.translate.errors import ApiError, broken_stream, from_error_object
from proxy_core.translate.prose import Prose
from proxy_core.translate.runs import Run, piece_of
from proxy_core.translate.stop import is_limit, named_sequence, stop_reason
from proxy_core.translate.tool_book import ToolBook
from proxy_core.translate.tool_calls import ToolCalls
from proxy_core.translate.types import Event, JsonObject
from proxy_core.translate.usage import Progress, Timings, Usage, read_progress, read_timings, read_usage
from proxy_core.value_types import value_type


@value_type
class StreamOptions:
    """How to read an answer.

    `text_tool_calls`: calls written as text count when the name is a declared tool. `live`: the client reads along;
    false when the events make one Message, in which reasoning that has only a closing tag is still told apart.
    """

    text_tool_calls: bool = True
    live: bool = True


AS_USUAL = StreamOptions()

_COUNTS = frozenset({"usage", "timings", "prompt_progress"})


class StreamConverter:
    """Translates one answer. `start`, then `feed` for each chunk, then `finish` once.

    As soon as `failure` is set the answer is broken: no `message_delta` and no `message_stop` ever come, and the caller
    tells the client, so that a broken answer never looks like a finished one.
    """

    def __init__(  # noqa: PLR0913 - all of it belongs to the one request
        self,
        *,
        message_id: str,
        model: str,
        input_tokens: int,
        tool_names: frozenset[str] = frozenset(),
        tool_schemas: Mapping[str, JsonObject] | None = None,
        stop_sequences: tuple[str, ...] = (),
        max_tokens: int | None = None,
        options: StreamOptions = AS_USUAL,
    ) -> None:
        self.failure: ApiError | None = None
        self.stop_reason: str | None = None
        self.finish_seen = False
        self.pieces = 0
        """Deltas of text, reasoning and calls so far, about one a token."""
        self._message_id = message_id
        self._model = model
        self._input_estimate = max(1, input_tokens)
        self._sequences = stop_sequences
        self._max_tokens = max_tokens
        self._writer = BlockWriter()
        self._calls = ToolCalls(self._writer, message_id, tool_names)
        reads_calls = bool(tool_names) and options.text_tool_calls
        self._scanner = ContentScanner(
            ToolBook(tool_names, tool_schemas or {}) if reads_calls else None, live=options.live
        )
        self._prose = Prose(self._writer, self._calls, stop_sequences)
        self._finish = ""
        self._sequence: str | None = None
        self._refused = False
        self._answered = False
        self._ended = False
        self._continuation = Continuation(self._writer, self._scanner, self._prose, self._calls)
        self._usage: JsonObject = {}
        self._counted: Usage | None = None
        self._timings: JsonObject | None = None
        self._progress: JsonObject | None = None

    @property
    def usage(self) -> Usage:
        """The tokens so far: the server's counts where it gave them, else estimates."""
        if self._counted is not None:
            return self._counted
        output = max(self.pieces, -(-self._writer.chars // 4))
        return read_usage(self._usage, self._timings, input_estimate=self._input_estimate, output_estimate=output)

    @property
    def timings(self) -> Timings | None:
        """llama.cpp's timings, once they came."""
        return None if self._timings is None else read_timings(self._timings)

    @property
    def progress(self) -> Progress | None:
        """llama.cpp's latest `prompt_progress`."""
        return None if self._progress is None else read_progress(self._progress)

    @property
    def thinking(self) -> bool:
        """A block of reasoning is open."""
        return self._writer.kind == "thinking"

    @property
    def tools_called(self) -> list[str]:
        """Names of the called tools, in order."""
        return self._calls.names

    def start(self) -> list[Event]:
        """`message_start`. Its `input_tokens` is never 0: clients take that for an empty context."""
        usage = Usage(self._input_estimate, 0, 0, self._input_estimate, estimated=True)
        message: JsonObject = {
            "id": self._message_id,
            "type": "message",
            "role": "assistant",
            "model": self._model,
            "content": [],
            "stop_reason": None,
            "stop_sequence": None,
            "usage": usage.wire(),
        }
        return [{"type": "message_start", "message": message}]

    def feed(self, item: JsonObject | Run) -> list[Event]:
        """The events of a chunk or a run of chunks; none once the answer has failed or ended."""
        if self.failure is not None or self._ended:
            return []
        if isinstance(item, Run):
            mould = item.mould
            event = self._continuation.event(mould.kind, item.text, mould.index)
            if event is None:
                return self._read_run(item)
            self.pieces += item.count
            return [event]
        if self._continuation.kind and (piece := piece_of(item)) and (event := self._continuation.event(*piece)):
            self.pieces += 1
            return [event]
        self._read(item)
        return self._written()

    def _read_run(self, run: Run) -> list[Event]:
        """A run, the long way."""
        kind = run.mould.kind
        self._answered = True
        if kind == "tool_use":
            for chunk in run.chunks():
                self._read(chunk)
            return self._written()
        if kind == "text":
            self._put(self._scanner.feed(run.text))
        else:
            self._reason(run.text)
        self.pieces += run.count
        return self._written()

    def _written(self) -> list[Event]:
        """What the long way wrote."""
        self._continuation.look(broken=self.failure is not None)
        return self._writer.take()

    def finish(self, *, done: bool) -> list[Event]:
        """The upstream's body ended; `done`: with its end mark.

        An answer is whole when it has a finish reason or the end mark, and at least one choice. Otherwise `failure` is
        set and nothing comes.
        """
        self._continuation.kind = ""
        if self.failure is not None or self._ended:
            return []
        if not self._answered:
            self.failure = broken_stream("the model server ended its stream without an answer")
        elif not (self.finish_seen or done):
            self.failure = broken_stream()
        if self.failure is not None:
            return []
        cut = is_limit(self._finish)
        self._release(cut=cut)
        self._prose.end(stopped=self._finish == "stop")
        self._calls.finish(cut=cut)
        if (self._calls.broken and not self.finish_seen) or (self._calls.nameless and not cut):
            self.failure = broken_stream("the model server's stream ended inside a tool call")
            return []
        return self._close()

    def _close(self) -> list[Event]:
        usage = self._counted = self.usage
        finish = self._finish
        if self._calls.broken and self._max_tokens and usage.output_tokens >= self._max_tokens:
            finish = "length"
        sequence = self._sequence or self._prose.sequence
        self.stop_reason = stop_reason(finish, called=bool(self._calls.names), refused=self._refused, sequence=sequence)
        self._ended = True
        self._writer.close()
        ending: JsonObject = {
            "stop_reason": self.stop_reason,
            "stop_sequence": sequence if self.stop_reason == "stop_sequence" else None,
        }
        return [
            *self._writer.take(),
            {"type": "message_delta", "delta": ending, "usage": usage.wire()},
            {"type": "message_stop"},
        ]

    def _read(self, chunk: JsonObject) -> None:
        """One chunk, the long way."""
        choice = first_choice(chunk)
        self._note(chunk, choice)
        if (error := error_of(chunk, choice)) is not None:
            self.failure = from_error_object(error)
            return
        if choice is None:
            return
        delta: Any = choice.get("delta", choice.get("message"))
        if delta.__class__ is dict:
            self._answered = True
            self._read_delta(delta)
        finish = choice.get("finish_reason")
        if isinstance(finish, str) and finish:
            self._answered = self.finish_seen = True
            self._finish = self._finish or finish
            self._sequence = self._sequence or named_sequence(chunk, choice, self._sequences)

    def _note(self, chunk: JsonObject, choice: JsonObject | None) -> None:
        """Keep the counts: servers put `usage` on any chunk, or into the choice."""
        if _COUNTS.isdisjoint(chunk) and not (choice and "usage" in choice):
            return
        usage: Any = chunk.get("usage") or (choice.get("usage") if choice else None)
        if isinstance(usage, dict):
            self._usage |= {key: value for key, value in cast("JsonObject", usage).items() if value is not None}
        timings, progress = chunk.get("timings"), chunk.get("prompt_progress")
        if isinstance(timings, dict):
            self._timings = cast("JsonObject", timings)
        if isinstance(progress, dict):
            self._progress = cast("JsonObject", progress)

    def _read_delta(self, delta: JsonObject) -> None:
        calls: Any = delta.get("tool_calls") or delta.get("function_call")
        content: Any = delta.get("content")
        refusal = delta.get("refusal")
        reasoning = reasoning_of(delta)
        self.pieces += bool(reasoning or content or refusal or (calls and calls_carry(calls)))
        if reasoning:
            self._reason(reasoning)
        going_on = calls and self._calls.continues(calls)
        if going_on:
            self._calls.add(calls)
        if isinstance(content, str):
            if content:
                self._put(self._scanner.feed(content))
        elif isinstance(content, list):
            self._read_parts(cast("list[Any]", content))
        if isinstance(refusal, str) and refusal:
            self._refused = True
            self._prose.say(refusal)
        if calls and not going_on:
            self._release(cut=False)
            self._prose.end()
            self._calls.add(calls)

    def _reason(self, piece: str) -> None:
        self._release(cut=False)
        self._scanner.thought = True
        self._prose.think(piece)

    def _read_parts(self, parts: list[Any]) -> None:
        for kind, piece in text_parts(parts):
            if kind == "thinking":
                self._prose.think(piece)
            elif piece:
                self._put(self._scanner.feed(piece))

    def _release(self, *, cut: bool) -> None:
        """Something else follows the text, or its end: what the scanner holds is what it is now."""
        self._put(self._scanner.finish(cut=cut))

    def _put(self, pieces: list[Piece]) -> None:
        for piece in pieces:
            if piece[0] == "text":
                self._prose.say(piece[1])
            elif piece[0] == "thinking":
                self._prose.think(piece[1])
            elif piece[0] == "call":
                self._prose.end()
                self._calls.add_whole(*piece[1])
            else:
                self._prose.end()
                if not self._calls.unfinished():
                    self._writer.close()
