"""Token counts, timings and prefill progress as model servers report them, read with tolerance."""

from __future__ import annotations

from typing import Any, cast

from proxy_core.translate.types import JsonObject
from proxy_core.value_types import value_type


@value_type
class Usage:
    """Tokens of one answer, split as the Messages API splits them.

    `prompt_tokens` is the whole prompt: `input_tokens` (computed anew) plus `cache_read_input_tokens`. `estimated` is
    true while the server has not reported counts of its own, `cache_told` once it said what came from its cache.
    """

    input_tokens: int
    cache_read_input_tokens: int
    output_tokens: int
    prompt_tokens: int
    estimated: bool = False
    cache_told: bool = False

    def wire(self) -> JsonObject:
        """The `usage` object of `message_delta`."""
        return {
            "input_tokens": self.input_tokens,
            "cache_creation_input_tokens": 0,
            "cache_read_input_tokens": self.cache_read_input_tokens,
            "output_tokens": self.output_tokens,
        }


@value_type
class Timings:
    """llama.cpp's `timings`: counts of tokens, milliseconds. Drafts are 0 without speculative decoding."""

    prompt_n: int
    cache_n: int
    prompt_ms: float
    predicted_n: int
    predicted_ms: float
    draft_n: int
    draft_n_accepted: int


@value_type
class Progress:
    """llama.cpp's `prompt_progress`: tokens of the prompt, of which `processed` are done, `cache` included; ms."""

    total: int
    cache: int
    processed: int
    time_ms: float


def count(value: object) -> int | None:
    """A non-negative whole number, or None for anything else; a float is cut."""
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
        return None
    return int(value)


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else 0.0


def read_usage(usage: JsonObject, timings: JsonObject | None, *, input_estimate: int, output_estimate: int) -> Usage:
    """The counts of a `usage` object, completed from llama.cpp's `timings`, else from the estimates.

    OpenAI's `prompt_tokens` includes what came from the cache; the Messages API counts that apart. Servers name the
    cached part differently: `prompt_tokens_details.cached_tokens`, `cached_tokens` or `prompt_cache_hit_tokens`.
    """
    known = timings or {}
    prompt = count(usage.get("prompt_tokens"))
    cached = _cached(usage)
    if not prompt and "prompt_n" in known:
        prompt = (count(known.get("prompt_n")) or 0) + (count(known.get("cache_n")) or 0)
    if cached is None:
        cached = count(known.get("cache_n"))
    told = cached is not None
    output = count(usage.get("completion_tokens")) or count(known.get("predicted_n"))
    estimated = not prompt
    total = prompt or max(1, input_estimate)
    cached = min(cached or 0, total)
    return Usage(
        input_tokens=total - cached,
        cache_read_input_tokens=cached,
        output_tokens=output or output_estimate,
        prompt_tokens=total,
        estimated=estimated,
        cache_told=told and not estimated,
    )


def _cached(usage: JsonObject) -> int | None:
    details: Any = usage.get("prompt_tokens_details")
    if isinstance(details, dict) and (found := count(cast("JsonObject", details).get("cached_tokens"))) is not None:
        return found
    found = count(usage.get("cached_tokens"))
    return found if found is not None else count(usage.get("prompt_cache_hit_tokens"))


def read_timings(timings: JsonObject) -> Timings:
    """Read a `timings` object; what is missing is 0."""
    return Timings(
        prompt_n=count(timings.get("prompt_n")) or 0,
        cache_n=count(timings.get("cache_n")) or 0,
        prompt_ms=_number(timings.get("prompt_ms")),
        predicted_n=count(timings.get("predicted_n")) or 0,
        predicted_ms=_number(timings.get("predicted_ms")),
        draft_n=count(timings.get("draft_n")) or 0,
        draft_n_accepted=count(timings.get("draft_n_accepted")) or 0,
    )


def read_progress(progress: JsonObject) -> Progress:
    """Read a `prompt_progress` object; what is missing is 0."""
    return Progress(
        total=count(progress.get("total")) or 0,
        cache=count(progress.get("cache")) or 0,
        processed=count(progress.get("processed")) or 0,
        time_ms=_number(progress.get("time_ms")),
    )
