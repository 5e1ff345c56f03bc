"""A prompt that does not fit, in the words of every server: one 400 that makes coding agents compact."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from proxy_core.translate.errors import ApiError, Overflow, from_upstream
from tests.core.translate.conversions import recording


def upstream(status: int, body: Any) -> ApiError:
    return from_upstream(status, {}, orjson.dumps(body))


OVERFLOWS: dict[str, tuple[Any, Overflow]] = {
    "llama.cpp": (orjson.loads(recording("error_overflow.json")), Overflow(27010, 4096)),
    "llama.cpp without the fields": (
        "request (13392 tokens) exceeds the available context size (8192 tokens), try increasing it",
        Overflow(13392, 8192),
    ),
    "vLLM, first wording": (
        (
            "This model's maximum context length is 8192 tokens. However, you requested 9216 tokens (8700 in the"
            " messages,"
            " 516 in the completion). Please reduce the length of the messages or completion."
        ),
        Overflow(8700, 8192),
    ),
    "vLLM, only the sum": (
        "This model's maximum context length is 8192 tokens. However, you requested 9216 tokens.",
        Overflow(9216, 8192),
    ),
    "vLLM, at least": (
        (
            "This model's maximum context length is 8192 tokens. However, you requested 16 output tokens and"
            " your prompt"
            " contains at least 8193 input tokens, for a total of at least 8209 tokens."
        ),
        Overflow(8193, 8192),
    ),
    "vLLM, newest": (
        (
            "You passed 9001 input tokens and requested 256 output tokens. However, the model's context length"
            " is only 8192"
            " tokens, resulting in a maximum input length of 7936 tokens."
        ),
        Overflow(9001, 8192),
    ),
    "vLLM, decoder prompt": (
        "The decoder prompt (length 9001) is longer than the maximum model length of 8192. Make sure that",
        Overflow(9001, 8192),
    ),
    "OpenAI": (
        "This model's maximum context length is 128000 tokens. However, your messages resulted in 130451 tokens.",
        Overflow(130451, 128000),
    ),
    "OpenRouter": (
        (
            "This endpoint's maximum context length is 131072 tokens. However, you requested about 150000 tokens"
            " (140000 of"
            " text input, 10000 in the output)."
        ),
        Overflow(140000, 131072),
    ),
    "SGLang": (
        "The input (61709 tokens) is longer than the model's context length (40960 tokens).",
        Overflow(61709, 40960),
    ),
    "SGLang, total": (
        (
            "Requested token count exceeds the model's maximum context length of 40960 tokens. You requested a"
            " total of 51000"
            " tokens: 50000 tokens from the input messages and 1000 tokens for the completion."
        ),
        Overflow(50000, 40960),
    ),
    "LM Studio": (
        (
            "Trying to keep the first 9120 tokens when context the overflows. However, the model is loaded with context"
            " length of only 4096 tokens, which is not enough."
        ),
        Overflow(9120, 4096),
    ),
    "LM Studio, n_keep": (
        (
            "The number of tokens to keep from the initial prompt is greater than the context length"
            " (n_keep: 9120>= n_ctx: 4096)."
        ),
        Overflow(9120, 4096),
    ),
    "TGI": (
        (
            "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4096. Given: 5000 `inputs`"
            " tokens and 512"
            " `max_new_tokens`"
        ),
        Overflow(5000, 4096),
    ),
    "Mistral": (
        "Prompt contains 40000 tokens and 0 draft tokens, too large for model with 32768 maximum context length",
        Overflow(40000, 32768),
    ),
    "Gemini": (
        "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).",
        Overflow(1200000, 1048576),
    ),
    "the API's own": ("prompt is too long: 210,000 tokens > 200,000 maximum", Overflow(210000, 200000)),
}


@pytest.mark.parametrize("status", [400, 500])
@pytest.mark.parametrize(("body", "overflow"), OVERFLOWS.values(), ids=OVERFLOWS)
def test_overflow(body: Any, overflow: Overflow, status: int) -> None:
    error = upstream(status, {"error": {"message": body, "code": status}} if isinstance(body, str) else body)
    assert (error.status, error.type, error.overflow) == (400, "invalid_request_error", overflow)
    assert error.message == f"prompt is too long: {overflow.tokens} tokens > {overflow.limit} maximum"
    assert "x-should-retry" not in error.headers


@pytest.mark.parametrize(
    ("message", "overflow"),
    [
        (
            (
                "'max_tokens' or 'max_completion_tokens' is too large: 8000. This model's maximum context length is"
                " 4096"
                " tokens and your request has 2778 input tokens (8000 > 4096 - 2778)."
            ),
            Overflow(10778, 4096, 8000),
        ),
        (
            (
                "This model's maximum context length is 4096 tokens. However, you requested 10778 tokens (2778 in the"
                " messages, 8000 in the completion)."
            ),
            Overflow(10778, 4096, 8000),
        ),
    ],
)
def test_prompt_and_wished_output_together_are_too_long(message: str, overflow: Overflow) -> None:
    error = upstream(400, {"error": {"message": message}})
    assert error.overflow == overflow
    assert error.message.startswith("input length and `max_tokens` exceed context limit: 2778 + 8000 > 4096")


@pytest.mark.parametrize("status", [400, 500])
@pytest.mark.parametrize(
    "error",
    [
        {"message": "Please reduce the length.", "code": "context_length_exceeded"},
        {"message": "the input length exceeds the context length"},
        {"message": "prompt too long; exceeded max context length by 12 tokens"},
    ],
)
def test_overflow_without_numbers(error: dict[str, Any], status: int) -> None:
    found = upstream(status, {"error": error})
    assert (found.status, found.overflow) == (400, Overflow(0, 0))
    assert found.message == f"prompt is too long: {error['message']}"


@pytest.mark.parametrize(
    ("status", "message"),
    [
        (500, "Context size has been exceeded."),
        (400, "context_length must be positive"),
        (400, "unsupported widget 17"),
        (429, "rate limit of 100 tokens exceeded"),
    ],
)
def test_no_overflow(status: int, message: str) -> None:
    assert upstream(status, {"error": {"message": message}}).overflow is None
