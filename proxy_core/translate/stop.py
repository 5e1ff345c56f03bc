"""Why an answer ended: finish reasons of Chat Completions servers, and which stop sequence it was."""

from __future__ import annotations

from typing import Any, cast

from proxy_core.translate.types import JsonObject

_LIMITS = frozenset({"length", "max_tokens", "max_new_tokens", "model_length", "max_output_tokens"})
_REFUSALS = frozenset({"content_filter", "refusal", "safety"})


LLAMA_CPP_NAMES_IT: JsonObject = {"verbose": True, "response_fields": ["stopping_word"]}
"""Fields with which llama.cpp says which stop sequence it was, and adds nothing else (measured on b11549).

Without them its answer is cut at the sequence with finish reason `stop`, like one that the model ended itself.
"""


class StopTail:
    """Holds back text that may be a stop sequence which the server left at the end of the answer.

    The Messages API gives the answer without the sequence.
    """

    def __init__(self, sequences: tuple[str, ...]) -> None:
        self._sequences = tuple(filter(None, sequences))
        self._held = ""

    def feed(self, text: str) -> str:
        """The text that is not the beginning of a stop sequence."""
        data = self._held + text
        for start in range(max(0, len(data) - max(map(len, self._sequences), default=0)), len(data)):
            if any(sequence.startswith(data[start:]) for sequence in self._sequences):
                self._held = data[start:]
                return data[:start]
        self._held = ""
        return data

    def finish(self, *, stopped: bool) -> tuple[str, str | None]:
        """The text still held, or the sequence that it is when the server `stopped` there."""
        held, self._held = self._held, ""
        return ("", held) if stopped and held in self._sequences else (held, None)


def named_sequence(chunk: JsonObject, choice: JsonObject, sequences: tuple[str, ...]) -> str | None:
    """The stop sequence that the last chunk or its choice names.

    `stop_reason` (vLLM), `matched_stop` (SGLang), `stop_str` (TabbyAPI), `__verbose.stopping_word` (llama.cpp).
    Numbers there are ids of end tokens; texts that the client did not ask for are the server's own.
    """
    if not sequences:
        return None
    verbose: Any = chunk.get("__verbose")
    word = cast("JsonObject", verbose).get("stopping_word") if isinstance(verbose, dict) else None
    for value in (*(choice.get(key) for key in ("stop_reason", "matched_stop", "stop_str")), word):
        if isinstance(value, str) and value in sequences:
            return value
    return None


def stop_reason(finish: str, *, called: bool, refused: bool, sequence: str | None) -> str:
    """The Messages API's reason. What the answer holds outweighs the server's word: several end calls with `stop`."""
    if finish in _LIMITS:
        return "max_tokens"
    if finish in _REFUSALS:
        return "refusal"
    if called:
        return "tool_use"
    if refused:
        return "refusal"
    return "stop_sequence" if sequence is not None else "end_turn"


def is_limit(finish: str) -> bool:
    """True when the answer was cut at a limit."""
    return finish in _LIMITS
